"""Layers of Caffe, from their parameters to the words of a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cnncalc.foreign.draft import quoted
from cnncalc.foreign.prototxt import Message
from cnncalc.foreign.written_sizes import joined, option
from cnncalc.layers.written import short

_OLD_TYPES = {
    "INNER_PRODUCT": "InnerProduct",
    "LRN": "LRN",
    "LSTM": "LSTM",
    "RNN": "RNN",
    "ABSVAL": "AbsVal",
    "RELU": "ReLU",
    "TANH": "TanH",
    "SOFTMAX_LOSS": "SoftmaxWithLoss",
}


def type_of(layer: Message) -> str:
    """Return a layer's type; older files write ``CONVOLUTION`` for ``"Convolution"``."""
    kind = layer.text("type")
    if kind.isupper() and kind not in READERS:
        return _OLD_TYPES.get(kind, "".join([part.capitalize() for part in kind.split("_")]))
    return kind


def _size(param: Message, name: str, dimensions: int, usual: int | None = None) -> list[int]:
    """Return a kernel, a stride or a padding in every dimension."""
    word = {"kernel_size": "kernel"}.get(name, name)
    if param.all(f"{word}_h") or param.all(f"{word}_w"):
        return [param.number(f"{word}_h", usual), param.number(f"{word}_w", usual)]
    values = [value for value in param.all(name) if isinstance(value, int)]
    if len(values) == dimensions > 1:
        return values
    return [param.number(name, usual)] * dimensions


def _window_options(param: Message, dimensions: int) -> str:
    options = option("s", _size(param, "stride", dimensions, 1), 1) + option("p", _size(param, "pad", dimensions, 0), 0)
    return options + option("d", _size(param, "dilation", dimensions, 1), 1)


def _convolution(layer: Message, dimensions: int) -> list[str]:
    param = layer.message("convolution_param")
    if param.number("axis", 1) != 1:
        param.fail("only convolutions over the sizes after the channels are read, with axis 1")
    kernel = joined(_size(param, "kernel_size", dimensions))
    groups = param.number("group", 1)
    options = _window_options(param, dimensions) + (f" g{groups}" if groups != 1 else "")
    options += "" if param.is_set("bias_term", True) else " nobias"
    word = "deconv" if type_of(layer) == "Deconvolution" else "conv"
    return [f"{word} {kernel}x{param.number('num_output')}{options}"]


def _depthwise(layer: Message, dimensions: int) -> list[str]:
    param = layer.message("convolution_param")
    options = _window_options(param, dimensions) + ("" if param.is_set("bias_term", True) else " nobias")
    kernel = joined(_size(param, "kernel_size", dimensions))
    filters = f"x{param.number('num_output')}" if param.all("num_output") else ""
    return [f"dwconv {kernel}{filters}{options}"]


def _pooling(layer: Message, dimensions: int) -> list[str]:
    param = layer.message("pooling_param")
    kind = {"0": "MAX", "1": "AVE"}.get(param.text("pool", "MAX"), param.text("pool", "MAX"))
    if kind not in ("MAX", "AVE"):
        param.fail(f"Caffe's pool {quoted(kind)} has no word: MAX and AVE have")
    if param.is_set("global_pooling", False):
        return ["gmp" if kind == "MAX" else "gap"]
    rounds_down = param.text("round_mode", "CEIL") in ("FLOOR", "1") or not param.is_set("ceil_mode", True)
    kernel = joined(_size(param, "kernel_size", dimensions))
    options = option("s", _size(param, "stride", dimensions, 1), None) + option(
        "p", _size(param, "pad", dimensions, 0), 0
    )
    return [f"{'maxpool' if kind == 'MAX' else 'avgpool'} {kernel}{options}{'' if rounds_down else ' ceil'}"]


def _inner_product(layer: Message) -> list[str]:
    param = layer.message("inner_product_param")
    if param.number("axis", 1) != 1:
        param.fail("only an InnerProduct of all values of an image is read, with axis 1")
    return [f"fc {param.number('num_output')}{'' if param.is_set('bias_term', True) else ' nobias'}"]


def _lrn(layer: Message) -> list[str]:
    param = layer.message("lrn_param")
    if param.text("norm_region", "ACROSS_CHANNELS") not in ("ACROSS_CHANNELS", "0"):
        param.fail("it normalises within a channel, and `lrn` works across channels")
    alpha, beta, k = param.decimal("alpha", 1.0), param.decimal("beta", 0.75), param.decimal("k", 1.0)
    return [f"lrn {param.number('local_size', 5)} alpha={short(alpha)} beta={short(beta)} k={short(k)}"]


def batch_norm(layer: Message, *, affine: bool) -> str:
    """Return a BatchNorm: Caffe's own has no scales and shifts, which a Scale behind it adds."""
    eps = layer.message("batch_norm_param").decimal("eps", 1e-5)
    return f"bn{'' if affine else ' noaffine'}{'' if eps == 1e-5 else f' eps={short(eps)}'}"


