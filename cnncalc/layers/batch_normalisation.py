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
from cnncalc.layers.written import Unsayable, flag, left_out, literal, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("bn")
@dataclass(eq=False, repr=False)
class BatchNorm(Normalisation):
    """``bn eps=1e-5 momentum=0.1``: over the batch and all positions, per channel.

    ``noscale`` learns shifts alone (Inception in Keras and TF-slim), ``noshift`` scales alone.
    """

    momentum: float
    fixed: bool = False
    scale: bool = True
    shift: bool = True

    kind = "bn"
    output_is_free = True
    other_names = (("bn", "batchnorm batchnorm2d batchnormalization norm", r"batch ?norm(?:ali[sz]ation)?"),)
    examples = (
        "8x8x4: bn",
        "8x8x4: bn eps=0.001 momentum=0.01 noaffine",
        "8x4: bn",
        "1x1x6: bn",
        "8x8x4: bn noscale",
        "8x4: bn noshift momentum=0.01",
        "1x1x6: bn noscale eps=0.001",
        "8x8x4: bn fixed",
        "8x4: bn fixed noaffine eps=0.001",
        "1x1x6: bn fixed",
        "8x8x4: bn fixed noscale",
        "8x8x4: bn fixed noshift",
    )

    @property
    def statistic_over_batch(self) -> bool:  # type: ignore[override]  # what is fixed takes no mean
        return not self.fixed

    def values_per_statistic(self, sources: Sources) -> int | None:
        return None if self.fixed else prod(sources[0].spatial)

    @classmethod
    def read(cls, arguments: Arguments) -> BatchNorm:
        eps, (scale, shift) = read_eps(arguments), _learned(arguments)
        momentum, fixed = read_momentum(arguments), arguments.flag("fixed")
        if fixed and "momentum" in arguments.places:
            hints = ["leave out `momentum`, or leave out `fixed`"]
            raise Fault("bad-option", "the running means of a `fixed` norm never move", about="momentum", hints=hints)
        return cls(eps, scale or shift, momentum, fixed, scale, shift)

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels,) if self.scale and not self.fixed else ()

    def biases(self, sources: Sources) -> int:
        return sources[0].channels if self.shift and not self.fixed else 0

    def is_fixed(self) -> bool:
        return self.fixed

    torch_calls = (
        "torch.nn.BatchNorm{n}d torch.nn.SyncBatchNorm(num_features, eps=1e-05, momentum=0.1, affine=True)",
        "batch_norm(running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)",
        "cnncalc.model.modules.FixedBatchNorm FixedBatchNorm FrozenBatchNorm2d FrozenBatchNorm(num_features,"
        " eps=1e-05)",
        "cnncalc.model.modules.HalfAffineBatchNorm HalfAffineBatchNorm(channels, eps=1e-05, momentum=0.1)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        fixed = call.name.startswith(("Fixed", "Frozen"))
        has = call.keeps if fixed else lambda name: _learns(call, name)
        without = left_out(has("weight"), has("bias"))
        if not (call.keeps("running_mean") and call.keeps("running_var")):
            raise Unsayable("its `bn` keeps running means")
        if fixed:
            return call.channelwise(words(cls.kind, eps_tokens(call), flag(without, bool(without)), flag("fixed")))
        if call["momentum"] is None:
            raise Unsayable("its running mean moves by a momentum, and this one averages over all batches")
        momentum = literal("momentum=", call["momentum"], MOMENTUM)
        return call.channelwise(words(cls.kind, eps_tokens(call), momentum, flag(without, bool(without))))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        channels, learned = sources[0].channels, {"scale": self.scale, "shift": self.shift}
        if self.fixed:
            return (OwnModule("FixedBatchNorm", (channels,), {"eps": self.eps, **learned}),)
        settings = {"eps": self.eps, "momentum": self.momentum}
        if self.scale != self.shift:
            return (OwnModule("HalfAffineBatchNorm", (channels,), {**settings, **learned}),)
        dimensions = 1 if vector else sources[0].dimensions
        return (module("BatchNorm", channels, dimensions=dimensions, **settings, affine=self.affine),)

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        shape = (sources[0].channels,)
        has = ("weight", 1, self.scale), ("bias", 0, self.shift)
        own = [StateTensor(name, shape, (start,), learned=not self.fixed) for name, start, there in has if there]
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
        statistic = Extra(fixed=channels, size=FLOAT, of_training=True)
        lies = SAME if sources[0].dimensions > 1 else CHANNELS_FIRST
        if self.fixed:
            constants = (FLOAT * channels,) * (2 + self.scale + self.shift)
            norm = self.kernel("batch_norm", sources, statistic, lies=lies, buffers=constants)
            return (norm._replace(extras=()),)
        buffers = (FLOAT * channels, FLOAT * channels, COUNTER)
        return (self.kernel("batch_norm", sources, statistic, lies=lies, buffers=buffers, makes_all=True),)


def _learned(arguments: Arguments) -> tuple[bool, bool]:
    """Read whether there are scales, and whether there are shifts."""
    without = {word: arguments.flag(word) for word in ("noaffine", "noscale", "noshift")}
    for word in ("noscale", "noshift"):
        if without["noaffine"] and without[word]:
            hints = ["`noaffine` leaves out the scales and the shifts; leave out one of the two words"]
            raise Fault(
                "bad-option", f"{arguments.word} cannot be both `noaffine` and `{word}`", about=word, hints=hints
            )
    return not (without["noaffine"] or without["noscale"]), not (without["noaffine"] or without["noshift"])


_NEUTRAL = {"weight": 1.0, "bias": 0.0}


def _learns(call: TorchCall, name: str) -> bool:
    """Say whether a norm learns a tensor; a constant that changes nothing is none."""
    neutral = call.fixed(name) is not None and call.common_value(name) == _NEUTRAL[name]
    return not neutral and call.learned(name) is not None
