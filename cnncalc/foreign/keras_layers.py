"""Layers of Keras, from their configuration to the words of a spec."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from cnncalc.core.source import Span
from cnncalc.core.words import did_you_mean
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.foreign.keras_axes import Axes, channels_last, in_newer_words
from cnncalc.foreign.keras_layer import KerasLayer
from cnncalc.foreign.keras_norms import batch_norm, group_norm, layer_norm, rms_norm, unit_norm
from cnncalc.foreign.literals import PlacedList, PlacedTable, whole
from cnncalc.foreign.written_sizes import joined, option
from cnncalc.layers.written import short

MERGES = {
    "Add": "add",
    "Average": "mean",
    "Concatenate": "concat",
    "Maximum": "max",
    "Minimum": "min",
    "Multiply": "mul",
    "Subtract": "sub",
}
"""Layers that join several volumes."""
SCALED_SUM = "CustomScaleLayer"
"""The sum of Inception-ResNet in Keras: its first input, and ``scale`` times its second."""
OLD_MERGES = {"concat": "concat", "sum": "add", "mul": "mul", "ave": "mean", "max": "max"}
"""What the layer `Merge` of Keras 1 does, by its mode."""

_KEPT = (
    "Normalization",
    "RandomFlip",
    "RandomRotation",
    "RandomZoom",
    "RandomContrast",
    "RandomTranslation",
)


def is_kept(kind: str) -> bool:
    """Say whether a layer only prepares the values of images, and keeps the volume."""
    return kind in _KEPT


def words_of(draft: Draft, kind: str, config: PlacedTable, span: Span, axes: Axes) -> list[str]:
    """Return what a layer is, as layers of a spec one after another; none where it only prepares values.

    Raises:
        SpecError: ``cannot-import`` for a layer or a setting without a word, ``bad-format`` for one that is damaged.
    """
    if is_kept(kind):
        return []
    config = in_newer_words(config)
    family, dimensions = _family(kind)
    reader = _READERS.get(family)
    if reader is None:
        known = [f"{name}{'2D' if name in _SIZED else ''}" for name in _READERS]
        hints = did_you_mean(kind, known)
        draft.refuse(Span(span.start, span.start + 1), f"a spec has no word for the layer {quoted(kind)}", hints=hints)
    return [word for word in reader(KerasLayer(draft, kind, config, span, dimensions, axes)) if word]


def _family(kind: str) -> tuple[str, int]:
    match = re.fullmatch(r"(\w+?)([123])D(Transpose)?", kind)
    return (match[1] + (match[3] or ""), int(match[2])) if match else (kind, 2)


def _convolution(layer: KerasLayer) -> list[str]:
    groups = layer.number("groups", 1)
    options = option("s", layer.sizes("strides", 1)) + option("d", layer.sizes("dilation_rate", 1))
    causal = str(layer.config.get("padding", "")).lower() == "causal"
    options += option("g", (groups,)) + ("" if causal else layer.padding()) + layer.bias()
    convolution = f"conv {layer.kernel()}x{layer.number('filters')}{options}"
    return [_past(layer) if causal else "", convolution, layer.activation()]


def _past(layer: KerasLayer) -> str:
    """Return the padding in front of a causal convolution, which sees no later values."""
    pairs = zip(layer.sizes("kernel_size"), layer.sizes("dilation_rate", 1), strict=True)
    return "pad " + "x".join([f"{dilation * (kernel - 1)}:0" for kernel, dilation in pairs])


def _depthwise(layer: KerasLayer) -> list[str]:
    multiplier = layer.number("depth_multiplier", 1)
    filters = f"x{{{multiplier}*C}}" if multiplier != 1 else ""
    options = option("s", layer.sizes("strides", 1)) + option("d", layer.sizes("dilation_rate", 1))
    return [f"dwconv {layer.kernel()}{filters}{options}{layer.padding()}{layer.bias()}", layer.activation()]


def _separable(layer: KerasLayer) -> list[str]:
    """Read a depthwise convolution without biases, and a pointwise one."""
    multiplier = layer.number("depth_multiplier", 1)
    filters = f"x{{{multiplier}*C}}" if multiplier != 1 else ""
    options = option("s", layer.sizes("strides", 1)) + option("d", layer.sizes("dilation_rate", 1))
    ones = "x".join(["1"] * layer.dimensions)
    depthwise = f"dwconv {layer.kernel()}{filters}{options}{layer.padding()} nobias"
    return [depthwise, f"conv {ones}x{layer.number('filters')}{layer.bias()}", layer.activation()]


def _transposed(layer: KerasLayer) -> list[str]:
    """Read a transposed convolution: ``same`` makes stride times as much, ``valid`` what all windows reach."""
    kernel, strides = layer.sizes("kernel_size"), layer.sizes("strides", 1)
    if layer.config.get("output_padding") is not None or set(layer.sizes("dilation_rate", 1)) != {1}:
        layer.refuse("it has an output padding or a dilation")
    options = option("s", strides)
    if layer.padding():
        pads = tuple([max(0, (k - s + 1) // 2) for k, s in zip(kernel, strides, strict=True)])
        extra = tuple([s - k + 2 * p for k, s, p in zip(kernel, strides, pads, strict=True)])
        options += option("p", pads, 0) + option("op", extra, 0)
    else:
        options += option("op", tuple([max(0, s - k) for k, s in zip(kernel, strides, strict=True)]), 0)
    return [f"deconv {layer.kernel()}x{layer.number('filters')}{options}{layer.bias()}", layer.activation()]


def _pool(word: str) -> Callable[[KerasLayer], list[str]]:
    def read(layer: KerasLayer) -> list[str]:
        size = layer.sizes("pool_size", 2)
        strides = layer.sizes("strides") if layer.config.get("strides") is not None else size
        padding = layer.padding()
        nopad = " nopad" if word == "avgpool" and padding else ""  # TensorFlow leaves padding out of the mean
        stride = option("s", strides, None)
        return [f"{word} {joined(size)}{stride}{padding}{nopad}"]

    return read


def _global(word: str) -> Callable[[KerasLayer], list[str]]:
    return lambda layer: [word]


def _dense(layer: KerasLayer) -> list[str]:
    """Read a Dense: of an image it takes the channels of each position, as a convolution with 1x1 kernels does."""
    word = "fc "
    if layer.axes.spatial:
        if layer.axes.channels_first:
            layer.refuse("it goes along the last axis of an image, whose channels come first")
        word = f"conv {'1x' * layer.axes.spatial}"
    return [f"{word}{layer.number('units')}{layer.bias()}", layer.activation()]


def _rescaling(layer: KerasLayer) -> list[str]:
    """Read a constant factor, and a constant that is added."""
    scale, offset = layer.decimal("scale", 1.0), layer.decimal("offset", 0.0)
    factor = f"times {short(scale)}" if scale != 1 else ""
    return [word for word in (factor, f"plus {short(offset)}" if offset else "") if word] or ["identity"]


def _activation(layer: KerasLayer) -> list[str]:
    return [layer.activation()]


def _relu(layer: KerasLayer) -> list[str]:
    most, slope = layer.config.get("max_value"), layer.config.get("negative_slope", layer.config.get("alpha", 0))
    if most is None:
        return [f"leakyrelu {short(float(slope))}" if isinstance(slope, int | float) and slope else "relu"]
    if most != 6:
        layer.refuse(f"it stops at {quoted(most)}; relu6 stops at 6")
    return ["relu6"]


def _leaky(layer: KerasLayer) -> list[str]:
    name = "alpha" if "alpha" in layer.config else "negative_slope"
    return [f"leakyrelu {short(layer.decimal(name, 0.3))}"]


def _elu(layer: KerasLayer) -> list[str]:
    return [f"elu {short(layer.decimal('alpha', 1.0))}"]


def _prelu(layer: KerasLayer) -> list[str]:
    axes = layer.config.get("shared_axes")
    shared = sorted([whole(axis) or 0 for axis in axes]) if isinstance(axes, PlacedList) else []
    if shared == layer.spatial_axes():
        return ["prelu 0 perchannel"]
    if shared == list(range(1, layer.axes.spatial + 2)):
        return ["prelu 0"]
    layer.refuse("it has a slope for every position; with shared_axes=[1, 2] it has one per channel")


def _dropout(layer: KerasLayer) -> list[str]:
    rate = f"{round(layer.decimal('rate', 0.5), 4):g}"
    return [f"{'dropout2d' if layer.kind.startswith('Spatial') else 'dropout'} {rate}"]


def _zero_padding(layer: KerasLayer) -> list[str]:
    return [f"pad {_sides(layer, 'padding')}"]


def _cropping(layer: KerasLayer) -> list[str]:
    return [f"crop {_sides(layer, 'cropping')}"]


def _sides(layer: KerasLayer, name: str) -> str:
    value = layer.config.get(name, 1)
    rows = value if isinstance(value, PlacedList) else PlacedList([value] * layer.dimensions)
    if layer.dimensions == 1 and len(rows) == 2:
        rows = PlacedList([rows])
    pairs = [(each[0], each[1]) if isinstance(each, PlacedList) and len(each) == 2 else (each, each) for each in rows]
    if len(pairs) != layer.dimensions or any(whole(side) is None for pair in pairs for side in pair):
        layer.draft.damaged(layer.span, f"the {name} of this {layer.kind} cannot be read")
    return "x".join([str(before) if before == after else f"{before}:{after}" for before, after in pairs])


def _upsampling(layer: KerasLayer) -> list[str]:
    mode = str(layer.config.get("interpolation", "nearest"))
    if mode not in ("nearest", "bilinear"):
        layer.refuse(f"its interpolation is {quoted(mode)}")
    factors = layer.sizes("size", 2)
    return [f"upsample x{joined(factors)}{' bilinear' if mode == 'bilinear' else ''}"]


def _reshape(layer: KerasLayer) -> list[str]:
    shape = layer.config.get("target_shape")
    sizes = [whole(each) for each in shape] if isinstance(shape, PlacedList) else []
    if not sizes or any(size is None or size < 1 for size in sizes):
        layer.refuse("the shape that it makes is not said")
    if len(sizes) == 1:
        return ["flatten"]
    sizes = channels_last(sizes, layer.axes.channels_first)
    if sizes[:-1] == [1] * (len(sizes) - 1):
        return ["flatten"]  # 1x1xC
    return [f"reshape {joined(sizes)}"]


def _layer_scale(layer: KerasLayer) -> list[str]:
    """Read the factors of ConvNeXt, which Keras writes as a layer of its own."""
    start = layer.config.get("init_values")
    if isinstance(start, bool) or not isinstance(start, int | float):
        return ["scale"]
    return [f"scale {short(float(start))}"]


_READERS: Mapping[str, Callable[[KerasLayer], list[str]]] = {
    "Conv": _convolution,
    "Convolution": _convolution,
    "LayerScale": _layer_scale,
    "DepthwiseConv": _depthwise,
    "SeparableConv": _separable,
    "ConvTranspose": _transposed,
    "MaxPooling": _pool("maxpool"),
    "MaxPool": _pool("maxpool"),
    "AveragePooling": _pool("avgpool"),
    "AvgPool": _pool("avgpool"),
    "GlobalAveragePooling": _global("gap"),
    "GlobalAvgPool": _global("gap"),
    "GlobalMaxPooling": _global("gmp"),
    "GlobalMaxPool": _global("gmp"),
    "ZeroPadding": _zero_padding,
    "Cropping": _cropping,
    "UpSampling": _upsampling,
    "SpatialDropout": _dropout,
    "Dense": _dense,
    "Flatten": _global("flatten"),
    "BatchNormalization": batch_norm,
    "LayerNormalization": layer_norm,
    "GroupNormalization": group_norm,
    "RMSNormalization": rms_norm,
    "UnitNormalization": unit_norm,
    "Rescaling": _rescaling,
    "Activation": _activation,
    "ReLU": _relu,
    "LeakyReLU": _leaky,
    "ELU": _elu,
    "PReLU": _prelu,
    "Softmax": _global("softmax"),
    "ThresholdedReLU": lambda layer: [f"threshold {short(layer.decimal('theta', 1.0))}"],
    "Dropout": _dropout,
    "Reshape": _reshape,
}
_SIZED = ("Conv", "DepthwiseConv", "SeparableConv", "MaxPooling", "AveragePooling", "ZeroPadding", "UpSampling")
