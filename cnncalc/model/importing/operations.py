"""What a module was read as: operations in execution order, each a layer as the language writes it."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.core.volume import Volume
from cnncalc.model.importing.tracing import Scope

Number = int | float | str
"""A number as it is written; a text is an expression, or a number that nothing may be put in the place of."""


class Token(NamedTuple):
    """A word of a layer: ``3x3x64``, ``s2``, ``nobias``.

    Attributes:
        prefix: what stands in front of the numbers; the whole word where there are none.
        numbers: the numbers.
        kinds: what each of them is, such as ``kernel``; "" for one that is written as it is, everywhere.
        joint: what stands between numbers.
        usual: the numbers that need not be written.
    """

    prefix: str
    numbers: tuple[Number, ...] = ()
    kinds: tuple[str, ...] = ()
    joint: str = "x"
    usual: tuple[Number, ...] | None = None


Tokens = tuple[Token, ...]


class Learned(NamedTuple):
    """A tensor of a layer.

    Attributes:
        role: what it is in the layer, such as ``weight`` or ``running_mean``.
        path: where the module has it, as the trace knows it.
        numbers: how many learned numbers it has; 0 where it is not learned.
    """

    role: str
    path: str
    numbers: int


class Operation(NamedTuple):
    """One layer, or one merge.

    Attributes:
        word: the layer's word.
        tokens: what follows it.
        inputs: the operations that it reads, from 1; 0 is the input.
        output: the volume that it makes.
        path: where the module does it.
        scopes: the modules that it lies in, outermost first; None where only its neighbours can tell.
        tensors: the tensors of the module that it uses.
        line: the line of the user's code that does it.
        node: the call of the trace that returns what it makes; "" where none does as it is.
    """

    word: str
    tokens: Tokens
    inputs: tuple[int, ...]
    output: Volume
    path: str
    scopes: tuple[Scope, ...] | None
    tensors: tuple[Learned, ...] = ()
    line: str = ""
    node: str = ""

    @property
    def params(self) -> int:
        """How many parameters it learns."""
        return sum([tensor.numbers for tensor in self.tensors])


class Readout(NamedTuple):
    """All that a module does: its live operations, and the parameters that they do not read.

    ``layout`` is in which order the output's dimensions hold what the last operation makes, and ``notes`` say
    what the text cannot.
    """

    input: Volume
    operations: tuple[Operation, ...]
    output: int
    unused: tuple[str, ...]
    layout: str = "first"
    notes: tuple[str, ...] = ()

    def volume(self, index: int) -> Volume:
        """Return the volume behind an operation, or the input."""
        return self.operations[index - 1].output if index else self.input


# ---- words of layers


def flag(word: str, wanted: bool) -> Tokens:
    """Return a word that stands alone, where it is wanted."""
    return (Token(word),) if wanted else ()


def option(prefix: str, kind: str, numbers: tuple[int, ...], usual: int | tuple[int, ...]) -> Token:
    """Return an option with one number per dimension."""
    usual = usual if isinstance(usual, tuple) else (usual,) * len(numbers)
    return Token(prefix, numbers, (kind,) * len(numbers), usual=usual)


def size(numbers: tuple[int, ...], kind: str) -> Token:
    """Return a size with one number per dimension."""
    return Token("", numbers, (kind,) * len(numbers))


def literal(prefix: str, value: float, usual: float | None = None) -> Tokens:
    """Return an option with a number that is no whole one, such as ``eps=1e-06``; none for the usual one."""
    return () if value == usual else (Token(prefix, (short(value),), ("",)),)


def rate(value: float) -> Token:
    """Return the rate of a dropout, to four decimals."""
    return Token("", (round(float(value), 4),), ("rate",))


def sides(prefix: str, pairs: tuple[tuple[int, int], ...]) -> Tokens:
    """Return before:after per dimension; an option is left out where all are 0."""
    if prefix and not any(map(any, pairs)):
        return (option(prefix, "pad", (0,) * len(pairs), 0),)
    if all(before == after for before, after in pairs):
        return (option(prefix, "pad", tuple([before for before, _ in pairs]), -1 if not prefix else 0),)
    return (Token(prefix, tuple([f"{before}:{after}" for before, after in pairs]), ("",) * len(pairs)),)


def short(value: float) -> str:
    """Write a number briefly, to ten digits: ``1e-6``, ``0.001``, ``2``."""
    value = float(f"{value:.10g}")
    if value.is_integer() and abs(value) < 1e9:
        return str(int(value))
    mantissa, _, exponent = repr(float(value)).partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


# ---- text


def written(operation_word: str, tokens: Tokens) -> str:
    """Write a layer."""
    return " ".join([operation_word, *[text for token in tokens if (text := token_text(token))]])


def token_text(token: Token) -> str:
    """Write a word of a layer; nothing where it says what is usual."""
    if token.numbers and token.numbers == token.usual:
        return ""
    numbers = [number_text(number) for number in token.numbers]
    alike = len(set(numbers)) == 1 and (token.prefix or token.kinds[:1] in (("pad",), ("",)) or numbers[0][:1] == "{")
    return token.prefix + (numbers[0] if numbers and alike else token.joint.join(numbers))


def number_text(number: Number) -> str:
    """Write a number."""
    return short(number) if isinstance(number, float) else str(number)
