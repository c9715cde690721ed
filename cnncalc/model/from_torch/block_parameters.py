"""Which numbers of a block are its parameters, and what the others are in terms of them.

A number that is the same wherever the block stands is written as it is. Others are taken from the channels
that arrive (``{C/4}``) or from a parameter (``{4*width}``), and only what is left is a parameter of its own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from cnncalc.layers.written import Number
from cnncalc.model.blocks.numbers import Formula, Hole, Parameter, Values, Way, found
from cnncalc.model.from_torch.text_parts import SQUEEZED

RATE_DIGITS = 4
"""Rates of dropout are whole numbers of 1e-4 where they are a parameter, since parameters are whole."""

_PATTERNS = {
    "same": "{0}",
    "times": "{n}*{0}",
    "over": "{0}/{n}",
    "part": "{n}*{0}/{d}",
    "floor": "{0}//{n}",
    "half": "{0}//2",
}
_MARK = re.compile(r"\?\d+")

_WIDTHS = frozenset(("width", SQUEEZED))
_OF_CHANNELS = frozenset((*_WIDTHS, "groups", "cut"))
"""What may follow from numbers of channels."""

_NAMES = {"rate": "drop", "width": "inner"}

_ORDER = ("width", SQUEEZED, "expand", "depth", "kernel", "size", "stride", "pad", "groups")

_WITHOUT_DEFAULT = frozenset((*_WIDTHS, "depth"))
"""What a reader wants to see at every call, unless it follows from what arrives."""


class Solution(NamedTuple):
    """The numbers of a block's text, expressions among them, and its parameters."""

    numbers: tuple[Number, ...]
    parameters: tuple[Parameter, ...]


class _Column(NamedTuple):
    """One number of a block in every place where it stands, and the channels that arrive there."""

    role: str
    values: Values
    channels: Values


def solve(places: Sequence[Sequence[Hole]], arriving: Sequence[int], made: Sequence[int]) -> Solution | None:
    """Express the numbers of a block that stands in several places.

    Args:
        places: for each place, the numbers in the order of the text.
        arriving: for each place, how many channels enter the block.
        made: for each place, how many leave it.

    Returns:
        None where the numbers cannot be told apart from what is fixed.
    """
    columns = [_column(holes) for holes in zip(*places, strict=True)]
    if any(isinstance(value, str) for column in columns for value in column.values):
        return None
    return _Solving(columns, tuple(arriving), tuple(made)).solution()


def _column(holes: Sequence[Hole]) -> _Column:
    scale = 10**RATE_DIGITS if holes[0].role == "rate" else 1
    whole = [value if value is None or isinstance(value, str) else round(scale * value) for value in _values(holes)]
    return _Column(holes[0].role, tuple(whole), tuple([hole.channels or None for hole in holes]))


def _values(holes: Sequence[Hole]) -> Iterator[Number | None]:
    return (hole.value for hole in holes)


