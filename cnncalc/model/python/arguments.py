"""The arguments of a class: how a number that differs from call to call follows from what the block was given."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from cnncalc.model.blocks.numbers import Parameter, Way, found

USED = frozenset({"self", "nn", "torch", "x", "y", "i", "super", "range", "getattr", "float"})
"""What the source calls by these names; no argument and no variable of a spec may take their place."""

MOST_FACTOR = 8
_MOST_SUMMED = 8
"""Arguments of which sums are tried: their number grows with the square of this."""
_LONGEST_NAME = 20


def may_be_called(name: str) -> bool:
    """Say whether an argument or a variable of the source may have a name."""
    return name not in USED and not keyword.iskeyword(name) and not name.startswith("__")


def unused(stem: str, taken: set[str], numbers: dict[str, int]) -> str:
    """Return the stem, or the stem with the next number where that is taken; take the name.

    ``numbers`` has the last number of every stem, so that a name is found without counting from 1 again.
    """
    name = stem
    while name in taken:
        numbers[stem] = numbers.get(stem, 1) + 1
        name = f"{stem}{numbers[stem]}"
    taken.add(name)
    return name


def is_constant(values: Iterable[Any]) -> bool:
    """Say whether a number is the same in all calls; 1 and True are not."""
    return len({(type(value), value) for value in values}) == 1


def literal_of(value: Any) -> str:
    """Write a value as Python."""
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return f'float("{value}")'
    return repr(value)


_PATTERNS = {
    "same": "{0}",
    "times": "{n} * {0}",
    "floor": "{0} // {n}",
    "plus": "{0} + {n}",
    "minus": "{0} - 1",
    "sum": "{0} + {1}",
    "product": "{0} * {1}",
    "difference": "{0} - {1}",
}


class Solver:
    """Finds for a number that differs from call to call how it follows from the arguments, or makes a new one."""

    def __init__(self, known: Sequence[Mapping[str, int]]) -> None:
        self.known = {name: tuple([names[name] for names in known]) for name in known[0]}
        self.parameters: dict[str, Parameter] = {}
        self.solved: dict[Any, str] = {}
        self.taken: set[str] = set()
        self.numbers: dict[str, int] = {}
        self.ways = _ways(self.known)

    def expression(self, role: str, values: tuple[Any, ...]) -> str:
        """Return how a number is written in the class."""
        if is_constant(values):
            return literal_of(values[0])
        key = (tuple(map(type, values)), values)
        if key not in self.solved:
            self.solved[key] = self._found(values) or self._named(role, values)
        return self.solved[key]

    def used(self) -> tuple[Parameter, ...]:
        """Return the arguments that the class needs, the channels that arrive first."""
        ranks = {name: rank for rank, name in reversed(list(enumerate(["channels", *self.known])))}
        ranked = sorted(self.parameters, key=lambda name: ranks.get(name, len(ranks)))
        return tuple([self.parameters[name] for name in ranked])

    def _found(self, values: tuple[Any, ...]) -> str | None:
        if any(type(value) is not int for value in values):
            return None
        formula = found(values, self.ways, MOST_FACTOR)
        return formula and formula._replace(names=tuple(map(self._use, formula.names))).written(_PATTERNS)

    def _use(self, name: str) -> str:
        """Return the name of a known number as an argument."""
        if name not in self.parameters:
            self.parameters[name] = Parameter(self._free(name), self.known[name])
        return self.parameters[name].name

    def _named(self, role: str, values: tuple[Any, ...]) -> str:
        """Make a new argument for a number that follows from none."""
        name = self._free(role)
        self.parameters["=" + name] = Parameter(name, values)
        return name

    def _free(self, name: str) -> str:
        name = name if len(name) <= _LONGEST_NAME else name[:_LONGEST_NAME].rstrip("_") or "size"
        stem = name if may_be_called(name) else name.strip("_") + "_"
        return unused(stem, self.taken, self.numbers)


def _ways(known: Mapping[str, tuple[int, ...]]) -> list[Way]:
    """Return how a number may follow from those that are known, the simplest first."""
    varying = {name: values for name, values in known.items() if len(set(values)) > 1}
    few = dict(islice(varying.items(), _MOST_SUMMED))
    of_one, of_two = ("same", "times", "floor", "plus", "minus"), ("sum", "product", "difference")
    return [*[(form, varying) for form in of_one], *[(form, few) for form in of_two]]
