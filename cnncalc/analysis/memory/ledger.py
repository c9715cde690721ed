"""What is alive, moment by moment, for any number of images.

A block's bytes are known for one image and for any number of them, and what is taken and given back in a step does
not depend on the images. So one walk serves every batch: of each moment only a number is kept, that of a change which
is written down once, however often it comes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
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

_PHASE_NUMBERS = {phase: number for number, phase in enumerate(PHASES)}
_STILL_ALIVE = 2**31 - 1


class Moment(NamedTuple):
    """The memory that is alive while an operation runs: all it reads, makes and needs.

    ``layer`` is the index of its layer, one more than the last for the loss, and 0 in the optimizer's step.
    """

    phase: str
    layer: int
    bytes: int


class Sort(NamedTuple):
    """What blocks of one sort have in common: what they are used for, bytes for each image and for any number."""

    kind: str
    per_image: int
    fixed: int


class Change(NamedTuple):
    """What happens from one moment to the next.

    ``blocks`` are the sorts that are taken, and with a minus those that are given back. ``scratch`` and ``fixed`` are
    the bytes that the moment needs for itself, for each image and for any number.
    """

    blocks: tuple[int, ...]
    scratch: int
    fixed: int


class Ledger:
    """Writes down what is taken and given back, and answers for any number of images what was alive."""

    def __init__(self, setup: TrainingSetup) -> None:
        self.setup = setup
        self.sorts: list[Sort] = []
        self.sort_numbers: dict[tuple[str, int, int], int] = {}
        self.comparisons: dict[tuple[int, int, int, int], bool] = {}
        self.blocks = array("i")  # for each block its sort, its layer, the moments of its birth and its death
        self.layers = array("i")
        self.births = array("i")
        self.deaths = array("i")
        self.references = array("i")
        self.changes: dict[Change, int] = {}
        self.waiting: list[int] = []
        self.moments = array("i")  # for each moment its change, its phase and its layer
        self.phases = bytearray()
        self.moment_layers = array("i")

    # ---- writing

    def take(self, kind: str, per_image: int, fixed: int, layer: int = 0) -> int:
        """Take memory for a tensor, and return its number."""
        key = (kind, per_image, fixed)
        sort = self.sort_numbers.get(key)
        if sort is None:
            self.sorts.append(Sort(*key))
            sort = self.sort_numbers[key] = len(self.sorts)
        self.waiting.append(sort)
        self.blocks.append(sort)
        self.layers.append(layer)
        self.births.append(len(self.moments))
        self.deaths.append(_STILL_ALIVE)
        self.references.append(1)
        return len(self.blocks) - 1

    def share(self, number: int) -> int:
        """Let one more hold a tensor."""
        self.references[number] += 1
        return number

    def drop(self, number: int) -> None:
        """Let one fewer hold a tensor; nobody left gives its memory back."""
        left = self.references[number] - 1
        self.references[number] = left
        if not left:
            self.waiting.append(-self.blocks[number])
            self.deaths[number] = len(self.moments)

    def is_sole(self, number: int, per_image: int, fixed: int) -> bool:
        """Say whether nobody else holds a tensor, and whether one of so many bytes fills its memory."""
        if self.references[number] != 1:
            return False
        sort = self.sorts[self.blocks[number] - 1]
        if (sort.per_image, sort.fixed) == (per_image, fixed):
            return True
        pair = (sort.per_image, sort.fixed, per_image, fixed)
        same = self.comparisons[pair] = self._alike(pair, self.setup)
        return same

    def moment(self, phase: str, layer: int, scratch: int = 0, fixed: int = 0) -> None:
        """Write down what has changed, with what is needed for this moment alone."""
        key = Change(tuple(self.waiting), scratch, fixed)
        self.waiting.clear()
        self.moments.append(self.changes.setdefault(key, len(self.changes)))
        self.phases.append(_PHASE_NUMBERS[phase])
        self.moment_layers.append(layer)

    # ---- answering

    def serves(self, setup: TrainingSetup) -> bool:
        """Say whether the walk is the same for another number of images: whether the same tensors are alike."""
        return all(same == self._alike(pair, setup) for pair, same in self.comparisons.items())

    def totals(self, setup: TrainingSetup) -> Iterator[int]:
        """Yield the bytes that are alive at each moment."""
        images = setup.images
        sizes = self._sizes(setup)
        sums = [sum([sizes[sort] if sort > 0 else -sizes[-sort] for sort in change.blocks]) for change in self.changes]
        alone = [change.scratch * images + change.fixed for change in self.changes]
        alive = accumulate(map(sums.__getitem__, self.moments))
        return map(add, alive, map(alone.__getitem__, self.moments))

    def peak(self, setup: TrainingSetup) -> int:
        """Return the bytes that are alive at the peak."""
        return max(self.totals(setup))

    def timeline(self, setup: TrainingSetup) -> Iterator[Moment]:
        """Yield the moments."""
        for phase, layer, total in zip(self.phases, self.moment_layers, self.totals(setup), strict=True):
            yield Moment(PHASES[phase], layer, total)

    def parts(self, setup: TrainingSetup, moment: int) -> dict[str, int]:
        """Return the bytes that are alive at a moment by what they are used for."""
        sizes = self._sizes(setup)
        found = dict.fromkeys(KINDS, 0)
        for number in self._alive(moment):
            sort = self.blocks[number]
            found[self.sorts[sort - 1].kind] += sizes[sort]
        _, scratch, fixed = list(self.changes)[self.moments[moment]]
        found["temporaries"] += scratch * setup.images + fixed
        return found

    def by_layer(self, setup: TrainingSetup, moment: int, kind: str) -> dict[int, int]:
        """Return the bytes of one kind at a moment, by the index of the layer that took them."""
        sizes = self._sizes(setup)
        found: dict[int, int] = {}
        for number in self._alive(moment):
            sort, layer = self.blocks[number], self.layers[number]
            if self.sorts[sort - 1].kind == kind:
                found[layer] = found.get(layer, 0) + sizes[sort]
        return found

    def _alive(self, moment: int) -> Iterator[int]:
        """Yield the blocks that are alive at a moment."""
        for number, (birth, death) in enumerate(zip(self.births, self.deaths, strict=True)):
            if birth <= moment < death:
                yield number

    def _sizes(self, setup: TrainingSetup) -> list[int]:
        """Return the bytes of a block of each sort, by its number."""
        return [0, *[setup.rounded(sort.per_image * setup.images + sort.fixed) for sort in self.sorts]]

    @staticmethod
    def _alike(pair: tuple[int, int, int, int], setup: TrainingSetup) -> bool:
        images = setup.images
        return setup.rounded(pair[0] * images + pair[1]) == setup.rounded(pair[2] * images + pair[3])
