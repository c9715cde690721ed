"""Activations of ONNX as layers of a spec."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod

from cnncalc.foreign.draft import quoted
from cnncalc.foreign.onnx_node import OnnxNode, decimal
from cnncalc.layers.written import of_float32, short


def _clip(node: OnnxNode) -> int:
    low, high = node.numbers(1, "min"), node.numbers(2, "max")
    bounds = low[0] if low else None, high[0] if high else None
    words: dict[tuple[float | None, float | None], str] = {(0, 6): "relu6", (0, None): "relu", (-1, 1): "hardtanh"}
    if bounds not in words:
        node.refuse(f"it clips to {quoted(bounds)}")
    return node.add(words[bounds])


def _prelu(node: OnnxNode) -> int:
    shape = node.shape(1) or [1]
    return node.add("prelu perchannel" if prod(shape) > 1 else "prelu")


def _gelu(node: OnnxNode) -> int:
    return node.add("gelutanh" if node.attributes.get("approximate") == "tanh" else "gelu")


def _hard_sigmoid(node: OnnxNode) -> int:
    slope, middle = of_float32(node.attributes.get("alpha", 0.2)), node.attributes.get("beta", 0.5)
    if (slope, middle) != (of_float32(1 / 6), 0.5):
        node.refuse(f"its slope is {short(slope)}, and that of `hardsigmoid` is 1/6")
    return node.add("hardsigmoid")


def _swish(node: OnnxNode) -> int:
    if node.attributes.get("alpha", 1.0) != 1:
        node.refuse(f"its alpha is {decimal(node.attributes['alpha'])}, and that of `silu` is 1")
    return node.add("silu")


def _threshold(node: OnnxNode) -> int:
    value = node.attributes["value"]
    return node.add(f"threshold {decimal(node.attributes['threshold'])}{f' value={decimal(value)}' if value else ''}")


def _number(word: str, attribute: str, usual: float) -> Callable[[OnnxNode], int]:
    def read(node: OnnxNode) -> int:
        value = of_float32(node.attributes.get(attribute, usual))
        return node.add(word if value == usual else f"{word} {short(value)}")

    return read


def _word(word: str) -> Callable[[OnnxNode], int]:
    return lambda node: node.add(word)


ACTIVATIONS: Mapping[str, Callable[[OnnxNode], int]] = {
    "Relu": _word("relu"),
    "LeakyRelu": _number("leakyrelu", "alpha", 0.01),
    "PRelu": _prelu,
    "Elu": _number("elu", "alpha", 1.0),
    "Celu": _number("celu", "alpha", 1.0),
    "Selu": _word("selu"),
    "Gelu": _gelu,
    "Mish": _word("mish"),
    "Clip": _clip,
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _word("hardswish"),
    "Sigmoid": _word("sigmoid"),
    "Softplus": _number("softplus", "beta", 1.0),
    "Softsign": _word("softsign"),
    "Swish": _swish,
    "Tanh": _word("tanh"),
    "UnitStep": _word("step"),
    "Threshold": _threshold,
}
"""How each activation is read, by its operator."""
