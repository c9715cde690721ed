"""Activations: each value goes through a function on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cnncalc.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.registry import register

PLAIN = (
    *("relu", "relu6", "selu", "gelu", "silu", "swish", "mish", "hardswish", "hardsigmoid", "hardtanh"),
    *("sigmoid", "tanh", "softmax", "logsoftmax", "identity"),
)
SLOPED = {"leakyrelu": 0.01, "elu": 1.0, "celu": 1.0, "softplus": 1.0}
"""Activations with a number of their own (slope, alpha or beta), and PyTorch's value for it."""


@register(*PLAIN, *SLOPED)
@dataclass(eq=False, repr=False)
class Activation(Layer):
    """``relu``, ``leakyrelu 0.1``, …; softmax goes over the channels of each position.

    ``slope`` is the slope, alpha or beta that may follow; None where the function has none.
    """

    function: str
    slope: float | None

    @property
    def kind(self) -> str:  # type: ignore[override]  # one class stands for many words
        return self.function

    @classmethod
    def read(cls, arguments: Arguments) -> Activation:
        default = SLOPED.get(arguments.word)
        if default is None:
            return cls(arguments.word, None)
        slope = arguments.number("slope", default)
        if slope == 0 and arguments.word in ("celu", "softplus"):
            raise Fault("out-of-range", f"the number of a {arguments.word} is not 0", about="slope")
        return cls(arguments.word, slope)


@register("prelu")
@dataclass(eq=False, repr=False)
class ParametricRelu(Layer):
    """``prelu 0.25``: a ReLU with a learned slope, one for all channels or (``perchannel``) one for each."""

    start: float
    per_channel: bool

    kind: ClassVar[str] = "prelu"

    @classmethod
    def read(cls, arguments: Arguments) -> ParametricRelu:
        return cls(arguments.number("slope", 0.25), arguments.flag("perchannel"))

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels if self.per_channel else 1,)
