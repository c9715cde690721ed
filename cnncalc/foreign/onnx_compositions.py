"""Layers that exporters write as several nodes of ONNX: what the nodes compute, and the node that stands for them."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod
from typing import Any

from cnncalc.foreign.onnx_patterns import MatchedNodes, Pattern

Attributes = Mapping[str, Any] | None
"""The attributes of a node; None where the nodes compute something else."""


def _nothing(found: MatchedNodes) -> Attributes:
    return {}


# ---- activations that older opsets have no operator for


def _beta(found: MatchedNodes) -> Attributes:
    beta = found.number("beta")
    return {"beta": beta} if beta else None


_SCALED = ("Mul", "x", "beta")
_ERROR_FUNCTION = ("Add", ("Erf", ("Div", "x", 2**0.5)), 1)

ACTIVATIONS = (
    Pattern(("Where", ("Greater", "x", 20), "x", ("Softplus", "x")), "Softplus", ("x",), _nothing),
    Pattern(
        ("Where", ("Greater", _SCALED, 20), "x", ("Div", ("Softplus", _SCALED), "beta")), "Softplus", ("x",), _beta
    ),
    Pattern(("Div", "x", ("Add", ("Abs", "x"), 1)), "Softsign", ("x",), _nothing),
    Pattern(("Mul", "x", ("Sigmoid", "x")), "Swish", ("x",), _nothing),
    Pattern(("Mul", "x", ("Tanh", ("Softplus", "x"))), "Mish", ("x",), _nothing),
    Pattern(("Mul", ("Mul", "x", _ERROR_FUNCTION), 0.5), "Gelu", ("x",), _nothing),
    Pattern(("Mul", ("Mul", "x", 0.5), _ERROR_FUNCTION), "Gelu", ("x",), _nothing),
)


def _threshold(found: MatchedNodes) -> Attributes:
    threshold, value = found.number("threshold"), found.number("value")
    return None if threshold is None or value is None else {"threshold": threshold, "value": value}


PERCEPTRONS = (
    Pattern(("Relu", ("Sign", "x")), "UnitStep", ("x",), _nothing),
    Pattern(("Where", ("LessOrEqual", "x", "threshold"), "value", "x"), "Threshold", ("x",), _threshold),
)

# ---- normalisations


def _along_one_axis(found: MatchedNodes) -> Attributes:
    """Return the axis and ε of a norm over one axis."""
    axes, eps = found.numbers("axes") or (), found.number("eps")
    return {"axis": int(axes[0]), "epsilon": eps} if len(axes) == 1 and eps is not None else None


def _length(found: MatchedNodes) -> Attributes:
    norm = _along_one_axis(found)
    return norm and {**norm, "p": 2}


def _response(found: MatchedNodes) -> Attributes:
    """Return the ε of a global response norm, whose sizes are taken over all positions."""
    axes, channels, eps = found.numbers("axes") or (), found.numbers("channels"), found.number("eps")
    over_all = bool(axes) and list(axes) == list(range(2, len(axes) + 2))
    return {"epsilon": eps} if over_all and channels == [1] and eps is not None else None


def _groups(found: MatchedNodes) -> Attributes:
    """Return the groups of a norm over the positions and channels of each, whose own factors are none."""
    shape = found.numbers("grouped") or ()
    plain = set(found.numbers("ones") or (0,)) == {1} and set(found.numbers("zeros") or (1,)) == {0}
    if len(shape) != 3 or shape[0] != 0 or shape[2] != -1 or not plain:
        return None
    norm = {"num_groups": int(shape[1]), "epsilon": found.attribute("InstanceNormalization", "epsilon", 1e-5)}
    return norm if "None, None" in found.call else {**norm, "affine": 1}


_MEAN_SQUARE = ("Sqrt", ("Add", ("ReduceMean", ("Pow", "x", 2), "axes"), "eps"))
_BY_MEAN_SQUARE = ("Mul", "x", ("Reciprocal", _MEAN_SQUARE))
_SIZE = ("ReduceL2", "x", "axes")
_LENGTH = ("Clip", _SIZE, "eps")
_RESPONSE = ("Mul", "x", ("Div", _SIZE, ("Add", ("ReduceMean", _SIZE, "channels"), "eps")))
_GROUPED = ("Reshape", ("InstanceNormalization", ("Reshape", "x", "grouped"), "ones", "zeros"), ("Shape", "x"))
_LEARNED = ("Add", ("Add", "bias", ("Mul", "weight", _RESPONSE)), "x")


def _local_response(found: MatchedNodes) -> Attributes:
    """Return the settings of a response norm over neighbouring channels, whose mean is that of a pool."""
    kernel = found.attribute("AveragePool", "kernel_shape", [])
    numbers = {name: found.number(name) for name in ("alpha", "beta", "bias")}
    if len(kernel) < 2 or max(kernel[1:]) > 1 or None in numbers.values():
        return None
    return {"size": kernel[0], **numbers}


_NEIGHBOURS = ("AveragePool", ("Pad", ("Reshape", ("Mul", "x", "x"), "apart"), "pads"))
_DIVISOR = ("Pow", ("Add", ("Mul", ("Squeeze", _NEIGHBOURS, "axes"), "alpha"), "bias"), "beta")

NORMS = (
    Pattern(("Div", "x", _DIVISOR), "LRN", ("x",), _local_response),
    Pattern(("Mul", _BY_MEAN_SQUARE, "weight"), "RMSNormalization", ("x", "weight"), _along_one_axis),
    Pattern(_BY_MEAN_SQUARE, "RMSNormalization", ("x",), _along_one_axis),
    Pattern(("Div", "x", ("Expand", _LENGTH, "shape")), "LpNormalization", ("x",), _length),
    Pattern(("Div", "x", _LENGTH), "LpNormalization", ("x",), _length),
    Pattern(_LEARNED, "GlobalResponseNorm", ("x", "weight"), _response),
    Pattern(("Add", ("Mul", _GROUPED, "weight"), "bias"), "GroupNormalization", ("x", "weight", "bias"), _groups),
    Pattern(_GROUPED, "GroupNormalization", ("x",), _groups),
)

# ---- pools


def _pool(kind: str) -> Any:
    return lambda found: found.attributes(kind)


def _signal_pool(kind: str) -> Any:
    """Return the attributes of a pool of a signal, which is an image of one row in it."""

    def read(found: MatchedNodes) -> Attributes:
        pool, axes = found.attributes(kind), found.numbers("axes")
        kernel, strides, pads = [pool.get(name) or [] for name in ("kernel_shape", "strides", "pads")]
        rows = len(kernel) == 2 and kernel[0] == 1 and not any(pads[::2])
        if axes not in ([-2], [2]) or not rows:
            return None
        cut = {"kernel_shape": kernel[1:], "strides": strides[1:] or [1], "pads": pads[1::2] or [0, 0]}
        return {**pool, **cut, "dilations": (pool.get("dilations") or [1, 1])[1:]}

    return read


def _power_pool(found: MatchedNodes) -> Attributes:
    """Return the attributes of a pool of powers, which is the mean of powers times the values of a window."""
    pool, power, root = found.attributes("AveragePool"), found.number("power"), found.number("root")
    whole = found.number("values") == prod(pool.get("kernel_shape", ())) and not any(pool.get("pads", ()))
    if not power or root is None or abs(root * power - 1) > 1e-6 or not whole:
        return None
    return {**pool, "p": power}


_POWERS = ("AveragePool", ("Pow", "x", "power"))
_POSITIVE = ("Mul", ("Sign", _POWERS), ("Relu", ("Abs", _POWERS)))

POOLS = (
    Pattern(("Neg", ("MaxPool", ("Neg", "x"))), "MinPool", ("x",), _pool("MaxPool")),
    Pattern(("Pow", ("Mul", _POSITIVE, "values"), "root"), "LpPool", ("x",), _power_pool),
    *[
        Pattern(("Squeeze", (kind, ("Unsqueeze", "x", "axes")), "axes"), kind, ("x",), _signal_pool(kind))
        for kind in ("AveragePool", "MaxPool")
    ],
)

# ---- merges, and what only needs a shape of its own for a while


def _mean(found: MatchedNodes) -> Attributes:
    """Return nothing for a sum of volumes that is divided by their number."""
    volumes = [name for name in ("a", "b", "c", "d") if name in found.names]
    stored = any(found.shape(name) is not None for name in volumes)
    return {} if found.number("count") == len(volumes) and not stored else None


def _sizes(found: MatchedNodes, name: str) -> list[int]:
    """Return the sizes of an image in a shape, without the batch."""
    return [int(size) for size in (found.numbers(name) or ())[1:]]


def _over_groups(found: MatchedNodes) -> Attributes:
    """Return the groups of channels of which each value is taken relative to its like in the others."""
    apart, whole = _sizes(found, "apart"), _sizes(found, "whole")
    axis = found.attribute("Softmax", "axis", -1)
    alike = len(apart) == len(whole) + 1 and apart[0] * apart[1] == whole[0] and apart[2:] == whole[1:]
    return {"groups": apart[0]} if alike and axis == 1 else None


def _over_positions(found: MatchedNodes) -> Attributes:
    apart, whole = _sizes(found, "apart"), _sizes(found, "whole")
    axis = found.attribute("Softmax", "axis", -1)
    return {} if len(apart) == 2 and apart == [whole[0], prod(whole[1:])] and axis in (2, -1) else None


def _same_again(found: MatchedNodes) -> Attributes:
    """Return nothing where a volume is stretched and has its own shape again."""
    volume = found.volume("x")
    return {} if volume and volume == _sizes(found, "whole") else None


def _along_channels(found: MatchedNodes) -> Attributes:
    whole = _sizes(found, "whole")
    return {**found.attributes("Conv")} if whole and _sizes(found, "apart") == [prod(whole)] else None


def _groups_of(kind: str, axis: int) -> Any:
    """Return the function for the number of parts, or of neighbours, that a value is taken of."""

    def read(found: MatchedNodes) -> Attributes:
        apart, volume = _sizes(found, "apart"), found.volume("x")
        axes = found.numbers("axes") or [found.attribute(kind, "axes", None)]
        alike = volume and len(apart) == len(volume) + 1 and [apart[0] * apart[1], *apart[2:]] == volume
        if not alike or axes != [axis] or found.attribute(kind, "keepdims", 1):
            return None
        return {"groups": apart[axis - 1]}

    return read


def _unshuffle(found: MatchedNodes) -> Attributes:
    """Return by how much positions are put into channels."""
    apart, order = _sizes(found, "apart"), found.attribute("Transpose", "perm", None)
    alike = len(apart) == 5 and apart[2] == apart[4] and order == [0, 1, 3, 5, 2, 4]
    return {"factor": apart[2]} if alike else None


_APART = ("Reshape", "x", "apart")
_ROW = ("Unsqueeze", ("Reshape", "x", "apart"), "axes")
_SOFTMAX = ("Reshape", ("Softmax", ("Reshape", "x", "apart")), "whole")

SHAPES = (
    Pattern(("Div", ("Add", "a", "b"), "count"), "Mean", ("a", "b"), _mean),
    Pattern(("Div", ("Add", ("Add", "a", "b"), "c"), "count"), "Mean", ("a", "b", "c"), _mean),
    Pattern(("Div", ("Add", ("Add", ("Add", "a", "b"), "c"), "d"), "count"), "Mean", ("a", "b", "c", "d"), _mean),
    Pattern(("ReduceSum", _APART, "axes"), "GroupSum", ("x",), _groups_of("ReduceSum", 1)),
    Pattern(("ReduceMax", _APART, "axes"), "GroupMax", ("x",), _groups_of("ReduceMax", 1)),
    Pattern(("ReduceMax", _APART, "axes"), "Maxout", ("x",), _groups_of("ReduceMax", 2)),
    Pattern(("Reshape", ("Transpose", _APART), "whole"), "PixelUnshuffle", ("x",), _unshuffle),
    Pattern(_SOFTMAX, "SoftmaxOverGroups", ("x",), _over_groups),
    Pattern(_SOFTMAX, "SoftmaxOverPositions", ("x",), _over_positions),
    Pattern(("Reshape", ("Squeeze", _ROW, "axes"), "whole"), "Identity", ("x",), _same_again),
    *[
        Pattern(
            ("Reshape", ("Squeeze", ("Conv", _ROW, *learned), "axes"), "whole"),
            "ChannelConv",
            ("x", *learned),
            _along_channels,
        )
        for learned in (("weight",), ("weight", "bias"))
    ],
)

COMPOSITIONS = (*ACTIVATIONS, *PERCEPTRONS, *NORMS, *POOLS, *reversed(SHAPES))
"""The patterns, larger ones in front of those that they contain."""
