"""What the converter makes of each layer of Keras: the table that this format owns."""

from __future__ import annotations

from math import prod
from typing import Any

from cnncalc.microcontrollers.conversion import Conversion, Convert
from cnncalc.microcontrollers.convert_merges import averaged, concatenated, one_operator
from cnncalc.microcontrollers.convert_values import activation, batch_norm, prelu, rescaled, unchanged
from cnncalc.microcontrollers.convert_windows import (
    convolution,
    dense,
    depthwise,
    over_positions,
    pair,
    pool,
    transposed,
)
from cnncalc.microcontrollers.graph import TfliteTensor
from cnncalc.to_foreign.keras_model import KerasCall


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
    shape = (1, *sizes, source.shape[-1])
    return to.add(call, "PAD", (source, to.setting(around, (4, 2))), shape, window=((1, 1), (1, 1)))


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
