"""Repeats as loops: items that follow one another and differ only in numbers that count on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from typing import Any, NamedTuple

from cnncalc.model.source.tree import Body, Hole, Item, Loop, Progress, filled, holes, skeleton

FEWEST = 3
"""Turns that are worth a loop."""

_LONGEST_PERIOD = 12
_LONGEST_NAME = 24
_NUMBERED = re.compile(r"(.*?)([1-9][0-9]*)")


class _Shape(NamedTuple):
    """An item without its numbers: its name's stem and number, its skeleton and its values.

    Shapes of one ``kind`` have one skeleton and, where the name counts, one stem: they may differ in numbers alone.
    """

    stem: str
    number: int | None
    kind: int
    values: tuple[Any, ...]


class _Growth(NamedTuple):
    """By how much the number of a name (None where nothing has that name) and the values grow in a turn."""

    number: int | None
    values: tuple[int, ...]


def with_loops(items: Sequence[Item], output: int, fewest: int = FEWEST) -> Body:
    """Return a body in which repeats of at least ``fewest`` turns are loops."""
    return _Folding(items, output, fewest).body()


class _Folding:
    """The items of a body, what is alike in them, and the last item that reads each."""

    def __init__(self, items: Sequence[Item], output: int, fewest: int) -> None:
        self.items = items
        self.output = output
        self.fewest = fewest
        kinds: dict[Any, int] = {}
        self.shapes = [_shape(place, item, kinds) for place, item in enumerate(items, 1)]
        self.last_readers = list(range(len(items) + 1))
        for place, item in enumerate(items, 1):
            for source in item.inputs:
                self.last_readers[source] = place
        self.last_readers[output] = len(items) + 1

    def body(self) -> Body:
        result: list[Item | Loop] = []
        places = [0]  # where the value of an item is found afterwards
        at = 0
        while at < len(self.items):
            period, turns = self._best_run(at)
            if turns == 1:
                item = self.items[at]
                result.append(item._replace(inputs=tuple([places[source] for source in item.inputs])))
            else:
                result.append(self._loop(at, period, turns, places[at]))
            places.extend(repeat(len(result), period * turns))
            at += period * turns
        return Body(tuple(result), places[self.output])

    def _best_run(self, at: int) -> tuple[int, int]:
        """Return the period and the number of turns of the longest repeat that starts here."""
        best = 1, 1
        for period in range(1, _LONGEST_PERIOD + 1):
            turns = self._turns(at, period, best[0] * best[1])
            if turns >= self.fewest and period * turns > best[0] * best[1]:
                best = period, turns
        return best

    def _turns(self, at: int, period: int, beaten: int) -> int:
        """Return how often the items of one turn come again, in the same steps from turn to turn.

        It is 1 also where it does not take more items than ``beaten``, which is known without going through them all.
        """
        growth = self._growth(at, period)
        if growth is None or not self._closed(at, period) or not _counts_on(growth, self.fewest):
            return 1
        least = max(beaten // period, self.fewest - 1)
        if self._growth(at + least * period - period, period) != growth:
            return 1
        turns = 1
        while self._closed(at + turns * period, period) and self._growth(at + (turns - 1) * period, period) == growth:
            turns += 1
            if self.last_readers[at + turns * period] > at + (turns + 1) * period:
                break  # what this turn makes is read further on
        return turns

    def _growth(self, at: int, period: int) -> list[_Growth] | None:
        """Compare one turn with the next; None where more than numbers differs, or numbers that no loop can count."""
        if at + 2 * period > len(self.shapes):
            return None
        growth = []
        for place in range(at, at + period):
            grown = _grown(self.shapes[place], self.shapes[place + period])
            if grown is None:
                return None
            growth.append(grown)
        return growth

    def _closed(self, at: int, period: int) -> bool:
        """Say whether a turn reads only itself and what comes right before, and only its last item is read later."""
        if at + period > len(self.items):
            return False
        reads = all(source >= at for item in self.items[at : at + period] for source in item.inputs)
        return reads and all(last <= at + period for last in self.last_readers[at + 1 : at + period])

    def _loop(self, at: int, period: int, turns: int, source: int) -> Loop:
        first = self.shapes[at : at + period]
        second = self.shapes[at + period : at + 2 * period]
        numbers = [(one.number, other.number) for one, other in zip(first, second, strict=True)]
        start, following = next(((one, other) for one, other in numbers if one and other), (1, 2))
        turn = []
        for item, one, other in zip(self.items[at : at + period], first, second, strict=True):
            bare = item._replace(name=one.stem, inputs=tuple([place - at for place in item.inputs]))
            values = [_progress(hole, value) for hole, value in zip(holes(bare), other.values, strict=True)]
            turn.append(filled(bare, iter(values)))
        stride = following - start
        stop = start + stride * (turns - 1) + 1
        offsets = tuple([0 if shape.number is None else shape.number - start for shape in first])
        return Loop(Hole(start, "first"), Hole(stop, "stop"), stride, tuple(turn), offsets, (source,))


def _shape(place: int, item: Item, kinds: dict[Any, int]) -> _Shape:
    match = _NUMBERED.fullmatch(item.name)
    bare = item._replace(name="", inputs=tuple([place - source for source in item.inputs]))
    stem = match[1] if match else item.name
    number: int | None = int(match[2]) if match else 0
    if item.make is None:
        number = None
    elif len(item.name) > _LONGEST_NAME:
        stem, number = item.name, 0  # a name that does not count
    key = skeleton(bare), stem if number is not None else None
    return _Shape(stem, number, kinds.setdefault(key, len(kinds)), tuple([hole.value for hole in holes(bare)]))


def _grown(first: _Shape, second: _Shape) -> _Growth | None:
    """Return by how much one item has grown from another, or None where no loop could make both."""
    if first.kind != second.kind:
        return None
    number = None if first.number is None or second.number is None else second.number - first.number
    if first.values != second.values and number not in (None, 1):
        return None  # values can be written only with a number that grows by 1
    steps = []
    for one, other in zip(first.values, second.values, strict=True):
        if type(one) is not type(other) or (one != other and type(one) is not int):
            return None
        steps.append(other - one if type(one) is int else 0)
    return _Growth(number, tuple(steps))


def _counts_on(growth: list[_Growth], fewest: int) -> bool:
    """Say whether all names count on alike, and whether growing values can be written with that number."""
    strides = {each.number for each in growth if each.number is not None}
    if len(strides) > 1 or any(stride < 1 for stride in strides):
        return False
    grows = any(any(each.values) for each in growth)
    return not grows or (strides <= {1} and fewest >= FEWEST)  # two numbers alone are no progression


def _progress(hole: Hole, following: Any) -> Any:
    return hole if hole.value == following else Progress(hole, Hole(following - hole.value, "growth"))
