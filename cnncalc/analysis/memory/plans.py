"""The peak memory of many networks that differ in their sizes: each kind of step is walked through once.

Networks with the same operations in the same order take and give back the same tensors at the same moments, whatever
their sizes are. So the walk is done with unknown sizes, and those of every further network are put in. What the walk
decides by sizes, whether two gradients take as much memory, is kept with it: it serves the networks that decide alike.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from itertools import accumulate, chain, count
from operator import add, attrgetter, itemgetter, neg
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


Kind = tuple[object, ...]
"""What an operation is without its sizes: what decides when tensors are taken and given back."""

_NO_SIZES = attrgetter(
    *("reads", "touches", "saves", "keeps", "keeps_cached", "wants", "lowered", "sums", "use", "finish"),
    *("standardised", "statistics"),  # which are sizes, but not known as such to the walk
)


def kind_of(op: Op) -> Kind:
    """Return an operation without its sizes. What is no size, or not known to be one, stays."""
    counts = op.makes is None, len(op.beside), len(op.cached), len(op.parameters), op.reorders > 0
    return *_NO_SIZES(op), counts, tuple([size is None for size in op.gradients])


def sizes_of(op: Op, setup: TrainingSetup) -> tuple[int, ...]:
    """Return the sizes of an operation, rounded as the device does, in the order in which `_with_unknown` has them."""
    images, learned = setup.images, op.lowered or FLOAT
    tensors = [*([op.makes] if op.makes else []), *op.beside, *op.cached]
    gradients = [size for size in op.gradients if size is not None]
    rounded = setup.all_rounded(
        [
            *[per_image * images + fixed for per_image, fixed in tensors],
            *[size * images for size in (*gradients, *op.waiting)],
            *[values * learned for values in op.parameters],
            *([values * FLOAT for values in op.parameters] if op.lowered else ()),
        ]
    )
    reordered = [op.reorders * learned] if op.reorders else []
    return *rounded, *reordered, op.passing * images, op.scratch * images


def _with_unknown(op: Op, first: int) -> tuple[Op, int]:
    """Return an operation with unknown sizes, whose places begin with ``first``, and the place behind them."""
    places = iter(range(first, first + 1_000_000))

    def unknown(size: object) -> Any:
        return None if size is None else Unknown(next(places))

    def tensor(size: object) -> Any:
        return None if size is None else Size(unknown(size), 0)

    count = len(op.parameters)
    fields: dict[str, Any] = {"operation": "", "makes": tensor(op.makes)}
    fields["beside"], fields["cached"] = tuple(map(tensor, op.beside)), tuple(map(tensor, op.cached))
    fields["gradients"], fields["waiting"] = tuple(map(unknown, op.gradients)), tuple(map(unknown, op.waiting))
    made = [next(places) for _ in range(count)]
    full = [next(places) for _ in range(count)] if op.lowered else made
    fields["parameters"] = tuple(
        [UnknownValues({FLOAT: whole, op.lowered or FLOAT: own}) for own, whole in zip(made, full, strict=True)]
    )
    if op.reorders:
        fields["reorders"] = UnknownValues({op.lowered or FLOAT: next(places)})
    fields["passing"], fields["scratch"] = unknown(0), unknown(0)
    return op._replace(**fields), next(places)


class StepPlan:
    """What networks of one kind take and give back, moment by moment.

    Attributes:
        reached: for each tensor whether it has a gradient and the loss depends on it.

    """

    def __init__(self, trace: Trace, sizes: Sequence[int], setup: TrainingSetup) -> None:
        self.rounded = setup.rounded
        self.comparisons: dict[tuple[Any, Any], bool] = {}
        walk = Walk(_unknown_trace(trace), setup, alike_as=lambda compared: self._alike(compared, sizes))
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


def _unknown_trace(trace: Trace) -> Trace:
    """Return a trace whose operations are all distinct, with unknown sizes; place 0 is that of nothing."""
    found = Trace()
    place = 1
    for number in trace.ops:
        op, place = _with_unknown(trace.distinct[number], place)
        found.distinct.append(op)
    found.ops = array("i", range(len(trace.ops)))
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
        self.sizes: list[tuple[int, ...]] = []  # of each distinct operation, and the number of its kind
        self.kinds: list[int] = []
        self.kind_numbers: dict[Kind, int] = {}
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
            self.kinds.append(self.kind_numbers.setdefault(kind_of(op), len(self.kind_numbers)))
        images = setup.images
        inputs = [size.of(images) for size in trace.inputs.values()]
        labels = [count * LABEL * images for count in trace.labels]
        steps = chain.from_iterable(map(self.sizes.__getitem__, trace.ops))
        sizes = [0, *steps, *setup.all_rounded([*inputs, *labels])]
        plan = self._plan(trace, sizes)
        most, behind = plan.peak(sizes)
        lasting = Lasting(trace, plan.reached)
        if not setup.inference:
            most = max(most, behind + lasting.step_bytes(setup))
        return most + sum(lasting.kinds(setup).values())

    def _plan(self, trace: Trace, sizes: Sequence[int]) -> StepPlan:
        ends = bool(trace.ops) and trace.value(len(trace.ops)).has_gradient
        key = (tuple(map(self.kinds.__getitem__, trace.ops)), trace.outputs, len(trace.losses), ends)
        plans = self.plans.setdefault((*key, tuple(trace.inputs)), [])
        found = next((plan for plan in plans if plan.serves(sizes)), None)
        if found is None:
            found = StepPlan(trace, sizes, self.setup)
            plans.append(found)
        return found
