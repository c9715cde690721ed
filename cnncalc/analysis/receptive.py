"""Receptive fields: which part of the input a value depends on.

Along one dimension, the units of a volume look at intervals of the input that repeat themselves with a
shift: unit u + P looks at the interval of unit u moved by D. P is 1 until something enlarges the volume
(upsampling, a transposed convolution), where neighbouring units look at different shares of one input.
Keeping all P intervals makes the result exact through branches, whose intervals are united, and through
enlarging. Where a transposed convolution leaves gaps (a stride larger than its kernel, or a dilation), the
units in the gaps look at nothing: their interval is empty. For plain chains this is the usual recurrence
(Araujo, Norris, Sim: "Computing Receptive Fields of Convolutional Neural Networks", Distill 2019).

Padding is counted like the input: a receptive field may be larger than the image.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm
from typing import NamedTuple

from cnncalc.layers import Reach
from cnncalc.layers.base import NOTHING
from cnncalc.network import Network, Node

MAX_PERIOD = 1024
"""Most intervals that are kept for one dimension; beyond, the receptive field is not known."""

MAX_INTERVALS = 400_000
"""Most intervals that are computed for a whole network; what comes after them is not known."""

MAX_REACH = 10**15
"""Largest receptive field or effective stride that is known: larger ones have no meaning."""


class Field(NamedTuple):
    """The intervals of the input that the units of a volume look at, along one dimension.

    Unit u looks at ``intervals[u % P]`` moved by ``(u // P)·shift``, with P = ``len(intervals)``. The interval of a
    unit that looks at nothing is empty: it ends before it begins.
    ``jump`` is the effective stride: how far neighbouring units lie apart, in input positions.
    """

    intervals: tuple[tuple[int, int], ...]
    shift: int
    jump: Fraction

    @property
    def size(self) -> int:
        """Size of the receptive field: that of the unit that sees most."""
        if len(self.intervals) == 1:
            first, last = self.intervals[0]
            return last - first + 1
        return max(last - first + 1 for first, last in self.intervals)

    def first(self, unit: int) -> int:
        """Return the first input position that a unit looks at."""
        period, place = divmod(unit, len(self.intervals))
        return self.intervals[place][0] + period * self.shift

    def last(self, unit: int) -> int:
        """Return the last input position that a unit looks at."""
        period, place = divmod(unit, len(self.intervals))
        return self.intervals[place][1] + period * self.shift

    def at(self, unit: int) -> tuple[int, int]:
        """Return the first and the last input position that a unit looks at."""
        return self.first(unit), self.last(unit)

    def centre(self, unit: int) -> Fraction:
        """Return the centre of what a unit looks at: half of its first and last position."""
        return Fraction(self.first(unit) + self.last(unit), 2)

    def sees(self, unit: int) -> bool:
        """Say whether a unit looks at anything."""
        first, last = self.intervals[unit % len(self.intervals)]
        return first <= last


Fields = tuple[Field | None, ...]
"""One field per spatial dimension; None where it is not known."""

UNSEEN: Fields = ()
"""The fields of a layer that sees nothing of an input: it reads another one."""

_INPUT = Field(((0, 0),), 1, Fraction(1))


def receptive_fields(network: Network, start: int | None = None) -> list[Fields]:
    """Return the receptive field behind every layer, per dimension; place 0 is the input itself.

    The cost is linear in the number of layers. A dimension whose field is not known (an enlargement by
    over 1024 in one step) is None, and so is whatever follows it.

    Args:
        network: whose fields they are.
        start: the index of the input in which they lie, one of `Network.starts`; None for the first. A layer that sees
            nothing of it has `UNSEEN`.

    """
    start = network.starts[0] if start is None else start
    own = input_fields(network, start)
    fields: list[Fields] = [UNSEEN if start else own]
    intervals = 0
    for node in network.layers:
        arriving = own if node.index == start else fields[node.inputs[0]]
        if len(node.inputs) > 1:
            arriving = _united(node, fields) if intervals < MAX_INTERVALS else (None,) * len(arriving)
        leaving = _through(node.operation.reaches, arriving)
        if leaving is not fields[node.inputs[0]]:
            intervals += sum([len(field.intervals) for field in leaving if field and len(field.intervals) > 1])
            leaving = leaving if intervals < MAX_INTERVALS else (None,) * len(leaving)
        fields.append(leaving)
    return fields


def input_fields(network: Network, start: int = 0) -> Fields:
    """Return the receptive field of an input itself: every position sees itself."""
    volume = network.layers[start - 1].output if start else network.input
    return (_INPUT,) * volume.dimensions


def _through(reaches: tuple[Reach | None, ...], arriving: Fields) -> Fields:
    """Return the fields behind a layer, given those in front of it."""
    if not reaches or not arriving:
        return arriving
    if reaches.count(reaches[0]) == len(reaches) and arriving.count(arriving[0]) == len(arriving):
        return (_step(arriving[0], reaches[0]),) * len(arriving)
    return tuple([_step(field, reach) for field, reach in zip(arriving, reaches, strict=True)])


def _step(field: Field | None, reach: Reach | None) -> Field | None:
    """Return the field of a unit that looks at ``reach`` of units that look at ``field``."""
    if reach is None:
        return field
    if field is None or not reach.windows:
        return None
    if len(field.intervals) == 1 and len(reach.windows) == 1:
        return _recurrence(field, reach)
    period = len(field.intervals)
    rounds = lcm(period, reach.shift) // reach.shift  # until the windows meet the same intervals again
    if rounds * len(reach.windows) > MAX_PERIOD:
        return None
    intervals = tuple(
        [
            _hull(field, range(first + turn * reach.shift, last + turn * reach.shift + 1, reach.step))
            for turn in range(rounds)
            for first, last in reach.windows
        ]
    )
    shift = rounds * reach.shift // period * field.shift
    unmoved = reach.shift == len(reach.windows)
    jump = field.jump if unmoved else field.jump * reach.shift / len(reach.windows)
    return _within_range(_simplest(Field(intervals, shift, jump)))


def _recurrence(field: Field, reach: Reach) -> Field | None:
    """Return the field behind a layer of a plain chain: what `_step` computes where nothing was enlarged."""
    first, last = field.intervals[0]
    before, after = reach.windows[0]
    interval = first + before * field.shift, last + after * field.shift
    if reach.shift > 1:
        return _within_range(Field((interval,), field.shift * reach.shift, field.jump * reach.shift))
    known = interval[1] - interval[0] < MAX_REACH  # shift and jump stay, and were within range
    return Field((interval,), field.shift, field.jump) if known else None


def _within_range(field: Field) -> Field | None:
    known = field.shift <= MAX_REACH and field.size <= MAX_REACH and 1 <= field.jump.denominator <= MAX_REACH
    return field if known and field.jump <= MAX_REACH else None


def _hull(field: Field, units: range) -> tuple[int, int]:
    """Return the interval that units look at together."""
    period = len(field.intervals)
    if period == 1:
        return (field.first(units[0]), field.last(units[-1])) if units else NOTHING
    turn = period // gcd(period, units.step)  # so many units on, the same intervals come again, moved
    early = [field.first(unit) for unit in units[:turn] if field.sees(unit)]
    late = [field.last(unit) for unit in units[-turn:] if field.sees(unit)]
    return (min(early), max(late)) if early else NOTHING


def _simplest(field: Field) -> Field:
    """Write a field whose units all differ by the same step with a single interval."""
    period = len(field.intervals)
    if period == 1 or field.shift % period:
        return field
    step = field.shift // period
    first, last = field.intervals[0]
    regular = tuple([(first + u * step, last + u * step) for u in range(period)])
    return Field(regular[:1], step, field.jump) if regular == field.intervals else field


def _united(node: Node, fields: list[Fields]) -> Fields:
    """Return the union of the branches' fields: each merged unit looks at what every branch looks at.

    A branch of a single position (squeeze-and-excitation) is seen by every unit. A branch that sees nothing of the
    input adds nothing.
    """
    seeing = [pair for pair in zip(node.inputs, node.sources, strict=True) if fields[pair[0]]]
    if not seeing:
        return UNSEEN
    united: list[Field | None] = []
    before: list[Field | None] | None = None
    for axis, sizes in enumerate(zip(*[source.spatial for source in node.sources], strict=True)):
        size = max(sizes)
        branches = [
            _spread(fields[index][axis], size) if source[axis] < size else fields[index][axis]
            for index, source in seeing
        ]
        united.append(united[-1] if branches == before else _union(branches))  # most images are square
        before = branches
    return tuple(united)


def _spread(field: Field | None, size: int) -> Field | None:
    """Return the field of a single unit whose value goes to ``size`` positions."""
    return field and Field((field.at(0),), 0, field.jump / size)


def _union(branches: list[Field | None]) -> Field | None:
    if all(field == branches[0] for field in branches):
        return branches[0]
    distinct = branches if len(branches) == 2 else list(dict.fromkeys(branches))
    known = [field for field in distinct if field is not None]
    if len(known) < len(distinct):
        return None
    moving = [field for field in known if field.shift]
    if not moving:
        return Field((_around([field.at(0) for field in known]),), 0, known[0].jump)
    if len(moving) < len(known):
        # one branch sees a fixed part of the input, in practice all of it: then so does every unit
        return _with_fixed(moving, [field for field in known if not field.shift])
    if any(field.jump != known[0].jump for field in known):
        return None
    period = lcm(*(len(field.intervals) for field in known))
    if period > MAX_PERIOD:
        return None
    intervals = tuple([_around([field.at(unit) for field in known]) for unit in range(period)])
    first = known[0]
    return _simplest(Field(intervals, period // len(first.intervals) * first.shift, first.jump))


def _with_fixed(moving: list[Field], fixed: list[Field]) -> Field:
    first, last = _around([field.at(0) for field in fixed])
    size = max(last - first + 1, *(field.size for field in moving))
    return Field(((first, first + size - 1),), 0, moving[0].jump)


def _around(intervals: list[tuple[int, int]]) -> tuple[int, int]:
    """Return the smallest interval that holds all of them."""
    seen = [interval for interval in intervals if interval[0] <= interval[1]]
    return (min(first for first, _ in seen), max(last for _, last in seen)) if seen else NOTHING
