"""Pooling: windows (``maxpool 3x3 s2 p1``), global (``gap``) and adaptive (``adaptiveavgpool 7x7``)."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Sources
from cnncalc.layers.kernels import (
    Kernel,
    Kernels,
    max_pooled,
)
from cnncalc.layers.operations import Box, Operations, State, Value, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Function, Steps, module, padding
from cnncalc.layers.taps import OUTSIDE
from cnncalc.layers.window import Window, Windowed
from cnncalc.layers.window_words import Windows, read_windows
from cnncalc.layers.written import (
    Pairs,
    Token,
    Tokens,
    Words,
    alike,
    each,
    flag,
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
            size = arguments.size("`{0} 2x2` or `{0} 3x3 s2`")
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

    def read_places(self, source: Volume) -> list[list[int]]:
        """Return the places within a channel that each window reads, without those in the padding."""
        return [[place for place in taps if place != OUTSIDE] for taps in self.places(source)]

    def pooled(self, window: Box, use: Operations) -> Value:
        """Return the one value of a window, whose padding is left out."""
        raise NotImplementedError

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        windows = self.read_places(sources[0])
        if not all(windows):
            raise Fault("no-values", "a window reads nothing but padding")
        channels = channels_of(arriving[0], sources[0].channels)
        return [self.pooled([channel[place] for place in window], use) for channel in channels for window in windows]

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

    def pooled(self, window: Box, use: Operations) -> Value:
        return use.largest(window)

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

    def pooled(self, window: Box, use: Operations) -> Value:
        return use.smallest(window)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        pool = self.pooling("MaxPool", sources, -inf, dilation=self.setting("dilation"))
        return Function("neg"), *pool, Function("neg")

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        makes = self.output(sources).values
        pool = self.pooling_kernels(sources, max_pooled("max_pool", sources, makes))
        return Kernel("neg", sources[0].values), *pool, Kernel("neg", makes)
