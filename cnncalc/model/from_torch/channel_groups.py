"""How channels are repeated: a merge with one factor for each group of channels, or for each place in a group."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from cnncalc.model.from_torch.axes import CHANNELS, Atom, axis_sizes
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.values import View


def spread(emitter: Emitter, views: Sequence[View]) -> list[View]:
    """Return views for a merge, of which those with one value for several channels of another have it for each."""
    most = max(views, key=lambda view: prod(axis_sizes(view.axes)))
    channels = emitter.volume(most).channels
    return [view if emitter.volume(view).channels in (1, channels) else _spread(emitter, view, most) for view in views]


def _spread(emitter: Emitter, view: View, most: View) -> View:
    """Return a view with the channels of another; as it was where no repetition makes those."""
    parts = _parts(most)
    if parts is None or len(view.axes) != len(most.axes):
        return view
    own = [view.axes[axis] for axis, _ in parts]
    has = [bool(atoms) for atoms in own]
    first, last = has.index(True) if any(has) else 0, len(has) - has[::-1].index(True) if any(has) else 0
    kept = parts[first:last]
    wanted = [(Atom(CHANNELS, _below(kept, place), atom.size),) for place, (_, atom) in enumerate(kept)]
    if not kept or own[first:last] != wanted or prod([atom.size for _, atom in kept]) != emitter.volume(view).channels:
        return view
    before, after = [prod([atom.size for _, atom in side]) for side in (parts[:first], parts[last:])]
    index = emitter.copied(emitter.copied(view.index, after, in_a_row=True), before, in_a_row=False)
    axes = list(view.axes)
    for axis, atom in parts:
        axes[axis] = (atom,)
    return View(index, tuple(axes))


def _parts(view: View) -> list[tuple[int, Atom]] | None:
    """Return the axes of parts of the channels, the outermost first; None where one has something else too."""
    found = [(axis, atoms) for axis, atoms in enumerate(view.axes) if any(atom.kind == CHANNELS for atom in atoms)]
    if any(len(atoms) > 1 for _, atoms in found):
        return None
    return sorted([(axis, atoms[0]) for axis, atoms in found], key=lambda part: -part[1].stride)


def _below(parts: Sequence[tuple[int, Atom]], place: int) -> int:
    """Return the stride of one of several parts of channels."""
    return prod([atom.size for _, atom in parts[place + 1 :]])
