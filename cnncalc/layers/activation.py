"""Activations: each value goes through a function on its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.kernels import (
    AS_IT_ARRIVES,
    CHANNELS_FIRST,
    INPUTS,
    LOWERED,
    OUTPUT,
    RAISED_ON_CUDA,
    SAME,
    Extra,
    Kernel,
    Kernels,
)
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Module, Steps

MODULES = {
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leakyrelu": "LeakyReLU",
    "elu": "ELU",
    "celu": "CELU",
    "selu": "SELU",
    "gelu": "GELU",
    "silu": "SiLU",
    "swish": "SiLU",
    "mish": "Mish",
    "hardswish": "Hardswish",
    "hardsigmoid": "Hardsigmoid",
    "hardtanh": "Hardtanh",
    "sigmoid": "Sigmoid",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "softmax": "Softmax",
    "logsoftmax": "LogSoftmax",
    "identity": "Identity",
}
"""The words of the activations, and their modules in ``torch.nn``."""

SLOPED = {"leakyrelu": 0.01, "elu": 1.0, "celu": 1.0, "softplus": 1.0}
"""Activations with a number of their own (slope, alpha or beta), and PyTorch's value for it."""


_KEEPS_OUTPUT = frozenset(("relu", "sigmoid", "tanh", "softmax", "logsoftmax"))
_RAISED = frozenset(("softmax", "logsoftmax", "softplus"))
_OVERWRITING = frozenset(("relu", "relu6", "leakyrelu", "elu"))


@register(*MODULES)
@dataclass(eq=False, repr=False)
class Activation(Layer):
    """``relu``, ``leakyrelu 0.1``, …; softmax goes over the channels of each position.

    ``slope`` is the slope, alpha or beta that may follow; None where the function has none.
    """

    function: str
    slope: float | None

    takes_vectors: ClassVar[bool] = True
    role: ClassVar[str] = "activation"

    @property
    def may_overwrite(self) -> bool:  # type: ignore[override]  # only some gain from it
        return self.function in _OVERWRITING and (self.slope is None or self.slope > 0)

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

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        if self.function in ("softmax", "logsoftmax"):
            return (Module(MODULES[self.function], (), {"dim": 1}),)
        usual = self.slope is None or self.slope == SLOPED[self.function]
        return (Module(MODULES[self.function], () if usual else (self.slope,)),)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        if self.function == "identity":
            return ()
        values = sources[0].values
        if overwrites and self.function == "relu6":  # PyTorch keeps a copy of the input, so nothing is gained
            return (Kernel("relu6", values, extras=(Extra(values),), overwrites=True),)
        keeps = OUTPUT if overwrites or self.function in _KEEPS_OUTPUT else INPUTS
        lies = CHANNELS_FIRST if self.function in ("softmax", "logsoftmax") else SAME
        casts = RAISED_ON_CUDA if self.function in _RAISED else AS_IT_ARRIVES
        return (Kernel(self.function, values, keeps=keeps, overwrites=overwrites, lies=lies, casts=casts),)


@register("prelu")
@dataclass(eq=False, repr=False)
class ParametricRelu(Layer):
    """``prelu 0.25``: a ReLU with a learned slope, one for all channels or (``perchannel``) one for each."""

    start: float
    per_channel: bool

    kind: ClassVar[str] = "prelu"
    role: ClassVar[str] = "activation"
    takes_vectors: ClassVar[bool] = True

    @classmethod
    def read(cls, arguments: Arguments) -> ParametricRelu:
        return cls(arguments.number("slope", 0.25), arguments.flag("perchannel"))

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels if self.per_channel else 1,)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Module("PReLU", self.weight_factors(sources), {} if self.start == 0.25 else {"init": self.start}),)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values = sources[0].values  # the slope's gradient is computed for every value, then summed
        prelu = Kernel("prelu", values, keeps=INPUTS, parameters=self.tensors(sources), casts=LOWERED)
        return (prelu._replace(scratch=values, makes_all=True),)
