"""A convolution whose weights are not shared over positions: ``local 3x3x8``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from math import prod
from operator import mul
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import Letters, Sources, Texts
from cnncalc.layers.captions import kernel_letters, with_kernel
from cnncalc.layers.convolution import kernel_and_filters
from cnncalc.layers.kernels import CHANNELS_FIRST, INPUTS, LOWERED, RESULT_RAISED, ROWS, Kernel, Kernels
from cnncalc.layers.operations import Box, Operations, State, StateTensor, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import OwnModule, Steps
from cnncalc.layers.window import Windowed
from cnncalc.layers.window_words import read_windows
from cnncalc.layers.written import Token, flag, option, sides, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("local")
@dataclass(eq=False, repr=False)
class LocallyConnected(Windowed):
    """``local 3x3x8 s1 p0 nobias``: as a convolution, with weights and biases of its own at every position."""

    filters: int
    bias: bool

    kind = "local"
    role = "convolution"
    other_names = (("local", "locallyconnected locallyconnected2d conv2dlocal", r"locally ?-?connected"),)
    examples: ClassVar[Texts] = ("6x6x4: local 3x3x5", "7x7x4: local 3x3x5 s2 p1 nobias", "8x4: local 3x2 same")
    torch_calls = ("cnncalc.model.modules.LocalConvolution LocalConvolution",)

    @classmethod
    def read(cls, arguments: Arguments) -> LocallyConnected:
        kernel, filters = kernel_and_filters(arguments)
        windows, rounding = read_windows(arguments, kernel, (1,) * len(kernel))
        if "dilation" in arguments.places:
            raise Fault("bad-option", "local has no dilation", about="dilation")
        return cls(windows, rounding, filters, not arguments.flag("nobias"))

    def output(self, sources: Sources) -> Volume:
        return Volume.of(self.spatial(sources[0]), self.filters)

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return (*self.spatial(sources[0]), *self.setting("kernel"), sources[0].channels, self.filters)

    def biases(self, sources: Sources) -> int:
        return self.output(sources).values if self.bias else 0

    def mac_factors(self, sources: Sources) -> tuple[int, ...]:
        return (*self.output(sources), *self.setting("kernel"), sources[0].channels)

    def letters(self, sources: Sources) -> Letters:
        inner, places = f"{kernel_letters(self.setting('kernel'))}·C", "·".join(["W′"] * len(self.windows))
        parameters = f"{places}·({inner} + 1)·K" if self.bias else f"{places}·{inner}·K"
        return super().letters(sources)._replace(parameters=parameters, macs=f"{places}·K·{inner}")

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        kernel, stride = tuple(call["kernel"]), tuple(call["stride"])
        numbers = (*kernel, call["filters"])
        written = words(
            cls.kind,
            (Token("", numbers, ("kernel",) * len(kernel) + ("width",)),),
            option("s", "stride", stride, 1),
            sides("p", tuple(call["padding"])),
            flag("nobias", call.learned("bias") is None),
        )
        return call.sliding(written)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        settings = {
            "kernel": self.setting("kernel"),
            "stride": self.setting("stride"),
            "padding": self.needed_padding(sources[0]),
            "bias": self.bias,
        }
        return (OwnModule("LocalConvolution", (sources[0].channels, self.filters, sources[0].spatial), settings),)

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        source, made = sources[0], self.output(sources).values
        padded = any(map(any, self.needed_padding(source)))
        held = (0, 1, 2) if padded else (0, 1)  # the volume, padded, and its patches: variables of its function
        places, inner = prod(self.spatial(source)), prod(self.setting("kernel")) * source.channels
        weights, *biases = self.tensors(sources)
        steps = [
            self._patches(source, places * inner),
            Kernel("bmm", made, keeps=INPUTS, parameters=(weights,), casts=LOWERED, holds=held),
        ]
        if places > 1:  # of one position, the products are in their order
            steps.append(Kernel("copy", made, lies=CHANNELS_FIRST, holds=held))
        if biases:
            steps.append(Kernel("add", made, parameters=tuple(biases), casts=RESULT_RAISED, holds=held))
        return (*([self.padding_kernel(source)] if padded else []), *steps)

    def _patches(self, source: Volume, values: int) -> Kernel:
        """Return what lays the patches out, of the volume as it is padded.

        Its backward pass takes one dimension after the other back, with a gradient between each two, so that in several
        dimensions the first and the last are never there together; what it takes beside them may be below 0.
        """
        made, kernel, stride = self.spatial(source), self.setting("kernel"), self.setting("stride")
        padded = [side + sum(pair) for side, pair in zip(source.spatial, self.needed_padding(source), strict=True)]
        taken = [positions * side for positions, side in zip(made, kernel, strict=True)]
        sizes = [source.channels * prod([*taken[:axis], *padded[axis:]]) for axis in range(len(padded) + 1)]
        scratch = max(first + second for first, second in pairwise(sizes)) - sizes[0] - sizes[-1]
        apart = [prod(padded[axis:]) for axis in range(len(padded) + 1)]  # a channel's values, a row's, …
        positions = zip(made, map(mul, stride, apart[1:]), strict=True)
        inner = zip((source.channels, *kernel), apart, strict=True)
        view = _is_row(positions) and _is_row(inner)  # one row of positions, and one of each patch
        return Kernel(
            "patches", values, overwrites=view, needs=ROWS if view else None, scratch=scratch, lies=CHANNELS_FIRST
        )

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        spatial = self.spatial(sources[0])
        inner = prod(self.setting("kernel")) * sources[0].channels
        weight = StateTensor("weight", (prod(spatial), inner, self.filters))
        return (weight, StateTensor("bias", (self.filters, *spatial))) if self.bias else (weight,)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = [[*channel, 0] for channel in channels_of(arriving[0], sources[0].channels)]  # 0 is outside
        windows = [[channel[place] for channel in channels for place in taps] for taps in self.places(sources[0])]
        biases = state.get("bias") or [0] * (len(windows) * self.filters)
        weights = channels_of(state["weight"], len(windows))
        return [
            use.products(window, own[filter_ :: self.filters], biases[filter_ * len(windows) + position])
            for filter_ in range(self.filters)
            for position, (window, own) in enumerate(zip(windows, weights, strict=True))
        ]

    def caption(self) -> str:
        return with_kernel(self.kind, self.setting("kernel"), self.filters)

    def looks_around(self) -> bool:
        return any(window.kernel > 1 for window in self.windows)


def _is_row(axes: Iterable[tuple[int, int]]) -> bool:
    """Say whether axes, each of a length and a distance between neighbours in memory, are one axis without a copy."""
    long = [axis for axis in axes if axis[0] > 1]
    return all(apart == length * next_apart for (_, apart), (length, next_apart) in pairwise(long))
