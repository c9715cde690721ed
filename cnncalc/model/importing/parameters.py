"""Which numbers of a block are its parameters, and what the others are in terms of them.

A number that is the same wherever the block stands is written as it is. Others are taken from the channels
that arrive (``{C/4}``) or from a parameter (``{4*width}``), and only what is left is a parameter of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from cnncalc.model.importing.operations import Number
from cnncalc.model.importing.phrases import Hole

RATE_DIGITS = 4
"""Rates of dropout are whole numbers of 1e-4 where they are a parameter, since parameters are whole."""

_MARK = re.compile(r"\?\d+")

INNER = "inner"
"""The name of channels inside of a block, which are not those that it makes."""

_NAMES = {"rate": "drop", "permyriad": "drop", "kernel": "kernel", "cut": "cut"}


class Parameter(NamedTuple):
    """A parameter of a block, with its value in every place.

    ``default`` is how its default is written, if it has one, and ``usual`` what that is in every place.
    """

    name: str
    kind: str
    values: tuple[int, ...]
    default: str | None = None
    usual: tuple[int, ...] = ()


class Solution(NamedTuple):
    """The numbers of a block's text, expressions among them, and its parameters."""

    numbers: tuple[Number, ...]
    parameters: tuple[Parameter, ...]


class _Column(NamedTuple):
    """One number of a block, in every place where it stands."""

    kind: str
    values: tuple[Number, ...]
    channels: tuple[int, ...]

    @property
    def whole(self) -> tuple[int, ...]:
        """The values as whole numbers."""
        scale = 10**RATE_DIGITS if self.kind == "rate" else 1
        return tuple([round(scale * value) for value in self.values if not isinstance(value, str)])


def solve(places: Sequence[Sequence[Hole]], arriving: Sequence[int], made: Sequence[int]) -> Solution | None:
    """Express the numbers of a block that stands in several places.

    Args:
        places: for each place, the numbers in the order of the text.
        arriving: for each place, how many channels enter the block.
        made: for each place, how many leave it.

    Returns:
        None where the numbers cannot be told apart from what is fixed.
    """
    columns = [
        _Column(holes[0].kind, tuple([h.value for h in holes]), tuple([h.channels for h in holes]))
        for holes in zip(*places, strict=True)
    ]
    if any(isinstance(value, str) for column in columns for value in column.values):
        return None
    return _Solving(columns, tuple(arriving), tuple(made)).solution()


