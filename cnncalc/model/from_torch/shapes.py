"""How the calls are read that move numbers and compute nothing: most of them only change the layout of a view.

What a layout cannot follow becomes a layer: a range of channels, a crop, a shuffle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

from cnncalc.layers.channels import Slice
from cnncalc.layers.written import Unsayable
from cnncalc.model.from_torch.axes import FIRST, IMAGES
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.values import View

RESHAPES = frozenset(
    ("clone", "contiguous", "flatten", "float", "reshape", "squeeze", "to", "type", "unflatten", "unsqueeze", "view")
)
"""Functions that a learned tensor may go through and is still used as it is."""


def _same(call: Call) -> Any:
    return call.unchanged()


def _reshape(call: Call) -> View:
    return call.emitter.reshape(call.view, call.made)


def _permute(call: Call) -> View:
    dims = call["dims"]
    return _moved(call, dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims)


def _transpose(call: Call) -> View:
    dims = list(range(len(call.made)))
    first, second = call["dim0"], call["dim1"]
    dims[first], dims[second] = dims[second], dims[first]
    return _moved(call, dims)


def _movedim(call: Call) -> View:
    dims = list(range(len(call.made)))
    source, destination = call["source"], call["destination"]
    if not isinstance(source, int) or not isinstance(destination, int):
        raise Unsayable("it moves one dimension at a time")
    moved = dims.pop(source)
    dims.insert(destination % len(call.made), moved)
    return _moved(call, dims)


def _moved(call: Call, dims: Sequence[int]) -> View:
    view = call.emitter.settled(call.view)
    return call.emitter.arranged(View(view.index, tuple([view.axes[dim] for dim in dims])))


def _getitem(call: Call) -> Any:
    place = call["place"]
    if not isinstance(call.first, View):
        return call.first[place]
    view = call.emitter.settled(call.first)
    places = list(place) if isinstance(place, tuple) else [place]
    if Ellipsis in places:
        where = places.index(Ellipsis)
        places[where : where + 1] = [slice(None)] * (len(view.axes) - len(places) + 1)
    if any(not isinstance(part, slice) or part.step not in (None, 1) for part in places):
        raise Unsayable("it takes ranges of channels and crops borders, and nothing else")
    return _ranges(call.emitter, view, list(enumerate(places)))


def _narrow(call: Call) -> View:
    view = call.emitter.sized(call.view)
    axis, start, length = call["dim"] % len(view.axes), call["start"], call["length"]
    if axis == call.emitter.channel_axis(view) and length == call.emitter.volume(view).channels:
        return call.emitter.kept(Slice.words(0, length), view)
    return _ranges(call.emitter, view, [(axis, slice(start, start + length))])


def _ranges(emitter: Emitter, view: View, parts: Sequence[tuple[int, slice]]) -> View:
    """Read ranges along some axes: of channels, and of positions, which crops the borders."""
    pads = [(0, 0)] * emitter.volume(view).dimensions
    for axis, part in parts:
        size = prod([atom.size for atom in view.axes[axis]])
        start, stop, _ = part.indices(size)
        if (start, stop) == (0, size):
            continue
        if axis == emitter.channel_axis(view):
            view = _cut(emitter, view, start, stop)
            continue
        axes = view.axes[axis]
        if emitter.layout(view) != FIRST or len(axes) != 1 or axes[0].kind == IMAGES:
            raise Unsayable("it takes ranges of channels and of positions alone")
        pads[axis - 2] = (-start, stop - size)
    return emitter.settled(View(view.index, view.axes, tuple(pads))) if any(map(any, pads)) else view


def _cut(emitter: Emitter, view: View, start: int, stop: int) -> View:
    """Read a range of channels; all of them is no layer."""
    volume = emitter.volume(view)
    if (start, stop) == (0, volume.channels):
        return view
    return emitter.made(
        Slice.words(start, stop), view, volume.with_channels(stop - start), emitter.layout(view) or FIRST
    )


def _parts(call: Call) -> list[View]:
    view = call.emitter.sized(call.view)
    axis = call["dim"] % len(view.axes)
    if axis != call.emitter.channel_axis(view):
        raise Unsayable("it splits channels alone")
    sizes = [value.shape[axis] for value in call.emitter.node.meta["value"]]
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [_cut(call.emitter, view, start, start + size) for start, size in zip(starts, sizes, strict=True)]


def _negated(call: Call) -> View:
    view = call.view
    return View(view.index, view.axes, view.pads, view.fill, not view.negated)


def _stack(call: Call) -> Any:
    return list(call.first)


SHAPES: Mapping[str, Callable[[Call], Any]] = {
    "torch.nn.Identity clone contiguous detach": _same,
    "to float type requires_grad_(*rest)": _same,
    "torch.nn.Flatten torch.nn.Unflatten": _reshape,
    "flatten ravel(start_dim=0, end_dim=-1)": _reshape,
    "unflatten(dim, sizes)": _reshape,
    "view reshape expand squeeze unsqueeze(*shape)": _reshape,
    "permute(*dims)": _permute,
    "transpose swapaxes swapdims(dim0, dim1)": _transpose,
    "movedim moveaxis(source, destination)": _movedim,
    "getitem(place)": _getitem,
    "narrow(dim, start, length)": _narrow,
    "chunk(chunks, dim=0)": _parts,
    "split(split_size, dim=0)": _parts,
    "split_with_sizes(split_sizes, dim=0)": _parts,
    "tensor_split(indices_or_sections, dim=0)": _parts,
    "neg": _negated,
    "stack(dim=0)": _stack,
}
"""What reads them, as `cnncalc.layers.torch_calls` declares calls."""
