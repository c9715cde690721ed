"""What is alive, moment by moment."""

from __future__ import annotations

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

_PLACES = {kind: place for place, kind in enumerate(KINDS)}

PHASES = ("forward", "recomputation", "backward", "step")


class Moment(NamedTuple):
    """The memory that is alive while an operation runs: all it reads, makes and needs.

    ``layer`` is the index of its layer, one more than the last for the loss, and 0 in the optimizer's step.
    """

    phase: str
    layer: int
    bytes: int


class Block(NamedTuple):
    """A tensor's memory: what it is used for, its bytes, whose it is, and since which moment it is there."""

    kind: int
    bytes: int
    layer: int
    birth: int


class Ledger:
    """Counts what is taken and given back, and remembers the largest sum."""

    def __init__(self, setup: TrainingSetup) -> None:
        self.rounded = setup.rounded
        self.moments: list[Moment] = []
        self.blocks: list[Block] = []
        self.deaths: list[int | None] = []
        self.references: list[int] = []
        self.alive = [0] * len(KINDS)
        self.total = 0
        self.peak = 0
        self.peak_moment = 0
        self.peak_parts: list[int] = list(self.alive)

    def take(self, kind: str, size: int, layer: int = 0) -> int:
        """Take memory for a tensor, and return its number."""
        place, size = _PLACES[kind], self.rounded(size)
        self.alive[place] += size
        self.total += size
        self.blocks.append(Block(place, size, layer, len(self.moments)))
        self.deaths.append(None)
        self.references.append(1)
        return len(self.blocks) - 1

    def share(self, number: int) -> int:
        """Let one more hold a tensor."""
        self.references[number] += 1
        return number

    def drop(self, number: int) -> None:
        """Let one fewer hold a tensor; nobody left gives its memory back."""
        self.references[number] -= 1
        if not self.references[number]:
            block = self.blocks[number]
            self.alive[block.kind] -= block.bytes
            self.total -= block.bytes
            self.deaths[number] = len(self.moments)

    def is_sole(self, number: int, size: int) -> bool:
        """Say whether nobody else holds a tensor, and whether it fills its memory."""
        return self.references[number] == 1 and self.blocks[number].bytes == self.rounded(size)

    def moment(self, phase: str, layer: int, scratch: int = 0) -> None:
        """Write down what is alive now, with what is needed for this moment alone."""
        total = self.total + scratch
        if total > self.peak:
            self.peak, self.peak_moment = total, len(self.moments)
            self.peak_parts = list(self.alive)
            self.peak_parts[-1] += scratch
        self.moments.append(Moment(phase, layer, total))

    def at_peak(self, kind: str) -> dict[int, int]:
        """Return the bytes of one kind at the peak, by the index of the layer that took them."""
        place, moment = _PLACES[kind], self.peak_moment
        found: dict[int, int] = {}
        for block, death in zip(self.blocks, self.deaths, strict=True):
            if block.kind == place and block.birth <= moment and (death is None or death > moment):
                found[block.layer] = found.get(block.layer, 0) + block.bytes
        return found
