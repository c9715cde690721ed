"""What is alive, moment by moment, for any number of images.

The bytes of a tensor are known for one image and for any number of them, and what is taken and given back in a step
does not depend on the images. So one walk serves every batch: of each moment only a number is kept, that of a change
which is written down once, however often it comes.
"""

from __future__ import annotations

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import add
from typing import NamedTuple

from cnncalc.analysis.memory.setup import TrainingSetup

KINDS = (
    "parameters",
    "buffers",
    "optimizer_state",
    "average",
    "input",
    "workspace",
    "activations",
    "parameter_gradients",
    "activation_gradients",
    "temporaries",
)
"""What memory is used for: those that stay from step to step, then those that come and go."""

PHASES = ("forward", "recomputation", "backward", "step")

FORWARD, RECOMPUTATION, BACKWARD, STEP = range(4)
"""The phases by their numbers."""


class Moment(NamedTuple):
    """The memory that is alive while an operation runs: all it reads, makes and needs.

    ``layer`` is the index of its layer, one more than the last for the loss, and 0 in the optimizer's step.
    """

    phase: str
    layer: int
    bytes: int


class Sort(NamedTuple):
    """What tensors of one sort have in common: what they are used for, bytes for each image and for any number.

    ``times`` says how many tensors are taken or given back at once.
    """

    kind: str
    per_image: int
    fixed: int
    times: int = 1


class Change(NamedTuple):
    """A moment, and what happens behind it.

    Attributes:
        taken: the sorts of the tensors that are made for it.
        scratch, fixed: bytes that it needs for itself, for each image and for any number.
        after: the sorts of tensors that are taken behind it, and with a minus those that are given back.

    """

    taken: tuple[int, ...]
    scratch: int = 0
    fixed: int = 0
    after: tuple[int, ...] = ()


class Timeline:
    """The moments of a pass forward and backward; answers for any number of images what was alive."""

    def __init__(self) -> None:
        self.sorts: list[Sort] = []
        self.sort_numbers: dict[Sort, int] = {}
        self.staying: list[int] = []
        self.changes: list[Change] = []
        self.change_numbers: dict[Change, int] = {}
        self.moments = array("i")  # for each moment its change, its phase and its operation
        self.phases = bytearray()
        self.ops = array("i")
        self.peaks: dict[int, tuple[int, int]] = {}  # by the number of images

    # ---- writing

    def sort(self, kind: str, per_image: int, fixed: int = 0, times: int = 1) -> int:
        """Return the number of a sort; they begin with 1."""
        key = Sort(kind, per_image, fixed, times)
        number = self.sort_numbers.get(key)
        if number is None:
            self.sorts.append(key)
            number = self.sort_numbers[key] = len(self.sorts)
        return number

    def change(self, change: Change) -> int:
        """Return the number of a change."""
        number = self.change_numbers.get(change)
        if number is None:
            number = self.change_numbers[change] = len(self.changes)
            self.changes.append(change)
        return number

    def extend(self, phase: int, changes: Sequence[int], ops: Iterable[int]) -> None:
        """Add moments of one phase, each with its operation."""
        self.moments.extend(changes)
        self.phases.extend(bytes([phase]) * len(changes))
        self.ops.extend(ops)

    def behind(self, sorts: tuple[int, ...]) -> None:
        """Take tensors behind the last moment; those with a minus are given back."""
        if sorts:
            last = self.changes[self.moments[-1]]
            self.moments[-1] = self.change(last._replace(after=(*last.after, *sorts)))

    # ---- answering

    def totals(self, setup: TrainingSetup) -> list[int]:
        """Return the bytes that are alive at each moment, and at last those that are alive behind the last moment."""
        alive, totals = self.levels(setup)
        self.peaks[setup.images] = max(totals), alive[-1]
        return [*totals, alive[-1]]

    def levels(self, setup: TrainingSetup) -> tuple[list[int], list[int]]:
        """Return the bytes that are alive in front of each moment and behind the last one, and those at each moment."""
        images = setup.images
        sizes = self._sizes(setup)
        taken = [sum([sizes[sort] for sort in change.taken]) for change in self.changes]
        alone = [own + change.scratch * images + change.fixed for own, change in zip(taken, self.changes, strict=True)]
        after = [sum([sizes[sort] if sort > 0 else -sizes[-sort] for sort in change.after]) for change in self.changes]
        moves = list(map(add, taken, after))
        start = sum([sizes[sort] for sort in self.staying])
        alive = list(accumulate(map(moves.__getitem__, self.moments), initial=start))
        return alive, list(map(add, alive, map(alone.__getitem__, self.moments)))

    def peak(self, setup: TrainingSetup) -> tuple[int, int]:
        """Return the most bytes that are alive at a moment, and those that are alive behind the last one."""
        if setup.images not in self.peaks:
            self.totals(setup)
        return self.peaks[setup.images]

    def parts(self, setup: TrainingSetup, moment: int, *, within: bool = True) -> dict[str, int]:
        """Return the bytes that are alive at a moment by what they are used for; or in front of it, not ``within``."""
        sizes = self._sizes(setup)
        counts = Counter(self.staying)
        for number, times in Counter(self.moments[:moment]).items():
            change = self.changes[number]
            for sort in (*change.taken, *change.after):
                counts[abs(sort)] += times if sort > 0 else -times
        found = dict.fromkeys(KINDS, 0)
        if within and moment < len(self.moments):
            change = self.changes[self.moments[moment]]
            counts.update(change.taken)
            found["temporaries"] = change.scratch * setup.images + change.fixed
        for sort, count in counts.items():
            found[self.sorts[sort - 1].kind] += count * sizes[sort]
        return found

    def _sizes(self, setup: TrainingSetup) -> list[int]:
        """Return the bytes of a tensor of each sort, by its number."""
        images = setup.images
        return [0, *[setup.rounded(sort.per_image * images + sort.fixed) * sort.times for sort in self.sorts]]
