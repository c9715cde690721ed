"""Normalisations over one image: ``gn 32``, ``ln``, ``instancenorm``."""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Letters, Sources
from cnncalc.layers.kernels import (
    CHANNELS_FIRST,
    CHANNELS_LAST,
    CONTIGUOUS,
    FLOAT,
    INPUTS,
    RAISED_ON_CUDA,
    Extra,
    Kernel,
    Kernels,
    order_of_images,
)
from cnncalc.layers.operations import (
    Box,
    Operations,
    State,
    StateTensor,
    channels_of,
    scaled,
    standardised,
)
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module
from cnncalc.layers.written import Tokens, Unsayable, flag, literal, size, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@dataclass(eq=False, repr=False)
class Normalisation(Layer):
    """A normalisation with a learned scale and shift per channel, unless it is without (``noaffine``)."""

    eps: float
    affine: bool

    role = "normalisation"
    takes_vectors = True

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels,) if self.affine else ()

    def biases(self, sources: Sources) -> int:
        return sources[0].channels if self.affine else 0

    def letters(self, sources: Sources) -> Letters:
        return Letters("", "C + C") if self.weights(sources) and self.biases(sources) else Letters()

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        shape = (sources[0].channels,)
        weight, bias = StateTensor("weight", shape, (1,)), StateTensor("bias", shape, (0,))
        return (weight, bias)[: bool(self.weights(sources)) + bool(self.biases(sources))]

    def normed(self, channels: list[Box], use: Operations) -> list[Box]:
        """Return the channels with a mean of 0 and a variance of 1, over what the layer takes them."""
        raise NotImplementedError

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        return self.shifted(self.normed(channels, use), state, use)

    def shifted(self, channels: list[Box], state: State, use: Operations) -> Box:
        """Return the channels with the learned scales and shifts."""
        nothing = [None] * len(channels)
        learned = zip(channels, state.get("weight", nothing), state.get("bias", nothing), strict=True)
        return [value for channel, weight, bias in learned for value in scaled(use, channel, weight, bias)]

    @property
    def statistic_size(self) -> int | None:
        """Bytes of a mean: float32 beside float32 parameters, else of the type of what arrives."""
        return FLOAT if self.affine else None

    def kernel(self, name: str, sources: Sources, statistic: Extra, **more: Any) -> Kernel:
        """Return the kernel, which keeps its input and two statistics: the means and the inverse deviations."""
        extras = (statistic, statistic)
        return Kernel(name, sources[0].values, (), INPUTS, extras, self.tensors(sources), **more)


EPS, MOMENTUM = 1e-5, 0.1
"""What holds where nothing is written."""


def read_eps(arguments: Arguments) -> float:
    """Read what is added to a variance."""
    eps = arguments.decimal("eps", EPS)
    if eps < 0:
        raise Fault("out-of-range", f"eps is at least 0, not {eps:g}", about="eps")
    return eps


