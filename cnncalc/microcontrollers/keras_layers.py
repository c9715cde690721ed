"""What the converter makes of each layer of Keras: the table that this format owns."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from cnncalc.microcontrollers.conversion import Conversion
from cnncalc.microcontrollers.graph import Operator, TfliteTensor
from cnncalc.microcontrollers.operators import MOST_CONCATENATED
from cnncalc.to_foreign.keras_model import KerasCall

Convert = Callable[..., TfliteTensor]

_FOLDS_A_NORM = frozenset(("CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV", "FULLY_CONNECTED"))
_FUSES_AN_ACTIVATION = _FOLDS_A_NORM | {"ADD", "SUB", "MUL", "MAX_POOL_2D", "AVERAGE_POOL_2D"}


def pair(value: Any) -> tuple[int, int]:
    """Return a setting for rows and columns."""
    return value if isinstance(value, tuple) else (value, value)


def window(call: KerasCall) -> tuple[tuple[int, int], tuple[int, int]]:
    """Return the rows and columns of a window, dilation included, and its strides."""
    kernel = pair(call.config.get("pool_size") or call.config["kernel_size"])
    stride = pair(call.config.get("strides", kernel if "pool_size" in call.config else 1))
    apart = pair(call.config.get("dilation_rate", 1))
    return ((kernel[0] - 1) * apart[0] + 1, (kernel[1] - 1) * apart[1] + 1), stride


def slid(call: KerasCall, shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the sizes that windows make of rows and columns."""
    kernel, stride = window(call)
    if call.config.get("padding") == "same":
        return tuple([-(-size // step) for size, step in zip(shape[1:3], stride, strict=True)])
    return tuple([(size - side) // step + 1 for size, side, step in zip(shape[1:3], kernel, stride, strict=True)])


def convolution(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``CONV_2D``, with a bias also where the layer has none."""
    kernel, filters = pair(call.config["kernel_size"]), call.config["filters"]
    source = without_factor(to, call, source)
    channels = source.shape[-1] // call.config.get("groups", 1)
    weights = to.learned(call, "weights", (filters, *kernel, channels), scales=filters)
    bias = to.learned(call, "bias", (filters,), bytes_each=4, scales=filters)
    shape = (1, *slid(call, source.shape), filters)
    return to.add(call, "CONV_2D", (source, weights, bias), shape, window=window(call))


def without_factor(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """Return what a ``MUL`` with one number reads, which the weights of the convolution behind it take in."""
    made = to.producer(source)
    if made is None or made.kind != "MUL" or made.activation or made.inputs[1].shape:
        return source
    return to.past(call, made)


def depthwise(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``DEPTHWISE_CONV_2D``"""
    kernel, source = pair(call.config["kernel_size"]), without_factor(to, call, source)
    filters = source.shape[-1] * call.config.get("depth_multiplier", 1)
    weights = to.learned(call, "weights", (1, *kernel, filters), scales=filters)
    bias = to.learned(call, "bias", (filters,), bytes_each=4, scales=filters)
    shape = (1, *slid(call, source.shape), filters)
    return to.add(call, "DEPTHWISE_CONV_2D", (source, weights, bias), shape, window=window(call))


def transposed(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``TRANSPOSE_CONV``"""
    kernel, filters = pair(call.config["kernel_size"]), call.config["filters"]
    stride = pair(call.config.get("strides", 1))
    sides = zip(source.shape[1:3], kernel, stride, strict=True)
    shape = (1, *[(size - 1) * step + max(side, step) for size, side, step in sides], filters)
    weights = to.learned(call, "weights", (filters, *kernel, source.shape[-1]), scales=filters)
    bias = to.learned(call, "bias", (filters,), bytes_each=4, scales=filters)
    return to.add(call, "TRANSPOSE_CONV", (to.setting(shape, (4,)), weights, source, bias), shape)


def dense(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``FULLY_CONNECTED``; a vector in front of it needs no ``RESHAPE``."""
    flattened = to.producer(source)
    if flattened and flattened.kind == "RESHAPE" and to.alone(call) and flattened.inputs[0].shape[-1] == source.shape[-1]:
        to.graph.operators.remove(flattened)
        source = flattened.inputs[0]
    units = call.config["units"]
    weights = to.learned(call, "weights", (units, source.shape[-1]), scales=units)
    bias = () if call.config.get("use_bias") is False else (dense_bias(to, call, units),)
    return to.add(call, "FULLY_CONNECTED", (source, weights, *bias), (1, units))


def dense_bias(to: Conversion, call: KerasCall, units: int) -> TfliteTensor:
    """Return the bias of a fully connected layer."""
    return to.learned(call, "bias", (units,), bytes_each=4, scales=units)


def pool(kind: str) -> Convert:
    """Return the function for a pool."""

    def write(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
        shape = (1, *slid(call, source.shape), source.shape[-1])
        return to.add(call, kind, (source,), shape, window=window(call))

    return write


def over_positions(kind: str) -> Convert:
    """Return the function for a pool over all positions."""

    def write(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
        axes = tuple(range(1, len(source.shape) - 1))
        return to.add(call, kind, (source, to.setting(axes, (len(axes),))), (1, source.shape[-1]))

    return write


def reshaped(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``RESHAPE``; a mean over all positions keeps them itself."""
    shape = (1, prod(source.shape)) if call.kind == "Flatten" else (1, *call.config["target_shape"])
    producer = to.producer(source)
    if shape == source.shape:
        return source
    if producer and producer.kind in ("MEAN", "REDUCE_MAX") and to.alone(call) and set(shape[1:-1]) == {1}:
        source.shape = shape
        return source
    return to.add(call, "RESHAPE", (source, to.setting(shape, (len(shape),))), shape)


def permuted(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``TRANSPOSE``"""
    order = (0, *call.config["dims"])
    shape = tuple([source.shape[axis] for axis in order])
    return to.add(call, "TRANSPOSE", (source, to.setting(order, (len(order),))), shape)


def padded(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``PAD``"""
    pads = sides(call.config["padding"])
    around = ((0, 0), *pads, (0, 0))
    sizes = [size + before + after for size, (before, after) in zip(source.shape[1:3], pads, strict=True)]
    return to.add(call, "PAD", (source, to.setting(around, (4, 2))), (1, *sizes, source.shape[-1]))


def sides(value: Any) -> tuple[tuple[int, int], ...]:
    """Return paddings as a pair for rows and one for columns."""
    return value if isinstance(value, tuple) else ((value, value), (value, value))


def cropped(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``STRIDED_SLICE``, from the first to the last value that stays."""
    cut = sides(call.config["cropping"])
    sizes = [size - before - after for size, (before, after) in zip(source.shape[1:3], cut, strict=True)]
    begin = (0, *[before for before, _ in cut], 0)
    end = (0, *[-after for _, after in cut], 0)
    settings = [to.setting(values, (4,)) for values in (begin, end, (1, 1, 1, 1))]
    return to.add(call, "STRIDED_SLICE", (source, *settings), (1, *sizes, source.shape[-1]))


def enlarged(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``RESIZE_BILINEAR``; the nearest value is repeated by ``TILE``, for which there is no kernel."""
    if call.config.get("interpolation") != "bilinear":
        raise to.fault(
            call,
            "the converter makes TILE of it, which the interpreter for microcontrollers does not have",
            "write `upsample 2 bilinear`, or `deconv`",
        )
    rows, columns = pair(call.config["size"])
    size = (source.shape[1] * rows, source.shape[2] * columns)
    return to.add(call, "RESIZE_BILINEAR", (source, to.setting(size, (2,))), (1, *size, source.shape[-1]))


def batch_norm(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """Nothing behind a convolution, whose weights and bias take it in; else ``MUL`` and ``ADD``."""
    producer = to.producer(source)
    if producer and producer.kind in _FOLDS_A_NORM and to.alone(call) and not producer.activation:
        return with_shift(to, call, producer)
    channels = (source.shape[-1],)
    product = to.add(call, "MUL", (source, to.learned(call, "scale", channels)), source.shape)
    return to.add(call, "ADD", (product, to.learned(call, "shift", channels)), source.shape)


def with_shift(to: Conversion, call: KerasCall, producer: Operator) -> TfliteTensor:
    """Put a convolution, whose bias has a shift in it, in the place of both."""
    inputs = producer.inputs
    if producer.kind == "FULLY_CONNECTED" and len(inputs) == 2:
        inputs = (*inputs, dense_bias(to, call, inputs[1].shape[0]))
    return to.instead(producer, inputs=inputs)


def activation(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """The activation that is named: fused with the operator in front, or one operator, or several."""
    name = call.config["activation"]
    if name in ("relu", "relu6"):
        producer = to.producer(source)
        if producer and producer.kind in _FUSES_AN_ACTIVATION and to.alone(call) and not producer.activation:
            return to.instead(producer, activation=name)
    if name == "hard_sigmoid":
        return hard_sigmoid(to, call, source)
    if name == "silu":
        return to.add(call, "MUL", (source, to.add(call, "LOGISTIC", (source,), source.shape)), source.shape)
    if name not in _ACTIVATIONS:
        raise to.fault(call, f"the interpreter for microcontrollers has no int8 kernel for `{call.node.layer.kind}`")
    return to.add(call, _ACTIVATIONS[name], (source,), source.shape)


_ACTIVATIONS = {
    "relu": "RELU",
    "relu6": "RELU6",
    "tanh": "TANH",
    "sigmoid": "LOGISTIC",
    "softmax": "SOFTMAX",
    "log_softmax": "LOG_SOFTMAX",
    "hard_silu": "HARD_SWISH",
}


def one_operator(kind: str) -> Convert:
    """Return the function for a layer that is one operator on its inputs, all of one shape."""

    def write(to: Conversion, call: KerasCall, *sources: TfliteTensor) -> TfliteTensor:
        shape = tuple(max(sizes) for sizes in zip(*[source.shape for source in sources], strict=True))
        if kind in _BROADCASTS:
            sources = tuple([without_reshape(to, source) for source in sources])
        if kind in _OF_ONE_SCALE:
            sources = with_one_scale(to, call, sources)
        if kind == "ADD" and {len(source.shape) for source in sources} == {2}:
            sources = (sources[0], as_bias(to, call, sources[1]))
        return to.add(call, kind, sources, shape)

    return write


_OF_ONE_SCALE = frozenset(("MAXIMUM", "MINIMUM"))
_OF_A_FIXED_SCALE = frozenset(("LOGISTIC", "TANH", "SOFTMAX", "LOG_SOFTMAX"))


def with_one_scale(to: Conversion, call: KerasCall, sources: tuple[TfliteTensor, ...]) -> tuple[TfliteTensor, ...]:
    """Put ``QUANTIZE`` behind operators whose scale is fixed, where all that a merge reads must have one scale."""
    return tuple([requantised(to, call, source) for source in sources])


def requantised(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """Return a tensor whose scale is free; operators that keep a scale keep the fixed one of what they read."""
    behind: list[Operator] = []
    made = to.producer(source)
    while made is not None and made.kind in _KEEP_A_SCALE:
        behind.append(made)
        made = to.producer(made.inputs[0])
    if made is None or made.kind not in _OF_A_FIXED_SCALE:
        return source
    found = to.add(call, "QUANTIZE", (made.output,), made.output.shape)
    if to.graph.operators[-1].output is found:
        to.graph.operators.insert(to.graph.operators.index(made) + 1, to.graph.operators.pop())
    if not behind:
        return found
    first = behind[-1]
    changed = first._replace(inputs=(found, *first.inputs[1:]))
    to.graph.operators[to.graph.operators.index(first)] = changed
    return source


_KEEP_A_SCALE = frozenset(
    ("MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "TRANSPOSE", "PAD", "STRIDED_SLICE", "RESIZE_BILINEAR")
)
_BROADCASTS = frozenset(("ADD", "SUB", "MUL"))


def without_reshape(to: Conversion, source: TfliteTensor) -> TfliteTensor:
    """Return what a ``RESHAPE`` of N x C to N x 1 x 1 x C reads, which need not be: values are repeated all the same."""
    made = to.producer(source)
    if made is None or made.kind != "RESHAPE" or len(made.inputs[0].shape) != 2 or set(source.shape[:-1]) != {1}:
        return source
    to.graph.operators.remove(made)
    return made.inputs[0]


def as_bias(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``RESHAPE`` of the second of two vectors that are added to C values, as a bias has them, where it is made."""
    shape = (source.shape[-1],)
    made = to.producer(source)
    found = to.add(call, "RESHAPE", (source, to.setting(shape, (1,))), shape)
    if made is not None and to.graph.operators[-1].output is found:
        to.graph.operators.insert(to.graph.operators.index(made) + 1, to.graph.operators.pop())
    return found


def hard_sigmoid(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``ADD`` of 3 with a fused relu6, and ``MUL`` by a sixth."""
    producer = to.producer(source)
    if producer and producer.kind in _FOLDS_A_NORM and to.alone(call) and not producer.activation:
        with_shift(to, call, producer._replace())
        total = to.instead(to.graph.operators[-1], activation="relu6")
    else:
        total = to.add(call, "ADD", (source, to.number(3.0)), source.shape, activation="relu6")
    return to.add(call, "MUL", (total, to.number(1 / 6)), source.shape)


def rescaled(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``MUL`` or ``ADD`` with one number; weights and bias of a convolution in front take it in."""
    producer = to.producer(source)
    if producer and producer.kind in _FOLDS_A_NORM and to.alone(call) and not producer.activation:
        return with_shift(to, call, producer) if "offset" in call.config else to.instead(producer)
    offset = call.config.get("offset", 0.0)
    kind, number = ("ADD", offset) if "offset" in call.config else ("MUL", call.config["scale"])
    return to.add(call, kind, (source, to.number(number)), source.shape)


def prelu(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``PRELU``"""
    ones = call.config.get("shared_axes", ())
    shape = tuple([1 if axis in ones else size for axis, size in enumerate(source.shape[1:], 1)])
    return to.add(call, "PRELU", (source, to.learned(call, "slopes", shape)), source.shape)


def concatenated(to: Conversion, call: KerasCall, *sources: TfliteTensor) -> TfliteTensor:
    """``CONCATENATION``"""
    if len(sources) > MOST_CONCATENATED:
        raise to.fault(call, f"the interpreter for microcontrollers concatenates {MOST_CONCATENATED} volumes at most")
    channels = sum(source.shape[-1] for source in sources)
    sources = with_one_scale(to, call, sources)
    return to.add(call, "CONCATENATION", sources, (*sources[0].shape[:-1], channels))


def averaged(to: Conversion, call: KerasCall, *sources: TfliteTensor) -> TfliteTensor:
    """The sum, and its product with one number."""
    if len(call.inputs) > 2:
        raise to.fault(call, "the mean of more than two volumes is not predicted")
    total = one_operator("ADD")(to, call, *sources)
    return to.add(call, "MUL", (total, to.learned(call, "share", ())), total.shape)


def unchanged(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """Nothing: after training, dropout does nothing."""
    return source


TFLITE: dict[str, Convert] = {
    "Conv2D": convolution,
    "DepthwiseConv2D": depthwise,
    "Conv2DTranspose": transposed,
    "Dense": dense,
    "MaxPooling2D": pool("MAX_POOL_2D"),
    "AveragePooling2D": pool("AVERAGE_POOL_2D"),
    "GlobalAveragePooling2D": over_positions("MEAN"),
    "GlobalMaxPooling2D": over_positions("REDUCE_MAX"),
    "Flatten": reshaped,
    "Reshape": reshaped,
    "Permute": permuted,
    "ZeroPadding2D": padded,
    "Cropping2D": cropped,
    "UpSampling2D": enlarged,
    "BatchNormalization": batch_norm,
    "Rescaling": rescaled,
    "Activation": activation,
    "LeakyReLU": one_operator("LEAKY_RELU"),
    "PReLU": prelu,
    "Add": one_operator("ADD"),
    "Subtract": one_operator("SUB"),
    "Multiply": one_operator("MUL"),
    "Maximum": one_operator("MAXIMUM"),
    "Minimum": one_operator("MINIMUM"),
    "Average": averaged,
    "Concatenate": concatenated,
    "Dropout": unchanged,
    "SpatialDropout2D": unchanged,
}
"""What each layer of Keras becomes; what is not here has no int8 kernel there."""
