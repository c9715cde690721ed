"""How the calls are read that move numbers and compute nothing: most of them only change the layout of a view.

What a layout cannot follow becomes a layer: a range of channels, a crop, a shuffle.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import fx

from cnncalc.layers.written import Unsayable
from cnncalc.model.from_torch import products, ranges, repetition
from cnncalc.model.from_torch.axes import CHANNELS, Atom
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.channel_constants import with_constants
from cnncalc.model.from_torch.space_depth import rearranged
from cnncalc.model.from_torch.traced_values import function_name
from cnncalc.model.from_torch.values import Stack, Tensor, View


def _same(call: Call) -> Any:
    return call.unchanged()


def _reshape(call: Call) -> View:
    return rearranged(call.emitter, call.emitter.reshape(call.view, call.made))


def _part(call: Call) -> Any:
    """Read ``x.max(1).values``, one of the two tensors that a call returns, or a transposed tensor, ``x.mT``."""
    if call["name"] in ("mT", "T") and isinstance(call.first, View):
        dims = list(range(len(call.made)))
        return _moved(call, [*dims[:-2], *dims[:-3:-1]])
    found = call.first[0] if isinstance(call.first, list) and call["name"] == "values" else None
    if found is None:
        raise Unsayable(f"it takes `{call['name']}` of a result")
    return found


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
    return rearranged(call.emitter, call.emitter.arranged(View(view.index, tuple([view.axes[dim] for dim in dims]))))


def _negated(call: Call) -> View:
    view = call.view
    return View(view.index, view.axes, view.pads, view.fill, not view.negated)


def _stack(call: Call) -> Any:
    """Read several volumes along a new axis; they stay several where only sums and means over that axis read them."""
    axis = call["dim"] % len(call.made)
    users = call.emitter.node.users
    if all(function_name(user) in _OVER_STACKS and _axis_of(user) in (axis, axis - len(call.made)) for user in users):
        return Stack(call.first, axis)
    views = [call.emitter.sized(view) for view in call.first]
    channels = {call.emitter.channel_axis(view) for view in views}
    if len({view.axes for view in views}) > 1 or None in channels:
        raise Unsayable("it stacks volumes that are not alike")
    count, joined = call.emitter.volume(views[0]).channels, call.merged("concat", views)
    axes = [*views[0].axes]
    axes.insert(axis, (Atom(CHANNELS, count, len(views)),))
    return View(joined.index, tuple(axes))


def _filled(call: Call) -> Tensor:
    """Read a constant of the shape of a volume: it is one, and no layer."""
    number = call["fill_value"] if "full" in call.name else float("ones" in call.name)
    if not isinstance(number, int | float):
        raise Unsayable("it is filled with a number that is computed")
    return Tensor("", torch.full(call.made, float(number)), call.made)


def _of_numbers(call: Call) -> Tensor:
    """Read ``x.new_tensor([1, 2])``: a constant of the type of a volume."""
    return Tensor("", torch.tensor(call["data"]), call.made)


_OVER_STACKS = ("sum", "mean")


def _axis_of(call: fx.Node) -> Any:
    """Return the one axis that a reduction goes over."""
    axis = call.kwargs.get("dim", call.kwargs.get("axis", call.args[1] if len(call.args) > 1 else None))
    return axis[0] if isinstance(axis, tuple | list) and len(axis) == 1 else axis


SHAPES: Mapping[str, Callable[[Call], Any]] = {
    "torch.nn.Identity clone contiguous detach": _same,
    "to float double half type type_as requires_grad_(*rest)": _same,
    "torch.nn.Flatten torch.nn.Unflatten": _reshape,
    "flatten ravel(start_dim=0, end_dim=-1)": _reshape,
    "unflatten(dim, sizes)": _reshape,
    "view reshape(*shape)": _reshape,
    "squeeze unsqueeze(*dim)": _reshape,
    "view_as reshape_as(other)": _reshape,
    "expand expand_as broadcast_to(*shape)": repetition.expanded,
    "repeat tile(*repeats)": repetition.repeated,
    "repeat_interleave(repeats, dim=None)": repetition.interleaved,
    "permute(*dims)": _permute,
    "transpose swapaxes swapdims(dim0, dim1)": _transpose,
    "movedim moveaxis(source, destination)": _movedim,
    "getitem(place)": ranges.getitem,
    "getattr(name)": _part,
    "narrow(dim, start, length)": ranges.narrow,
    "chunk(chunks, dim=0)": ranges.parts,
    "split(split_size, dim=0)": ranges.parts,
    "split_with_sizes(split_sizes, dim=0)": ranges.parts,
    "tensor_split(indices_or_sections, dim=0)": ranges.parts,
    "select(dim, index)": ranges.select,
    "unbind(dim=0)": ranges.unbind,
    "index_select gather(dim, index)": ranges.chosen,
    "flip(*dims)": ranges.flipped,
    "unfold(kernel_size, dilation=1, padding=0, stride=1)": ranges.windows,
    "unfold(dimension, size, step)": ranges.unfolded,
    "neg": _negated,
    "stack(dim=0)": _stack,
    "add iadd sub isub subtract mul imul multiply(other, alpha=1)": with_constants,
    "div idiv truediv itruediv true_divide divide(other, alpha=1)": with_constants,
    "zeros_like ones_like(*rest)": _filled,
    "new_zeros new_ones(*rest)": _filled,
    "full_like(fill_value)": _filled,
    "new_full(size, fill_value)": _filled,
    "new_tensor(data)": _of_numbers,
    "matmul bmm(other)": products.of_volumes,
}
"""What reads them, as `cnncalc.layers.torch_calls` declares calls."""
