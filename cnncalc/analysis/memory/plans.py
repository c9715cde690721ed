"""The peak memory of many networks that differ in their sizes: each kind of step is walked through once.

Networks with the same operations in the same order take and give back the same tensors at the same moments, whatever
their sizes are. So the walk is done with unknown sizes, and those of every further network are put in. What the walk
decides by sizes, whether two gradients take as much memory, is kept with it: it serves the networks that decide alike.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, count
from operator import add, itemgetter, neg
from typing import Any, cast

from cnncalc.analysis.memory.gradients import FLOAT
from cnncalc.analysis.memory.lasting import Lasting
from cnncalc.analysis.memory.prediction import Predictor
from cnncalc.analysis.memory.recording import record
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import Op, RecordingMemory, Size, Trace
from cnncalc.analysis.memory.walk import LABEL, Walk
from cnncalc.core.collector import paused_collector
from cnncalc.network import Network

MOST_PARTS = 50_000
"""Most parts of recordings that are kept; then all are forgotten, so that memory has a bound."""

MOST_PLANS = 500
"""Most plans that are kept."""


class Unknown:
    """Bytes that a walk does not know: ``at`` is their place among the sizes of a network."""

    __slots__ = ("at",)

    def __init__(self, at: int) -> None:
        self.at = at


class UnknownValues:
    """A number of values that a walk does not know; times the bytes of a value it is a place among the sizes."""

    def __init__(self, places: dict[int, int]) -> None:
        self.places = {size: Unknown(at) for size, at in places.items()}

    def __mul__(self, size: int) -> Unknown:
        return self.places[size]


@dataclass(eq=False, slots=True)
class OpSizes:
    """An operation without its sizes, and these.

    Attributes:
        kind: the operation with 0, or another mark, in the place of each size.
        bytes: the sizes, rounded as the device does, in the order in which `_with_unknown` has them.

    """

    kind: Op
    bytes: tuple[int, ...]


def sizes_of(op: Op, setup: TrainingSetup) -> OpSizes:
    """Return an operation without its sizes, and these. What is no size, or not known to be one, stays in its kind."""
    images, rounded = setup.images, setup.rounded
    tensors = [*([op.makes] if op.makes else []), *op.beside, *op.cached]
    gradients = [size for size in op.gradients if size is not None]
    learned = [rounded(values * (op.lowered or FLOAT)) for values in op.parameters]
    kind = op._replace(
        operation="",
        makes=op.makes and Size(0, 0),
        beside=(Size(0, 0),) * len(op.beside),
        cached=(Size(0, 0),) * len(op.cached),
        gradients=tuple([None if size is None else 0 for size in op.gradients]),
        waiting=(0,) * len(op.waiting),
        parameters=(0,) * len(op.parameters),
        reorders=int(bool(op.reorders)),
        passing=0,
        scratch=0,
    )
    found = (
        *[rounded(size.per_image * images + size.fixed) for size in tensors],
        *[rounded(size * images) for size in (*gradients, *op.waiting)],
        *learned,
        *[rounded(values * FLOAT) for values in op.parameters if op.lowered],
        *([op.reorders * (op.lowered or FLOAT)] if op.reorders else []),
        op.passing * images,
        op.scratch * images,
    )
    return OpSizes(kind, found)


def _with_unknown(kind: Op, first: int) -> tuple[Op, int]:
    """Return an operation with unknown sizes, whose places begin with ``first``, and the place behind them."""
    places = iter(range(first, first + 1_000_000))

    def unknown(size: object) -> Any:
        return None if size is None else Unknown(next(places))

    def tensor(size: object) -> Any:
        return None if size is None else Size(unknown(size), 0)

    count = len(kind.parameters)
    fields: dict[str, Any] = {"makes": tensor(kind.makes)}
    fields["beside"], fields["cached"] = tuple(map(tensor, kind.beside)), tuple(map(tensor, kind.cached))
    fields["gradients"], fields["waiting"] = tuple(map(unknown, kind.gradients)), tuple(map(unknown, kind.waiting))
    made = [next(places) for _ in range(count)]
    full = [next(places) for _ in range(count)] if kind.lowered else made
    fields["parameters"] = tuple(
        [UnknownValues({FLOAT: whole, kind.lowered or FLOAT: own}) for own, whole in zip(made, full, strict=True)]
    )
    if kind.reorders:
        fields["reorders"] = UnknownValues({kind.lowered or FLOAT: next(places)})
    fields["passing"], fields["scratch"] = unknown(0), unknown(0)
    return kind._replace(**fields), next(places)


class StepPlan:
    """What networks of one kind take and give back, moment by moment.

    Attributes:
        reached: for each tensor whether it has a gradient and the loss depends on it.

    """

    def __init__(self, trace: Trace, kinds: Sequence[Op], sizes: Sequence[int], setup: TrainingSetup) -> None:
        self.rounded = setup.rounded
        self.comparisons: dict[tuple[Any, Any], bool] = {}
        walk = Walk(_unknown_trace(trace, kinds), setup, alike_as=lambda compared: self._alike(compared, sizes))
        self.reached = walk.lifetimes.reached
        timeline = walk.timeline
        sorts = [cast(Any, sort.per_image or sort.fixed) for sort in timeline.sorts]
        # their places in the sizes of a network, behind which those are put that are known
        self.known = [setup.rounded(sort) for sort in sorts if not isinstance(sort, Unknown)]
        behind = count(-len(self.known))
        self.sorts = _getter([sort.at if isinstance(sort, Unknown) else next(behind) for sort in sorts])
        self.staying = timeline.staying
        changes = timeline.changes
        events: list[int] = []  # signed numbers of sorts
        moments: list[int] = []  # how many events lie in front of each moment
        alone: list[int] = []
        for number in timeline.moments:
            change = changes[number]
            events += change.taken
            moments.append(len(events))
            events += change.after
            alone.append(_place(change.scratch) or _place(change.fixed))
        self.events, self.moments, self.alone = _getter(events), _getter(moments), _getter(alone)

    def serves(self, sizes: Sequence[int]) -> bool:
        """Say whether the walk is the same for a network with these sizes."""
        found = self._bytes
        return all(
            (found(one, sizes) == found(other, sizes)) == same for (one, other), same in self.comparisons.items()
        )

    def peak(self, sizes: Sequence[int]) -> tuple[int, int]:
        """Return the most bytes that are alive at a moment, and those that are alive behind the last one."""
        taken = self.sorts([*sizes, *self.known])
        signed = [0, *taken, *map(neg, reversed(taken))]  # a minus finds what is given back
        start = sum([signed[sort] for sort in self.staying])
        alive = list(accumulate(self.events(signed), initial=start))
        return max(map(add, self.moments(alive), self.alone(sizes))), alive[-1]

    def _alike(self, compared: tuple[Any, Any, Any], sizes: Sequence[int]) -> bool:
        """Say whether two gradients take as much memory, and remember that this was asked."""
        first, fixed, other = compared
        pair = first or fixed, other
        same = self.comparisons[pair] = self._bytes(pair[0], sizes) == self._bytes(other, sizes)
        return same

    def _bytes(self, size: Any, sizes: Sequence[int]) -> int:
        """Return the bytes of a size, which may be known: that of the loss."""
        return sizes[size.at] if isinstance(size, Unknown) else self.rounded(size)


def _place(size: Any) -> int:
    """Return the place of a size; that of 0 where there is none."""
    return size.at if isinstance(size, Unknown) else 0


def _getter(places: Sequence[int]) -> Any:
    """Return what takes the values at these places from a list, as a tuple."""
    if len(places) == 1:
        return lambda values: (values[places[0]],)
    return itemgetter(*places) if places else lambda values: ()


def _unknown_trace(trace: Trace, kinds: Sequence[Op]) -> Trace:
    """Return a trace whose operations are all distinct, with unknown sizes; place 0 is that of nothing."""
    found = Trace()
    place = 1
    for kind in kinds:
        op, place = _with_unknown(kind, place)
        found.distinct.append(op)
    found.ops = array("i", range(len(kinds)))
    found.facts, found.known = trace.facts, trace.known
    found.outputs, found.losses = trace.outputs, trace.losses
    inputs = list(trace.inputs)
    found.inputs = {tensor: Size(cast(int, Unknown(place + at)), 0) for at, tensor in enumerate(inputs)}
    place += len(inputs)
    labels = [UnknownValues({LABEL: place + at}) for at in range(len(trace.labels))]
    found.labels = cast("tuple[int, ...]", tuple(labels))
    return found


class PeakCounter:
    """The peak memory of many networks with one setup."""

    def __init__(self, setup: TrainingSetup) -> None:
        self.setup = setup
        # segments are chosen by sizes, and the step of some optimizers depends on the shapes of weights
        self.each_alone = setup.checkpointing or setup.rule.whole_matrices
        self._forget()

    def _forget(self) -> None:
        self.memory = RecordingMemory()
        self.sizes: list[OpSizes] = []
        self.kinds: dict[Op, int] = {}
        self.kind_of: list[int] = []
        self.plans: dict[tuple[object, ...], list[StepPlan]] = {}

    def peak(self, network: Network) -> int:
        """Return the most bytes that a step takes: what `cnncalc.predict_memory` says."""
        if self.each_alone:
            return Predictor(network).peak(self.setup)
        with paused_collector():
            return self._peak(network)

    def _peak(self, network: Network) -> int:
        setup = self.setup
        if len(self.memory.parts) > MOST_PARTS or len(self.plans) > MOST_PLANS:
            self._forget()
        trace = record(network, setup, memory=self.memory)
        for op in self.memory.distinct[len(self.sizes) :]:
            self.sizes.append(sizes_of(op, setup))
            self.kind_of.append(self.kinds.setdefault(self.sizes[-1].kind, len(self.kinds)))
        rounded = setup.rounded
        sizes = [
            0,
            *chain.from_iterable([self.sizes[number].bytes for number in trace.ops]),
            *[rounded(size.of(setup.images)) for size in trace.inputs.values()],
            *[rounded(count * LABEL * setup.images) for count in trace.labels],
        ]
        plan = self._plan(trace, sizes)
        most, behind = plan.peak(sizes)
        lasting = Lasting(trace, plan.reached)
        if not setup.inference:
            most = max(most, behind + lasting.step_bytes(setup))
        return most + sum(lasting.kinds(setup).values())

    def _plan(self, trace: Trace, sizes: Sequence[int]) -> StepPlan:
        ends = bool(trace.ops) and trace.value(len(trace.ops)).has_gradient
        key = (tuple([self.kind_of[number] for number in trace.ops]), trace.outputs, len(trace.losses), ends)
        plans = self.plans.setdefault((*key, tuple(trace.inputs)), [])
        found = next((plan for plan in plans if plan.serves(sizes)), None)
        if found is None:
            kinds = [self.sizes[number].kind for number in trace.ops]
            found = StepPlan(trace, kinds, sizes, self.setup)
            plans.append(found)
        return found
