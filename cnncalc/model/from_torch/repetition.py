"""How calls are read that repeat numbers: ``expand``, ``expand_as``, ``repeat``.

PyTorch's merges repeat by themselves, so a repetition in front of one says nothing. Where something else reads it,
one value of all positions is enlarged, and channels that stand several times are put behind each other.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers.written import Unsayable
from cnncalc.model.from_torch.axes import REPEATED, Atom, axis_sizes
from cnncalc.model.from_torch.call import Call
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


def _times(view: View, before: Sequence[int], times: Sequence[int]) -> View:
    """Return a view that has its numbers several times along each dimension; new dimensions stand in front."""
    added = len(before) - len(view.axes)
    axes = [(), *[()] * (added - 1), *view.axes] if added else list(view.axes)
    if times[0] > 1:
        raise Unsayable("it repeats images")
    again = [((Atom(REPEATED, 0, count),) if count > 1 else ()) for count in times]
    return View(view.index, tuple([(*more, *atoms) for more, atoms in zip(again, axes, strict=True)]))
