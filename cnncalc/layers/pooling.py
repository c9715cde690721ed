"""Pooling: windows (``maxpool 3x3 s2 p1``), global (``gap``) and adaptive (``adaptiveavgpool 7x7``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, prod
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
    max_pooled,
    mean_pooled,
)
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, OwnModule, Steps, module, padding
from cnncalc.layers.window import Window, Windowed, Windows, read_windows
from cnncalc.layers.written import (
    Pairs,
    Token,
    Tokens,
    Unsayable,
    Words,
    alike,
    each,
    flag,
    literal,
    option,
    sides,
    size,
    words,
)

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


class Pool(Windowed):
    """A pool over windows; the stride is the window unless it is written."""

    role = "pooling"
    dilates = False

    @classmethod
    def read(cls, arguments: Arguments) -> Pool:
        return cls(*cls.read_pool(arguments))

    @classmethod
    def read_pool(cls, arguments: Arguments) -> Windows:
        """Read the window, the stride, the padding and the rounding."""
        if arguments.head:
            size: tuple[int, ...] = (arguments.whole_number(arguments.head, "size", 1),)
        else:
            size = arguments.size(f"`{arguments.word} 2x2` or `{arguments.word} 3x3 s2`")
        kernel = arguments.spread(size, "size")
        windows, rounding = read_windows(arguments, kernel, kernel)
        if not cls.dilates and "dilation" in arguments.places:
            raise Fault("bad-option", f"{arguments.word} has no dilation", about="dilation")
        if "pad" in arguments.places:
            _check_padding(windows)
        return windows, rounding

    def output(self, sources: Sources) -> Volume:
        return sources[0].with_spatial(self.spatial(sources[0]))

    def allows(self, window: Window) -> bool:
        return max(window.before, window.after) <= window.kernel // 2

    def pads_itself(self, source: Volume) -> bool:
        """Say whether PyTorch's pool does the padding: a dilated `same` pads more than half the kernel, too much."""
        return self.plain and all(window.before <= window.kernel // 2 for window in self.windows)

    def pooling_kernels(self, sources: Sources, pool: Kernel) -> Kernels:
        """Return the kernels of a pool of ``torch.nn``, with the padding that it does not do itself."""
        return (pool,) if self.pads_itself(sources[0]) else (self.padding_kernel(sources[0]), pool)

    def pooling(self, name: str, sources: Sources, fill: float, **settings: Any) -> Steps:
        """Return the steps of a pool of ``torch.nn``, which pads both sides alike, or else with ``fill``."""
        own = self.pads_itself(sources[0])
        padded = () if own else (self._padded(sources[0], fill),)
        settings |= {"stride": self.setting("stride"), "padding": self.setting("before") if own else 0}
        settings["ceil_mode"] = own and self.rounding == "ceil"
        pool = module(name, self.setting("kernel"), dimensions=sources[0].dimensions, **settings)
        return *padded, pool

    @classmethod
    def torch_window(cls, call: TorchCall, word: str, fill: float, *more: Tokens, **how: bool) -> Any:
        """Say what a pool of PyTorch is: its window, and what it pads with."""
        dimensions = call.source.dimensions
        kernel = each(call["kernel_size"], dimensions)
        stride = kernel if call["stride"] in (None, ()) else each(call["stride"], dimensions)
        pads = alike(each(call["padding"] or 0, dimensions))
        dilation = option("d", "dilation", each(call["dilation"], dimensions), 1) if call["dilation"] else ()
        ceil = flag("ceil", bool(call["ceil_mode"]) and not how.get("always", False))

        def written(own: Pairs) -> Words:
            moves = (Token("s", stride, ("stride",) * dimensions),)
            return words(word, size(kernel, "size"), moves, sides("p", own), dilation, ceil, *more)

        return call.window(written, pads, fill, **how)

    def _padded(self, source: Volume, fill: float) -> Function:
        return Function("pad", (padding(self.needed_padding(source)),), {"value": fill} if fill else {})


def _check_padding(windows: Sequence[Window]) -> None:
    """Refuse a written padding of more than half the kernel, as PyTorch does; dilation does not count."""
    for window in windows:
        half, most = window.kernel // 2, max(window.before, window.after)
        if most > half:
            raise Fault(
                "bad-option",
                f"the padding of a pool is at most half its kernel: {half}, not {most}",
                about="pad",
                hints=["more padding would make windows that see nothing but padding"],
            )


@register("pool", "maxpool", heads=r"\d+")
class MaxPool(Pool):
    """``pool 2x2 s2``, ``maxpool 3x3 s2 p1``; ``pool2`` is 2x2 with stride 2."""

    kind = "pool"
    dilates = True
    called = "max pool"
    other_names = (
        ("maxpool", "maxpool1d maxpool2d maxpool3d maxpooling2d pooling", r"max(?:imum)? ?pool(?:ing)?(?:[123]d)?"),
    )
    examples = (
        "8x8x4: pool 2x2",
        "8x8x4: maxpool 3x3 s2 p1 floor",
        "8x8x4: maxpool 3x3 s2 ceil",
        "8x4: maxpool 2",
        "4x4x4x2: maxpool 2x2x2",
    )

    @property
    def output_is_free(self) -> bool:  # type: ignore[override]  # PyTorch's 1-D pool is a view of a 2-D one
        return len(self.windows) > 1

    torch_calls = (
        "torch.nn.MaxPool{n}d(kernel_size, stride=None, padding=0, dilation=1, return_indices=False, ceil_mode=False)",
        "max_pool{n}d boolean_dispatch(kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,"
        " return_indices=False)",
        "max_pool{n}d_with_indices(kernel_size, stride=None, padding=0, dilation=1, ceil_mode=False,"
        " return_indices=False)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        """Read a max pool; between two changes of the sign it is a min pool."""
        found = cls.torch_window(call, "minpool" if call.negated else "maxpool", -inf, negates=True)
        return call.with_places(found) if call["return_indices"] or "with_indices" in call.name else found

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        return self.pooling("MaxPool", sources, -inf, dilation=self.setting("dilation"))

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        return self.pooling_kernels(sources, max_pooled("max_pool", sources, self.output(sources).values))


@register("minpool", heads=r"\d+")
class MinPool(Pool):
    """``minpool 2x2``: the smallest value of each window."""

    kind = "minpool"
    dilates = True
    called = "min pool"
    examples = ("8x8x4: minpool 2x2", "8x8x4: minpool 3x3 s1 p1")

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        pool = self.pooling("MaxPool", sources, -inf, dilation=self.setting("dilation"))
        return Function("neg"), *pool, Function("neg")

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        makes = self.output(sources).values
        pool = self.pooling_kernels(sources, max_pooled("max_pool", sources, makes))
        return Kernel("neg", sources[0].values), *pool, Kernel("neg", makes)


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
