"""The backward pass: gradients that arrive, leave, wait and are added, and what is given back on the way.

Operations run in reverse. Each makes the gradients of what it read, gives back what it kept, then the gradient that
arrived. Two gradients of one tensor are added, in the first one's memory if nobody else holds it.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from itertools import count
from operator import and_
from typing import NamedTuple

from cnncalc.analysis.memory.lifetimes import NEVER, Lifetimes
from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.timeline import BACKWARD, Change, Timeline
from cnncalc.analysis.memory.trace import AT_ONCE, CAST_ALONE, FIRST_USE, ONLY, OTHER_USE, Op, Trace

FLOAT = 4

Sorts = tuple[int, ...]


SizesCompared = tuple[int, int, int]
"""Bytes of a gradient for each image and for any number, and of another one for each image."""

Alike = Callable[[SizesCompared], bool]
"""Says whether both take as much memory."""


class Shared:
    """A gradient that several hold."""

    __slots__ = ("holders", "sort")

    def __init__(self, sort: int, holders: int) -> None:
        self.sort = sort
        self.holders = holders


Gradient = int | Shared
"""The sort of a gradient that one holds, or one that several hold."""


class BackwardTask(NamedTuple):
    """What an operation does in its backward pass, wherever it stands.

    Attributes:
        op: the operation.
        given: what is given back when the gradients are made.
        late: what is given back when all is done.
        onward: whether the only gradient that leaves is that of the tensor before, and none waits for it.

    """

    op: int
    given: Sorts
    late: Sorts
    onward: bool


class _Moments:
    """The moments of one operation's backward pass."""

    def __init__(self) -> None:
        self.taken: list[tuple[int, ...]] = []
        self.alone: list[tuple[int, int]] = []
        self.after: list[list[int]] = []

    def add(self, taken: Sequence[int] = (), scratch: int = 0, fixed: int = 0) -> None:
        """Begin a moment."""
        self.taken.append(tuple(taken))
        self.alone.append((scratch, fixed))
        self.after.append([])

    def take(self, sorts: Sequence[int]) -> None:
        """Take tensors behind the moment."""
        self.after[-1] += sorts

    def give(self, sorts: Sequence[int]) -> None:
        """Give tensors back behind the moment."""
        self.after[-1] += [-sort for sort in sorts]

    def drop(self, gradient: Gradient) -> None:
        """Let one fewer hold a gradient; nobody left gives its memory back."""
        if isinstance(gradient, int):
            self.give([gradient])
            return
        gradient.holders -= 1
        if not gradient.holders:
            self.give([gradient.sort])

    def numbers(self, timeline: Timeline) -> Sorts:
        """Return the numbers of the changes."""
        whole = zip(self.taken, self.alone, self.after, strict=True)
        return tuple([timeline.change(Change(taken, *alone, tuple(after))) for taken, alone, after in whole])


