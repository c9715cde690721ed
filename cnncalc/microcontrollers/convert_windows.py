"""What the converter makes of convolutions, fully connected layers and pools of Keras."""

from __future__ import annotations

from typing import Any

from cnncalc.microcontrollers.conversion import Conversion, Convert
from cnncalc.microcontrollers.graph import TfliteTensor
from cnncalc.to_foreign.keras_model import KerasCall


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
    """``TRANSPOSE_CONV``, without a bias where the layer has none"""
    kernel, filters = pair(call.config["kernel_size"]), call.config["filters"]
    stride = pair(call.config.get("strides", 1))
    sides = zip(source.shape[1:3], kernel, stride, strict=True)
    shape = (1, *[(size - 1) * step + max(side, step) for size, side, step in sides], filters)
    weights = to.learned(call, "weights", (filters, *kernel, source.shape[-1]), scales=filters)
    bias = () if call.config.get("use_bias") is False else (bias_of(to, call, filters),)
    return to.add(call, "TRANSPOSE_CONV", (to.setting(shape, (4,)), weights, source, *bias), shape)


def dense(to: Conversion, call: KerasCall, source: TfliteTensor) -> TfliteTensor:
    """``FULLY_CONNECTED``; a vector in front of it needs no ``RESHAPE``."""
    flattened = to.producer(source)
    if (
        flattened
        and flattened.kind == "RESHAPE"
        and to.alone(call)
        and flattened.inputs[0].shape[-1] == source.shape[-1]
    ):
        to.graph.operators.remove(flattened)
        source = flattened.inputs[0]
    units = call.config["units"]
    weights = to.learned(call, "weights", (units, source.shape[-1]), scales=units)
    bias = () if call.config.get("use_bias") is False else (bias_of(to, call, units),)
    return to.add(call, "FULLY_CONNECTED", (source, weights, *bias), (1, units))


def bias_of(to: Conversion, call: KerasCall, units: int) -> TfliteTensor:
    """Return the bias of a fully connected layer, or of a transposed convolution."""
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
