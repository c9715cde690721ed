"""Normalisations by a size alone, without a mean: ``rmsnorm``, ``l2norm``, ``grn``."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Layer, Sources, Texts
from cnncalc.layers.kernels import (
    BOTH,
    CHANNELS_FIRST,
    CHANNELS_TOGETHER,
    INPUTS,
    OTHERS,
    OUTPUT,
    PASSED,
    PROMOTED,
    RAISED,
    RAISED_ON_CUDA,
    RESTORED_ON_CPU,
    Kernel,
    Kernels,
)
from cnncalc.layers.operations import (
    Box,
    Number,
    Operations,
    State,
    StateTensor,
    Value,
    at_positions,
    channels_first,
    channels_of,
    divided_by_root,
    exact,
    quotient,
    scaled,
)
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, OwnModule, Steps, module
from cnncalc.layers.written import Unsayable, flag, literal, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


def _eps(arguments: Arguments, usual: float) -> float:
    eps = arguments.decimal("eps", usual)
    if eps <= 0:
        raise Fault("out-of-range", f"eps is larger than 0, not {eps:g}", about="eps")
    return eps


def _norm_of(use: Operations, values: Box) -> Value:
    """Return the root of the sum of squares; the gradient of PyTorch at 0 is 0."""
    squares = use.products(values, values)
    return use.power(squares, Fraction(1, 2)) if use.number(squares) else use.weighted(values, (0,) * len(values))


def _norm(sources: Sources, makes: int) -> Kernel:
    """Return the kernel of a root of a sum of squares; backward, a mask says which of the norms are 0."""
    return Kernel("norm", makes, keeps=BOTH, scratch=sources[0].values, scratch_bytes=makes, casts=RAISED_ON_CUDA)


@register("rmsnorm")
@dataclass(eq=False, repr=False)
class RootMeanSquareNorm(Layer):
    """``rmsnorm eps=1e-6``: over the channels at each position, without a mean (Zhang and Sennrich, 2019)."""

    eps: float
    affine: bool

    kind = "rmsnorm"
    role = "normalisation"
    takes_vectors = True
    other_names = (("rmsnorm", "rootmeansquarenorm rmsnorm2d", r"(?:rms|root mean square) ?norm(?:ali[sz]ation)?"),)
    examples: ClassVar[Texts] = ("8x8x4: rmsnorm", "8x4: rmsnorm eps=0.001 noaffine", "1x1x6: rmsnorm")
    torch_calls = (
        "torch.nn.RMSNorm(normalized_shape, eps=None, elementwise_affine=True)",
        "rms_norm(normalized_shape, weight=None, eps=None)",
    )

    @classmethod
    def read(cls, arguments: Arguments) -> RootMeanSquareNorm:
        return cls(_eps(arguments, 1e-6), not arguments.flag("noaffine"))

    def values_per_statistic(self, sources: Sources) -> int:
        return sources[0].channels

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels,) if self.affine else ()

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if len(call["normalized_shape"]) > 1:
            raise Unsayable("its `rmsnorm` works over the channels at each position, and this over positions too")
        eps = 2.0**-23 if call["eps"] is None else call["eps"]  # PyTorch's own is the smallest step of a float32
        affine = call.learned("weight") is not None
        return call.over_channels(words(cls.kind, literal("eps=", eps, 1e-6), flag("noaffine", not affine)), -1)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        norm = module("RMSNorm", sources[0].channels, eps=self.eps, elementwise_affine=self.affine)
        return (norm,) if vector else (Function("movedim", (1, -1)), norm, Function("movedim", (-1, 1)))

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        return (StateTensor("weight", (sources[0].channels,), (1,)),) if self.affine else ()

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        positions = at_positions(arriving[0], sources[0].channels)
        normed = channels_first([divided_by_root(use, across, across, self.eps) for across in positions])
        channels, weights = channels_of(normed, sources[0].channels), state.get("weight")
        factors = weights or [None] * len(channels)
        return [v for values, factor in zip(channels, factors, strict=True) for v in scaled(use, values, factor, None)]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values, positions = sources[0].values, prod(sources[0].spatial)
        # the squares are there until their expression is computed, what arrives and the factors until all is
        normed = (
            Kernel("to", values, overwrites=True, casts=RAISED),  # a copy in float32, unless what arrives is that
            Kernel("pow", values, keeps=INPUTS, scratch=2 * values),
            Kernel("mean", positions),
            Kernel("add", positions, overwrites=True, holds=(2,)),
            Kernel("rsqrt", positions, keeps=OUTPUT, holds=(2,), scratch=2 * positions),
            Kernel("mul", values, (1, 5), keeps=OTHERS, scratch=values),
        )
        own = (0, 1, 5)
        scaled = Kernel("mul", values, keeps=INPUTS, parameters=self.tensors(sources), scratch=values, holds=own)
        back = Kernel("to", values, overwrites=True, casts=RESTORED_ON_CPU, holds=own)
        together = Kernel("contiguous", values, overwrites=True, gradient=PASSED, needs=CHANNELS_TOGETHER, holds=own)
        return *normed, *([scaled] if self.affine else []), back, together


@register("l2norm")
@dataclass(eq=False, repr=False)
class L2Norm(Layer):
    """``l2norm eps=1e-12``: the channels at each position, divided by the root of the sum of their squares."""

    eps: float

    kind = "l2norm"
    role = "normalisation"
    takes_vectors = True
    other_names = (("l2norm", "normalize l2normalize", r"l2 ?norm(?:ali[sz]ation)?"),)
    examples: ClassVar[Texts] = ("8x8x4: l2norm", "8x4: l2norm eps=0.001", "1x1x6: l2norm")
    torch_calls = ("normalize(p=2.0, dim=1, eps=1e-12, out=None)",)

    @classmethod
    def read(cls, arguments: Arguments) -> L2Norm:
        return cls(_eps(arguments, 1e-12))

    def values_per_statistic(self, sources: Sources) -> int:
        return sources[0].channels

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call["p"] != 2:
            raise Unsayable(f"its norm is the root of a sum of squares, not p={call['p']:g}")
        return call.over_channels(words(cls.kind, literal("eps=", call["eps"], 1e-12)), call["dim"])

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (Function("normalize", (), {"dim": 1, "eps": self.eps}),)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        least = exact(self.eps)

        def curve(x: Number) -> tuple[Number, Number]:
            return (x, 1) if x >= least else (least, 0)

        made = []
        for across in at_positions(arriving[0], sources[0].channels):
            norm = use.mapped("max", _norm_of(use, across), curve)
            made.append([use.quotient(value, norm) for value in across])
        return channels_first(made)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values, positions = sources[0].values, prod(sources[0].spatial)
        return (
            _norm(sources, positions)._replace(lies=CHANNELS_FIRST),
            Kernel("clamp_min", positions, keeps=INPUTS, scratch_bytes=positions),
            Kernel("div", values, (0, 2), keeps=INPUTS, scratch=3 * values - positions),
        )


@register("grn")
@dataclass(eq=False, repr=False)
class GlobalResponseNormalisation(Layer):
    """``grn eps=1e-6``: each channel times its norm over all positions, as a share of the channels' mean (ConvNeXt v2).

    What arrives is added, and scales and shifts, which start at 0, are learned for each channel.
    """

    eps: float

    kind = "grn"
    role = "normalisation"
    other_names = (("grn", "globalresponsenorm", r"global response norm(?:ali[sz]ation)?"),)
    examples: ClassVar[Texts] = ("8x8x4: grn", "8x4: grn eps=0.001", "1x1x6: grn")
    torch_calls = ("GlobalResponseNorm(eps=1e-06, channel_dim=1)",)

    @classmethod
    def read(cls, arguments: Arguments) -> GlobalResponseNormalisation:
        return cls(_eps(arguments, 1e-6))

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (sources[0].channels,)

    def biases(self, sources: Sources) -> int:
        return sources[0].channels

    def values_per_statistic(self, sources: Sources) -> int:
        return prod(sources[0].spatial)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        return call.over_channels(words(cls.kind, literal("eps=", call["eps"], 1e-6)), call["channel_dim"])

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return (OwnModule("GlobalResponseNorm", (sources[0].channels, sources[0].dimensions), {"eps": self.eps}),)

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        shape = (sources[0].channels, *[1] * sources[0].dimensions)
        return StateTensor("weight", shape, (0,)), StateTensor("bias", shape, (0,))

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        norms = [_norm_of(use, channel) for channel in channels]
        below = use.weighted(norms, (quotient(1, len(norms)),) * len(norms), exact(self.eps))
        made: Box = []
        for channel, norm, weight, bias in zip(channels, norms, state["weight"], state["bias"], strict=True):
            factor = use.product(use.quotient(norm, below), weight)
            made += [use.products((factor, 1), (value, value), bias) for value in channel]
        return made

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        values, channels = sources[0].values, sources[0].channels
        learned = self.tensors(sources)
        added = Kernel("addcmul", values, holds=(1, 4), casts=PROMOTED)
        return (
            _norm(sources, channels),
            Kernel("mean", 1),
            Kernel("add", 1),
            Kernel("div", channels, (1, 3), keeps=INPUTS, scratch=3 * channels - 1),
            Kernel("mul", values, (0, 4), keeps=OTHERS, scratch=values, holds=(1,)),
            added._replace(keeps=INPUTS, parameters=learned, scratch=values, makes_all=True, learned_first=True),
            Kernel("add", values, (6, 0), gradient=PASSED, holds=(1, 4)),  # variables of its function, to its end
        )
