"""The activations as functions of one number: the value there, and the slope, as PyTorch has them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import erf, exp, expm1, inf, log, log1p, pi, sqrt, tanh

from cnncalc.layers.operations import Curve, Number, exact, quotient

Values = tuple[Number, Number]


def relu(x: Number) -> Values:
    """max(0, x)."""
    return (x, 1) if x > 0 else (0, 0)


def step(x: Number) -> Values:
    """1 above 0, else 0."""
    return (1, 0) if x > 0 else (0, 0)


def sigmoid(x: Number) -> Values:
    """1/(1 + e^−x)."""
    y = _sigmoid(x)
    return y, y * _sigmoid(-x)


def _sigmoid(x: Number) -> Number:
    """Return it without an overflow; of 0 it is exactly 1/2."""
    if x == 0:
        return Fraction(1, 2)
    x = float(x)
    return 1 / (1 + exp(-x)) if x > 0 else exp(x) / (1 + exp(x))


def exponential(x: Number) -> Values:
    """e^x."""
    if x == 0:
        return 1, 1
    y = exp(x) if x < 709 else inf
    return y, y


def clamped(low: Number, high: Number) -> Curve:
    """Return what cuts values off below and above."""

    def curve(x: Number) -> Values:
        return (low, 0) if x <= low else (high, 0) if x >= high else (x, 1)

    return curve


def leaky(slope: Number) -> Curve:
    """Return x above 0, and slope·x below."""

    def curve(x: Number) -> Values:
        return (x, 1) if x > 0 else (slope * x, slope)

    return curve


def _elu(scale: Number, alpha: Number, width: Number) -> Curve:
    """Return scale·x above 0, and scale·alpha·(e^(x/width) − 1) below."""

    def curve(x: Number) -> Values:
        if x >= 0:
            return scale * x, (scale if x > 0 else scale * quotient(alpha, width))
        inner = quotient(x, width)
        return scale * alpha * expm1(inner), scale * quotient(alpha, width) * exp(inner)

    return curve


def _tanh(x: Number) -> Values:
    y = tanh(x) if x else 0
    return y, 1 - y * y


def _silu(x: Number) -> Values:
    y, slope = sigmoid(x)
    return x * y, y + x * slope


def _mish(x: Number) -> Values:
    soft, share = _softplus(1)(x)
    y, slope = _tanh(soft)
    return x * y, y + x * slope * share


def _gelu(x: Number) -> Values:
    normal = (1 + erf(x / sqrt(2))) / 2
    return x * normal, normal + x * exp(-x * x / 2) / sqrt(2 * pi)


def _gelu_tanh(x: Number) -> Values:
    inner = sqrt(2 / pi) * (x + 0.044715 * x**3)
    y, slope = _tanh(inner)
    return x * (1 + y) / 2, (1 + y) / 2 + x * slope * sqrt(2 / pi) * (1 + 3 * 0.044715 * x * x) / 2


def _hard_sigmoid(x: Number) -> Values:
    return (0, 0) if x <= -3 else (1, 0) if x >= 3 else (quotient(x + 3, 6), Fraction(1, 6))


def _hard_swish(x: Number) -> Values:
    return (0, 0) if x <= -3 else (x, 1) if x >= 3 else (quotient(x * (x + 3), 6), quotient(2 * x + 3, 6))


def _softplus(beta: Number) -> Curve:
    def curve(x: Number) -> Values:
        if x * beta > 20:  # PyTorch's threshold
            return x, 1
        return log1p(exp(beta * x)) / float(beta), _sigmoid(beta * x)

    return curve


def _softsign(x: Number) -> Values:
    below: Number = 1 + (x if x >= 0 else -x)
    return quotient(x, below), quotient(1, below * below)


_SELU_SCALE, _SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
"""Source: Klambauer et al., Self-Normalizing Neural Networks (2017)."""

_CURVES: Mapping[str, Curve] = {
    "relu": relu,
    "relu6": clamped(0, 6),
    "selu": _elu(_SELU_SCALE, _SELU_ALPHA, 1),
    "gelu": _gelu,
    "gelutanh": _gelu_tanh,
    "silu": _silu,
    "swish": _silu,
    "mish": _mish,
    "hardswish": _hard_swish,
    "hardsigmoid": _hard_sigmoid,
    "hardtanh": clamped(-1, 1),
    "sigmoid": sigmoid,
    "tanh": _tanh,
    "softsign": _softsign,
    "identity": lambda x: (x, 1),
}
_SLOPED: Mapping[str, Callable[[Number], Curve]] = {
    "leakyrelu": leaky,
    "elu": lambda alpha: _elu(1, alpha, 1),
    "celu": lambda alpha: _elu(1, alpha, alpha),
    "softplus": _softplus,
}


def curve_of(function: str, slope: float | None) -> Curve:
    """Return an activation by its word; ``slope`` is the slope, alpha or beta of those that have one."""
    return _CURVES[function] if slope is None else _SLOPED[function](exact(slope))


def logarithm(x: Number) -> Values:
    """The natural logarithm of a number above 0."""
    return log(x) if x != 1 else 0, quotient(1, x)
