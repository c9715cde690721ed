"""How a tensor is seen with its dimensions in the places that a layer needs.

A linear layer mixes what lies along the last dimension, and a normalisation what lies along the second: if those are
positions, they become channels, and go back behind the layer. A merge wants all its volumes to lie alike.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from cnncalc.layers.written import Unsayable, Words
from cnncalc.model.from_torch.axes import FLAT, LAST, TOKENS, VECTOR, Atom, Axes, axis_sizes, reshaped
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.given import BATCH
from cnncalc.model.from_torch.turning import in_memory
from cnncalc.model.from_torch.values import View

Back = Callable[[View], View]


def as_channels(emitter: Emitter, view: View, axis: int) -> tuple[View, Back] | None:
    """Return a view whose channels lie along an axis, N x C x H x W, and what brings a result back into its dimensions.

    The result may have other channels, and has the same positions. None where no layer makes such a volume.
    """
    axis %= len(view.axes)
    others = [place for place in range(1, len(view.axes)) if place != axis]
    sizes = [axis_sizes(view.axes)[place] for place in others]
    more = len(others) - emitter.volume(view).dimensions
    sides = [view.axes[place] for place in others] + [()] * -more
    if more > 0:
        sides = [tuple([atom for atoms in sides[: more + 1] for atom in atoms]), *sides[more + 1 :]]
    made = emitter.straightened(replace(view, axes=(view.axes[0], view.axes[axis], *sides)))
    if axis == 0 or made is None:
        return None

    def back(result: View) -> View:
        axes = reshaped(result.axes, (BATCH, emitter.volume(result).channels, *sizes))
        assert axes is not None  # the positions are those of before
        order = [0, *[1 if place == axis else 2 + others.index(place) for place in range(1, len(view.axes))]]
        return replace(result, axes=tuple([axes[place] for place in order]))

    return made, back


def over_axis(emitter: Emitter, words: Words, view: View, axis: int, refused: str) -> View:
    """Add a layer over the channels at each position, which lie along an axis, and keeps the volume."""
    found = as_channels(emitter, view, axis)
    if found is None:
        raise Unsayable(refused)
    made, back = found
    return back(emitter.kept(words, made))


def linear(emitter: Emitter, view: View, outputs: int, vector: Words, positions: Words) -> View:
    """Add the product of a matrix with a vector, or with what lies along the last dimension at every position."""
    volume, layout = emitter.volume(view), emitter.layout(view)
    if layout in (VECTOR, FLAT):
        return emitter.made(vector, view, volume.vector(outputs), VECTOR)
    if layout in (LAST, TOKENS):
        return emitter.made(positions, view, volume.with_channels(outputs), layout)
    found = as_channels(emitter, emitter.sized(view), -1)
    if found is None:
        raise Unsayable("it mixes positions, or channels and positions in another order")
    made, back = found
    volume = emitter.volume(made)
    if volume == volume.vector(volume.channels):
        return back(emitter.made(vector, made, volume.vector(outputs), VECTOR))
    return back(emitter.made(positions, made, volume.with_channels(outputs)))


def alike(emitter: Emitter, view: View, other: View) -> View | None:
    """Return a view whose dimensions run over a volume as another's do, or over one value; None where they cannot."""
    have, want = axis_sizes(view.axes), axis_sizes(other.axes)
    if len(have) != len(want) or any(size not in (1, full) for size, full in zip(have, want, strict=True)):
        return None
    kept = tuple([atoms if size > 1 else () for atoms, size in zip(other.axes, have, strict=True)])
    volume = emitter.volume(other)
    memory = in_memory([atom for atoms in other.axes[1:] for atom in atoms], volume)
    parts = _parts(view, kept)
    if memory is None or parts is None:
        return None
    sides = [[atom for atom in memory if atom.kind == kind] for kind in range(volume.dimensions + 1)]
    if any(len({atom in parts for atom in side}) > 1 for side in sides):
        return None  # it would repeat a part of a dimension
    axes = [tuple([part for atom in side for part in parts.get(atom, ())]) for side in sides]
    made = emitter.straightened(replace(view, axes=(view.axes[0], *axes)))
    return None if made is None else replace(made, axes=(other.axes[0], *kept[1:]))


def _parts(view: View, kept: Axes) -> dict[Atom, tuple[Atom, ...]] | None:
    """Return what a view runs over where another one runs over each of its atoms."""
    atoms = [atom for part in kept[1:] for atom in part]
    cut = reshaped(view.axes, (BATCH, *[atom.size for atom in atoms]))
    return None if cut is None else dict(zip(atoms, cut[1:], strict=True))
