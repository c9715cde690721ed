"""Convolutions: ``conv``, ``dwconv``, ``deconv``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.core.errors import Fault
from cnncalc.core.numbers import counted
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import (
    Letters,
    MatrixProduct,
    Sources,
    Texts,
)
from cnncalc.layers.captions import kernel_letters, unusual, with_kernel
from cnncalc.layers.convolution_memory import convolution_kernel, without_gradient
from cnncalc.layers.given import NOT_GIVEN, Given, given_tokens, read_given
from cnncalc.layers.kernels import Kernels
from cnncalc.layers.operations import Box, Operations, State, StateTensor, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.resizing import Pad
from cnncalc.layers.standardised import Standard, read_standard, standard_tokens
from cnncalc.layers.steps import Function, Steps, module, padding
from cnncalc.layers.window import Windowed
from cnncalc.layers.window_words import read_windows
from cnncalc.layers.written import Pairs, Token, Words, alike, each, flag, option, sides, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall

_EXAMPLES = {1: "`{0} 3x64`", 2: "`{0} 3x3x64`", 3: "`{0} 3x3x3x64`"}
_ROLES_OF_SIZES = ": the kernel, then the number of filters"


def kernel_and_filters(arguments: Arguments) -> tuple[tuple[int, ...], int]:
    """Read ``3x3x64``: a kernel size for every spatial dimension, then the number of filters."""
    dimensions = arguments.dimensions
    example = _EXAMPLES.get(dimensions, "`{0} 3x…x64`")
    size = arguments.size(example + _ROLES_OF_SIZES)
    if len(size) != dimensions + 1:
        written = shorten("x".join(map(str, size)))
        raise Fault(
            "bad-size",
            f"{arguments.word} takes a kernel of {counted(dimensions, 'size')} and the filters, not `{written}`",
            about="size",
            hints=[f"the input is {arguments.source}; write for example {example.format(arguments.word)}"],
        )
    return size[:-1], size[-1]


def check_groups(arguments: Arguments, filters: int, groups: int) -> None:
    """Make sure that the groups divide the channels and the filters, or raise `Fault` with those that do."""
    if groups == 1:
        return  # whatever arrives, so that the layer is the same for all channels
    channels = arguments.channels
    for what, count in (("input channels", channels), ("filters", filters)):
        if count % groups:
            fitting = [g for g in range(1, min(channels, filters, 1024) + 1) if channels % g == filters % g == 0]
            nearest = sorted(fitting, key=lambda g: abs(g - groups))[:3]
            raise Fault(
                "bad-groups",
                f"{groups} groups do not divide {count} {what}",
                about="groups" if what == "input channels" else "size",
                detail=f"{count}/{groups} = {count // groups} remainder {count % groups}",
                hints=["fits with: groups " + ", ".join(map(str, sorted(nearest)))],
            )


@register("conv", heads=r"\d+-\d+")
@dataclass(eq=False, repr=False)
class Convolution(Windowed):
    """``conv 3x3x64 s1 p1 d1 g1 nobias``, and the VGG shorthand ``conv3-64``."""

    filters: int
    groups: int
    bias: bool
    given: Given = NOT_GIVEN
    standard: Standard | None = None

    kind = "conv"
    role = "convolution"
    output_is_free = True
    other_names = (("conv", "conv1d conv2d conv3d convolution convolutional", r"conv(?:olution(?:al)?)?(?:[123]d)?"),)
    examples: ClassVar[Texts] = (
        "8x8x4: conv 3x3x6 p1",
        "10x10x4: conv 3x3x6 s2 p0:1x0:1 d2 g2 nobias",
        "8x4: conv 3x6 same",
        "4x8x9x4: conv 1x2x3x6 s1x2x2",
        "8x8x4: conv 3x3x6 p1 fixed kernel=box",
        "8x8x4: conv 3x3x2 kernel=[-1 0 1; -2 0 2; -1 0 1] bias=0.5",
        "8x8x4: conv 3x3x6 p1 standardised",
        "9x9x4: conv 3x3x6 s2 p1 g2 nobias standardised eps=0.0001 gain=1.5",
        "8x4: conv 3x6 same standardised gain=1",
    )

    @classmethod
    def read(cls, arguments: Arguments) -> Convolution:
        dimensions = arguments.dimensions
        pad = "0"
        if arguments.head:
            side, filters = (arguments.whole_number(part, "size", 1) for part in arguments.head.split("-"))
            kernel: tuple[int, ...] = (side,) * dimensions
            pad = f"{(side - 1) // 2}:{side // 2}"  # keeps the size at stride 1
        else:
            kernel, filters = kernel_and_filters(arguments)
        groups = arguments.whole("groups", 1)
        windows, rounding = read_windows(arguments, kernel, (1,) * dimensions, pad)
        check_groups(arguments, filters, groups)
        bias = not arguments.flag("nobias")
        if arguments.all_read:  # by far the most
            return cls(windows, rounding, filters, groups, bias)
        given = read_given(arguments, kernel, lambda: arguments.channels // groups, filters, biases=bias)
        standard = read_standard(arguments, given != NOT_GIVEN)
        return cls(windows, rounding, filters, groups, bias, given, standard)

    def output(self, sources: Sources) -> Volume:
        return Volume.of(self.spatial(sources[0]), self.filters)

    def filter_factors(self, sources: Sources) -> tuple[int, ...]:
        """Return the factors of the number of weights, learned or not."""
        return (*[w.kernel for w in self.windows], sources[0].channels // self.groups, self.filters)

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        if self.standard is not None and self.standard.gain is not None:
            return (prod(self.filter_factors(sources)[:-1]) + 1, self.filters)
        return () if self.given.fixed else self.filter_factors(sources)

    def biases(self, sources: Sources) -> int:
        return self.filters if self.bias and not self.given.fixed else 0

    def weight_matrix(self, sources: Sources) -> tuple[int, int] | None:
        return None if self.given.fixed else (self.filters, prod(self.filter_factors(sources)[:-1]))

    def is_fixed(self) -> bool:
        return self.given.fixed

    def mac_factors(self, sources: Sources) -> tuple[int, ...]:
        return (*self.spatial(sources[0]), self.filters, *self.filter_factors(sources)[:-1])

    def letters(self, sources: Sources) -> Letters:
        kernel = kernel_letters(self.setting("kernel"))
        inner = f"{kernel}·C" if self.groups == 1 else kernel if self.groups == sources[0].channels else f"{kernel}·C/G"
        return (
            super()
            .letters(sources)
            ._replace(
                parameters=f"({inner} + 1)·K" if self.bias else f"{inner}·K",
                macs=f"{'·'.join(['W′'] * len(self.windows))}·K·{inner}",
            )
        )

    def matrix_product(self, sources: Sources) -> MatrixProduct:
        inner = prod(self.filter_factors(sources)[:-1])
        positions = prod(self.output(sources).spatial)
        return MatrixProduct(self.filters // self.groups, inner, positions, self.groups)

    torch_calls = (
        "torch.nn.Conv{n}d(in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1,"
        " bias=True, padding_mode='zeros')",
        "conv{n}d(weight, bias=None, stride=1, padding=0, dilation=1, groups=1)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        if call.along_channels():
            return None
        given = given_tokens(call)
        standard = standard_tokens(call) if given is None else ()
        shape = call.shape("weight") if given or standard else call.learned("weight")
        assert shape is not None  # a convolution has weights
        filters, columns, kernel = shape[0], shape[1], shape[2:]
        dimensions, groups = len(kernel), call["groups"]
        bias = (call.learned("bias") if given is None else call["bias"]) is not None
        stride, dilation = each(call["stride"], dimensions), each(call["dilation"], dimensions)
        pads = _torch_padding(call["padding"], kernel, dilation)
        if any(map(any, pads)) and (call["padding_mode"] or "zeros") != "zeros":
            call = call.behind(Pad.around(call, pads, call["padding_mode"]))
            pads = ((0, 0),) * dimensions

        def written(own: Pairs) -> Words:
            plain = convolution_words(columns * groups, filters, kernel, groups, bias, stride, own, dilation)
            return plain._replace(tokens=(*plain.tokens, *(given or standard)))

        return call.window(written, pads, 0.0)

    def pads_itself(self, source: Volume) -> bool:
        """Say whether PyTorch's convolution does the padding: the same on both sides, and no more for `ceil`."""
        own = tuple([(window.before, window.after) for window in self.windows])
        return self.plain and self.needed_padding(source) == own

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        own = self.pads_itself(sources[0])
        convolution = module(
            "Conv",
            sources[0].channels,
            self.filters,
            self.setting("kernel"),
            dimensions=sources[0].dimensions,
            stride=self.setting("stride"),
            padding=self.setting("before") if own else 0,
            dilation=self.setting("dilation"),
            groups=self.groups,
            bias=self.bias,
        )
        step = self.given.step(convolution)
        if self.standard is not None:
            step = self.standard.module(convolution, prod(self.filter_factors(sources)[:-1]))
        if own:
            return (step,)
        return Function("pad", (padding(self.needed_padding(sources[0])),)), step

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        columns = sources[0].channels // self.groups
        convolution = convolution_kernel(self, sources, self.setting("kernel"), columns)
        if self.given.fixed:
            convolution = without_gradient(convolution, prod(self.filter_factors(sources)), self.filters * self.bias)
        if self.standard is not None:
            weights = prod(self.filter_factors(sources))
            convolution = self.standard.kernel(convolution, weights, self.filters, self.biases(sources))
        if self.pads_itself(sources[0]):
            return (convolution,)
        return self.padding_kernel(sources[0]), convolution

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        shape = (self.filters, sources[0].channels // self.groups, *self.setting("kernel"))
        plain = self.given.state(shape, self.filters if self.bias else 0)
        return plain if self.standard is None else (*plain, *self.standard.state(self.filters))

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = [[*channel, 0] for channel in channels_of(arriving[0], sources[0].channels)]  # 0 is outside
        rows = channels_of(state["weight"], self.filters)
        if self.standard is not None:
            rows = self.standard.rows(rows, state, use)
        biases = state.get("bias") or [0] * self.filters
        made: Box = []
        columns, each = len(channels) // self.groups, self.filters // self.groups
        for group in range(self.groups):
            own = channels[group * columns : (group + 1) * columns]
            maps: list[Box] = [[] for _ in range(each)]
            filters = range(group * each, (group + 1) * each)
            for taps in self.places(sources[0]):
                window = [channel[place] for channel in own for place in taps]
                for filter_, into in zip(filters, maps, strict=True):
                    into.append(use.products(window, rows[filter_], biases[filter_]))
            made += [value for values in maps for value in values]
        return made

    def caption(self) -> str:
        return with_kernel(self.kind, self.setting("kernel"), self.filters)

    def remarks(self) -> tuple[str, ...]:
        return unusual(self.setting("stride"), self.setting("dilation"), self.groups)

    def looks_around(self) -> bool:
        return any(window.kernel > 1 for window in self.windows)


@register("dwconv")
class DepthwiseConvolution(Convolution):
    """``dwconv 3x3 s2 p1``: one group per input channel; ``dwconv 3x3x{2*C}`` makes two filters each."""

    kind = "dwconv"

    def caption(self) -> str:
        return with_kernel(self.kind, self.setting("kernel"), None if self.filters == self.groups else self.filters)

    def remarks(self) -> tuple[str, ...]:
        return unusual(self.setting("stride"), self.setting("dilation"))

    other_names = (("dwconv", "depthwise depthwiseconv depthwiseconv2d", r"depth ?wise(?: conv(?:olution)?)?"),)
    examples = (
        "8x8x4: dwconv 3x3 p1",
        "9x9x4: dwconv 3x3x8 s2 p1 nobias",
        "9x9x4: dwconv 3 s2 p1 nobias fixed kernel=binomial",
        "8x8x4: dwconv 3x3 p1 standardised gain=2",
    )

    @classmethod
    def read(cls, arguments: Arguments) -> DepthwiseConvolution:
        channels = arguments.channels
        size = arguments.size("`dwconv 3x3`: the kernel, and the number of filters if it is not the channels'")
        filters = channels
        if len(size) == arguments.dimensions + 1:
            size, filters = size[:-1], size[-1]
        kernel = arguments.spread(size, "size")
        windows, rounding = read_windows(arguments, kernel, (1,) * arguments.dimensions)
        bias = not arguments.flag("nobias")
        given = read_given(arguments, kernel, lambda: 1, filters, biases=bias)
        standard = read_standard(arguments, given != NOT_GIVEN)
        layer = cls(windows, rounding, filters, channels, bias, given, standard)
        if filters % channels:
            low = filters - filters % channels
            near = [count for count in (low, low + channels) if count]
            raise Fault(
                "bad-groups",
                f"a depthwise convolution of {channels} channels cannot have {filters} filters",
                about="size",
                hints=["fits with: filters " + " or ".join(map(str, near))],
            )
        return layer


def convolution_words(
    channels: int,
    filters: int,
    kernel: tuple[int, ...],
    groups: int,
    bias: bool,
    stride: tuple[int, ...],
    pads: Pairs,
    dilation: tuple[int, ...],
) -> Words:
    """Write a convolution, a depthwise one by its own word."""
    depthwise = groups == channels > 1
    own = () if depthwise and filters == channels else (filters,)
    return words(
        DepthwiseConvolution.kind if depthwise else Convolution.kind,
        (Token("", (*kernel, *own), ("kernel",) * len(kernel) + ("width",) * len(own)),),
        option("s", "stride", stride, 1),
        sides("p", pads),
        option("d", "dilation", dilation, 1),
        () if depthwise else option("g", "groups", (groups,), 1),
        flag("nobias", not bias),
    )


def pointwise_words(channels: int, filters: int, bias: bool, dimensions: int) -> Words:
    """Write a linear layer at every position: a 1x1 convolution."""
    ones = (1,) * dimensions
    return convolution_words(channels, filters, ones, 1, bias, ones, alike((0,) * dimensions), ones)


def _torch_padding(written: Any, kernel: Sequence[int], dilation: Sequence[int]) -> Pairs:
    """Return what PyTorch's convolution pads with zeros; ``same`` puts an odd value after."""
    if not isinstance(written, str):
        return alike(each(written, len(kernel)))
    totals = [d * (k - 1) if written == "same" else 0 for d, k in zip(dilation, kernel, strict=True)]
    return tuple([(total // 2, total - total // 2) for total in totals])
