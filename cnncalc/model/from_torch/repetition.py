"""How calls are read that repeat numbers: ``expand``, ``expand_as``, ``repeat``, ``repeat_interleave``.

PyTorch's merges repeat by themselves, so a repetition in front of one says nothing. Where something else reads it,
one value of all positions is enlarged, and channels that stand several times are put behind each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers.written import Unsayable, option, words
from cnncalc.model.from_torch.axes import FIRST, REPEATED, Atom, axes_of, axis_sizes
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.given import BATCH
from cnncalc.model.from_torch.values import View


def expanded(call: Call) -> View:
    """Read ``x.expand(-1, -1, 8, 8)``."""
    view = call.emitter.settled(call.view)
    before, after = axis_sizes(view.axes), call.made
    before = [1] * (len(after) - len(before)) + before
    return _times(view, before, [new if old == 1 else 1 for old, new in zip(before, after, strict=True)])


def repeated(call: Call) -> View:
    """Read ``x.repeat(1, 1, 8, 8)``."""
    view = call.emitter.settled(call.view)
    before, after = axis_sizes(view.axes), call.made
    before = [1] * (len(after) - len(before)) + before
    return _times(view, before, [new // old for old, new in zip(before, after, strict=True)])


def interleaved(call: Call) -> View:
    """Read ``x.repeat_interleave(2, dim=2)``: every value of a dimension so often in a row."""
    times, dim = call["repeats"], call["dim"]
    if not isinstance(times, int) or dim is None:
        raise Unsayable("it flattens what it repeats: give it `dim`, and one number of repeats")
    view = call.emitter.sized(call.view)
    axis, volume = dim % len(view.axes), call.emitter.volume(view)
    if axis == 0:
        raise Unsayable("it repeats images")
    if not view.axes[axis]:
        return _times(view, axis_sizes(view.axes), [times if place == axis else 1 for place in range(len(view.axes))])
    layout = call.emitter.layout(view) or FIRST
    if axis == call.emitter.channel_axis(view):
        made = call.emitter.copied(view.index, times, in_a_row=True)
        return View(made, axes_of(call.emitter.volume_of(made), BATCH, layout))
    sides = [times if atoms == view.axes[axis] else 1 for atoms in axes_of(volume, BATCH)[2:]]
    if view.axes != axes_of(volume, BATCH, layout):
        raise Unsayable("it repeats what stands in several places")
    larger = volume.with_spatial([length * more for length, more in zip(volume.spatial, sides, strict=True)])
    return call.emitter.made(words("upsample", option("x", "factor", tuple(sides), -1)), view, larger, layout)


def _times(view: View, before: Sequence[int], times: Sequence[int]) -> View:
    """Return a view that has its numbers several times along each dimension; new dimensions stand in front."""
    added = len(before) - len(view.axes)
    axes = [(), *[()] * (added - 1), *view.axes] if added else list(view.axes)
    if times[0] > 1:
        raise Unsayable("it repeats images")
    again = [((Atom(REPEATED, 0, count),) if count > 1 else ()) for count in times]
    return View(view.index, tuple([(*more, *atoms) for more, atoms in zip(again, axes, strict=True)]))
