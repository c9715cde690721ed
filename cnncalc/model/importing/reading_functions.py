"""How each function of torch and each method of a tensor is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import torch

from cnncalc.core.volume import Volume
from cnncalc.model.importing import wording
from cnncalc.model.importing.layout import CHANNELS, IMAGES, axes_of
from cnncalc.model.importing.operations import flag, rate, size
from cnncalc.model.importing.reading import FUNCTIONS, Reader
from cnncalc.model.importing.reading_modules import adaptive, enlarge, max_pool, pad
from cnncalc.model.importing.tracing import BATCH
from cnncalc.model.importing.values import Given, Tensor, View
from cnncalc.model.importing.wording import Unsayable, Wording, alike, each

Read = Callable[[Reader, Given], Any]


def function(arguments: str, *names: str) -> Callable[[Read], Read]:
    """Register what reads the functions of some names, given what their arguments are called."""

    def register(read: Read) -> Read:
        for name in names:
            FUNCTIONS[name] = (tuple(arguments.split()), read)
        return read

    return register


# ---- activations

_PLAIN = ["relu", "relu6", "selu", "silu", "mish", "hardswish", "hardsigmoid", "sigmoid", "tanh"]
for _word in _PLAIN:
    FUNCTIONS[_word] = (("x", "inplace"), lambda r, g: r.elementwise(g["x"], Wording(g.name.rstrip("_"))))


@function("x negative_slope inplace", "leaky_relu")
def _leaky(reader: Reader, given: Given) -> View:
    return reader.elementwise(given["x"], wording.activation("leakyrelu", given.get("negative_slope", 0.01)))


@function("x alpha inplace", "elu", "celu")
def _elu(reader: Reader, given: Given) -> View:
    return reader.elementwise(given["x"], wording.activation(given.name.rstrip("_"), given.get("alpha", 1.0)))


@function("x approximate", "gelu")
def _gelu(reader: Reader, given: Given) -> View:
    return reader.elementwise(given["x"], wording.gelu(given.get("approximate", "none")))


@function("x beta threshold", "softplus")
def _softplus(reader: Reader, given: Given) -> View:
    return reader.elementwise(given["x"], wording.softplus(given.get("beta", 1.0), given.get("threshold", 20.0)))


@function("x min max", "clamp", "clip")
def _clamp(reader: Reader, given: Given) -> View:
    return reader.elementwise(given["x"], wording.clamped(given.get("min"), given.get("max")))


@function("x min_val max_val inplace", "hardtanh")
def _hardtanh(reader: Reader, given: Given) -> View:
    return reader.elementwise(given["x"], wording.clamped(given.get("min_val", -1.0), given.get("max_val", 1.0)))


@function("x dim _stacklevel dtype", "softmax", "log_softmax")
def _softmax(reader: Reader, given: Given) -> View:
    return reader.over_channels(given["x"], Wording(given.name.replace("_", "")), given.get("dim", 1))


@function("x p training inplace", "dropout", "alpha_dropout_off")
def _dropout(reader: Reader, given: Given) -> View:
    return reader.elementwise(given["x"], Wording("dropout", (rate(given.get("p", 0.5)),)))


@function("x p training inplace", "dropout1d", "dropout2d", "dropout3d")
def _channel_dropout(reader: Reader, given: Given) -> View:
    return reader.channelwise(given["x"], Wording("dropout2d", (rate(given.get("p", 0.5)),)))


@function("x p mode training", "stochastic_depth")
def _stochastic_depth(reader: Reader, given: Given) -> View:
    if given["mode"] != "row":
        raise Unsayable("its droppath drops images, not whole batches")
    return reader.elementwise(given["x"], wording.dropped_path(given["p"]))


# ---- shapes


@function("x start_dim end_dim", "flatten", "ravel")
@function("x dim sizes", "unflatten")
@function("x *shape", "view", "reshape", "expand", "squeeze", "unsqueeze")
@function("x", "clone", "contiguous", "detach", "view_as_real_off", "to_off")
def _reshape(reader: Reader, given: Given) -> View:
    return _same(reader, given["x"]) if _shape_kept(reader, given) else reader.reshape(given["x"], given.shape)


@function("x *rest", "to", "float", "type", "requires_grad_")
def _convert(reader: Reader, given: Given) -> View:
    return _same(reader, given["x"])


def _same(reader: Reader, view: View) -> View:
    return view


def _shape_kept(reader: Reader, given: Given) -> bool:
    """Say whether a call changes nothing at all; an ``expand`` to another size is refused by `reshaped`."""
    return given.name in ("clone", "contiguous", "detach")


@function("x *dims", "permute")
def _permute(reader: Reader, given: Given) -> View:
    dims = given["dims"]
    dims = dims[0] if len(dims) == 1 and isinstance(dims[0], tuple | list) else dims
    return _moved(reader, given["x"], dims)


@function("x dim0 dim1", "transpose", "swapaxes", "swapdims")
def _transpose(reader: Reader, given: Given) -> View:
    dims = list(range(len(given.shape)))
    first, second = given["dim0"], given["dim1"]
    dims[first], dims[second] = dims[second], dims[first]
    return _moved(reader, given["x"], dims)


@function("x source destination", "movedim", "moveaxis")
def _movedim(reader: Reader, given: Given) -> View:
    places = torch.arange(len(given.shape)).reshape(-1).tolist()
    source, destination = given["source"], given["destination"]
    if not isinstance(source, int) or not isinstance(destination, int):
        raise Unsayable("it moves one dimension at a time")
    moved = places.pop(source)
    places.insert(destination % len(given.shape), moved)
    return _moved(reader, given["x"], places)


def _moved(reader: Reader, view: View, dims: Sequence[int]) -> View:
    view = reader.settled(view)
    return reader.arranged(View(view.index, tuple([view.axes[dim] for dim in dims])))


# ---- parts


@function("x place", "getitem")
def _getitem(reader: Reader, given: Given) -> Any:
    value, place = given["x"], given["place"]
    if not isinstance(value, View):
        return value[place]
    view = reader.settled(value)
    places = list(place) if isinstance(place, tuple) else [place]
    if Ellipsis in places:
        where = places.index(Ellipsis)
        places[where : where + 1] = [slice(None)] * (len(view.axes) - len(places) + 1)
    if any(not isinstance(part, slice) or part.step not in (None, 1) for part in places):
        raise Unsayable("it takes ranges of channels and crops borders, and nothing else")
    pads = [(0, 0)] * reader.volume(view).dimensions
    for axis, part in enumerate(places):
        view = _ranged(reader, view, axis, part, pads)
    return _cropped(reader, view, tuple(pads))


def _ranged(reader: Reader, view: View, axis: int, part: slice, pads: list[tuple[int, int]]) -> View:
    """Read a range along one axis: of channels, or of positions, which is noted in ``pads``."""
    size = prod([atom.size for atom in view.axes[axis]])
    start, stop, _ = part.indices(size)
    if (start, stop) == (0, size):
        return view
    if axis == reader.channel_axis(view):
        return _cut(reader, view, start, stop)
    axes = view.axes[axis]
    if reader.layout(view) != "first" or len(axes) != 1 or axes[0].kind == IMAGES:
        raise Unsayable("it takes ranges of channels and of positions alone")
    pads[axis - 2] = (-start, stop - size)
    return view


def _cropped(reader: Reader, view: View, pads: wording.Pairs) -> View:
    """Crop the borders, if there is anything to crop."""
    return reader.settled(View(view.index, view.axes, pads)) if any(map(any, pads)) else view


def _cut(reader: Reader, view: View, start: int, stop: int) -> View:
    """Read a range of channels; all of them is no layer."""
    volume = reader.volume(view)
    layout = reader.layout(view)
    if (start, stop) == (0, volume.channels):
        return view
    result = Volume.of(volume.spatial, stop - start)
    index = reader.emit(wording.cut(start, stop), (view.index,), result)
    return View(index, axes_of(result, BATCH, layout or "first"))


@function("x dim start length", "narrow")
def _narrow(reader: Reader, given: Given) -> View:
    view = reader.sized(given["x"])
    axis = given["dim"] % len(view.axes)
    start, length = given["start"], given["length"]
    if axis == reader.channel_axis(view) and length == reader.volume(view).channels:
        index = reader.emit(wording.cut(0, length), (view.index,), reader.volume(view))
        return View(index, view.axes)
    pads = [(0, 0)] * reader.volume(view).dimensions
    view = _ranged(reader, view, axis, slice(start, start + length), pads)
    return _cropped(reader, view, tuple(pads))


@function("x sizes dim", "chunk", "split", "tensor_split", "split_with_sizes")
def _parts(reader: Reader, given: Given) -> list[Any]:
    view = reader.sized(given["x"])
    axis = given.get("dim", 0) % len(view.axes)
    if axis != reader.channel_axis(view):
        raise Unsayable("it splits channels alone")
    sizes = [value.shape[axis] for value in reader.node.meta["value"]]
    starts = [sum(sizes[:place]) for place in range(len(sizes))]
    return [_cut(reader, view, start, start + size) for start, size in zip(starts, sizes, strict=True)]


@function("x pad mode value", "pad")
def _pad(reader: Reader, given: Given) -> View:
    mode = given.get("mode", "constant")
    view = given["x"]
    if mode == "constant":
        fill = float(given.get("value", 0.0))
        if fill not in (0.0, float("-inf")):
            raise Unsayable(f"it pads with zeros, not with {fill:g}")
        negated = view.negated
        padded = pad(reader, View(view.index, view.axes, view.pads, view.fill), tuple(given["pad"]), fill)
        return View(padded.index, padded.axes, padded.pads, padded.fill, negated)
    from cnncalc.model.importing.reading_modules import _padded

    return _padded(reader, view, wording.from_torch(tuple(given["pad"]), reader.volume(view).dimensions), mode)


@function("x", "neg")
def _neg(reader: Reader, given: Given) -> View:
    view = given["x"]
    return View(view.index, view.axes, view.pads, view.fill, not view.negated)


# ---- pools


@function("x dim keepdim dtype", "mean", "amax")
def _over_positions(reader: Reader, given: Given) -> View:
    view = reader.settled(given["x"])
    dims = given.get("dim", ())
    axes = {dim % len(view.axes) for dim in (dims if isinstance(dims, tuple | list) else [dims])}
    atoms = [atom for axis in axes for atom in view.axes[axis]]
    volume = reader.volume(view)
    if not axes or any(atom.kind in (IMAGES, CHANNELS) or atom.part for atom in atoms):
        raise Unsayable("it takes the mean and the maximum over positions alone")
    gone = {atom.kind - 1 for atom in atoms}
    spatial = tuple([1 if axis in gone else size for axis, size in enumerate(volume.spatial)])
    words = wording.adaptive("avg" if given.name == "mean" else "max", spatial, volume.spatial)
    index = reader.emit(words, (view.index,), Volume.of(spatial, volume.channels))
    left = [() if axis in axes else part for axis, part in enumerate(view.axes)]
    if not given.get("keepdim", False):
        left = [part for axis, part in enumerate(left) if axis not in axes]
    return View(index, tuple(left))


@function("x size", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d")
@function("x size return_indices", "adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def _adaptive(reader: Reader, given: Given) -> View:
    return adaptive(reader, given["x"], given.name.split("_")[1], given["size"])


_MAX = "x kernel_size stride padding dilation ceil_mode return_indices"


@function(_MAX, "max_pool1d", "max_pool2d", "max_pool3d", "boolean_dispatch")
def _max_pool(reader: Reader, given: Given) -> View:
    dimensions = reader.volume(given["x"]).dimensions
    kernel = each(given["kernel_size"], dimensions)
    stride = each(given.get("stride") or kernel, dimensions)
    pads = alike(each(given.get("padding", 0), dimensions))
    dilation = each(given.get("dilation", 1), dimensions)
    return max_pool(reader, given["x"], kernel, stride, pads, dilation, bool(given.get("ceil_mode", False)))


_AVERAGE = "x kernel_size stride padding ceil_mode count_include_pad divisor_override"


@function(_AVERAGE, "avg_pool1d", "avg_pool2d", "avg_pool3d")
def _average_pool(reader: Reader, given: Given) -> View:
    dimensions = reader.volume(given["x"]).dimensions
    kernel = each(given["kernel_size"], dimensions)
    stride = each(given.get("stride") or kernel, dimensions)
    pads = alike(each(given.get("padding", 0), dimensions))
    if given.get("divisor_override") is not None:
        raise Unsayable("it divides by the size of the window")
    more = flag("nopad", not given.get("count_include_pad", True) and any(map(any, pads)))
    ceil = bool(given.get("ceil_mode", False))
    word = lambda own: wording.pool("avgpool", kernel, stride, own, (), ceil, more)  # noqa: E731
    return reader.window(given["x"], word, pads, 0.0, given.shape)


@function("x size scale_factor mode align_corners recompute_scale_factor antialias", "interpolate", "upsample")
def _interpolate(reader: Reader, given: Given) -> View:
    if given.get("antialias", False):
        raise Unsayable("it has no antialiasing")
    return enlarge(reader, given["x"], given.get("mode", "nearest"), given.get("align_corners"))


@function("x upscale_factor", "pixel_shuffle")
def _pixel_shuffle(reader: Reader, given: Given) -> View:
    words = Wording("pixelshuffle", (size((given["upscale_factor"],), "size"),))
    return reader.sliding(given["x"], words, given.shape)


@function("x groups", "channel_shuffle")
def _channel_shuffle(reader: Reader, given: Given) -> View:
    return reader.channelwise(given["x"], Wording("shuffle", (size((given["groups"],), "groups"),)))


# ---- layers with weights of their own


def _learned(reader: Reader, tensor: Any, role: str = "weight") -> torch.Tensor:
    if not isinstance(tensor, Tensor):
        raise Unsayable("its weights are computed, and those of a spec are learned")
    reader.weights.learn(tensor, role)
    return tensor.value if tensor.shape == tuple(tensor.value.shape) else tensor.value.reshape(tensor.shape)


def _has(reader: Reader, tensor: Any, role: str) -> bool:
    return tensor is not None and _learned(reader, tensor, role) is not None


def _keeps(reader: Reader, given: Given) -> None:
    """Note the running mean and variance that a normalisation is given."""
    for role in ("running_mean", "running_var"):
        if not isinstance(given.get(role), Tensor):
            raise Unsayable("its `bn` keeps running means")
        reader.weights.keep(given[role], role)


@function("x weight bias", "linear")
def _linear(reader: Reader, given: Given) -> View:
    outputs = _learned(reader, given["weight"]).shape[0]
    return reader.linear(given["x"], outputs, _has(reader, given.get("bias"), "bias"))


@function("x weight bias stride padding dilation groups", "conv1d", "conv2d", "conv3d")
def _convolution(reader: Reader, given: Given) -> View:
    weight = _learned(reader, given["weight"])
    kernel = tuple(weight.shape[2:])
    dimensions = len(kernel)
    padding = given.get("padding", 0)
    dilation = each(given.get("dilation", 1), dimensions)
    totals = [d * (k - 1) if padding == "same" else 0 for d, k in zip(dilation, kernel, strict=True)]
    pads = tuple([(total // 2, total - total // 2) for total in totals])
    pads = pads if isinstance(padding, str) else alike(each(padding, dimensions))
    stride, groups = each(given.get("stride", 1), dimensions), given.get("groups", 1)
    bias = _has(reader, given.get("bias"), "bias")
    channels = weight.shape[1] * groups
    word = lambda own: wording.convolution(channels, len(weight), kernel, stride, own, dilation, groups, bias)  # noqa: E731
    return reader.window(given["x"], word, pads, 0.0, given.shape)


@function("x shape weight bias eps", "layer_norm")
def _layer_norm(reader: Reader, given: Given) -> View:
    affine = [_has(reader, given.get(name), name) for name in ("weight", "bias")]
    if len(given["shape"]) > 1 or affine[0] != affine[1]:
        raise Unsayable("its `ln` works over the channels at each position, with a scale and a shift or without")
    return reader.over_channels(given["x"], wording.layer_norm(given.get("eps", 1e-5), affine[0]), -1)


@function("x running_mean running_var weight bias training momentum eps", "batch_norm")
def _batch_norm(reader: Reader, given: Given) -> View:
    affine = [_has(reader, given.get(name), name) for name in ("weight", "bias")]
    if given.get("running_mean") is None or affine[0] != affine[1]:
        raise Unsayable("its `bn` keeps running means, and has a scale and a shift or neither")
    _keeps(reader, given)
    words = wording.batch_norm(given.get("eps", 1e-5), given.get("momentum", 0.1), affine[0])
    return reader.channelwise(given["x"], words)


@function("x groups weight bias eps", "group_norm")
def _group_norm(reader: Reader, given: Given) -> View:
    affine = [_has(reader, given.get(name), name) for name in ("weight", "bias")]
    if affine[0] != affine[1]:
        raise Unsayable("its `gn` has a scale and a shift or neither")
    words = wording.group_norm(given["groups"], given.get("eps", 1e-5), affine[0])
    return reader.channelwise(given["x"], words)


@function("x size alpha beta k", "local_response_norm")
def _local_response_norm(reader: Reader, given: Given) -> View:
    numbers = given.get("alpha", 1e-4), given.get("beta", 0.75), given.get("k", 1.0)
    return reader.channelwise(given["x"], wording.local_response_norm(given["size"], *numbers))


# ---- merges


@function("x y alpha", "add", "iadd")
def _add(reader: Reader, given: Given) -> Any:
    if given.get("alpha", 1) != 1:
        raise Unsayable("its `add` has no factors")
    return _both(reader, given, "add", 0)


@function("x y", "mul", "imul", "multiply")
def _mul(reader: Reader, given: Given) -> Any:
    pair = given["x"], given["y"]
    for value, tensor in (pair, pair[::-1]):
        if isinstance(value, View) and isinstance(tensor, Tensor):
            return _scaled(reader, value, tensor)
    return _both(reader, given, "mul", 1)


def _both(reader: Reader, given: Given, word: str, neutral: int) -> Any:
    pair = [given["x"], given["y"]]
    views = [value for value in pair if isinstance(value, View)]
    if len(views) == 1 and any(isinstance(value, int | float) and value == neutral for value in pair):
        return views[0]  # how `sum(list)` begins
    if len(views) < 2:
        constants = [value.name for value in pair if isinstance(value, Tensor)]
        raise Unsayable(f"it adds and multiplies volumes, not volumes and {constants[0] if constants else 'numbers'}")
    return reader.merge(word, views)


def _scaled(reader: Reader, view: View, tensor: Tensor) -> View:
    view = reader.sized(view)
    axis, value = reader.channel_axis(view), tensor.value
    shape = (1,) * (len(view.axes) - len(tensor.shape)) + tensor.shape
    if axis is None or shape != tuple([shape[axis] if place == axis else 1 for place in range(len(view.axes))]):
        raise Unsayable("its `scale` has one factor per channel")
    if shape[axis] != reader.volume(view).channels:
        raise Unsayable("its `scale` has one learned factor per channel")
    _learned(reader, tensor)
    flat = value.detach().reshape(-1)
    known = not value.is_meta and bool((flat == flat[0]).all())
    start = float(f"{float(flat[0]):.7g}") if known else 1.0
    return View(reader.emit(wording.scale(start), (view.index,), reader.volume(view)), view.axes)


@function("parts dim", "cat", "concat", "concatenate")
def _cat(reader: Reader, given: Given) -> View:
    views = [reader.sized(view) for view in given["parts"]]
    if len(views) == 1:
        return views[0]
    axes = {reader.channel_axis(view) for view in views}
    if axes != {given.get("dim", 0) % len(views[0].axes)}:
        raise Unsayable("its `concat` puts channels behind each other")
    return reader.merge("concat", views)


@function("parts dim", "stack")
def _stack(reader: Reader, given: Given) -> Any:
    return list(given["parts"])


@function("x dim keepdim dtype", "sum")
def _sum(reader: Reader, given: Given) -> View:
    parts = given["x"]
    if not isinstance(parts, list) or given.get("dim") != 0 or given.get("keepdim", False):
        raise Unsayable("it adds volumes, not what is in them")
    return reader.merge("add", parts)
