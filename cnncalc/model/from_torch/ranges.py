"""How calls are read that take a part of a tensor: an index, a range, every second number, one part of a split.

A range of channels is `slice`, one of positions `crop`, and every second position is what a pool of one value with
a stride takes. A part of channels that are split in two dimensions is a range too, behind a shuffle where it lies
across them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.core.volume import Volume
from cnncalc.layers.channels import Slice
from cnncalc.layers.written import Unsayable, option, size, words
from cnncalc.model.from_torch.axes import CHANNELS, IMAGES, REPEATED, Atom, axes_of, axis_sizes, reshaped
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.channel_axes import outermost, with_channels
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.given import BATCH
from cnncalc.model.from_torch.merges import joined
from cnncalc.model.from_torch.refusals import no_layer
from cnncalc.model.from_torch.values import Tensor, View

CHOSEN = "it takes what values choose, or positions in an order of their own, and a spec takes ranges"
"""Why places that are no range are refused."""

MOST_RANGES = 32
"""Most ranges of channels that a list of channels may be."""


class AxisRange(NamedTuple):
    """The numbers that are taken along an axis; ``drops`` says that the axis is gone, as an index lets it be."""

    start: int
    stop: int
    step: int = 1
    drops: bool = False

    @property
    def length(self) -> int:
        """How many numbers it has."""
        return len(range(self.start, self.stop, self.step))


def getitem(call: Call) -> Any:
    """Read ``x[:, 0]``, ``x[..., ::2]``, ``x[:, :, None, None]``, or the choice of one of several values."""
    place = call["place"]
    if not isinstance(call.first, View):
        return call.first[place]
    view = call.emitter.settled(call.first)
    places = list(place) if isinstance(place, tuple) else [place]
    listed = [part for part in places if not (part is None or part is Ellipsis or isinstance(part, int | slice))]
    if listed:
        return _listed(call, view, places, listed)
    taken = [part for part in places if part is not None and part is not Ellipsis]
    rest = [slice(None)] * (len(view.axes) - len(taken))
    where = places.index(Ellipsis) if Ellipsis in places else len(places)
    places[where : where + 1] = rest
    sizes = iter(axis_sizes(view.axes))
    parts = [None if part is None else _part(part, next(sizes)) for part in places]
    view = taken_of(call.emitter, view, [part for part in parts if part is not None])
    axes = iter(view.axes)
    found = [((), False) if part is None else (next(axes), part.drops) for part in parts]
    return call.emitter.arranged(View(view.index, tuple([atoms for atoms, gone in found if not gone])))


def chosen(call: Call) -> View:
    """Read ``x.index_select(1, order)`` with a constant order of channels, as `getitem` does ``x[:, order]``."""
    if call.name != "index_select":
        raise Unsayable(CHOSEN)
    view = call.emitter.settled(call.view)
    return _in_order(call.emitter, view, call["dim"] % len(view.axes), _order(call["index"]))


def flipped(call: Call) -> View:
    """Read ``x.flip(1)``, which exchanges red and blue: the channels from the last to the first."""
    view, dims = call.emitter.sized(call.view), call["dims"]
    dims = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims
    axis = call.emitter.channel_axis(view)
    if axis is None or [dim % len(view.axes) for dim in dims] != [axis]:
        raise Unsayable("it turns rows or columns round")
    return _in_order(call.emitter, view, axis, list(range(call.emitter.volume(view).channels))[::-1])


def _listed(call: Call, view: View, places: Sequence[Any], listed: Sequence[Any]) -> View:
    """Read ``x[:, [2, 1, 0]]``: nothing else may be taken along with a list of channels."""
    at = next(place for place, part in enumerate(places) if part is listed[0])
    axis = at - len(places) if Ellipsis in places[:at] else at
    others = [part for part in places if part is not listed[0]]
    if len(listed) > 1 or not all(part is Ellipsis or part == slice(None) for part in others):
        raise Unsayable(CHOSEN)
    return _in_order(call.emitter, view, axis % len(view.axes), _order(listed[0]))


def _order(places: Any) -> list[int]:
    """Return the numbers in a list, or in a constant of the module."""
    if isinstance(places, Tensor) and not places.learned and not places.value.is_meta and len(places.shape) == 1:
        places = places.value.tolist()
    if not isinstance(places, list) or any(type(place) is not int for place in places):
        raise Unsayable(CHOSEN)
    return places


def _in_order(emitter: Emitter, view: View, axis: int, order: Sequence[int]) -> View:
    """Take channels in an order: ranges of them behind each other."""
    view = emitter.sized(view)
    if axis != emitter.channel_axis(view):
        raise Unsayable(CHOSEN)
    ranges: list[AxisRange] = []
    for place in [place % emitter.volume(view).channels for place in order]:
        if ranges and ranges[-1].stop == place:
            ranges[-1] = ranges[-1]._replace(stop=place + 1)
        else:
            ranges.append(AxisRange(place, place + 1))
    if not 0 < len(ranges) <= MOST_RANGES:
        raise Unsayable(f"it takes {len(ranges)} ranges of channels, and at most {MOST_RANGES} are written out")
    return joined(emitter, "concat", [_along(emitter, view, axis, part) for part in ranges], axis)


def _part(part: Any, length: int) -> AxisRange:
    if isinstance(part, int):
        return AxisRange(part % length, part % length + 1, drops=True)
    return AxisRange(*part.indices(length))


def written_into(call: Call) -> View:
    """Read ``x[:, :4] = y``: the channels before, those that are written, and those after."""
    view, value, place = call.emitter.settled(call.view), call["value"], call["place"]
    places = place if isinstance(place, tuple) else (place,)
    sizes, axis = axis_sizes(view.axes), call.emitter.channel_axis(view)
    if axis is None or not isinstance(value, View) or not all(isinstance(part, slice) for part in places):
        raise Unsayable("it writes into a part of a tensor")
    parts = [AxisRange(0, length) for length in sizes]
    parts[: len(places)] = [_part(part, length) for part, length in zip(places, sizes, strict=False)]
    others = [part == AxisRange(0, length) for part, length in zip(parts, sizes, strict=True)]
    taken = parts[axis]
    whole = all(full for at, full in enumerate(others) if at != axis) and taken.step == 1
    if not whole or axis_sizes(value.axes) != [*sizes[:axis], taken.length, *sizes[axis + 1 :]]:
        raise Unsayable("it writes into a part of a tensor")
    ends = AxisRange(0, taken.start), AxisRange(taken.stop, sizes[axis])
    before, after = [[_along(call.emitter, view, axis, end)] if end.length else [] for end in ends]
    return joined(call.emitter, "concat", [*before, value, *after], axis)


def narrow(call: Call) -> View:
    """Read ``x.narrow(1, 0, 4)``; a range of all channels that is written so is a layer."""
    view = call.emitter.sized(call.view)
    axis, start, length = call["dim"] % len(view.axes), call["start"], call["length"]
    if axis == call.emitter.channel_axis(view) and length == call.emitter.volume(view).channels:
        return call.emitter.kept(Slice.words(0, length), view)
    return _along(call.emitter, view, axis, AxisRange(start, start + length))


def select(call: Call) -> View:
    """Read ``x.select(1, 0)``."""
    view = call.emitter.settled(call.view)
    axis = call["dim"] % len(view.axes)
    return _without(_along(call.emitter, view, axis, _part(call["index"], axis_sizes(view.axes)[axis])), axis)


def parts(call: Call) -> list[View]:
    """Read ``x.chunk(2, 1)`` and ``x.split(4, 1)``."""
    view = call.emitter.sized(call.view)
    axis = call["dim"] % len(view.axes)
    sizes = [value.shape[axis] for value in call.emitter.node.meta["value"]]
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    ranges = [AxisRange(start, start + size) for start, size in zip(starts, sizes, strict=True)]
    return [_along(call.emitter, view, axis, part) for part in ranges]


def unbind(call: Call) -> list[View]:
    """Read ``x.unbind(1)``: every number along an axis on its own."""
    view = call.emitter.settled(call.view)
    axis = call["dim"] % len(view.axes)
    singles = [AxisRange(place, place + 1) for place in range(axis_sizes(view.axes)[axis])]
    return [_without(_along(call.emitter, view, axis, part), axis) for part in singles]


def windows(call: Call) -> None:
    """Refuse ``functional.unfold``, which is called as the method that takes tiles is."""
    if len(call.made) <= len(call.arriving):
        raise Unsayable(no_layer("Unfold"))


def unfolded(call: Call) -> View:
    """Read ``x.unfold(2, 4, 4)``: tiles that stand side by side, whose inside becomes a dimension at the end."""
    view = call.emitter.settled(call.view)
    axis, length = call["dimension"] % len(view.axes), call["size"]
    sizes = axis_sizes(view.axes)
    if length != call["step"] or sizes[axis] % length:
        raise Unsayable("it takes tiles that overlap, or leave something out")
    cut = reshaped(view.axes, [*sizes[:axis], sizes[axis] // length, length, *sizes[axis + 1 :]])
    if cut is None:
        raise Unsayable("it cuts across channels and positions")
    return call.emitter.arranged(View(view.index, (*cut[: axis + 1], *cut[axis + 2 :], cut[axis + 1])))


def _without(view: View, axis: int) -> View:
    return View(view.index, view.axes[:axis] + view.axes[axis + 1 :])


def _along(emitter: Emitter, view: View, axis: int, part: AxisRange) -> View:
    return taken_of(
        emitter, view, [part if place == axis else AxisRange(0, n) for place, n in enumerate(axis_sizes(view.axes))]
    )


def taken_of(emitter: Emitter, view: View, parts: Sequence[AxisRange]) -> View:
    """Return the view of a part of each axis."""
    wanted = {
        axis: part for axis, part in enumerate(parts) if part.step < 1 or part.length != axis_sizes(view.axes)[axis]
    }
    if any(part.step < 1 or not part.length for part in wanted.values()):
        raise Unsayable("it takes nothing, or takes it backwards")
    stretched = [axis for axis in wanted if len({atom.kind for atom in view.axes[axis]}) > 1]
    if stretched:  # a range of a vector that channels and positions are stretched into
        view = emitter.sized(view)
    positions: dict[int, AxisRange] = {}
    for axis, part in wanted.items():
        kinds = {atom.kind for atom in view.axes[axis]}
        if kinds == {CHANNELS}:
            view = _channels(emitter, view, axis, part)
        elif kinds == {REPEATED}:
            view = _with_axis(view, axis, (Atom(REPEATED, 0, part.length),) if part.length > 1 else ())
        elif len(kinds) != 1 or kinds == {IMAGES}:
            raise Unsayable("it takes ranges of channels and of positions alone")
        else:
            positions[axis] = part
    return _positions(emitter, view, positions) if positions else view


def _with_axis(view: View, axis: int, atoms: tuple[Atom, ...]) -> View:
    return View(view.index, (*view.axes[:axis], atoms, *view.axes[axis + 1 :]))


# ---- channels


def _channels(emitter: Emitter, view: View, axis: int, part: AxisRange) -> View:
    """Take a part of an axis of channels, which may be one of several that they are split into."""
    view = view if len(view.axes[axis]) == 1 else emitter.straightened(view) or view
    atoms = view.axes[axis]
    if len(atoms) != 1:
        raise Unsayable("it takes channels that lie across each other")
    view = outermost(emitter, view, atoms[0])
    return _taken(emitter, view, axis, part, emitter.volume(view).channels // atoms[0].size)


def _taken(emitter: Emitter, view: View, axis: int, part: AxisRange, inner: int) -> View:
    """Take a part of the outermost factor of the channels; ``inner`` channels lie below each of its numbers."""
    if part.step == 1:
        cut = Slice.words(part.start * inner, part.stop * inner)
        taken = with_channels(emitter, view, cut, view.axes, part.length * inner)
        return _with_axis(taken, axis, (Atom(CHANNELS, inner, part.length),) if part.length > 1 else ())
    if inner > 1:
        raise Unsayable("it takes ranges of channels without gaps")
    cut = Slice.words(part.start, part.stop, part.step)
    taken = with_channels(emitter, view, cut, view.axes, part.length)
    return _with_axis(taken, axis, (Atom(CHANNELS, 1, part.length),) if part.length > 1 else ())


# ---- positions


def _positions(emitter: Emitter, view: View, wanted: Mapping[int, AxisRange]) -> View:
    """Crop what lies outside of ranges of rows and columns, and take every second one where they have steps."""
    volume = emitter.volume(view)
    pads, steps = [(0, 0)] * volume.dimensions, [1] * volume.dimensions
    places = {}
    for axis, part in wanted.items():
        (atom, *others) = view.axes[axis]
        side = atom.kind - 1
        if others or atom.size != volume.spatial[side]:
            raise Unsayable("it takes ranges of channels and of positions alone")
        last = part.start + (part.length - 1) * part.step
        unread = last + 1 - atom.size  # a pool passes over what is less than a step
        pads[side] = (-part.start, unread if part.length == 1 or -unread >= part.step else 0)
        steps[side], places[axis] = part.step if part.length > 1 else 1, part.length
    straight = View(view.index, axes_of(volume, BATCH), tuple(pads) if any(map(any, pads)) else None)
    straight = emitter.settled(straight)
    if max(steps) > 1:
        straight = _every(emitter, straight, tuple(steps))
    axes = [
        ((Atom(view.axes[axis][0].kind, 1, places[axis]),) if places[axis] > 1 else ()) if axis in places else atoms
        for axis, atoms in enumerate(view.axes)
    ]
    return View(straight.index, tuple(axes))


def _every(emitter: Emitter, view: View, steps: tuple[int, ...]) -> View:
    """Take every second (third, …) position: what a pool of one value takes."""
    volume = emitter.volume(view)
    spatial = [-(-length // step) for length, step in zip(volume.spatial, steps, strict=True)]
    pool = words("maxpool", size((1,) * len(steps), "size"), option("s", "stride", steps, 0))
    return emitter.made(pool, view, Volume.of(spatial, volume.channels))