@register("instancenorm")
@dataclass(eq=False, repr=False)
class InstanceNorm(Normalisation):
    """``instancenorm``: over all positions of an image, per channel; learned only with ``affine``."""

    momentum: float

    kind = "instancenorm"
    takes_vectors = False
    other_names = (("instancenorm", "", r"instance ?norm(?:ali[sz]ation)?"),)
    examples = ("8x8x4: instancenorm", "8x8x4: instancenorm affine")

    @classmethod
    def read(cls, arguments: Arguments) -> InstanceNorm:
        if max(arguments.source.spatial) == 1:
            message = f"an instance norm of a single position is 0 everywhere; the input is {arguments.source}"
            raise Fault("out-of-range", message, hints=["PyTorch refuses it; leave it out, or norm an earlier volume"])
        return cls(read_eps(arguments), arguments.flag("affine"), read_momentum(arguments))

    torch_calls = ("torch.nn.InstanceNorm{n}d(num_features, eps=1e-05, momentum=0.1, affine=False)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call["track_running_stats"]:
            raise Unsayable(
                "with running means it computes `bn` in tests and `instancenorm` in training, and a layer is one"
            )
        momentum = literal("momentum=", call["momentum"], MOMENTUM)
        return call.channelwise(words(cls.kind, eps_tokens(call), momentum, flag("affine", call.affine(cls.kind))))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        settings = {"eps": self.eps, "momentum": self.momentum, "affine": self.affine}
        return (module("InstanceNorm", sources[0].channels, dimensions=sources[0].dimensions, **settings),)

    def normed(self, channels: list[Box], use: Operations) -> list[Box]:
        return [standardised(use, channel, self.eps) for channel in channels]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        channels = sources[0].channels
        norm = self.kernel("batch_norm", sources, Extra(channels, size=self.statistic_size))
        norm = norm._replace(holds=(0,), lies=CHANNELS_FIRST, needs=CONTIGUOUS)
        if self.affine:  # an image's channels are a batch norm's: scales and shifts are repeated for each
            extras = (*norm.extras, Extra(channels, size=FLOAT))
            norm = norm._replace(extras=extras, passing=channels, scratch=2 * channels, makes_all=True, sums=True)
        return (norm,)


@register("gn")
@dataclass(eq=False, repr=False)
class GroupNorm(Normalisation):
    """``gn 32``: over all positions of an image, per group of channels."""

    groups: int

    kind = "gn"
    output_is_free = True
    other_names = (("gn", "groupnorm", r"group ?norm(?:ali[sz]ation)?"),)
    examples = ("8x8x4: gn 2", "8x4: gn 2 eps=0.001 noaffine")

    @classmethod
    def read(cls, arguments: Arguments) -> GroupNorm:
        groups = arguments.groups("gn 32")
        if max(arguments.source.spatial) == 1 and groups == arguments.channels:
            message = f"a group norm of single values is 0 everywhere; the input is {arguments.source}"
            hints = ["PyTorch refuses a single image; take fewer groups, leave it out, or norm an earlier volume"]
            raise Fault("out-of-range", message, about="size", hints=hints)
        return cls(read_eps(arguments), not arguments.flag("noaffine"), groups)

    torch_calls = (
        "torch.nn.GroupNorm(num_groups, num_channels, eps=1e-05, affine=True)",
        "group_norm(num_groups, weight=None, bias=None, eps=1e-05)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        groups, affine = size((call["num_groups"],), "groups"), call.affine(cls.kind)
        return call.channelwise(words(cls.kind, groups, eps_tokens(call), flag("noaffine", not affine)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("GroupNorm", self.groups, sources[0].channels, eps=self.eps, affine=self.affine),)

    def normed(self, channels: list[Box], use: Operations) -> list[Box]:
        together = channels_of([value for channel in channels for value in channel], self.groups)
        normed = [value for group in together for value in standardised(use, group, self.eps)]
        return channels_of(normed, len(channels))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        norm = self.kernel("group_norm", sources, Extra(self.groups, size=self.statistic_size))
        lies = order_of_images(sources[0].dimensions)
        return (norm._replace(holds=(0,), lies=lies, casts=RAISED_ON_CUDA),)


@register("ln")
@dataclass(eq=False, repr=False)
class LayerNorm(Normalisation):
    """``ln eps=1e-5``: over the channels at each position, as ConvNeXt does; ``noshift`` learns scales alone."""

    shift: bool

    kind = "ln"
    other_names = (("ln", "layernorm layernorm2d", r"layer ?norm(?:ali[sz]ation)?"),)
    examples = ("8x8x4: ln", "1x1x6: ln noaffine", "8x4: ln", "8x8x4: ln noshift")

    def values_per_statistic(self, sources: Sources) -> int:
        return sources[0].channels

    @classmethod
    def read(cls, arguments: Arguments) -> LayerNorm:
        without = arguments.one_of("noaffine", "noshift")
        return cls(read_eps(arguments), without != "noaffine", without is None)

    def biases(self, sources: Sources) -> int:
        return sources[0].channels if self.shift else 0

    torch_calls = (
        "torch.nn.LayerNorm(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True)",
        "layer_norm(normalized_shape, weight=None, bias=None, eps=1e-05)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        scale, shift = call.learned("weight"), call.learned("bias")
        if scale is None and shift is not None:
            raise Unsayable("its `ln` has no shift without a scale")
        without = flag("noaffine", scale is None) or flag("noshift", shift is None)
        if len(call["normalized_shape"]) == 1:
            return call.over_channels(words(cls.kind, eps_tokens(call), without), -1)
        if tuple(call["normalized_shape"]) == call.arriving[1:]:  # all of an image
            if max(call.source.spatial) == 1:
                return call.channelwise(words(cls.kind, eps_tokens(call), without))
            if scale is None:
                return call.channelwise(words(GroupNorm.kind, size((1,), "groups"), eps_tokens(call), without))
        raise Unsayable("its `ln` works over the channels at each position, and this over positions too")

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        settings = {"elementwise_affine": self.affine} | ({"bias": False} if self.affine and not self.shift else {})
        norm = module("LayerNorm", sources[0].channels, eps=self.eps, **settings)
        return (norm,) if vector else (Function("movedim", (1, -1)), norm, Function("movedim", (-1, 1)))

    def normed(self, channels: list[Box], use: Operations) -> list[Box]:
        positions = [standardised(use, across, self.eps) for across in zip(*channels, strict=True)]
        return list(map(list, zip(*positions, strict=True)))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        norm = self.kernel("layer_norm", sources, Extra(prod(sources[0].spatial), size=self.statistic_size))
        return (norm._replace(lies=CHANNELS_LAST, casts=RAISED_ON_CUDA),)


def eps_tokens(call: TorchCall) -> Tokens:
    """Write what is added to a variance."""
    return literal("eps=", call["eps"], EPS)


def read_momentum(arguments: Arguments) -> float:
    """Read by how much a running mean moves."""
    momentum = arguments.decimal("momentum", MOMENTUM)
    if not 0 <= momentum <= 1:
        raise Fault("out-of-range", f"momentum lies between 0 and 1, not {momentum:g}", about="momentum")
    return momentum
