"""The arguments of a step by PyTorch's names, and the learned tensors that a module of them has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from cnncalc.counters.tensor_call import Shape
from cnncalc.layers.steps import Factor, Fixed, Preset, Step

_FILTERS = ("in_channels", "out_channels", "kernel_size")
_WINDOW = ("kernel_size", "stride", "padding")

_IN_ORDER: Mapping[str, tuple[str, ...]] = {
    "AdaptiveAvgPool": ("output_size",),
    "AdaptiveMaxPool": ("output_size",),
    "AvgPool": _WINDOW,
    "BatchNorm": ("num_features",),
    "Conv": _FILTERS,
    "ConvTranspose": _FILTERS,
    "FixedBatchNorm": ("channels",),
    "HalfAffineBatchNorm": ("channels",),
    "GivenFactor": ("shape", "values"),
    "GlobalResponseNorm": ("channels", "dimensions"),
    "GroupNorm": ("num_groups", "num_channels"),
    "InstanceNorm": ("num_features",),
    "LPPool": ("norm_type", "kernel_size"),
    "LayerNorm": ("normalized_shape",),
    "Linear": ("in_features", "out_features"),
    "LocalConvolution": ("channels", "filters", "spatial"),
    "LocalResponseNorm": ("size",),
    "MaxPool": _WINDOW,
    "PReLU": ("num_parameters",),
    "PixelShuffle": ("upscale_factor",),
    "PixelUnshuffle": ("downscale_factor",),
    "RMSNorm": ("normalized_shape",),
    "StandardisedConvolution": ("channels", "filters", "kernel"),
    "amax": ("dim",),
    "every": ("start", "stop", "step"),
    "flatten": ("start_dim", "end_dim"),
    "max_unpool": _WINDOW,
    "mean": ("dim",),
    "movedim": ("source", "destination"),
    "narrow": ("dim", "start", "length"),
    "pad": ("pad",),
    "squeeze": ("dim",),
    "sum": ("dim",),
    "unflatten": ("dim", "sizes"),
    "unsqueeze": ("dim",),
}
"""Names of the arguments that steps give in order, without the number of dimensions in the name."""


def settings_of(step: Step) -> dict[str, Any]:
    """Return the arguments of a step by their names."""
    if isinstance(step, Preset):
        return settings_of(step.module)
    if isinstance(step, Factor):
        return {}
    if isinstance(step, Fixed):  # a convolution with a filter that is not learned
        return {**step.kwargs, "weight": step.shape, "kernel_size": step.shape[2:]}
    names = _IN_ORDER.get(re.sub(r"[123]d$", "", step.name), ())
    return {**dict(zip(names, step.args, strict=False)), **step.kwargs}


Tensors = dict[str, Shape]


def _filters(shape: Shape, filters: int, *, bias: bool) -> Tensors:
    return {"weight": shape, **({"bias": (filters,)} if bias else {})}


def _convolution(name: str, settings: Mapping[str, Any]) -> Tensors:
    sides = _sides(settings["kernel_size"], int(name[-2]))
    arriving, filters, groups = settings["in_channels"], settings["out_channels"], settings.get("groups", 1)
    return _filters((filters, arriving // groups, *sides), filters, bias=settings.get("bias", True))


def _transposed(name: str, settings: Mapping[str, Any]) -> Tensors:
    sides = _sides(settings["kernel_size"], int(name[-2]))
    arriving, filters, groups = settings["in_channels"], settings["out_channels"], settings.get("groups", 1)
    return _filters((arriving, filters // groups, *sides), filters, bias=settings.get("bias", True))


def _linear(name: str, settings: Mapping[str, Any]) -> Tensors:
    outputs = settings["out_features"]
    return _filters((outputs, settings["in_features"]), outputs, bias=settings.get("bias", True))


def _norm(names: str, switch: str, usual: bool) -> Callable[[str, Mapping[str, Any]], Tensors]:
    """Return what a norm learns: a scale and a shift for each of what one of its settings counts."""

    def learned(name: str, settings: Mapping[str, Any]) -> Tensors:
        if not settings.get(switch, usual):
            return {}
        shape = _sides(settings[names], 1)
        return {"weight": shape, **({"bias": shape} if settings.get("bias", True) else {})}

    return learned


def _half_affine(name: str, settings: Mapping[str, Any]) -> Tensors:
    learned = {"weight": settings.get("scale", True), "bias": settings.get("shift", True)}
    return {tensor: (settings["channels"],) for tensor, there in learned.items() if there}


def _scale(names: str) -> Callable[[str, Mapping[str, Any]], Tensors]:
    """Return what a module learns that has a scale and no shift."""

    def learned(name: str, settings: Mapping[str, Any]) -> Tensors:
        return {"weight": _sides(settings.get(names, 1), 1)} if settings.get("elementwise_affine", True) else {}

    return learned


def _factor(name: str, settings: Mapping[str, Any]) -> Tensors:
    return {"weight": settings["shape"]} if settings["learned"] else {}


def _response_norm(name: str, settings: Mapping[str, Any]) -> Tensors:
    shape = (settings["channels"], *[1] * settings["dimensions"])
    return {"weight": shape, "bias": shape}


def _standardised(name: str, settings: Mapping[str, Any]) -> Tensors:
    filters, groups = settings["filters"], settings.get("groups", 1)
    shape = (filters, settings["channels"] // groups, *settings["kernel"])
    gain = {} if settings.get("scale") is None else {"gain": (filters,)}
    return {**_filters(shape, filters, bias=settings.get("bias", True)), **gain}


def _local(name: str, settings: Mapping[str, Any]) -> Tensors:
    cells = zip(*(settings[key] for key in ("spatial", "kernel", "stride", "padding")), strict=True)
    sizes = [(size + sum(pair) - side) // step + 1 for size, side, step, pair in cells]
    positions, inner = 1, settings["channels"]
    for size, side in zip(sizes, settings["kernel"], strict=True):
        positions, inner = positions * size, inner * side
    weight: Tensors = {"weight": (positions, inner, settings["filters"])}
    return {**weight, "bias": (settings["filters"], *sizes)} if settings.get("bias", True) else weight


_LEARNED: Mapping[str, Callable[[str, Mapping[str, Any]], Tensors]] = {
    "BatchNorm": _norm("num_features", "affine", usual=True),
    "Conv": _convolution,
    "ConvTranspose": _transposed,
    "GivenFactor": _factor,
    "GlobalResponseNorm": _response_norm,
    "GroupNorm": _norm("num_channels", "affine", usual=True),
    "HalfAffineBatchNorm": _half_affine,
    "InstanceNorm": _norm("num_features", "affine", usual=False),
    "LayerNorm": _norm("normalized_shape", "elementwise_affine", usual=True),
    "Linear": _linear,
    "LocalConvolution": _local,
    "PReLU": _scale("num_parameters"),
    "RMSNorm": _scale("normalized_shape"),
    "StandardisedConvolution": _standardised,
}


def learned_tensors(name: str, settings: Mapping[str, Any]) -> Tensors:
    """Return the shapes of the learned tensors of a module by their names."""
    make = _LEARNED.get(re.sub(r"[123]d$", "", name))
    return make(name, settings) if make else {}


def _sides(value: Any, dimensions: int) -> Shape:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,) * dimensions
