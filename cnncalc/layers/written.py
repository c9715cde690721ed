"""How a layer is written: its word, and what follows it. This is what the way back from PyTorch makes of a call."""

from __future__ import annotations

from typing import Any, NamedTuple

Number = int | float | str
"""A number as it is written; a text is an expression, or a number that nothing may be put in the place of."""

Pairs = tuple[tuple[int, int], ...]
"""(before, after) for every spatial dimension."""


class Unsayable(Exception):
    """What the language has no word for; the message says why, where the operation's name does not."""


class Token(NamedTuple):
    """A word behind a layer's own: ``3x3x64``, ``s2``, ``nobias``.

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


class Words(NamedTuple):
    """A layer's word and what follows it."""

    word: str
    tokens: Tokens = ()


def words(word: str, *parts: Tokens) -> Words:
    """Put a layer together from its word and what the functions below return."""
    return Words(word, tuple([token for part in parts for token in part]))


def flag(word: str, wanted: bool = True) -> Tokens:
    """Return a word that stands alone, where it is wanted."""
    return (Token(word),) if wanted else ()


def left_out(scale: bool, shift: bool) -> str:
    """Return the word of a norm that has no scales, no shifts or neither; "" for one that has both."""
    return {(True, True): "", (False, True): "noscale", (True, False): "noshift"}.get((scale, shift), "noaffine")


def size(numbers: tuple[int, ...], kind: str) -> Tokens:
    """Return a size: one number, or one per dimension."""
    return (Token("", numbers, (kind,) * len(numbers)),)


def option(prefix: str, kind: str, numbers: tuple[int, ...], usual: int) -> Tokens:
    """Return an option with one number per dimension, which is left out where all are the usual one."""
    return (Token(prefix, numbers, (kind,) * len(numbers), usual=(usual,) * len(numbers)),)


def literal(prefix: str, value: float, usual: float) -> Tokens:
    """Return an option with a number that is no whole one, such as ``eps=1e-6``; none for the usual one."""
    return () if value == usual else (Token(prefix, (short(value),), ("",)),)


def required(value: float) -> Tokens:
    """Return a number that is always written, such as that of ``times 0.1``."""
    return (Token("", (short(value),), ("",)),)


def rate(value: float) -> Tokens:
    """Return the rate of a dropout, to four decimals."""
    return (Token("", (round(float(value), 4),), ("rate",)),)


def sides(prefix: str, pairs: Pairs) -> Tokens:
    """Return before:after per dimension; an option is left out where all are 0."""
    if all(before == after for before, after in pairs):
        return option(prefix, "pad", tuple([before for before, _ in pairs]), 0 if prefix else -1)
    return (Token(prefix, tuple([f"{before}:{after}" for before, after in pairs]), ("",) * len(pairs)),)


def each(value: Any, dimensions: int) -> tuple[int, ...]:
    """Return one number per dimension, given one for all or one for each."""
    numbers = tuple(value) if isinstance(value, tuple | list) else (value,)
    return tuple(map(int, numbers * dimensions if len(numbers) == 1 else numbers))


def alike(numbers: tuple[int, ...]) -> Pairs:
    """Return the same padding before and after."""
    return tuple([(number, number) for number in numbers])


# ---- text


def of_float32(number: float) -> float:
    """Return a number to the digits that a float32 has: 0.4 and not 0.400000006."""
    return float(f"{number:.7g}")


def short(value: float) -> str:
    """Write a number briefly, to ten digits: ``1e-6``, ``0.001``, ``2``."""
    value = float(f"{value:.10g}")
    if value.is_integer() and abs(value) < 1e9:
        return str(int(value))
    mantissa, _, exponent = repr(float(value)).partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else mantissa


def written(word: str, tokens: Tokens) -> str:
    """Write a layer."""
    return " ".join([word, *texts_of(tokens)])


def texts_of(tokens: Tokens) -> list[str]:
    """Write the words behind a layer's own, without those that say what is usual."""
    return [text for token in tokens if (text := token_text(token))]


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
