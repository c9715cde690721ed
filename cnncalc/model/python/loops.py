"""Repeats as loops: items that follow one another and differ only in numbers that count on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import repeat
from operator import sub
from typing import Any, NamedTuple

from cnncalc.model.blocks.numbers import Hole
from cnncalc.model.blocks.repeats import runs
from cnncalc.model.python.calls import Body, BodyItem, Counting, Loop, SharedWork, filled

FEWEST = 3
"""Turns that are worth a loop."""

_LONGEST_PERIOD = 12
_LONGEST_NAME = 24
_NUMBERED = re.compile(r"(.*?)([1-9][0-9]*)")


class _Shape(NamedTuple):
    """An item without its numbers: its name's stem and number, what kind it is and its whole numbers.

    Shapes of one ``kind`` differ in whole numbers alone: they have one skeleton, the same other values and, where the
    name counts, one stem.
    """

    stem: str
    number: int | None
    kind: int
    numbers: tuple[int, ...]


class _Growth(NamedTuple):
    """By how much the number of a name (None where nothing has that name) and the whole numbers grow in a turn."""

    number: int | None
    numbers: tuple[int, ...]


def with_loops(items: Sequence[BodyItem], output: int, fewest: int = FEWEST) -> Body:
    """Return a body in which repeats of at least ``fewest`` turns are loops."""
    return _LoopSearch(items, output, fewest).body()


class _LoopSearch:
    """The items of a body, what is alike in them, and the last item that reads each."""

    def __init__(self, items: Sequence[BodyItem], output: int, fewest: int) -> None:
        self.items = items
        self.output = output
        self.fewest = fewest
        shaper = _Shaper()
        self.shapes = [shaper.shape(place, item) for place, item in enumerate(items, 1)]
        self.last_readers = list(range(len(items) + 1))
        for place, item in enumerate(items, 1):
            for source in item.all_inputs:
                self.last_readers[source] = place
        self.last_readers[output] = len(items) + 1

    def body(self) -> Body:
        result: list[BodyItem | Loop] = []
        places = [0]  # where the value of an item is found afterwards
        for run in runs(len(self.items), _LONGEST_PERIOD, self._turns, _covered):
            if run.times == 1:
                item = self.items[run.at]
                inputs = tuple([places[source] for source in item.inputs])
                result.append(item._replace(inputs=inputs, places=places[item.places]))
            else:
                result.append(self._loop(*run, places[run.at]))
            places.extend(repeat(len(result), run.period * run.times))
        return Body(tuple(result), places[self.output])

    def _turns(self, at: int, period: int, beaten: int) -> int:
        """Return how often the items of one turn come again, in the same steps from turn to turn.

        It is 1 also where it does not take more items than ``beaten``, which is known without going through them all.
        """
        if self._starts_otherwise(at, period, beaten):
            return 1
        growth = self._growth(at, period)
        if growth is None or not self._closed(at, period) or not _counts_on(growth, self.fewest):
            return 1
        if self._growth(at + self._least(period, beaten) * period - period, period) != growth:
            return 1
        turns = 1
        while self._closed(at + turns * period, period) and self._growth(at + (turns - 1) * period, period) == growth:
            turns += 1
            if self.last_readers[at + turns * period] > at + (turns + 1) * period:
                break  # what this turn makes is read further on
        return turns if turns >= self.fewest else 1

    def _least(self, period: int, beaten: int) -> int:
        """Return one turn fewer than a repeat must have to be of use."""
        return max(beaten // period, self.fewest - 1)

    def _starts_otherwise(self, at: int, period: int, beaten: int) -> bool:
        """Say whether the first item of a turn alone shows that it does not come again often enough."""
        last = at + self._least(period, beaten) * period
        if last >= len(self.shapes) or self.shapes[at].kind != self.shapes[last].kind:
            return True
        growth = _grown(self.shapes[at], self.shapes[at + period])
        return growth is None or growth != _grown(self.shapes[last - period], self.shapes[last])

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
        reads = all(item.inputs and min(item.all_inputs) >= at for item in self.items[at : at + period])
        return reads and all(last <= at + period for last in self.last_readers[at + 1 : at + period])

    def _loop(self, at: int, period: int, turns: int, source: int) -> Loop:
        first = self.shapes[at : at + period]
        second = self.shapes[at + period : at + 2 * period]
        numbers = [(one.number, other.number) for one, other in zip(first, second, strict=True)]
        start, following = next(((one, other) for one, other in numbers if one and other), (1, 2))
        turn = []
        following_items = self.items[at + period : at + 2 * period]
        for item, one, other in zip(self.items[at : at + period], first, following_items, strict=True):
            growing = _growing(item.shared, other.shared)
            inputs = tuple([place - at for place in item.inputs])
            turn.append(BodyItem(one.stem, growing, inputs, item.origin, item.places and item.places - at))
        stride = following - start
        stop = start + stride * (turns - 1) + 1
        offsets = tuple([0 if shape.number is None else shape.number - start for shape in first])
        return Loop(Hole(start, "first"), Hole(stop, "stop"), stride, tuple(turn), offsets, (source,))


class _Shaper:
    """Gives items that may differ in whole numbers alone the same number as their kind."""

    def __init__(self) -> None:
        self.kinds: dict[Any, int] = {}
        self.works: dict[SharedWork, tuple[int, tuple[int, ...]]] = {}

    def shape(self, place: int, item: BodyItem) -> _Shape:
        match = _NUMBERED.fullmatch(item.name)
        stem = match[1] if match else item.name
        number: int | None = int(match[2]) if match else 0
        if item.work.make is None:
            number = None
        elif len(item.name) > _LONGEST_NAME:
            stem, number = item.name, 0  # a name that does not count
        if item.shared not in self.works:
            self.works[item.shared] = self._of_work(item.shared)
        work, numbers = self.works[item.shared]
        inputs = tuple([place - source for source in item.all_inputs])
        key = work, inputs, item.origin, stem if number is not None else None
        return _Shape(stem, number, self._kind(key), numbers)

    def _of_work(self, shared: SharedWork) -> tuple[int, tuple[int, ...]]:
        """Return the kind of some work, and its whole numbers; 1 and True are not of one kind."""
        values = shared.values
        fixed = tuple([(type(value), value if type(value) is not int else 0) for value in values])
        return self._kind((shared.skeleton, fixed)), tuple([value for value in values if type(value) is int])

    def _kind(self, key: Any) -> int:
        return self.kinds.setdefault(key, len(self.kinds))


def _covered(at: int, period: int, turns: int) -> int:
    """Return how many items a loop takes."""
    return period * turns


def _grown(first: _Shape, second: _Shape) -> _Growth | None:
    """Return by how much one item has grown from another, or None where no loop could make both."""
    if first.kind != second.kind:
        return None
    number = None if first.number is None or second.number is None else second.number - first.number
    if first.numbers != second.numbers and number not in (None, 1):
        return None  # values can be written only with a number that grows by 1
    return _Growth(number, tuple(map(sub, second.numbers, first.numbers)))


def _counts_on(growth: list[_Growth], fewest: int) -> bool:
    """Say whether all names count on alike, and whether growing values can be written with that number."""
    strides = {each.number for each in growth if each.number is not None}
    if len(strides) > 1 or any(stride < 1 for stride in strides):
        return False
    grows = any(any(each.numbers) for each in growth)
    return not grows or (strides <= {1} and fewest >= FEWEST)  # two numbers alone are no progression


def _growing(first: SharedWork, second: SharedWork) -> SharedWork:
    """Return the work of a turn with the numbers that grow from the first turn to the second as such."""
    if first.values == second.values:
        return first
    values = [
        hole if hole.value == following else Counting(hole, Hole(following - hole.value, "growth"))
        for hole, following in zip(first.holes, second.values, strict=True)
    ]
    return SharedWork(filled(first.work, iter(values)))
