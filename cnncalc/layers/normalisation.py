"""Normalisations: ``bn``, ``gn 32``, ``ln``, ``instancenorm``, ``lrn 5``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from cnncalc.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.registry import register


@dataclass(eq=False, repr=False)
class Normalisation(Layer):
    """A normalisation with a learned scale and shift per channel, unless it is without (``noaffine``)."""

    eps: float
    affine: bool

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels,) if self.affine else ()

    def biases(self, sources: Sources) -> int:
        return sources[0].channels if self.affine else 0


def _eps(arguments: Arguments, default: float = 1e-5) -> float:
    eps = arguments.decimal("eps", default)
    if eps < 0:
        raise Fault("out-of-range", f"eps is at least 0, not {eps:g}", about="eps")
    return eps


@register("bn")
@dataclass(eq=False, repr=False)
class BatchNorm(Normalisation):
    """``bn eps=1e-5 momentum=0.1``: over the batch and all positions, per channel."""

    momentum: float

    kind: ClassVar[str] = "bn"

    @classmethod
    def read(cls, arguments: Arguments) -> BatchNorm:
        return cls(_eps(arguments), not arguments.flag("noaffine"), _momentum(arguments))


@register("instancenorm")
@dataclass(eq=False, repr=False)
class InstanceNorm(Normalisation):
    """``instancenorm``: over all positions of an image, per channel; learned only with ``affine``."""

    momentum: float

    kind: ClassVar[str] = "instancenorm"

    @classmethod
    def read(cls, arguments: Arguments) -> InstanceNorm:
        return cls(_eps(arguments), arguments.flag("affine"), _momentum(arguments))


@register("gn")
@dataclass(eq=False, repr=False)
class GroupNorm(Normalisation):
    """``gn 32``: over all positions of an image, per group of channels."""

    groups: int

    kind: ClassVar[str] = "gn"

    @classmethod
    def read(cls, arguments: Arguments) -> GroupNorm:
        size = arguments.size("`gn 32`: the number of groups")
        channels = arguments.source.channels
        if len(size) != 1:
            raise Fault("bad-size", "gn takes one number of groups", about="size")
        if channels % size[0]:
            raise Fault(
                "bad-groups",
                f"{size[0]} groups do not divide {channels} channels",
                about="size",
                detail=f"{channels}/{size[0]} = {channels // size[0]} remainder {channels % size[0]}",
                hints=["fits with: groups " + ", ".join(map(str, nearest_divisors(channels, size[0])))],
            )
        return cls(_eps(arguments), not arguments.flag("noaffine"), size[0])


@register("ln")
@dataclass(eq=False, repr=False)
class LayerNorm(Normalisation):
    """``ln eps=1e-5``: over the channels at each position, as ConvNeXt does."""

    kind: ClassVar[str] = "ln"

    @classmethod
    def read(cls, arguments: Arguments) -> LayerNorm:
        return cls(_eps(arguments), not arguments.flag("noaffine"))


@register("lrn")
@dataclass(eq=False, repr=False)
class LocalResponseNorm(Layer):
    """``lrn 5 alpha=1e-4 beta=0.75 k=2``: over neighbouring channels (AlexNet)."""

    size: int
    alpha: float
    beta: float
    k: float

    kind: ClassVar[str] = "lrn"

    @classmethod
    def read(cls, arguments: Arguments) -> LocalResponseNorm:
        size = arguments.size("`lrn 5`: the number of neighbouring channels")
        if len(size) != 1:
            raise Fault("bad-size", "lrn takes one number of channels", about="size")
        return cls(
            size[0], arguments.decimal("alpha", 1e-4), arguments.decimal("beta", 0.75), arguments.decimal("k", 1.0)
        )


def nearest_divisors(number: int, wanted: int) -> list[int]:
    """Return up to three divisors of a number that are near to a wanted one, in order."""
    divisors = [d for d in range(1, min(number, 4096) + 1) if number % d == 0]
    return sorted(sorted(divisors, key=lambda d: abs(d - wanted))[:3])


def _momentum(arguments: Arguments) -> float:
    momentum = arguments.decimal("momentum", 0.1)
    if not 0 <= momentum <= 1:
        raise Fault("out-of-range", f"momentum lies between 0 and 1, not {momentum:g}", about="momentum")
    return momentum