class Gradients:
    """The state of a backward pass: the gradient that arrives at the next operation, and those that wait."""

    def __init__(
        self, trace: Trace, lifetimes: Lifetimes, timeline: Timeline, setup: TrainingSetup, alike_as: Alike
    ) -> None:
        self.trace = trace
        self.lifetimes = lifetimes
        self.timeline = timeline
        self.setup = setup
        self.accumulates = setup.accumulate > 1
        self.adds_in_place = setup.device == "cuda"  # the CPU's tracker holds every tensor, so that none is reused
        self.comparisons: dict[SizesCompared, bool] = {}
        self.alike = alike_as
        self.tasks: dict[int, BackwardTask] = {}
        self.codes = array("i")
        self.known: dict[tuple[int, Gradient], tuple[Sorts, Gradient]] = {}
        self.first = Shared(0, 0)
        self.arriving: Gradient | None = None
        self.waiting: dict[int, Gradient] = {}
        self.entry = NEVER  # gradients of tensors up to this one stay apart
        self.apart: dict[int, Gradient] = {}
        self.sizes: dict[int, int] = {}
        self.left: list[int] = []  # the moments in front of which blocks are left

    def serves(self, setup: TrainingSetup) -> bool:
        """Say whether the pass is the same for another number of images: whether the same gradients are alike."""
        return all(same == alike(sizes, setup) for sizes, same in self.comparisons.items())

    def begin(self, given: Sequence[Sorts], late: Sequence[Sorts]) -> None:
        """Begin with the gradient of the loss, which its caller holds to the end."""
        self._plan(given, late)
        if self.lifetimes.reached[-1]:
            self.first = Shared(self.timeline.sort("activation_gradients", 0, FLOAT), 2)
            self.timeline.behind((self.first.sort,))
            self.arriving = self.first

    def _plan(self, given: Sequence[Sorts], late: Sequence[Sorts]) -> None:
        """Give a number to what each operation does, equal ones to equal."""
        numbers, wanted = self.trace.ops, self.lifetimes.wanted
        chained = [op.wants == (1,) for op in self.trace.distinct]
        onward = map(and_, map(chained.__getitem__, numbers), map((1).__eq__, wanted[:-1]))
        codes: dict[tuple[int, Sorts, Sorts, bool], int] = {}
        self.codes = array("i", map(codes.setdefault, zip(numbers, given, late, onward, strict=True), count()))
        self.tasks = {code: BackwardTask(*key) for key, code in codes.items()}

    def backward(self, ops: range) -> None:
        """Run operations in reverse."""
        codes, known, reached = self.codes, self.known, self.lifetimes.reached
        changes: list[int] = []
        owners: list[int] = []
        onward, last = self.arriving, ops.stop  # from ``last`` on, the owners of the changes are written down
        for op in reversed(ops):
            if not reached[op + 1]:
                owners += range(last - 1, op, -1)
                last = op
                continue
            code = codes[op]
            arriving = _held(self.waiting.pop(op + 1)) if onward is None else onward
            done: tuple[Sorts, Gradient | None] | None = known.get((code, arriving))
            numbers, onward = done or self._differentiate(op, code, arriving)
            changes += numbers
            if len(numbers) != 1:
                owners += range(last - 1, op, -1)
                owners += (op,) * len(numbers)
                last = op
        owners += range(last - 1, ops.start - 1, -1)
        self.arriving = onward
        self.timeline.extend(BACKWARD, changes, owners)

    def enter(self, block: range) -> None:
        """Begin with a block: the gradients that it makes of what it reads are not added to those made outside."""
        self.entry = block.start

    def leave(self, block: range) -> None:
        """Leave a block, and add these gradients to those made outside."""
        apart, self.entry, self.apart = self.apart, NEVER, {}
        self.left.append(len(self.timeline.moments))
        moments = _Moments()
        added = [
            gradient for tensor, gradient in apart.items() if self._wait(moments, tensor, self.sizes[tensor], gradient)
        ]
        if added and not moments.taken:  # sums that need no memory
            moments.add()
        for gradient in added:
            moments.drop(gradient)
        numbers = moments.numbers(self.timeline)
        self.timeline.extend(BACKWARD, numbers, [block.start] * len(numbers))

    def end(self) -> None:
        """Let the caller of the backward pass forget the gradient of the loss."""
        self.first.holders -= 1
        if not self.first.holders:
            self.timeline.behind((-self.first.sort,))

    def _differentiate(self, op: int, code: int, arriving: Gradient) -> tuple[Sorts, Gradient | None]:
        """Run the backward pass of an operation; return its changes, and the gradient for the one before."""
        task = self.tasks[code]
        made = self.trace.distinct[task.op]
        moments = _Moments()
        begun = arriving
        leaving: list[Gradient] = []
        new: list[int] = []
        for size in made.gradients:
            if size is None:
                arriving = _shared(arriving)
                leaving.append(arriving)
            else:
                new.append(self.timeline.sort("activation_gradients", size))
                leaving.append(new[-1])
        self._first_moment(moments, made, new, task, arriving)
        if made.standardised:
            self._standardised(moments, made)
        if made.use == ONLY and made.finish == AT_ONCE:
            self._finish_parameters(moments, made)
        if task.onward:
            self._add_parameters(moments, made)
            numbers, left = self._ended(moments, made, task), _held(leaving[0])
            if isinstance(begun, int) and isinstance(left, int):
                self.known[code, begun] = numbers, left
            return numbers, left
        added = [
            gradient
            for back, whole, gradient in zip(made.wants, made.waiting, leaving, strict=True)
            if self._wait(moments, op + 1 - back, whole, gradient)
        ]
        self._add_parameters(moments, made)
        for gradient in added:  # the engine holds all that an operation has made until it is done with it
            moments.drop(gradient)
        return self._ended(moments, made, task), None

    def _ended(self, moments: _Moments, made: Op, task: BackwardTask) -> Sorts:
        """Cast the parameters' gradients behind the operand's own, and return the changes of all moments."""
        if made.finish == CAST_ALONE:
            self._finish_parameters(moments, made)
        moments.give(task.late)
        return moments.numbers(self.timeline)

    def _first_moment(
        self, moments: _Moments, made: Op, new: Sequence[int], task: BackwardTask, arriving: Gradient
    ) -> None:
        """Make gradients, then give back what was kept and the gradient that arrived."""
        tensors = (*made.standardised[:1], *(made.parameters if made.finish != CAST_ALONE else ()))
        learned = [self._learned(values * (made.lowered or FLOAT)) for values in tensors]
        moments.add([*new, *([] if made.sums else learned)], made.scratch)
        moments.give(task.given)
        kept = made.kept_beside[:-1] if made.statistics else made.kept_beside
        moments.give([self.timeline.sort("activations", *size) for size in kept])
        moments.drop(arriving)
        if made.sums:
            moments.take(learned)

    def _standardised(self, moments: _Moments, made: Op) -> None:
        """Make the gradients of weights, and of their factors, from that of their standardised copy."""
        copied = made.standardised[0] * FLOAT
        if made.reorders:
            moments.add((), 0, made.reorders * (made.lowered or FLOAT))
        if made.lowered:
            moments.add([self._learned(copied)])
            moments.give([self._learned(made.standardised[0] * made.lowered)])
        learned = [self._learned(values * FLOAT) for values in made.standardised]
        moments.add(learned)
        moments.give([self._learned(copied), self.timeline.sort("activations", 0, made.statistics)])
        if self.accumulates or made.use in (FIRST_USE, OTHER_USE):
            moments.give(learned)

    def _add_parameters(self, moments: _Moments, made: Op) -> None:
        """Add the gradients of parameters to those of later uses, which wait; the first use has the last of them."""
        if made.use in (FIRST_USE, OTHER_USE):
            gradients = [self._learned(values * (made.lowered or FLOAT)) for values in made.parameters]
            for gradient in [] if self.adds_in_place else gradients:
                moments.add([gradient])
                moments.give([gradient])
            moments.give(gradients)
        if made.use == FIRST_USE:
            self._finish_parameters(moments, made)

    def _finish_parameters(self, moments: _Moments, made: Op) -> None:
        """Bring the gradients of parameters into their order and precision."""
        if made.reorders and not made.standardised:
            moments.add((), 0, made.reorders * (made.lowered or FLOAT))
        if made.lowered:
            for values in made.parameters:
                moments.add([self._learned(values * FLOAT)])
                moments.give([self._learned(values * made.lowered)])
        if self.accumulates:  # they are added to those of the passes before, which are there from the start
            moments.give([self._learned(values * FLOAT) for values in made.parameters])

    def _learned(self, size: int) -> int:
        return self.timeline.sort("parameter_gradients", 0, size)

    def _wait(self, moments: _Moments, tensor: int, size: int, gradient: Gradient) -> bool:
        """Let a gradient wait for the operation that made its tensor, or add it to the one that waits already.

        Return whether it was added, and is not needed itself.
        """
        waiting = self.waiting
        if tensor <= self.entry:
            waiting = self.apart
            self.sizes[tensor] = size
        first = waiting.get(tensor)
        if first is None:
            waiting[tensor] = gradient
            return False
        if not self.adds_in_place or not self._is_sole(first, size):
            total = self.timeline.sort("activation_gradients", size)
            waiting[tensor] = total
            moments.add([total])
            moments.drop(first)
        return True

    def _is_sole(self, gradient: Gradient, size: int) -> bool:
        """Say whether nobody else holds a gradient, and whether one of so many bytes for an image fills its memory."""
        held = _held(gradient)
        if not isinstance(held, int):
            return False
        sort = self.timeline.sorts[held - 1]
        if (sort.per_image, sort.fixed) == (size, 0):
            return True
        sizes = (sort.per_image, sort.fixed, size)
        same = self.comparisons[sizes] = self.alike(sizes)
        return same


def _held(gradient: Gradient) -> Gradient:
    """Return a gradient as one that is held once, where nobody else holds it any more."""
    return gradient.sort if isinstance(gradient, Shared) and gradient.holders == 1 else gradient


def _shared(gradient: Gradient) -> Shared:
    """Let one more hold a gradient."""
    if isinstance(gradient, int):
        return Shared(gradient, 2)
    gradient.holders += 1
    return gradient


def alike(sizes: SizesCompared, setup: TrainingSetup) -> bool:
    """Say whether a gradient of so many bytes, per image and for any number, and another one take as much memory."""
    per_image, fixed, other = sizes
    return setup.rounded(per_image * setup.images + fixed) == setup.rounded(other * setup.images)
