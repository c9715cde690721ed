"""Normalisations: ``bn``, ``gn 32``, ``ln``, ``instancenorm``, ``lrn 5``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources
from cnncalc.layers.kernels import (
    CHANNELS_FIRST,
    CHANNELS_LAST,
    CONTIGUOUS,
    COUNTER,
    FLOAT,
    INPUTS,
    OTHERS,
    RAISED_ON_CPU,
    RAISED_ON_CUDA,
    SAME,
    Extra,
    Kernel,
    Kernels,
    order_of_images,
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

    @property
    def statistic_size(self) -> int | None:
        """Bytes of a mean: float32 beside float32 parameters, else of the type of what arrives."""
        return FLOAT if self.affine else None

    def kernel(self, name: str, sources: Sources, statistic: Extra, buffers: tuple[int, ...] = ()) -> Kernel:
        """Return the kernel, which keeps its input and two statistics: the means and the inverse deviations."""
        extras = (statistic, statistic)
        return Kernel(name, sources[0].values, (), INPUTS, extras, self.tensors(sources), buffers)


EPS, MOMENTUM = 1e-5, 0.1
"""What holds where nothing is written."""


def _eps(arguments: Arguments) -> float:
    eps = arguments.decimal("eps", EPS)
    if eps < 0:
        raise Fault("out-of-range", f"eps is at least 0, not {eps:g}", about="eps")
    return eps


@register("bn")
@dataclass(eq=False, repr=False)
class BatchNorm(Normalisation):
    """``bn eps=1e-5 momentum=0.1``: over the batch and all positions, per channel."""

    momentum: float

    kind = "bn"
    output_is_free = True
    statistic_over_batch = True
    other_names = (("bn", "batchnorm batchnorm2d batchnormalization norm", r"batch ?norm(?:ali[sz]ation)?"),)
    examples = ("8x8x4: bn", "8x8x4: bn eps=0.001 momentum=0.01 noaffine", "8x4: bn", "1x1x6: bn")

    def values_per_statistic(self, sources: Sources) -> int:
        return prod(sources[0].spatial)

    @classmethod
    def read(cls, arguments: Arguments) -> BatchNorm:
        return cls(_eps(arguments), not arguments.flag("noaffine"), _momentum(arguments))

    torch_calls = (
        "torch.nn.BatchNorm{n}d torch.nn.SyncBatchNorm(num_features, eps=1e-05, momentum=0.1, affine=True)",
        "batch_norm(running_mean, running_var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-05)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        affine = call.affine(cls.kind)
        if not (call.keeps("running_mean") and call.keeps("running_var")):
            raise Unsayable("its `bn` keeps running means")
        if call["momentum"] is None:
            raise Unsayable("its running mean moves by a momentum, and this one averages over all batches")
        momentum = literal("momentum=", call["momentum"], MOMENTUM)
        return call.channelwise(words(cls.kind, _eps_of(call), momentum, flag("noaffine", not affine)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        settings = {"eps": self.eps, "momentum": self.momentum, "affine": self.affine}
        dimensions = 1 if vector else sources[0].dimensions
        return (module("BatchNorm", sources[0].channels, dimensions=dimensions, **settings),)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        channels = sources[0].channels
        buffers = (FLOAT * channels, FLOAT * channels, COUNTER)
        norm = self.kernel("batch_norm", sources, Extra(fixed=channels, size=FLOAT), buffers)
        lies = SAME if sources[0].dimensions > 1 else CHANNELS_FIRST
        return (norm._replace(lies=lies, makes_all=True),)


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
        return cls(_eps(arguments), arguments.flag("affine"), _momentum(arguments))

    torch_calls = ("torch.nn.InstanceNorm{n}d(num_features, eps=1e-05, momentum=0.1, affine=False)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call["track_running_stats"]:
            raise Unsayable("its `instancenorm` keeps no running means")
        momentum = literal("momentum=", call["momentum"], MOMENTUM)
        return call.channelwise(words(cls.kind, _eps_of(call), momentum, flag("affine", call.affine(cls.kind))))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        settings = {"eps": self.eps, "momentum": self.momentum, "affine": self.affine}
        return (module("InstanceNorm", sources[0].channels, dimensions=sources[0].dimensions, **settings),)

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
        if max(arguments.source.spatial) == 1 and groups == arguments.source.channels:
            message = f"a group norm of single values is 0 everywhere; the input is {arguments.source}"
            hints = ["PyTorch refuses a single image; take fewer groups, leave it out, or norm an earlier volume"]
            raise Fault("out-of-range", message, about="size", hints=hints)
        return cls(_eps(arguments), not arguments.flag("noaffine"), groups)

    torch_calls = (
        "torch.nn.GroupNorm(num_groups, num_channels, eps=1e-05, affine=True)",
        "group_norm(num_groups, weight=None, bias=None, eps=1e-05)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        groups, affine = size((call["num_groups"],), "groups"), call.affine(cls.kind)
        return call.channelwise(words(cls.kind, groups, _eps_of(call), flag("noaffine", not affine)))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (module("GroupNorm", self.groups, sources[0].channels, eps=self.eps, affine=self.affine),)

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
        return cls(_eps(arguments), without != "noaffine", without is None)

    def biases(self, sources: Sources) -> int:
        return sources[0].channels if self.shift else 0

    torch_calls = (
        "torch.nn.LayerNorm(normalized_shape, eps=1e-05, elementwise_affine=True, bias=True)",
        "layer_norm(normalized_shape, weight=None, bias=None, eps=1e-05)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if len(call["normalized_shape"]) > 1:
            raise Unsayable("its `ln` works over the channels at each position, and this over positions too")
        scale, shift = call.learned("weight"), call.learned("bias")
        if scale is None and shift is not None:
            raise Unsayable("its `ln` has no shift without a scale")
        without = flag("noaffine", scale is None) or flag("noshift", shift is None)
        return call.over_channels(words(cls.kind, _eps_of(call), without), -1)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        settings = {"elementwise_affine": self.affine} | ({"bias": False} if self.affine and not self.shift else {})
        norm = module("LayerNorm", sources[0].channels, eps=self.eps, **settings)
        return (norm,) if vector else (Function("movedim", (1, -1)), norm, Function("movedim", (-1, 1)))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        norm = self.kernel("layer_norm", sources, Extra(prod(sources[0].spatial), size=self.statistic_size))
        return (norm._replace(lies=CHANNELS_LAST, casts=RAISED_ON_CUDA),)


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


def _eps_of(call: TorchCall) -> Tokens:
    return literal("eps=", call["eps"], EPS)


def _momentum(arguments: Arguments) -> float:
    momentum = arguments.decimal("momentum", MOMENTUM)
    if not 0 <= momentum <= 1:
        raise Fault("out-of-range", f"momentum lies between 0 and 1, not {momentum:g}", about="momentum")
    return momentum
