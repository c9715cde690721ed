"""Activations that are constant in parts: ``step``, ``threshold 0.1``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources, Texts
from cnncalc.layers.kernels import INPUTS, OUTPUT, Kernel, Kernels
from cnncalc.layers.operations import Box, Number, Operations, State, exact
from cnncalc.layers.registry import register
from cnncalc.layers.steps import OwnModule, Steps, module
from cnncalc.layers.written import Unsayable, Words, literal, required, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("step")
class StepActivation(Layer):
    """``step``: 1 for values above 0, and 0 for all others (the perceptron). Its gradient is 0 everywhere."""

    kind = "step"
    role = "activation"
    takes_vectors = True
    other_names = (("step", "heaviside sign signum", r"(?:heaviside|unit) step"),)
    torch_calls = ("cnncalc.model.modules.UnitStep", "gt(other)")
    examples: ClassVar[Texts] = ("8x8x4: step", "8x4: step", "1x1x6: step")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name == "gt" and call["other"] != 0:
            raise Unsayable("it compares with 0")
        return call.elementwise(Words(cls.kind))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (OwnModule("UnitStep"),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        from cnncalc.layers.curves import step  # only values need it

        return [use.mapped(self.kind, value, step) for value in arriving[0]]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values = sources[0].values  # a sign, whose gradient is 0, and a ReLU
        return Kernel("sign", values), Kernel("relu", values, keeps=OUTPUT, holds=(0,))


@register("threshold")
@dataclass(eq=False, repr=False)
class Threshold(Layer):
    """``threshold 0.1 value=0``: values above the threshold stay, and all others become one value."""

    threshold: float
    value: float

    kind = "threshold"
    role = "activation"
    takes_vectors = True
    torch_calls = ("torch.nn.Threshold threshold(threshold, value, inplace=False)",)
    examples: ClassVar[Texts] = ("8x8x4: threshold 0.1", "8x4: threshold -1 value=-1", "1x1x6: threshold 0.5")

    @classmethod
    def read(cls, arguments: Arguments) -> Threshold:
        return cls(arguments.number("threshold", 0.0), arguments.decimal("value", 0.0))

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.elementwise(words(cls.kind, required(call["threshold"]), literal("value=", call["value"], 0.0)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("Threshold", self.threshold, self.value),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        threshold, instead = exact(self.threshold), exact(self.value)

        def curve(x: Number) -> tuple[Number, Number]:
            return (x, 1) if x > threshold else (instead, 0)

        return [use.mapped(self.kind, value, curve) for value in arriving[0]]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("threshold", sources[0].values, keeps=INPUTS),)
