"""Layers with a number that is not learned: ``times 0.1``, ``plus 3``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources, Texts
from cnncalc.layers.kernels import PASSED, Kernel, Kernels
from cnncalc.layers.number_lists import read_number
from cnncalc.layers.operations import Box, Operations, State, exact
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps
from cnncalc.layers.written import Unsayable, Words, required, short

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@dataclass(eq=False, repr=False)
class Constant(Layer):
    """A layer that computes with one number, the same for every value."""

    number: float

    role = "normalisation"
    takes_vectors = True
    output_is_free = True

    def caption(self) -> str:
        return f"{self.kind} {short(self.number)}"

    @classmethod
    def number_of(cls, arguments: Arguments) -> float:
        """Read the number; there is none that goes without saying."""
        if (text := arguments.text("number")) is None:
            raise Fault("missing-size", f"{arguments.word} needs its number", hints=[f"write `{arguments.word} 0.1`"])
        return read_number(text, "number")

    @classmethod
    def read(cls, arguments: Arguments) -> Constant:
        return cls(cls.number_of(arguments))

    @classmethod
    def words(cls, number: float) -> Words:
        """Write the layer."""
        return Words(cls.kind, required(number))


@register("times")
class Times(Constant):
    """``times 0.1``: every value times a constant (Inception-ResNet's scaling of residuals)."""

    kind = "times"
    torch_calls = ("mul imul multiply(other)", "div truediv itruediv true_divide divide(other)")
    examples: ClassVar[Texts] = ("8x8x4: times 0.1", "8x4: times -1", "1x1x6: times 2")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        found = call.with_number("other")
        if found is None:
            return None
        call, number, first = found
        if "div" in call.name and first:
            return None
        if "div" in call.name and number == 0:
            raise Unsayable("it divides by a number that is not 0")
        return call.elementwise(cls.words(1 / number if "div" in call.name else number))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Function("mul", (self.number,)),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        factor = (exact(self.number),)
        return [use.weighted((value,), factor) for value in arriving[0]]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("mul", sources[0].values),)


@register("plus")
class Plus(Constant):
    """``plus 3``: a constant is added to every value."""

    kind = "plus"
    torch_calls = ("add iadd(other, alpha=1)", "sub isub subtract(other, alpha=1)")
    examples: ClassVar[Texts] = ("8x8x4: plus 3", "8x4: plus -0.5", "1x1x6: plus 1")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        found = call.with_number("other")
        if found is None or call["alpha"] != 1:
            return None
        call, number, first = found
        if "sub" in call.name and first:
            call = call.behind(call.elementwise(Times.words(-1.0)))
        elif "sub" in call.name:
            number = -number
        return call.unchanged() if number == 0 else call.elementwise(cls.words(number))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Function("add", (self.number,)),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        number = exact(self.number)
        return [use.weighted((value,), (1,), number) for value in arriving[0]]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return (Kernel("add", sources[0].values, gradient=PASSED),)
