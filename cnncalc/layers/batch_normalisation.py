"""Normalisation over a batch: ``bn``, and with constants ``bn fixed``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Sources
from cnncalc.layers.kernels import CHANNELS_FIRST, COUNTER, FLOAT, SAME, Extra, Kernels
from cnncalc.layers.normalisation import MOMENTUM, Normalisation, eps_tokens, read_eps, read_momentum
from cnncalc.layers.operations import Box, Operations, State, StateTensor, channels_of, exact
from cnncalc.layers.registry import register
from cnncalc.layers.steps import OwnModule, Steps, module
from cnncalc.layers.written import Unsayable, flag, literal, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("bn")
@dataclass(eq=False, repr=False)
class BatchNorm(Normalisation):
    """``bn eps=1e-5 momentum=0.1``: over the batch and all positions, per channel."""

    momentum: float
    fixed: bool = False

    kind = "bn"
    output_is_free = True
    other_names = (("bn", "batchnorm batchnorm2d batchnormalization norm", r"batch ?norm(?:ali[sz]ation)?"),)
    examples = (
        "8x8x4: bn",
        "8x8x4: bn eps=0.001 momentum=0.01 noaffine",
        "8x4: bn",
        "1x1x6: bn",
        "8x8x4: bn fixed",
        "8x4: bn fixed noaffine eps=0.001",
        "1x1x6: bn fixed",
    )

    @property
    def statistic_over_batch(self) -> bool:  # type: ignore[override]  # what is fixed takes no mean
        return not self.fixed

    def values_per_statistic(self, sources: Sources) -> int | None:
        return None if self.fixed else prod(sources[0].spatial)

    @classmethod
    def read(cls, arguments: Arguments) -> BatchNorm:
        eps, affine, momentum = read_eps(arguments), not arguments.flag("noaffine"), read_momentum(arguments)
        fixed = arguments.flag("fixed")
        if fixed and "momentum" in arguments.places:
            hints = ["leave out `momentum`, or leave out `fixed`"]
            raise Fault("bad-option", "the running means of a `fixed` norm never move", about="momentum", hints=hints)
        return cls(eps, affine, momentum, fixed)

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return () if self.fixed else super().weight_factors(sources)

    def biases(self, sources: Sources) -> int:
        return 0 if self.fixed else super().biases(sources)

    def is_fixed(self) -> bool:
        return self.fixed

    torch_calls = (
        "torch.nn.BatchNorm{n}d torch.nn.SyncBatchNorm(num_features, eps=1e-05, momentum=0.1, affine=True)",
        "batch_norm(running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)",
        "cnncalc.model.modules.FixedBatchNorm FixedBatchNorm FrozenBatchNorm2d FrozenBatchNorm(num_features,"
        " eps=1e-05)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        fixed = call.name.startswith(("Fixed", "Frozen"))
        affine = call.keeps("weight") and call.keeps("bias") if fixed else call.affine(cls.kind)
        if not (call.keeps("running_mean") and call.keeps("running_var")):
            raise Unsayable("its `bn` keeps running means")
        if fixed:
            return call.channelwise(words(cls.kind, eps_tokens(call), flag("noaffine", not affine), flag("fixed")))
        if call["momentum"] is None:
            raise Unsayable("its running mean moves by a momentum, and this one averages over all batches")
        momentum = literal("momentum=", call["momentum"], MOMENTUM)
        return call.channelwise(words(cls.kind, eps_tokens(call), momentum, flag("noaffine", not affine)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        if self.fixed:
            return (OwnModule("FixedBatchNorm", (sources[0].channels,), {"eps": self.eps, "affine": self.affine}),)
        settings = {"eps": self.eps, "momentum": self.momentum, "affine": self.affine}
        dimensions = 1 if vector else sources[0].dimensions
        return (module("BatchNorm", sources[0].channels, dimensions=dimensions, **settings),)

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        shape = (sources[0].channels,)
        scales = {"weight": 1, "bias": 0} if self.affine else {}
        own = [StateTensor(name, shape, (start,), learned=not self.fixed) for name, start in scales.items()]
        mean = StateTensor("running_mean", shape, (0,), learned=False)
        return *own, mean, StateTensor("running_var", shape, (1,), learned=False)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        eps, statistics = exact(self.eps), zip(state["running_mean"], state["running_var"], strict=True)
        channels = []
        for values, (mean, variance) in zip(channels_of(arriving[0], sources[0].channels), statistics, strict=True):
            root = use.power(use.weighted((variance,), (1,), eps), Fraction(1, 2))
            channels.append([use.quotient(use.difference(value, mean), root) for value in values])
        return self.shifted(channels, state, use)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        channels = sources[0].channels
        buffers = (FLOAT * channels, FLOAT * channels, COUNTER)
        norm = self.kernel("batch_norm", sources, Extra(fixed=channels, size=FLOAT, of_training=True), buffers)
        lies = SAME if sources[0].dimensions > 1 else CHANNELS_FIRST
        if self.fixed:
            constants = (FLOAT * channels,) * (4 if self.affine else 2)
            return (norm._replace(lies=lies, extras=(), buffers=constants),)
        return (norm._replace(lies=lies, makes_all=True),)
