"""Normalisation over neighbouring channels: ``lrn 5``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.kernels import (
    INPUTS,
    OTHERS,
    RAISED_ON_CPU,
    RAISED_ON_CUDA,
    Kernel,
    Kernels,
)
from cnncalc.layers.operations import Box, Operations, State, at_positions, channels_first, exact, quotient
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Steps, module
from cnncalc.layers.written import literal, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("lrn")
@dataclass(eq=False, repr=False)
class LocalResponseNorm(Layer):
    """``lrn 5 alpha=1e-4 beta=0.75 k=2``: over neighbouring channels (AlexNet)."""

    size: int
    alpha: float
    beta: float
    k: float

    kind = "lrn"
    role = "normalisation"
    examples = ("8x8x4: lrn 3", "8x8x8: lrn 5 alpha=0.001 beta=0.5 k=2")

    @classmethod
    def read(cls, arguments: Arguments) -> LocalResponseNorm:
        sizes = arguments.size("`lrn 5`: the number of neighbouring channels")
        if len(sizes) != 1:
            raise Fault("bad-size", "lrn takes one number of channels", about="size")
        return cls(sizes[0], *[arguments.decimal(name, usual) for name, usual in cls.usual.items()])

    usual: ClassVar[Mapping[str, float]] = {"alpha": 1e-4, "beta": 0.75, "k": 1.0}
    torch_calls = ("torch.nn.LocalResponseNorm local_response_norm(size, alpha=0.0001, beta=0.75, k=1.0)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        numbers = [literal(f"{name}=", call[name], usual) for name, usual in cls.usual.items()]
        return call.channelwise(words(cls.kind, size((call["size"],), "size"), *numbers))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("LocalResponseNorm", self.size, alpha=self.alpha, beta=self.beta, k=self.k),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        share, k, beta = quotient(exact(self.alpha), self.size), exact(self.k), exact(self.beta)
        made = []
        for across in at_positions(arriving[0], sources[0].channels):
            row = []
            for place, value in enumerate(across):
                near = across[max(0, place - self.size // 2) : place + (self.size - 1) // 2 + 1]
                below = use.weighted((use.products(near, near),), (share,), k)
                row.append(use.quotient(value, use.power(below, beta)))
            made.append(row)
        return channels_first(made)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        """x / (mean of x² · alpha + k)^beta, the mean over padded channels, as PyTorch computes it."""
        source = sources[0]
        values = source.values
        padded = source.with_channels(source.channels + self.size - 1).values
        mean = Kernel("avg_pool2d" if source.dimensions == 1 else "avg_pool3d", values, keeps=INPUTS)
        return (
            Kernel("mul", values, (0, 0), keeps=OTHERS),
            Kernel("pad", padded),
            mean if source.dimensions == 1 else mean._replace(casts=RAISED_ON_CPU),
            Kernel("mul", values),
            Kernel("add", values),
            # the variable that it is put into holds what it was made of
            Kernel("pow", values, keeps=INPUTS, scratch=2 * values, holds=(3,), casts=RAISED_ON_CUDA),
            Kernel("div", values, (0, 6), keeps=INPUTS, scratch=2 * values),
        )
