"""What becomes of a tensor's dimensions when a layer makes one value of all positions along some of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from cnncalc.layers.written import Unsayable, Words
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.values import View


def over_positions(
    emitter: Emitter, view: View, words: Callable[[tuple[int, ...]], Words], dim: Any, keeps: bool
) -> View:
    """Return a view of what a layer makes, given the sizes that it makes; ``keeps`` says that the axes stay."""
    view = emitter.settled(view)
    dims = dim or ()
    axes = {dim % len(view.axes) for dim in (dims if isinstance(dims, tuple | list) else [dims])}
    atoms = [atom for axis in axes for atom in view.axes[axis]]
    volume = emitter.volume(view)
    if not atoms and emitter.channel_axis(view) in axes:
        raise Unsayable("it takes the mean and the maximum over positions alone")
    if not axes or any(atom.kind < 1 or atom.size < volume.spatial[atom.kind - 1] for atom in atoms):
        raise Unsayable("it takes the mean and the maximum over positions alone")
    gone = {atom.kind - 1 for atom in atoms}
    spatial = tuple([1 if axis in gone else size for axis, size in enumerate(volume.spatial)])
    index = emitter.emit(words(spatial), (view.index,), volume.with_spatial(spatial))
    left = [(axis, () if axis in axes else part) for axis, part in enumerate(view.axes)]
    return View(index, tuple([part for axis, part in left if keeps or axis not in axes]))