def _batch_norm(layer: Message) -> list[str]:
    """Read a BatchNorm on its own; that of Intel's Caffe may have scales and shifts."""
    return [batch_norm(layer, affine=layer.message("batch_norm_param").is_set("use_weight_bias", False))]


def _scale(layer: Message) -> list[str]:
    """Read Caffe's Scale: factors per channel, and with a shift of each 1x1 kernels with biases."""
    param = layer.message("scale_param")
    if param.number("axis", 1) != 1 or param.number("num_axes", 1) != 1:
        param.fail("only a Scale with a factor for each channel is read, with axis 1")
    return ["dwconv 1x1"] if param.is_set("bias_term", False) else ["scale"]


def _relu(layer: Message) -> list[str]:
    slope = layer.message("relu_param").decimal("negative_slope", 0.0)
    return [f"leakyrelu {short(slope)}" if slope else "relu"]


def _prelu(layer: Message) -> list[str]:
    return ["prelu" if layer.message("prelu_param").is_set("channel_shared", False) else "prelu perchannel"]


def _dropout(layer: Message) -> list[str]:
    return [f"dropout {short(layer.message('dropout_param').decimal('dropout_ratio', 0.5))}"]


def _elu(layer: Message) -> list[str]:
    return [f"elu {short(layer.message('elu_param').decimal('alpha', 1.0))}"]


def _normalize(layer: Message) -> list[str]:
    """Read the norm of SSD: each position gets the length 1, times learned factors."""
    param = layer.message("norm_param")
    if param.is_set("across_spatial", True):
        param.fail("it normalises over positions too, and `l2norm` works at each position")
    start = param.message("scale_filler").decimal("value", 1.0)
    factor = "scale" + (f" {short(start)}" if start != 1 else "")
    return ["l2norm", f"{factor} one" if param.is_set("channel_shared", True) else factor]


def _power(layer: Message) -> list[str]:
    param = layer.message("power_param")
    if param.decimal("power", 1.0) != 1:
        param.fail("a spec has no powers: `times` and `plus` are its constants")
    scale, shift = param.decimal("scale", 1.0), param.decimal("shift", 0.0)
    words = [f"times {short(scale)}"] if scale != 1 else []
    return [*words, *([f"plus {short(shift)}"] if shift else [])]


def _mean_variance(layer: Message) -> list[str]:
    param = layer.message("mvn_param")
    if param.is_set("across_channels", False) or not param.is_set("normalize_variance", True):
        param.fail("it normalises over channels or leaves the variance, and `instancenorm` does neither")
    return ["instancenorm"]


def _clip(layer: Message) -> list[str]:
    param = layer.message("clip_param")
    limits = param.decimal("min", 0.0), param.decimal("max", 6.0)
    words = {(0.0, 6.0): "relu6", (-1.0, 1.0): "hardtanh"}
    if limits not in words:
        param.fail(f"a spec has no word for values between {short(limits[0])} and {short(limits[1])}")
    return [words[limits]]


def _upsample(layer: Message) -> list[str]:
    param = layer.message("upsample_param")
    return [f"upsample x{param.number('scale', 2)}"]


def _shuffle(layer: Message) -> list[str]:
    return [f"shuffle {layer.message('shuffle_channel_param').number('group', 1)}"]


def _reorganised(layer: Message) -> list[str]:
    param = layer.message("reorg_param")
    if param.is_set("reverse", False):
        param.fail("a Reorg in reverse is not read")
    return [f"pixelunshuffle {param.number('stride')}"]


def _word(word: str) -> Callable[[Message], list[str]]:
    return lambda layer: [word]


SPATIAL: Mapping[str, Callable[[Message, int], list[str]]] = {
    "Convolution": _convolution,
    "Deconvolution": _convolution,
    "DepthwiseConvolution": _depthwise,
    "ConvolutionDepthwise": _depthwise,
    "Pooling": _pooling,
}
"""Layers whose windows have as many sizes as their input has spatial dimensions."""

READERS: Mapping[str, Callable[[Message], list[str]]] = {
    "InnerProduct": _inner_product,
    "LRN": _lrn,
    "BatchNorm": _batch_norm,
    "Scale": _scale,
    "ReLU": _relu,
    "ReLU6": _word("relu6"),
    "PReLU": _prelu,
    "ELU": _elu,
    "Sigmoid": _word("sigmoid"),
    "TanH": _word("tanh"),
    "Softmax": _word("softmax"),
    "Dropout": _dropout,
    "Flatten": _word("flatten"),
    "BN": _word("bn"),
    "BNLL": _word("softplus"),
    "Clip": _clip,
    "HardSwish": _word("hardswish"),
    "MVN": _mean_variance,
    "Normalize": _normalize,
    "Power": _power,
    "Reorg": _reorganised,
    "SELU": _word("selu"),
    "SeLu": _word("selu"),
    "SeLuDropout": _dropout,
    "ShuffleChannel": _shuffle,
    "Swish": _word("swish"),
    "Upsample": _upsample,
}
