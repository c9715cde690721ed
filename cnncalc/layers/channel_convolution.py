"""A convolution along the channels: ``channelconv 3``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources, Texts
from cnncalc.layers.convolution import Convolution
from cnncalc.layers.kernels import CHANNELS_FIRST, INPUTS, LOWERED, Kernel, Kernels
from cnncalc.layers.operations import Box, Operations, State, StateTensor
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module
from cnncalc.layers.written import Unsayable, each, flag, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("channelconv")
@dataclass(eq=False, repr=False)
class ChannelConvolution(Layer):
    """``channelconv 3 nobias``: one 1-D convolution along the channels of a 1x1xC volume (ECA-Net)."""

    side: int
    bias: bool

    kind = "channelconv"
    role = "convolution"
    takes_vectors = True
    other_names = (("channelconv", "eca ecaconv", r"channel conv(?:olution)?"),)
    examples: ClassVar[Texts] = ("1x1x6: channelconv 3", "1x8: channelconv 5 nobias")
    torch_calls = Convolution.torch_calls

    @classmethod
    def read(cls, arguments: Arguments) -> ChannelConvolution:
        sides = arguments.size("`channelconv 3`: the kernel")
        if len(sides) != 1 or sides[0] % 2 == 0:
            written = "x".join(map(str, sides))
            raise Fault("bad-size", f"channelconv takes one odd kernel, not `{written}`", about="size")
        if max(arguments.source.spatial) > 1:
            message = f"channelconv goes along the channels of a single position, not of {arguments.source}"
            raise Fault("bad-size", message, hints=[f"write `gap - channelconv {sides[0]}`"])
        return cls(sides[0], not arguments.flag("nobias"))

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return self.side, 1

    def biases(self, sources: Sources) -> int:
        return int(self.bias)

    def mac_factors(self, sources: Sources) -> tuple[int, ...]:
        return sources[0].channels, self.side

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        """Read a convolution of N x 1 x C."""
        if not call.along_channels():
            return None
        shape = call.learned("weight") or ()
        (side,) = shape[2:]
        settings = tuple([each(call[name], 1) for name in ("padding", "stride", "dilation")])
        plain = settings == ((side // 2,), (1,), (1,))
        if shape[:2] != (1, 1) or side % 2 == 0 or not plain:
            raise Unsayable("along the channels it has one filter, of an odd size, that keeps their number")
        bias = call.learned("bias") is not None
        return call.elementwise(words(cls.kind, size((side,), "kernel"), flag("nobias", not bias)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        row = () if vector else (Function("flatten", (1,)),)
        back = () if vector else (Function("unflatten", (1, (sources[0].channels, *sources[0].spatial))),)
        along = module("Conv1d", 1, 1, self.side, padding=self.side // 2, bias=self.bias)
        return *row, Function("unsqueeze", (1,)), along, Function("squeeze", (1,)), *back

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        weight = StateTensor("weight", (1, 1, self.side))
        return (weight, StateTensor("bias", (1,))) if self.bias else (weight,)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        zeros = [0] * (self.side // 2)
        row = [*zeros, *arriving[0], *zeros]
        bias = state["bias"][0] if self.bias else 0
        return [
            use.products(row[place : place + self.side], state["weight"], bias) for place in range(len(arriving[0]))
        ]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values, learned = sources[0].channels, self.tensors(sources)
        along = Kernel("convolution", values, keeps=INPUTS, parameters=learned, casts=LOWERED, lies=CHANNELS_FIRST)
        return (along,)

    def caption(self) -> str:
        return f"{self.kind} {self.side}"
