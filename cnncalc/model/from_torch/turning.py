"""How numbers are put into another order: positions as channels, rows as columns.

Most orders say nothing: a layout follows them. Where a layer needs its numbers in the order of a volume, all values are
stretched into a vector, whose parts a `shuffle` exchanges, and `reshape` makes a volume of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod

from cnncalc.core.volume import Volume
from cnncalc.layers.written import Words, size, words
from cnncalc.model.from_torch.axes import CHANNELS, Atom, Axes

Step = tuple[Words, Volume]
"""A layer, and the volume that it makes."""


def turned(axes: Axes, volume: Volume, wanted: Volume) -> list[Step] | None:
    """Return the layers that make a volume of another one whose values come in the order of some axes.

    None where the axes do not run over every value once.
    """
    target = [atom for atoms in axes[1:] for atom in atoms]
    memory = in_memory(target, volume)
    return None if memory is None or wanted.values != volume.values else list(_steps(target, memory, volume, wanted))


def in_memory(atoms: Sequence[Atom], volume: Volume) -> list[Atom] | None:
    """Return atoms in the order in which PyTorch has them; None where they are not every value of a volume once."""
    order = sorted(atoms, key=lambda atom: (atom.kind, -atom.stride))
    for kind, length in enumerate((volume.channels, *volume.spatial)):
        stride = 1
        for atom in [atom for atom in order[::-1] if atom.kind == kind]:
            if atom.stride != stride:
                return None
            stride *= atom.size
        if stride != length:
            return None
    return order if all(atom.kind >= CHANNELS for atom in order) else None


def _steps(target: Sequence[Atom], memory: Sequence[Atom], volume: Volume, wanted: Volume) -> Iterator[Step]:
    """Exchange neighbouring stretches of values until the last one stands last, then the one in front of it."""
    placed = list(memory)
    for last in range(len(placed) - 1, 0, -1):
        at = placed.index(target[last]) + 1
        if at <= last:
            front, both = _count(placed[:at]), _count(placed[: last + 1])
            if volume.channels != both:
                volume = Volume.of((*(1,) * (volume.dimensions - 1), volume.values // both), both)
                yield _reshape(volume), volume
            yield words("shuffle", size((front,), "groups")), volume
            placed[: last + 1] = [*placed[at : last + 1], *placed[:at]]
    if volume != wanted:
        yield _reshape(wanted), wanted


def _count(atoms: Sequence[Atom]) -> int:
    return prod([atom.size for atom in atoms])


def _reshape(volume: Volume) -> Words:
    if volume == volume.vector(volume.channels):
        return Words("flatten")
    return words("reshape", size(tuple(volume), "volume"))