class _Solving:
    """The state of one solution: the expressions so far, and the parameters.

    What the block makes is a parameter, rather than a multiple of what arrives, unless it keeps the channels.
    Parameters are called by numbers until all are known.
    """

    def __init__(self, columns: Sequence[_Column], arriving: tuple[int, ...], made: tuple[int, ...]) -> None:
        self.columns = columns
        self.arriving = arriving
        self.made = made
        self.parameters: list[tuple[str, str, tuple[int, ...]]] = []

    def solution(self) -> Solution:
        expressions: dict[int, Number] = {}
        for place in sorted(range(len(self.columns)), key=self._turn):
            expressions[place] = self._expression(self.columns[place])
        numbers = [expressions[place] for place in range(len(self.columns))]
        names = self._names(numbers)
        return Solution(
            tuple([_renamed(number, names) for number in numbers]),
            self._with_defaults([Parameter(names[mark], *self.parameters[int(mark[1:])][1:]) for mark in names]),
        )

    def _turn(self, place: int) -> tuple[bool, int]:
        """Say when a number gets its turn: kernels before the padding, small ones before their multiples."""
        column = self.columns[place]
        return column.kind != "kernel", sum(column.whole)

    def _names(self, numbers: Sequence[Number]) -> dict[str, str]:
        """Name the parameters, in the order in which the text uses them."""
        counts: Counter[str] = Counter()
        names: dict[str, str] = {}
        for mark in [mark for number in numbers for mark in _MARK.findall(str(number))]:
            if mark not in names:
                _, kind, values = self.parameters[int(mark[1:])]
                base = INNER if kind == "width" and values != self.made else _NAMES.get(kind, kind)
                counts[base] += 1
                names[mark] = base if counts[base] == 1 else f"{base}{counts[base]}"
        return names

    def _expression(self, column: _Column) -> Number:
        if len(set(column.values)) == 1:
            return column.values[0]
        if column.kind == "rate":
            return "{" + self._parameter(column) + f"}}e-{RATE_DIGITS}"
        found = next((text for way in self._ways(column) if (text := way(column)) is not None), None)
        return "{" + (found or self._parameter(column)) + "}"

    def _ways(self, column: _Column) -> Iterator[Callable[[_Column], str | None]]:
        """Return in which ways to express a number of a kind, the best first."""
        yield self._same
        if column.kind == "pad":
            yield self._half_kernel
        if column.kind in ("width", "groups", "cut"):
            yield self._arriving
            yield self._of_parameter
            if self.arriving == self.made or column.whole != self.made:
                yield self._multiple_of_arriving

    def _same(self, column: _Column) -> str | None:
        """width"""
        return next(
            (name for name, kind, values in self.parameters if (kind, values) == (column.kind, column.whole)), None
        )

    def _half_kernel(self, column: _Column) -> str | None:
        """kernel//2"""
        for name, kind, values in self.parameters:
            if kind == "kernel" and tuple([value // 2 for value in values]) == column.whole:
                return f"{name}//2"
        return None

    def _arriving(self, column: _Column) -> str | None:
        """C, C/4"""
        return _divided("C", column.channels, column.whole)

    def _of_parameter(self, column: _Column) -> str | None:
        """4*width, width/2"""
        for name, kind, values in self.parameters:
            if kind == "width":
                found = _multiplied(name, values, column.whole) or _divided(name, values, column.whole)
                if found:
                    return found
        return None

    def _multiple_of_arriving(self, column: _Column) -> str | None:
        """6*C"""
        return _multiplied("C", column.channels, column.whole)

    def _with_defaults(self, parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
        """Give parameters a default where most places have it, and put those behind the others, widths first."""
        done: list[Parameter] = []
        for parameter in sorted(parameters, key=self._rank):
            if parameter.kind in _WITHOUT_DEFAULT:
                done.append(self._of_arriving(parameter))
            else:
                done.append(_with_default(parameter, done))
        return tuple(sorted(done, key=lambda parameter: parameter.default is not None))

    def _rank(self, parameter: Parameter) -> tuple[int, bool]:
        order = _ORDER.index(parameter.kind) if parameter.kind in _ORDER else len(_ORDER)
        return order, parameter.values != self.made

    def _of_arriving(self, parameter: Parameter) -> Parameter:
        """Give a width that follows from the channels that arrive at the block in all places this default."""
        default = _divided("C", self.arriving, parameter.values) if parameter.kind == "width" else None
        return parameter._replace(default=default, usual=parameter.values) if default else parameter

    def _parameter(self, column: _Column) -> str:
        kind = {"rate": "permyriad"}.get(column.kind, column.kind)
        for name, known, values in self.parameters:
            if (known, values) == (kind, column.whole):
                return name
        self.parameters.append((f"?{len(self.parameters)}", kind, column.whole))
        return self.parameters[-1][0]


def _renamed(number: Number, names: dict[str, str]) -> Number:
    return _MARK.sub(lambda match: names[match[0]], number) if isinstance(number, str) else number


def _multiplied(name: str, values: Sequence[int], wanted: Sequence[int]) -> str | None:
    factor = wanted[0] // values[0] if values[0] else 0
    right = factor > 0 and all(factor * value == number for value, number in zip(values, wanted, strict=True))
    if not right:
        return None
    return name if factor == 1 else f"{factor}*{name}"


def _divided(name: str, values: Sequence[int], wanted: Sequence[int]) -> str | None:
    divisor = values[0] // wanted[0] if wanted[0] else 0
    right = divisor > 0 and all(divisor * number == value for value, number in zip(values, wanted, strict=True))
    if not right:
        return None
    return name if divisor == 1 else f"{name}/{divisor}"


_ORDER = ("width", "depth", "kernel", "size", "stride", "pad", "groups")

_WITHOUT_DEFAULT = frozenset(("width", "depth"))
"""What a reader wants to see at every call, unless it follows from what arrives."""


def _with_default(parameter: Parameter, known: Sequence[Parameter]) -> Parameter:
    """Give a parameter the default that most places have: a number, or what an earlier parameter says."""
    number, _ = Counter(parameter.values).most_common(1)[0]
    choices = [(str(number), (number,) * len(parameter.values))]
    for other in known:
        if other.default is not None and other.kind == parameter.kind:
            choices.append((other.name, other.values))
        if other.default is not None and (other.kind, parameter.kind) == ("kernel", "pad"):
            choices.append((f"{other.name}//2", tuple([value // 2 for value in other.values])))
    fitting = [sum(map(int.__eq__, usual, parameter.values)) for _, usual in choices]
    most = max(fitting)
    default, usual = choices[fitting.index(most)]
    return parameter._replace(default=default, usual=usual) if 2 * most >= len(parameter.values) else parameter