class _Solving:
    """The state of one solution: the expressions so far, and the parameters.

    What the block makes is a parameter, rather than a multiple of what arrives, unless it keeps the channels.
    Parameters are called by marks until all are known.
    """

    def __init__(self, columns: Sequence[_Column], arriving: tuple[int, ...], made: tuple[int, ...]) -> None:
        self.columns = columns
        self.arriving = arriving
        self.made = made
        self.parameters: dict[str, _Column] = {}

    def solution(self) -> Solution:
        expressions: dict[int, Number] = {}
        for place in sorted(range(len(self.columns)), key=self._turn):
            expressions[place] = self._expression(self.columns[place])
        numbers = [expressions[place] for place in range(len(self.columns))]
        names = self._names(numbers)
        parameters = [Parameter(name, *self._filled(self.parameters[mark])) for mark, name in names.items()]
        return Solution(tuple([_renamed(number, names) for number in numbers]), self._with_defaults(parameters))

    def _turn(self, place: int) -> tuple[bool, int, int]:
        """Say when a number gets its turn: kernels before the padding, small ones before their multiples."""
        column = self.columns[place]
        known = [value for value in column.values if value is not None]
        return column.role != "kernel", -len(known), sum(known)

    def _names(self, numbers: Sequence[Number]) -> dict[str, str]:
        """Name the parameters, in the order in which the text uses them."""
        counts: Counter[str] = Counter()
        names: dict[str, str] = {}
        for mark in [mark for number in numbers for mark in _MARK.findall(str(number))]:
            if mark not in names:
                base = self._name(self.parameters[mark])
                counts[base] += 1
                names[mark] = base if counts[base] == 1 else f"{base}{counts[base]}"
        return names

    def _name(self, parameter: _Column) -> str:
        if parameter.role not in _WIDTHS or not _agree(parameter.values, self.made):
            return _NAMES.get(parameter.role, parameter.role)
        return "channels" if self.made == self.arriving else "width"

    def _expression(self, column: _Column) -> Number:
        values = {value for value in column.values if value is not None}
        if column.role == "rate":
            return _rate(values, lambda: self._parameter(column))
        if len(values) <= 1:
            return min(values, default=0)
        formula = found(column.values, self._ways(column))
        if formula is not None and not self._opens_again(column, formula):
            return "{" + formula.written(_PATTERNS) + "}"
        expanded = None if formula else self._expansion(column)
        if expanded is not None:
            return "{" + self._parameter(expanded) + "*C}"
        return "{" + self._parameter(column) + "}"

    def _gates(self, column: _Column) -> bool:
        """Say whether a gate opens to as many channels as a width has: it needs the number, not how it is made."""
        return column.role == "width" and any(
            other.role == SQUEEZED and _agree(other.values, column.values) for other in self.columns
        )

    def _opens_again(self, column: _Column, formula: Formula) -> bool:
        """Say whether a width that follows from what arrives at the block is needed again by a gate."""
        return (
            formula.names == ("C",) and formula.number > 1 and column.channels == self.arriving and self._gates(column)
        )

    def _expansion(self, column: _Column) -> _Column | None:
        """Return by how much the channels that arrive are multiplied, where that is a simpler number."""
        if column.role != "width" or _agree(column.values, self.made) or self._gates(column):
            return None
        pairs = list(zip(column.values, column.channels, strict=True))
        factors = tuple([number // c if number and c and not number % c else None for number, c in pairs])
        missing = [number for factor, number in zip(factors, column.values, strict=True) if factor is None]
        if any(number is not None for number in missing) or len(set(factors)) >= len(set(column.values)):
            return None
        return column._replace(role="expand", values=factors)

    def _ways(self, column: _Column) -> Iterator[Way]:
        """Return in which ways to express a number of a kind, the best first."""
        yield "same", self._of_role({column.role} | (_WIDTHS if column.role in _WIDTHS else set()))
        if column.role == "pad":
            yield "half", self._of_role({"kernel"})
        if column.role in _OF_CHANNELS:
            arriving, widths = {"C": column.channels}, self._of_role(_WIDTHS)
            yield from [("same", arriving), ("over", arriving)]
            yield from [(form, widths) for form in ("same", "times", "over")]
            if self.arriving == self.made or not _agree(column.values, self.made):
                yield "times", arriving
            if column.role == "cut":
                yield "part", arriving
            if column.role == SQUEEZED:
                yield "floor", arriving

    def _of_role(self, roles: frozenset[str] | set[str]) -> dict[str, Values]:
        return {mark: each.values for mark, each in self.parameters.items() if each.role in roles}

    def _parameter(self, column: _Column) -> str:
        """Return the parameter of this role that agrees wherever both are there, or make one."""
        for mark, known in self.parameters.items():
            if known.role == column.role and _agree(known.values, column.values):
                values = [
                    one if one is not None else other for one, other in zip(known.values, column.values, strict=True)
                ]
                self.parameters[mark] = known._replace(values=tuple(values))
                return mark
        mark = f"?{len(self.parameters)}"
        self.parameters[mark] = column
        return mark

    # ---- parameters

    def _filled(self, column: _Column) -> tuple[tuple[int, ...], str]:
        """Return the values of a parameter, with the usual one where any will do, and its role."""
        usual, _ = Counter([value for value in column.values if value is not None]).most_common(1)[0]
        return tuple([usual if value is None else value for value in column.values]), column.role

    def _with_defaults(self, parameters: Sequence[Parameter]) -> tuple[Parameter, ...]:
        """Give parameters a default where most places have it, and put those behind the others, widths first."""
        done: list[Parameter] = []
        for parameter in sorted(parameters, key=self._rank):
            if parameter.role in _WITHOUT_DEFAULT:
                done.append(self._of_arriving(parameter))
            else:
                done.append(_with_default(parameter, done))
        return tuple(sorted(done, key=lambda parameter: parameter.default is not None))

    def _rank(self, parameter: Parameter) -> tuple[int, bool]:
        order = _ORDER.index(parameter.role) if parameter.role in _ORDER else len(_ORDER)
        return order, parameter.values != self.made

    def _of_arriving(self, parameter: Parameter) -> Parameter:
        """Give a width that follows from the channels that arrive at the block in all places this default."""
        if parameter.role not in _WIDTHS:
            return parameter
        forms = ("same", "over", "floor") if parameter.values == self.made else ("same", "over", "floor", "times")
        formula = found(parameter.values, [(form, {"C": self.arriving}) for form in forms])
        return parameter._replace(default=formula.written(_PATTERNS), usual=parameter.values) if formula else parameter


def _rate(values: set[int], parameter: Callable[[], str]) -> Number:
    """Write a rate, which is a parameter in whole numbers of 1e-4."""
    if len(values) <= 1:
        return float(min(values, default=0) / 10**RATE_DIGITS)
    return "{" + parameter() + f"}}e-{RATE_DIGITS}"


def _agree(one: Values, other: Values) -> bool:
    """Say whether numbers are the same wherever both are there, and that they are both there somewhere."""
    pairs = [(a, b) for a, b in zip(one, other, strict=True) if a is not None and b is not None]
    return bool(pairs) and all(a == b for a, b in pairs)


def _renamed(number: Number, names: Mapping[str, str]) -> Number:
    return _MARK.sub(lambda match: names[match[0]], number) if isinstance(number, str) else number


def _with_default(parameter: Parameter, known: Sequence[Parameter]) -> Parameter:
    """Give a parameter the default that most places have: a number, or what an earlier parameter says."""
    number, _ = Counter(parameter.values).most_common(1)[0]
    choices = [(str(number), (number,) * len(parameter.values))]
    for other in known:
        if other.default is not None and other.role == parameter.role:
            choices.append((other.name, other.values))
        if other.default is not None and (other.role, parameter.role) == ("kernel", "pad"):
            choices.append((f"{other.name}//2", tuple([value // 2 for value in other.values])))
    fitting = [sum(map(int.__eq__, usual, parameter.values)) for _, usual in choices]
    most = max(fitting)
    default, usual = choices[fitting.index(most)]
    return parameter._replace(default=default, usual=usual) if 2 * most >= len(parameter.values) else parameter
