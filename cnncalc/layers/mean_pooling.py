"""Pools that average: ``avgpool 2x2``, and ``lppool 2x2``, the p-norm of each window."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from math import prod
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Sources
from cnncalc.layers.kernels import (
    INPUTS,
    OTHERS,
    OUTPUT,
    RAISED_ON_CUDA,
    Extra,
    Kernel,
    Kernels,
    mean_pooled,
)
from cnncalc.layers.operations import Box, Operations, State, Value, channels_of, exact, quotient
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, OwnModule, Steps, module, padding
from cnncalc.layers.window import Window
from cnncalc.layers.written import (
    Token,
    Unsayable,
    each,
    flag,
    literal,
    sides,
    size,
    words,
)

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall
from cnncalc.layers.pooling import Pool


@register("avgpool", heads=r"\d+")
@dataclass(eq=False, repr=False)
class AveragePool(Pool):
    """``avgpool 2x2``; with ``nopad`` the padding is left out of the mean."""

    count_padding: bool

    kind = "avgpool"
    called = "avg pool"
    other_names = (
        (
            "avgpool",
            "avgpool1d avgpool2d avgpool3d averagepool averagepooling2d",
            r"(?:av(?:era)?ge?|mean) ?pool(?:ing)?(?:[123]d)?",
        ),
    )
    examples = (
        *("8x8x4: avgpool 2x2", "8x8x4: avgpool 3x3 s1 p1 nopad", "4x4x4x2: avgpool 2x2x2"),
        *(
            "8x8x4: avgpool 3x3 s2 same nopad",
            "8x4: avgpool 3 s2 p0:1 ceil",
            "7x8x4: avgpool 4x3 s3 p1:0x0:1 ceil nopad",
        ),
    )

    @classmethod
    def read(cls, arguments: Arguments) -> AveragePool:
        windows, rounding = cls.read_pool(arguments)
        return cls(windows, rounding, not arguments.flag("nopad"))

    @property
    def counts_itself(self) -> bool:
        """Whether PyTorch's pool cannot tell what belongs to the mean: sides that differ, and values left out of it."""
        return not self.plain and (self.rounding == "ceil" or not self.count_padding)

    def pads_itself(self, source: Volume) -> bool:
        return super().pads_itself(source) and not self._is_refused(source)

    def _is_refused(self, source: Volume) -> bool:
        """Say whether PyTorch refuses its own padding: over three dimensions, for a kernel larger than the input."""
        kernels = zip(self.setting("kernel"), source.spatial, strict=True)
        return source.dimensions == 3 and any(kernel > size for kernel, size in kernels)

    torch_calls = (
        "torch.nn.AvgPool{n}d avg_pool{n}d(kernel_size, stride=None, padding=0, ceil_mode=False,"
        " count_include_pad=True, divisor_override=None)",
        "cnncalc.model.modules.PartMean",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.name == "PartMean":
            moves = (Token("s", tuple(call["stride"]), ("stride",) * len(call["stride"])),)
            own = sides("p", tuple(zip(call["before"], call["after"], strict=True)))
            more = flag("ceil", any(call["beyond"])), flag("nopad", not call["counts"])
            return call.sliding(words(cls.kind, size(tuple(call["kernel"]), "kernel"), moves, own, *more))
        if call["divisor_override"] is not None:
            raise Unsayable("it divides by the size of the window")
        padded = any(each(call["padding"], call.source.dimensions))
        return cls.torch_window(call, cls.kind, 0.0, flag("nopad", padded and not call["count_include_pad"]))

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        source = sources[0]
        cuts = self.rounding == "ceil" and not all(map(Window.fits, self.windows, source.spatial))
        if self._is_refused(source) and (cuts or not self.count_padding):
            what = "`ceil`" if cuts else "`nopad`"
            message = f"PyTorch has no avgpool with {what} over three dimensions whose kernel is larger than its input"
            hints = [f"the input is {source}; take a smaller kernel, or leave out {what}"]
            raise Fault("not-in-pytorch", message, about="size", hints=hints)
        if self.counts_itself:
            before, after = self.setting("before"), self.setting("after")
            beyond = tuple([more - own for (_, more), own in zip(self.needed_padding(source), after, strict=True)])
            windows = {"kernel": self.setting("kernel"), "stride": self.setting("stride")}
            padded = {"before": before, "after": after, "beyond": beyond, "counts": self.count_padding}
            return (OwnModule("PartMean", (), {**windows, **padded}),)
        counts = self.count_padding or not any(self.setting("before"))
        return self.pooling("AvgPool", sources, 0.0, count_include_pad=counts)

    def _counted(self, source: Volume) -> list[int]:
        """Return by how many values the sum of each window is divided."""
        cells = zip(self.windows, source.spatial, self.spatial(source), strict=True)
        along = []
        for window, side, made in cells:
            first, last = (-window.before, side + window.after) if self.count_padding else (0, side)
            starts = [position * window.stride - window.before for position in range(made)]
            along.append([min(start + window.kernel, last) - max(start, first) for start in starts])
        return [prod(counts) for counts in product(*along)]

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        windows = self.read_places(sources[0])
        shares = [quotient(1, count) for count in self._counted(sources[0])]
        return [
            use.weighted([channel[place] for place in window], (share,) * len(window))
            for channel in channels_of(arriving[0], sources[0].channels)
            for window, share in zip(windows, shares, strict=True)
        ]

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        made = self.output(sources)
        pool = mean_pooled(sources, made.values)
        if self.counts_itself:  # each mean is divided by the share of its window that counts
            share = Extra(fixed=prod(made.spatial))
            return self.padding_kernel(sources[0]), pool, Kernel("div", made.values, extras=(share,))
        return self.pooling_kernels(sources, pool)


@register("lppool", heads=r"\d+")
@dataclass(eq=False, repr=False)
class PowerPool(Pool):
    """``lppool 2x2 norm=2``: the p-norm of each window."""

    norm: float

    kind = "lppool"
    examples = ("8x8x4: lppool 2x2", "8x8x4: lppool 3x3 s1 p1 norm=3")

    @classmethod
    def read(cls, arguments: Arguments) -> PowerPool:
        norm = arguments.decimal("norm", 2)
        if norm <= 0:
            raise Fault("out-of-range", f"norm is larger than 0, not {norm:g}", about="norm")
        windows, rounding = cls.read_pool(arguments)
        return cls(windows, rounding, norm)

    torch_calls = ("torch.nn.LPPool{n}d lp_pool{n}d(norm_type, kernel_size, stride=None, ceil_mode=False)",)

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        norm = call["norm_type"]
        if norm <= 0:
            raise Unsayable(f"its norm is larger than 0, not {norm}")
        kernel = each(call["kernel_size"], call.source.dimensions)
        stride = kernel if call["stride"] is None else each(call["stride"], len(kernel))
        whole = [(size - k) // s + 1 for size, k, s in zip(call.arriving[2:], kernel, stride, strict=True)]
        if call["ceil_mode"] and tuple(whole) != call.made[2:]:
            raise Unsayable("with ceil_mode, its last windows weigh more than the others")
        return cls.torch_window(call, cls.kind, 0.0, literal("norm=", norm, 2), always=True)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        kernel, stride = self.setting("kernel"), self.setting("stride")
        pool = module("LPPool", self.norm, kernel, dimensions=sources[0].dimensions, stride=stride)
        sides = self.needed_padding(sources[0])  # it has no padding of its own; zeros add nothing to a norm
        padded = any(before or after > 0 for before, after in sides)
        return (Function("pad", (padding(sides),)), pool) if padded else (pool,)

    def pooled(self, window: Box, use: Operations) -> Value:
        norm = exact(self.norm)
        total = use.total([use.power(value, norm) for value in window])
        return use.power(total, quotient(1, norm))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        """(sign(m)·relu(|m|)·n)^(1/p) for the mean m of x^p over a window of n values, as PyTorch computes it."""
        sides = self.needed_padding(sources[0])
        padded = any(before or after > 0 for before, after in sides)
        before: Kernels = (self.padding_kernel(sources[0]),) if padded else ()
        read = before[0].makes if before else sources[0].values
        makes = self.output(sources).values
        at = len(before) + 2  # the place of the mean
        return (
            *before,
            Kernel("pow", read, keeps=INPUTS, scratch=2 * read, casts=RAISED_ON_CUDA),
            mean_pooled(sources, makes),
            Kernel("sign", makes, (at,)),
            Kernel("abs", makes, (at,), keeps=INPUTS, scratch=makes),
            Kernel("relu", makes, keeps=OUTPUT, holds=(at + 2,)),
            Kernel("mul", makes, (at + 1, at + 3), keeps=OTHERS),
            Kernel("mul", makes),
            # a variable of PyTorch's function holds the mean, and a variable of the module what it was given
            Kernel("pow", makes, keeps=INPUTS, scratch=2 * makes, holds=(at - 2, at), casts=RAISED_ON_CUDA),
        )
