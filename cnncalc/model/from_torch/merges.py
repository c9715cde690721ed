"""How calls are read that make one volume of several."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod
from typing import Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers import class_of
from cnncalc.layers.rearranging import PadChannels
from cnncalc.layers.written import Unsayable, Words, size, words
from cnncalc.model.from_torch.axes import CHANNELS, FIRST, LAST, Atom, aligned, axes_of, axis_sizes, without_repeats
from cnncalc.model.from_torch.channel_axes import widened
from cnncalc.model.from_torch.channel_groups import spread
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.frames import alike
from cnncalc.model.from_torch.given import BATCH
from cnncalc.model.from_torch.shifts import shifted
from cnncalc.model.from_torch.values import Tensor, View


def merged(emitter: Emitter, kind: str, volumes: Sequence[Any]) -> View:
    """Read a merge of several volumes; of one, such as a stack of one branch, there is nothing to merge."""
    if len(volumes) == 1:
        return emitter.sized(volumes[0])
    views = [emitter.sized(view) for view in (volumes if kind == "concat" else _once(emitter, volumes))]
    if kind != "concat":
        views = spread(emitter, views)
    axes = aligned([view.axes for view in views])
    if axes is None and kind != "concat":
        views = _alike(emitter, views)
        axes = aligned([view.axes for view in views])
    views = _of_equal_dimensions(emitter, views)
    sources = [emitter.volume(view) for view in views]
    try:
        volume = class_of(kind)().output(tuple(sources))
    except Fault:
        raise Unsayable(f"{' and '.join(map(str, sources))} are not merged by `{kind}`") from None
    index = emitter.emit(Words(kind), [view.index for view in views], volume)
    return View(index, axes or axes_of(volume, BATCH, emitter.layout(views[0]) or FIRST))


def _of_equal_dimensions(emitter: Emitter, views: Sequence[View]) -> list[View]:
    """Return views of volumes with as many dimensions as the deepest: a single position may be read as any number.

    Volumes of a network get one number of dimensions when it is read, and a reshape that changes nothing then goes.
    """
    most = max(emitter.volume(view).dimensions for view in views)
    return [view if emitter.volume(view).dimensions == most else _raised(emitter, view, most) for view in views]


def _raised(emitter: Emitter, view: View, dimensions: int) -> View:
    volume = emitter.volume(view)
    raised = Volume((*(1,) * (dimensions - volume.dimensions), *volume))
    return View(emitter.emit(words("reshape", size(tuple(raised), "volume")), (view.index,), raised), view.axes)


def _alike(emitter: Emitter, views: Sequence[View]) -> list[View]:
    """Return views that all lie as the one with the most values does."""
    most = max(views, key=lambda view: prod(axis_sizes(view.axes)))
    found = [view if view.axes == most.axes else alike(emitter, view, most) for view in views]
    if None in found:
        raise Unsayable("its inputs hold channels and positions in different orders")
    return [view for view in found if view is not None]


def _once(emitter: Emitter, views: Sequence[View]) -> list[View]:
    """Return views without repetitions that a merge makes by itself, since another one has all the numbers."""
    once = [replace(view, axes=without_repeats(view.axes)) for view in views]
    kept = [axis_sizes(view.axes) for view in once]
    made = [max(sizes) for sizes in zip(*kept, strict=False)]
    alike = all(size in (1, full) for sizes in kept for size, full in zip(sizes, made, strict=False))
    return once if alike and tuple(made) == emitter.node.meta["value"].shape else list(views)


def merged_sum(emitter: Emitter, kind: str, summed: str, view: Any, count: Any) -> View | None:
    """Read a sum that is divided by how many volumes it has; None where it is none."""
    if not isinstance(view, View) or not isinstance(count, int | float) or view.pads is not None or view.negated:
        return None
    inputs: tuple[int, ...] = (view.index,)
    while inputs[0] and len(inputs) < count and emitter.operations[inputs[0] - 1].word == summed:
        inputs = (*emitter.operations[inputs[0] - 1].inputs, *inputs[1:])
    if len(inputs) < 2 or len(inputs) != count:
        return None
    return View(emitter.emit(Words(kind), inputs, emitter.volume(view)), view.axes)


def merged_with(emitter: Emitter, kind: str, pair: tuple[Any, Any], neutral: int | None) -> Any:
    """Read a merge of two volumes, of one and the neutral number, or of one and a learned shift."""
    views = [value for value in pair if isinstance(value, View)]
    if len(views) == 1 and any(isinstance(value, int | float) and value == neutral for value in pair):
        return views[0]  # how `sum(list)` begins
    if len(views) == 2:
        return merged(emitter, kind, views)
    constants = [value for value in pair if isinstance(value, Tensor)]
    if kind == "add" and views and constants and constants[0].learned:
        return shifted(emitter, views[0], constants[0])
    what = constants[0].name if constants else "numbers"
    raise Unsayable(f"it adds and multiplies volumes, not volumes and {what}")


def _zeros(volumes: Sequence[Any], axis: int) -> tuple[list[int], list[int]]:
    """Return how many channels of zeros stand in front of the first volume and behind the last one."""
    places = [place for place, view in enumerate(volumes) if isinstance(view, View)]
    ends = volumes[: places[0]], volumes[places[-1] + 1 :]
    before, after = [[value.shape[axis] for value in end if _is_zero(value)] for end in ends]
    return before, after


def _is_zero(value: Any) -> bool:
    return isinstance(value, Tensor) and not value.learned and not value.value.is_meta and not bool(value.value.any())


def _grouped(emitter: Emitter, kind: str, views: Sequence[View], axis: int) -> View:
    """Read volumes along an axis of groups of channels: ``cat([a.unsqueeze(1), b.unsqueeze(1)], 1)``."""
    within = {tuple([atoms for place, atoms in enumerate(view.axes) if place != axis]) for view in views}
    channels = [atoms for atoms in next(iter(within)) if [atom.kind for atom in atoms] == [CHANNELS]]
    count = channels[0][0].size if len(channels) == 1 and channels[0][0].stride == 1 else 0
    groups = [emitter.volume(view).channels // count if count else 0 for view in views]
    wanted = [(Atom(CHANNELS, count, number),) if number > 1 else () for number in groups]
    if len(within) > 1 or [view.axes[axis] for view in views] != wanted:
        raise Unsayable("its `concat` concatenates channels")
    whole = merged(emitter, kind, views)
    axes = list(views[0].axes)
    axes[axis] = (Atom(CHANNELS, count, sum(groups)),)
    return View(whole.index, tuple(axes))


def _straightened(emitter: Emitter, views: Sequence[View]) -> list[View]:
    """Return views that all lie N x C x H x W; as they are where one of them cannot."""
    straight = [emitter.straightened(view) for view in views]
    return list(views) if None in straight else [view for view in straight if view is not None]


def _along_positions(emitter: Emitter, views: Sequence[View], axis: int) -> View | None:
    """Read volumes one beside the other: the sum of each with zeros in the places of the others; None for channels."""
    layouts = {emitter.layout(view) for view in views}
    if axis > 1 and layouts != {LAST}:
        views = _straightened(emitter, views)
        layouts = {emitter.layout(view) for view in views}
    side = axis - 1 if layouts == {LAST} else axis - 2 if layouts == {FIRST} else -1
    lengths = [axis_sizes(view.axes)[axis] for view in views]
    if side not in range(emitter.volume(views[0]).dimensions) or sum(lengths) != emitter.shape[axis]:
        return None
    padded = []
    for place, view in enumerate(views):
        pads = [(0, 0)] * emitter.volume(view).dimensions
        pads[side] = sum(lengths[:place]), sum(lengths[place + 1 :])
        straight = View(view.index, axes_of(emitter.volume(view), BATCH), tuple(pads))
        padded.append(emitter.settled(straight))
    whole = merged(emitter, "add", padded)
    return View(whole.index, axes_of(emitter.volume(whole), BATCH, layouts.pop() or FIRST))


def joined(emitter: Emitter, kind: str, volumes: Sequence[Any], axis: int) -> View:
    """Read the channels of several volumes behind each other."""
    views = [emitter.sized(view) for view in volumes if isinstance(view, View)]
    before, after = _zeros(volumes, axis)
    if len(views) + len(before) + len(after) < len(volumes):
        raise Unsayable("it concatenates volumes, and one of these is a constant other than 0")
    if before or after:
        whole = joined(emitter, kind, views, axis)
        return widened(emitter, whole, PadChannels.words(sum(before), sum(after)), sum((*before, *after)))
    if len(views) == 1:
        return views[0]
    axis %= len(views[0].axes)
    if axis in [emitter.channel_axis(view) for view in views]:
        views = [emitter.formed(view) for view in views]
    if {emitter.channel_axis(view) for view in views} != {axis}:
        beside = _along_positions(emitter, views, axis)
        if beside is not None:
            return beside
        views = _straightened(emitter, views) if axis == 1 else views
    if {emitter.channel_axis(view) for view in views} != {axis}:
        return _grouped(emitter, kind, views, axis)
    if len({emitter.layout(view) for view in views}) > 1:
        raise Unsayable("its inputs hold channels and positions in different orders")
    whole = merged(emitter, kind, views)
    return View(whole.index, axes_of(emitter.volume(whole), BATCH, emitter.layout(views[0]) or FIRST))
