"""Where a tensor's numbers come from: which of its dimensions are images, channels, rows and columns.

A module may move channels to the back, stretch positions into one dimension, or split channels and swap the
parts (a channel shuffle). None of this is a layer. So every tensor of a trace is read as one of the
network's volumes together with its layout, and only what a layout cannot undo is written as a layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

from cnncalc.core.volume import Volume

REPEATED, IMAGES, CHANNELS = -2, -1, 0


class Atom(NamedTuple):
    """A stretch of numbers of one kind: images (-1), channels (0) or a spatial dimension (1, 2, …).

    It takes ``size`` of them, every ``stride``-th. Where the same numbers are repeated, the kind is -2.
    """

    kind: int
    stride: int
    size: int


Axes = tuple[tuple[Atom, ...], ...]
"""For each dimension of a tensor, the atoms that it runs over, the outermost first; atoms of size 1 are left out."""

FIRST, LAST, VECTOR, FLAT, TOKENS = "first", "last", "vector", "flat", "tokens"
"""N x C x H x W, N x H x W x C, N x C, N x (C·H·W) and N x (H·W) x C."""


def axes_of(volume: Volume, batch: int, layout: str = FIRST) -> Axes:
    """Return the axes of a volume in a layout."""
    images = _atoms(IMAGES, batch)
    channels = _atoms(CHANNELS, volume.channels)
    spatial = [_atoms(1 + axis, size) for axis, size in enumerate(volume.spatial)]
    positions = tuple([atom for atoms in spatial for atom in atoms])
    return {
        FIRST: (images, channels, *spatial),
        LAST: (images, *spatial, channels),
        VECTOR: (images, channels),
        FLAT: (images, channels + positions),
        TOKENS: (images, positions, channels),
    }[layout]


def layout_of(axes: Axes, volume: Volume, batch: int) -> str | None:
    """Return which layout axes are, or None where they are none of them."""
    whole = tuple(map(_joined, axes))
    layouts = [FIRST, LAST, VECTOR, FLAT, TOKENS]
    if max(volume.spatial) > 1:
        layouts.remove(VECTOR)
    return next((layout for layout in layouts if axes_of(volume, batch, layout) == whole), None)


def same_order(axes: Axes, volume: Volume, batch: int) -> str | None:
    """Return the layout that holds its numbers in the order of some axes, whatever dimensions of size 1 they have."""
    order = [atoms for atoms in map(_joined, axes) if atoms]
    layouts = (VECTOR, FIRST, LAST)
    return next((each for each in layouts if [atoms for atoms in axes_of(volume, batch, each) if atoms] == order), None)


def cut_up(axes: Axes, volume: Volume, batch: int) -> str | None:
    """Return the layout that holds its numbers in the order of some axes, however these are cut into dimensions."""
    layouts = (VECTOR, FIRST, LAST)
    return next((each for each in layouts if _in_a_row(axes_of(volume, batch, each)) == _in_a_row(axes)), None)


def _in_a_row(axes: Axes) -> tuple[Atom, ...]:
    return _joined(tuple([atom for atoms in axes for atom in atoms]))


def shuffled(axes: Axes, volume: Volume, batch: int) -> int | None:
    """Return by how many groups the channels are shuffled, where that is all that sets axes apart from a volume."""
    if len(axes) < 2 or len(axes[1]) != 2 or any(atom.kind != CHANNELS for atom in axes[1]):
        return None
    inner, outer = axes[1]
    if (inner.stride, outer.stride) != (1, inner.size) or inner.size * outer.size != volume.channels:
        return None
    straight = (axes[0], (outer, inner), *axes[2:])
    return outer.size if layout_of(straight, volume, batch) in (FIRST, VECTOR) else None


def folded(axes: Axes, volume: Volume, batch: int) -> tuple[str, int, bool] | None:
    """Return how positions of images have become channels, or channels positions, where that is all that was done.

    That is the word (``pixelunshuffle``, ``pixelshuffle``), its factor, and whether the places stand in front of the
    channels.
    """
    if len(axes) != 4 or volume.dimensions != 2 or max(volume.spatial) == 1:
        return None
    (height, width), channels, sizes = volume.spatial, volume.channels, axis_sizes(axes)
    images, found = _atoms(IMAGES, batch), tuple(map(_joined, axes))
    for factor in {height // max(sizes[2], 1)} - {0, 1}:
        rest = _every(1, factor, height // factor), _every(2, factor, width // factor)
        places = _atoms(1, factor) + _atoms(2, factor)
        if found == (images, _atoms(CHANNELS, channels) + places, *rest):
            return "pixelunshuffle", factor, False
        if found == (images, places + _atoms(CHANNELS, channels), *rest):
            return "pixelunshuffle", factor, True
    for factor in {sizes[2] // height} - {0, 1}:
        rows = _atoms(1, height) + _every(CHANNELS, factor, factor)
        columns = _atoms(2, width) + _atoms(CHANNELS, factor)
        if found == (images, _every(CHANNELS, factor**2, channels // factor**2), rows, columns):
            return "pixelshuffle", factor, False
    return None


def _every(kind: int, stride: int, size: int) -> tuple[Atom, ...]:
    return (Atom(kind, stride, size),) if size > 1 else ()


def axis_sizes(axes: Axes) -> list[int]:
    """Return how many numbers each dimension runs over: the shape."""
    return [prod([atom.size for atom in atoms]) for atoms in axes]


def aligned(many: Sequence[Axes]) -> Axes | None:
    """Return the axes of what values are spread to that are merged one by one; None where they lie across each other.

    Along every dimension, each runs over the same numbers as the others, or over one.
    """
    if len({len(axes) for axes in many}) > 1:
        return None
    found = [{atoms for atoms in along if atoms} for along in zip(*many, strict=True)]
    return tuple([next(iter(atoms), ()) for atoms in found]) if all(len(atoms) < 2 for atoms in found) else None


def without_repeats(axes: Axes) -> Axes:
    """Return axes that have every number once."""
    return tuple([tuple([atom for atom in atoms if atom.kind != REPEATED]) for atoms in axes])


def reshaped(axes: Axes, shape: Sequence[int]) -> Axes | None:
    """Return the axes behind a ``reshape``, or None where it cuts across them."""
    atoms = [atom for axis in axes for atom in axis]
    result = []
    for size in shape:
        taken: list[Atom] = []
        while (missing := size // prod([atom.size for atom in taken])) > 1:
            if not atoms:
                return None
            atom = atoms.pop(0)
            if missing % atom.size:
                if atom.size % missing:
                    return None
                outer, inner = _split(atom, missing)
                atoms.insert(0, inner)
                atom = outer
            taken.append(atom)
        if prod([atom.size for atom in taken]) != size:
            return None
        result.append(_joined(tuple(taken)))
    return None if atoms else tuple(result)


def _atoms(kind: int, size: int) -> tuple[Atom, ...]:
    return (Atom(kind, 1, size),) if size > 1 else ()


def _split(atom: Atom, outer: int) -> tuple[Atom, Atom]:
    inner = atom.size // outer
    return Atom(atom.kind, atom.stride * inner, outer), Atom(atom.kind, atom.stride, inner)


def _joined(atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
    """Join the parts of a split that stand side by side again."""
    joined: list[Atom] = []
    for atom in atoms:
        before = joined[-1] if joined else None
        if before is not None and before.kind == atom.kind and before.stride == atom.stride * atom.size:
            joined[-1] = Atom(atom.kind, atom.stride, before.size * atom.size)
        else:
            joined.append(atom)
    return tuple(joined)
