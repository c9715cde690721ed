"""The functions that a module of PyTorch calls inside, for the tools that count functions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from math import prod

from cnncalc.counters.tensor_call import Shape, TensorCall

_SAME: Mapping[str, str] = {
    "AdaptiveAvgPool": "adaptive_avg_pool",
    "AdaptiveMaxPool": "adaptive_max_pool",
    "AvgPool": "avg_pool",
    "BatchNorm": "batch_norm",
    "Conv": "conv",
    "ConvTranspose": "conv_transpose",
    "ELU": "elu",
    "GELU": "gelu",
    "GroupNorm": "group_norm",
    "InstanceNorm": "instance_norm",
    "LayerNorm": "layer_norm",
    "Linear": "linear",
    "MaxPool": "max_pool",
    "PReLU": "prelu",
    "ReLU": "relu",
    "SiLU": "silu",
    "Softmax": "softmax",
    "Upsample": "interpolate",
}
"""Modules that call one function on the same tensor; those that no tool counts are left out."""

_PER_DIMENSION = frozenset({"adaptive_avg_pool", "adaptive_max_pool", "avg_pool", "conv", "conv_transpose", "max_pool"})


def functions_inside(call: TensorCall) -> Iterator[TensorCall]:
    """Yield the calls that a module makes inside; a function makes none that a tool counts."""
    if not call.is_module:
        return
    compound = _COMPOUND.get(call.kind)
    if compound:
        yield from (inner._replace(is_inside=True) for inner in compound(call))
    elif call.kind in _SAME:
        yield call._replace(name=function_name(call), is_module=False, is_own=False, is_inside=True)


def function_name(call: TensorCall) -> str:
    """Return the function that a module calls on its tensor."""
    name = _SAME[call.kind]
    return f"{name}{call.dimensions}d" if name in _PER_DIMENSION else name


def _powered_pool(call: TensorCall) -> Iterator[TensorCall]:
    """Yield what ``lp_pool`` calls: a mean of powers, and the multiplication that makes a sum of it."""
    yield TensorCall(f"avg_pool{call.dimensions}d", call.arriving, call.made)
    yield TensorCall("relu", call.made, call.made)
    yield TensorCall("Tensor.mul", call.made, call.made)


def _local_response(call: TensorCall) -> Iterator[TensorCall]:
    """Yield what ``local_response_norm`` calls: a mean of squares over channels, times α, plus k."""
    channels = call.arriving[1] + call.settings["size"] - 1
    yield TensorCall("Tensor.mul", call.arriving, call.arriving)
    dimensions = 2 if len(call.arriving) == 3 else 3
    yield TensorCall(f"avg_pool{dimensions}d", (1, channels, *call.arriving[2:]), call.arriving)
    yield TensorCall("Tensor.mul", call.arriving, call.arriving)
    yield TensorCall("Tensor.add", call.arriving, call.arriving)


def _standardised(call: TensorCall) -> Iterator[TensorCall]:
    """Yield what a convolution with standardised weights calls: a norm of its weights, and the convolution."""
    weight = call.tensors["weight"]
    flat: Shape = (1, weight[0], prod(weight[1:]))
    learned = {"weight": (weight[0],)} if "gain" in call.tensors else {}
    yield TensorCall("batch_norm", flat, flat, {"training": True}, learned)
    settings = {"kernel_size": call.settings["kernel"], "groups": call.groups}
    yield TensorCall(f"conv{len(weight) - 2}d", call.arriving, call.made, settings)


def _own_norm(call: TensorCall) -> Iterator[TensorCall]:
    """Yield the norm of a batch norm of constants, or of one with scales or shifts alone."""
    scale: dict[str, Shape] = {"weight": call.arriving[1:2]} if call.settings.get("scale", True) else {}
    yield TensorCall("batch_norm", call.arriving, call.made, tensors=scale)


def _local(call: TensorCall) -> Iterator[TensorCall]:
    """Yield the product of matrices of a convolution with weights of its own at every position."""
    positions, inner, filters = call.tensors["weight"]
    yield TensorCall("bmm", (positions, 1, inner), (positions, 1, filters))


def _part_mean(call: TensorCall) -> Iterator[TensorCall]:
    """Yield the two average pools of a mean over parts of windows: of ones, and of the padded input."""
    sides = zip(*(call.settings[key] for key in ("before", "after", "beyond")), strict=True)
    padded = [size + sum(more) for size, more in zip(call.arriving[2:], sides, strict=True)]
    for channels in (1, call.arriving[1]):
        shapes = (1, channels, *padded), (1, channels, *call.made[2:])
        pool = TensorCall(f"AvgPool{len(padded)}d", *shapes, is_module=True)
        yield pool
        yield from functions_inside(pool)


_COMPOUND: Mapping[str, Callable[[TensorCall], Iterator[TensorCall]]] = {
    "FixedBatchNorm": _own_norm,
    "HalfAffineBatchNorm": _own_norm,
    "LPPool": _powered_pool,
    "LocalConvolution": _local,
    "LocalResponseNorm": _local_response,
    "PartMean": _part_mean,
    "StandardisedConvolution": _standardised,
}
