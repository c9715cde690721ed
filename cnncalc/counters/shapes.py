"""What shape a step of PyTorch makes of the shape that comes to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import floor, prod
from typing import Any

from cnncalc.counters.tensor_call import Shape

Settings = Mapping[str, Any]


def made_by(name: str, settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    """Return the shape that a step makes, where ``layer`` is what the whole layer makes.

    A step without a rule here leaves the shape as it is.
    """
    rule = _RULES.get(re.sub(r"[123]d$", "", name))
    return rule(settings, arriving, layer) if rule else arriving


def _sides(settings: Settings, key: str, usual: Any, dimensions: int) -> Shape:
    value = settings.get(key, usual)
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * dimensions


def _windows(settings: Settings, arriving: Shape) -> Shape:
    """Return the positions of windows, along every dimension."""
    sizes = arriving[2:]
    kernel = _sides(settings, "kernel_size", 1, len(sizes))
    strides = _sides(settings, "stride", 1, len(sizes))
    padding = _sides(settings, "padding", 0, len(sizes))
    dilation = _sides(settings, "dilation", 1, len(sizes))
    ceil = bool(settings.get("ceil_mode", False))
    made = []
    for size, side, stride, pad, step in zip(sizes, kernel, strides, padding, dilation, strict=True):
        room = size + 2 * pad - step * (side - 1) - 1
        count = (room + (stride - 1) * ceil) // stride + 1
        made.append(count - (ceil and (count - 1) * stride >= size + pad))
    return tuple(made)


def _convolved(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    return (arriving[0], settings["out_channels"], *_windows(settings, arriving))


def _filtered(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    return (arriving[0], settings["weight"][0], *_windows(settings, arriving))


def _pooled(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    return (*arriving[:2], *_windows({"stride": settings["kernel_size"], **settings}, arriving))


def _spread(settings: Settings, arriving: Shape) -> Shape:
    """Return the sizes of which windows would make those that arrive."""
    sizes = arriving[2:]
    keys = (("kernel_size", 1), ("stride", 1), ("padding", 0), ("dilation", 1), ("output_padding", 0))
    cells = zip(sizes, *(_sides(settings, key, usual, len(sizes)) for key, usual in keys), strict=True)
    return tuple([(size - 1) * s - 2 * p + d * (k - 1) + more + 1 for size, k, s, p, d, more in cells])


def _transposed(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    return (arriving[0], settings["out_channels"], *_spread(settings, arriving))


def _unpooled(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    if "output_size" in settings:
        return (*arriving[:2], *settings["output_size"])
    return (*arriving[:2], *_spread(settings, arriving))


def _resized(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    sizes = arriving[2:]
    if "size" in settings:
        return (*arriving[:2], *_sides(settings, "size", 1, len(sizes)))
    factors = _sides(settings, "scale_factor", 1, len(sizes))
    return (*arriving[:2], *[floor(size * factor) for size, factor in zip(sizes, factors, strict=True)])


def _adapted(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    return (*arriving[:2], *_sides(settings, "output_size", 1, len(arriving) - 2))


def _linear(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    return (*arriving[:-1], settings["out_features"])


def _halved(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    axis = settings.get("dim", -1) % len(arriving)
    return (*arriving[:axis], arriving[axis] // 2, *arriving[axis + 1 :])


def _reduced(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    axes = settings["dim"] if isinstance(settings["dim"], (tuple, list)) else (settings["dim"],)
    gone = {axis % len(arriving) for axis in axes}
    kept = bool(settings.get("keepdim"))
    return tuple([1 if axis in gone else size for axis, size in enumerate(arriving) if kept or axis not in gone])


def _flattened(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    first = settings.get("start_dim", 0) % len(arriving)
    last = settings.get("end_dim", -1) % len(arriving)
    return (*arriving[:first], prod(arriving[first : last + 1]), *arriving[last + 1 :])


def _unflattened(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    axis = settings["dim"] % len(arriving)
    return (*arriving[:axis], *settings["sizes"], *arriving[axis + 1 :])


def _unsqueezed(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    axis = settings["dim"] % (len(arriving) + 1)
    return (*arriving[:axis], 1, *arriving[axis:])


def _squeezed(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    axis = settings["dim"] % len(arriving)
    return (*arriving[:axis], *arriving[axis + 1 :])


def _moved(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    source, destination = settings["source"] % len(arriving), settings["destination"] % len(arriving)
    rest = [*arriving[:source], *arriving[source + 1 :]]
    return (*rest[:destination], arriving[source], *rest[destination:])


def _narrowed(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    axis = settings["dim"] % len(arriving)
    return (*arriving[:axis], settings["length"], *arriving[axis + 1 :])


def _strided(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    return (arriving[0], len(range(settings["start"], settings["stop"], settings["step"])), *arriving[2:])


def _padded(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    made, sides = list(arriving), settings["pad"]
    for place in range(len(sides) // 2):  # the last dimension comes first
        made[-1 - place] += sides[2 * place] + sides[2 * place + 1]
    return tuple(made)


def _layer(settings: Settings, arriving: Shape, layer: Shape) -> Shape:
    """Return what the layer makes, for a step whose layers have no other step that changes a size."""
    return layer


_RULES: Mapping[str, Callable[[Settings, Shape, Shape], Shape]] = {
    "AdaptiveAvgPool": _adapted,
    "AdaptiveMaxPool": _adapted,
    "AvgPool": _pooled,
    "Conv": _convolved,
    "ConvTranspose": _transposed,
    "GLU": _halved,
    "LPPool": _pooled,
    "Linear": _linear,
    "LocalConvolution": _layer,
    "MaxPool": _pooled,
    "PartMean": _layer,
    "PixelShuffle": _layer,
    "PixelUnshuffle": _layer,
    "StandardisedConvolution": _layer,
    "Upsample": _resized,
    "amax": _reduced,
    "conv": _filtered,
    "every": _strided,
    "flatten": _flattened,
    "max_unpool": _unpooled,
    "mean": _reduced,
    "movedim": _moved,
    "narrow": _narrowed,
    "pad": _padded,
    "squeeze": _squeezed,
    "sum": _reduced,
    "unflatten": _unflattened,
    "unsqueeze": _unsqueezed,
}
