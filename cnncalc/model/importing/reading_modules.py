"""How each module of ``torch.nn`` is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import inf
from typing import Any

from torch import nn

from cnncalc.model.importing import wording
from cnncalc.model.importing.layout import IMAGES
from cnncalc.model.importing.operations import flag, literal, rate, sides, size
from cnncalc.model.importing.reading import BY_NAME, MODULES, Reader
from cnncalc.model.importing.tracing import BATCH
from cnncalc.model.importing.values import View
from cnncalc.model.importing.wording import Pairs, Unsayable, Wording, alike, each, from_torch
from cnncalc.model.initialise import Factor

Read = Callable[[Reader, Any, View], View]


def _by_dimensions(name: str) -> dict[int, type[nn.Module]]:
    """Return the classes of one name for one, two and three dimensions."""
    return {count: getattr(nn, f"{name}{count}d") for count in (1, 2, 3)}


def _convolution(reader: Reader, module: Any, view: View) -> View:
    dimensions = len(module.kernel_size)
    pads = wording.padding_of(module, dimensions)
    if module.padding_mode != "zeros" and any(map(any, pads)):
        view, pads = _padded(reader, view, pads, module.padding_mode), alike((0,) * dimensions)

    def word(own: Pairs) -> Wording:
        return wording.convolution(
            module.in_channels,
            module.out_channels,
            module.kernel_size,
            module.stride,
            own,
            module.dilation,
            module.groups,
            module.bias is not None,
        )

    return reader.window(view, word, pads, 0.0, reader.shape)


def _padded(reader: Reader, view: View, pads: Pairs, mode: str) -> View:
    """Read padding with values of the volume itself, which is a layer of its own."""
    if mode not in ("reflect", "replicate"):
        raise Unsayable(f"it pads with zeros, `reflect` or `replicate`, not {mode!r}")
    view = reader.positions(view)
    volume = reader.volume(view)
    spatial = [size + sum(pair) for size, pair in zip(volume.spatial, pads, strict=True)]
    words = Wording("pad", (*sides("", pads), *flag(mode, True)))
    return reader.sliding(view, words, (BATCH, volume.channels, *spatial))


def _pad_module(reader: Reader, module: Any, view: View, mode: str) -> View:
    padding = tuple(module.padding)
    return _padded(reader, view, from_torch(padding, reader.volume(view).dimensions), mode)


def _zero_pad(reader: Reader, module: Any, view: View) -> View:
    if getattr(module, "value", 0) != 0:
        raise Unsayable(f"it pads with zeros, not with {module.value}")
    return pad(reader, view, tuple(module.padding), 0.0)


def pad(reader: Reader, view: View, padding: tuple[int, ...], fill: float) -> View:
    """Read padding with a number, which waits for the next window."""
    view = reader.positions(view)
    return View(view.index, view.axes, from_torch(padding, reader.volume(view).dimensions), fill)


def _transposed(reader: Reader, module: Any, view: View) -> View:
    return reader.sliding(view, wording.transposed(module), reader.shape)


def _maximum(reader: Reader, module: Any, view: View) -> View:
    if module.return_indices:
        raise Unsayable("it returns where the maxima were")
    dimensions = reader.volume(view).dimensions
    setting = partial(each, dimensions=dimensions)
    stride = setting(module.kernel_size if module.stride is None else module.stride)
    return max_pool(
        reader,
        view,
        setting(module.kernel_size),
        stride,
        alike(setting(module.padding)),
        setting(module.dilation),
        module.ceil_mode,
    )


def max_pool(
    reader: Reader,
    view: View,
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    pads: Pairs,
    dilation: tuple[int, ...],
    ceil: bool,
) -> View:
    """Read a max pool; between two changes of the sign it is a min pool."""
    negated, word = view.negated, "minpool" if view.negated else "maxpool"
    view = View(view.index, view.axes, view.pads, view.fill)
    worded = lambda own: wording.pool(word, kernel, stride, own, dilation, ceil)  # noqa: E731
    result = reader.window(view, worded, pads, -inf, reader.shape)
    return View(result.index, result.axes, negated=negated)


def _average(reader: Reader, module: Any, view: View) -> View:
    if getattr(module, "divisor_override", None) is not None:
        raise Unsayable("it divides by the size of the window")
    dimensions = reader.volume(view).dimensions
    kernel = each(module.kernel_size, dimensions)
    stride = each(module.stride, dimensions)
    pads = alike(each(module.padding, dimensions))
    more = flag("nopad", not module.count_include_pad and any(map(any, pads)))
    word = lambda own: wording.pool("avgpool", kernel, stride, own, (), module.ceil_mode, more)  # noqa: E731
    return reader.window(view, word, pads, 0.0, reader.shape)


def _power(reader: Reader, module: Any, view: View) -> View:
    dimensions = reader.volume(view).dimensions
    kernel = each(module.kernel_size, dimensions)
    stride = kernel if module.stride is None else each(module.stride, dimensions)
    more = literal("norm=", module.norm_type, 2)
    if module.norm_type <= 0:
        raise Unsayable(f"its norm is larger than 0, not {module.norm_type}")
    arriving = reader.node.all_input_nodes[0].meta["value"].shape[2:]
    whole = [(size - k) // s + 1 for size, k, s in zip(arriving, kernel, stride, strict=True)]
    if module.ceil_mode and tuple(whole) != reader.shape[2:]:
        raise Unsayable("with ceil_mode, its last windows weigh more than the others")
    word = lambda own: wording.pool("lppool", kernel, stride, own, (), False, more)  # noqa: E731
    return reader.window(view, word, alike((0,) * dimensions), 0.0, reader.shape)


def _adaptive(reader: Reader, module: Any, view: View, what: str) -> View:
    if getattr(module, "return_indices", False):
        raise Unsayable("it returns where the maxima were")
    return adaptive(reader, view, what, module.output_size)


def adaptive(reader: Reader, view: View, what: str, size: Any) -> View:
    """Read an adaptive pool; one that changes no size is left out."""
    view = reader.positions(view)
    volume = reader.volume(view)
    words = wording.adaptive(what, size, volume.spatial)
    return reader.sliding(view, words, reader.shape)


def _batch_norm(reader: Reader, module: Any, view: View) -> View:
    if not module.track_running_stats:
        raise Unsayable("its `bn` keeps running means")
    return reader.channelwise(view, wording.batch_norm(module.eps, module.momentum, module.affine))


def _instance_norm(reader: Reader, module: Any, view: View) -> View:
    if module.track_running_stats:
        raise Unsayable("its `instancenorm` keeps no running means")
    return reader.channelwise(view, wording.instance_norm(module.eps, module.momentum, module.affine))


def _layer_norm(reader: Reader, module: Any, view: View) -> View:
    if len(module.normalized_shape) > 1:
        raise Unsayable("its `ln` works over the channels at each position, and this over positions too")
    if module.elementwise_affine and module.bias is None:
        raise Unsayable("its `ln` has a scale and a shift, and this has no shift")
    return reader.over_channels(view, wording.layer_norm(module.eps, module.elementwise_affine), -1)


def _parametric_relu(reader: Reader, module: Any, view: View) -> View:
    start = module.init
    if not module.weight.is_meta and module.weight.numel() and (module.weight == module.weight[0]).all():
        start = round(float(module.weight.detach()[0]), 8)
    per_channel = module.num_parameters > 1 or reader.volume(view).channels == 1
    words = Wording("prelu", (*literal("", start, 0.25), *flag("perchannel", per_channel)))
    return reader.channelwise(view, words)


def _softmax(reader: Reader, module: Any, view: View, word: str) -> View:
    axis = getattr(module, "dim", 1)
    return reader.over_channels(view, Wording(word), 1 if axis is None else axis)


def _channel_dropout(reader: Reader, module: Any, view: View) -> View:
    images = len(view.axes) > 1 and not view.axes[0] and [atom.kind for atom in view.axes[1]] == [IMAGES]
    if images:  # with a dimension in front, what is dropped whole are images
        return reader.elementwise(view, wording.dropped_path(module.p))
    return reader.channelwise(view, Wording("dropout2d", (rate(module.p),)))


def _droppath(reader: Reader, module: Any, view: View) -> View:
    p = getattr(module, "p", getattr(module, "drop_prob", None))
    if not p:
        p = 0.0
    if getattr(module, "mode", "row") != "row":
        raise Unsayable("its droppath drops images, not whole batches")
    return reader.elementwise(view, wording.dropped_path(p))


def _flatten(reader: Reader, module: Any, view: View) -> View:
    return reader.reshape(view, reader.shape)


def _upsample(reader: Reader, module: Any, view: View) -> View:
    return enlarge(reader, view, module.mode, module.align_corners)


def enlarge(reader: Reader, view: View, mode: str, align_corners: bool | None) -> View:
    """Read an enlargement by whole factors."""
    view = reader.positions(view)
    spatial = reader.volume(view).spatial
    factors = tuple([new // old for new, old in zip(reader.shape[2:], spatial, strict=True)])
    if align_corners and any(factor > 1 for factor in factors):
        raise Unsayable("its upsample takes corners as align_corners=False does")
    if any(new != old * f or f < 1 for new, old, f in zip(reader.shape[2:], spatial, factors, strict=True)):
        raise Unsayable("it enlarges by whole factors")
    if mode not in ("nearest", "linear", "bilinear", "trilinear"):
        raise Unsayable(f"it has no `{mode}`")
    return reader.sliding(view, wording.upsampled(factors, mode), reader.shape)


def _factor(reader: Reader, module: Any, view: View) -> View:
    return reader.channelwise(view, wording.scale(module.start))


def _worded(reader: Reader, module: Any, view: View, word: Callable[[Any], Wording]) -> View:
    return reader.elementwise(view, word(module))


def _channelwise(reader: Reader, module: Any, view: View, word: Callable[[Any], Wording]) -> View:
    return reader.channelwise(view, word(module))


def _sliding(reader: Reader, module: Any, view: View, word: Callable[[Any], Wording]) -> View:
    return reader.sliding(view, word(module), reader.shape)


def _whole(word: str, setting: str, kind: str) -> Callable[[Any], Wording]:
    return lambda module: Wording(word, (size((getattr(module, setting),), kind),))


_FAMILIES: dict[str, Read] = {
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "MaxPool": _maximum,
    "AvgPool": _average,
    "LPPool": _power,
    "AdaptiveAvgPool": partial(_adaptive, what="avg"),
    "AdaptiveMaxPool": partial(_adaptive, what="max"),
    "BatchNorm": _batch_norm,
    "InstanceNorm": _instance_norm,
    "Dropout": _channel_dropout,
    "ZeroPad": _zero_pad,
    "ConstantPad": _zero_pad,
    "ReflectionPad": partial(_pad_module, mode="reflect"),
    "ReplicationPad": partial(_pad_module, mode="replicate"),
}

MODULES |= {kind: read for name, read in _FAMILIES.items() for kind in _by_dimensions(name).values()}
MODULES |= {kind: partial(_worded, word=word) for kind, word in wording.ACTIVATIONS.items()}
MODULES |= {
    nn.SyncBatchNorm: _batch_norm,
    nn.GroupNorm: partial(_channelwise, word=lambda m: wording.group_norm(m.num_groups, m.eps, m.affine)),
    nn.LayerNorm: _layer_norm,
    nn.LocalResponseNorm: partial(
        _channelwise, word=lambda m: wording.local_response_norm(m.size, m.alpha, m.beta, m.k)
    ),
    nn.PReLU: _parametric_relu,
    nn.Softmax: partial(_softmax, word="softmax"),
    nn.Softmax2d: partial(_softmax, word="softmax"),
    nn.LogSoftmax: partial(_softmax, word="logsoftmax"),
    nn.ReLU6: partial(_worded, word=lambda m: Wording("relu6")),
    nn.Identity: lambda reader, module, view: view,
    nn.Linear: lambda reader, module, view: reader.linear(view, module.out_features, module.bias is not None),
    nn.Flatten: _flatten,
    nn.Unflatten: _flatten,
    nn.Upsample: _upsample,
    nn.UpsamplingNearest2d: _upsample,
    nn.UpsamplingBilinear2d: _upsample,
    nn.PixelShuffle: partial(_sliding, word=_whole("pixelshuffle", "upscale_factor", "size")),
    nn.ChannelShuffle: partial(_channelwise, word=_whole("shuffle", "groups", "groups")),
    Factor: _factor,
}

BY_NAME |= {"StochasticDepth": _droppath, "DropPath": _droppath}
