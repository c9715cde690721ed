"""Transposed convolutions: ``deconv``."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from math import gcd, prod
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.base import MAX_WINDOWS, NOTHING, UNKNOWN_REACH, Layer, Letters, MatrixProduct, Reach, Sources
from cnncalc.layers.captions import kernel_letters, unusual, with_kernel
from cnncalc.layers.convolution import check_groups, kernel_and_filters
from cnncalc.layers.convolution_memory import convolution_kernel, without_gradient
from cnncalc.layers.dimension_names import axis_name
from cnncalc.layers.given import NOT_GIVEN, Given, given_tokens, read_given
from cnncalc.layers.kernels import Kernels
from cnncalc.layers.operations import Box, Operations, State, StateTensor, channels_of
from cnncalc.layers.registry import register
from cnncalc.layers.steps import Steps, module
from cnncalc.layers.taps import crossed
from cnncalc.layers.written import Token, alike, each, flag, option, sides, words

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall


@register("deconv")
@dataclass(eq=False, repr=False)
class TransposedConvolution(Layer):
    """``deconv 2x2x64 s2 p0 op0``: every input value spreads over a window of the output.

    Output size per dimension is (W − 1)·S − 2P + F + OP (PyTorch, ConvTranspose2d). Its multiplications
    are counted per input value, each of which is multiplied by every weight of its channel once.
    """

    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: tuple[int, ...]
    output_padding: tuple[int, ...]
    dilation: tuple[int, ...]
    filters: int
    groups: int
    bias: bool
    given: Given

    kind = "deconv"
    windows_vary = True
    role = "enlarging"
    output_is_free = True
    other_names = (
        (
            "deconv",
            "convtranspose convtranspose2d conv2dtranspose upconv",
            r"(?:transposed? conv(?:olution)?|deconvolution)",
        ),
    )
    examples = (
        "8x8x4: deconv 2x2x6 s2",
        "8x8x4: deconv 3x3x6 s2 p1 op1 g2 nobias",
        "8x4: deconv 3x4",
        "8x8x4: deconv 4x4x4 s2 p1 g4 nobias fixed kernel=box",
    )

    @classmethod
    def read(cls, arguments: Arguments) -> TransposedConvolution:
        kernel, filters = kernel_and_filters(arguments)
        ones, zeros = (1,) * len(kernel), (0,) * len(kernel)
        stride = arguments.per_dimension("stride", ones)
        dilation = arguments.per_dimension("dilation", ones)
        padding = arguments.padding("pad", None)
        extra = arguments.per_dimension("outpad", zeros, least=0)
        groups = arguments.whole("groups", 1)
        if any(before != after for before, after in padding):
            hints = ["pad both sides alike and `crop` what is too much"]
            raise Fault("bad-option", "the padding of a deconv is the same before and after", about="pad", hints=hints)
        if any(e >= max(s, d) for e, s, d in zip(extra, stride, dilation, strict=True)):
            message = "the output padding must be smaller than the stride or the dilation"
            raise Fault("bad-option", message, about="outpad")
        before = tuple([pair[0] for pair in padding])
        bias = not arguments.flag("nobias")
        given = read_given(arguments, kernel, lambda: 1, 1, biases=bias)
        layer = cls(kernel, stride, before, extra, dilation, filters, groups, bias, given)
        check_groups(arguments, filters, groups)
        return layer

    def output(self, sources: Sources) -> Volume:
        sizes = [self._size(source, axis) for axis, source in enumerate(sources[0].spatial)]
        for axis, size in enumerate(sizes):
            if size < 1:
                name = axis_name(axis, len(sizes))
                raise Fault(
                    "too-large",
                    f"the padding takes away the whole output: its {name} would be {size}",
                    about="pad",
                    detail=f"{self.size_sums(sources)[axis]} = {size}",
                    hints=["write less padding, or a larger kernel"],
                )
        return Volume.of(sizes, self.filters)

    def _size(self, size: int, axis: int) -> int:
        extent = self.dilation[axis] * (self.kernel[axis] - 1) + 1
        return (size - 1) * self.stride[axis] - 2 * self.padding[axis] + extent + self.output_padding[axis]

    def filter_factors(self, sources: Sources) -> tuple[int, ...]:
        """Return the factors of the number of weights, learned or not."""
        return (*self.kernel, sources[0].channels // self.groups, self.filters)

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        return () if self.given.fixed else self.filter_factors(sources)

    def biases(self, sources: Sources) -> int:
        return self.filters if self.bias and not self.given.fixed else 0

    def weight_matrix(self, sources: Sources) -> tuple[int, int] | None:
        return None if self.given.fixed else (sources[0].channels, prod(self.kernel) * self.filters // self.groups)

    def is_fixed(self) -> bool:
        return self.given.fixed

    def mac_factors(self, sources: Sources) -> tuple[int, ...]:
        return (*sources[0], *self.kernel, self.filters // self.groups)

    def reach(self, source: Volume, axis: int) -> Reach:
        """Which inputs spread to output unit o: every i with o + P − S·i = D·tap for a tap of the kernel."""
        return spreading(self.kernel[axis], self.stride[axis], self.padding[axis], self.dilation[axis])

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        cells = zip(
            sources[0].spatial, self.kernel, self.stride, self.padding, self.output_padding, self.dilation, strict=True
        )
        return tuple(
            [f"({w} − 1)·{s} − 2·{p} + {f if d == 1 else f'({d}·({f} − 1) + 1)'} + {op}" for w, f, s, p, op, d in cells]
        )

    def letters(self, sources: Sources) -> Letters:
        kernel, dilated = kernel_letters(self.kernel), max(self.dilation) > 1
        inner = f"{kernel}·C" if self.groups == 1 else f"{kernel}·C/G"
        extent = "(D·(F − 1) + 1)" if dilated else "F"
        return Letters(
            f"(W − 1)·S − 2·P + {extent} + OP",
            f"({inner} + 1)·K" if self.bias else f"{inner}·K",
            f"{'·'.join(['W'] * len(self.kernel))}·C·{kernel}·{'K' if self.groups == 1 else 'K/G'}",
        )

    def matrix_product(self, sources: Sources) -> MatrixProduct:
        rows = prod(self.kernel) * self.filters // self.groups
        return MatrixProduct(rows, sources[0].channels // self.groups, prod(sources[0].spatial), self.groups)

    torch_calls = (
        "torch.nn.ConvTranspose{n}d(in_channels, out_channels, kernel_size, stride=1, padding=0, output_padding=0,"
        " groups=1, bias=True, dilation=1, output_size=None)",
        "conv_transpose{n}d(weight, bias=None, stride=1, padding=0, output_padding=0, groups=1, dilation=1)",
    )

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        given = given_tokens(call, single=True)
        shape = call.learned("weight") if given is None else call.shape("weight")
        assert shape is not None  # a convolution has weights
        kernel, groups, dimensions = shape[2:], call["groups"], len(shape) - 2
        extra = each(call["output_padding"], dimensions)
        if call["output_size"] is not None:
            stride, pad, dilation = [each(call[name], dimensions) for name in ("stride", "padding", "dilation")]
            usual = cls(kernel, stride, pad, (0,) * dimensions, dilation, 1, 1, False, NOT_GIVEN)
            sizes = zip(call.made[2:], call.source.spatial, range(dimensions), strict=True)
            extra = tuple([made - usual._size(source, axis) for made, source, axis in sizes])
        written = words(
            cls.kind,
            (Token("", (*kernel, shape[1] * groups), ("kernel",) * dimensions + ("width",)),),
            option("s", "stride", each(call["stride"], dimensions), 1),
            sides("p", alike(each(call["padding"], dimensions))),
            option("op", "outpad", extra, 0),
            option("d", "dilation", each(call["dilation"], dimensions), 1),
            option("g", "groups", (groups,), 1),
            flag("nobias", (call.learned("bias") if given is None else call["bias"]) is None),
            given or (),
        )
        return call.sliding(written)

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        convolution = module(
            "ConvTranspose",
            sources[0].channels,
            self.filters,
            self.kernel,
            dimensions=sources[0].dimensions,
            stride=self.stride,
            padding=self.padding,
            output_padding=self.output_padding,
            groups=self.groups,
            bias=self.bias,
            dilation=self.dilation,
        )
        return (self.given.step(convolution),)

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        shape = (sources[0].channels, self.filters // self.groups, *self.kernel)
        return self.given.state(shape, self.filters if self.bias else 0)

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        channels = channels_of(arriving[0], sources[0].channels)
        each, columns = self.filters // self.groups, len(channels) // self.groups
        kernels = channels_of(state["weight"], len(channels) * each)  # by channel, then by filter of its group
        biases = state.get("bias") or [0] * self.filters
        reached = list(self._reached(sources[0]))
        made: Box = []
        for filter_ in range(self.filters):
            group, own = divmod(filter_, each)
            pairs = [(channels[c], kernels[c * each + own]) for c in range(group * columns, (group + 1) * columns)]
            made += [
                use.products(
                    [channel[place] for channel, _ in pairs for place, _ in taps],
                    [kernel[tap] for _, kernel in pairs for _, tap in taps],
                    biases[filter_],
                )
                for taps in reached
            ]
        return made

    def _reached(self, source: Volume) -> Iterator[list[tuple[int, int]]]:
        """Yield for each outgoing position the places that reach it, each with its place in the kernel."""
        axes = [self._reached_along(axis, source.spatial[axis]) for axis in range(source.dimensions)]
        for along in product(*axes):
            yield crossed(along, source.spatial, self.kernel)

    def _reached_along(self, axis: int, size: int) -> list[list[tuple[int, int]]]:
        found: list[list[tuple[int, int]]] = [[] for _ in range(self._size(size, axis))]
        for at in range(size):
            for tap in range(self.kernel[axis]):
                to = at * self.stride[axis] + tap * self.dilation[axis] - self.padding[axis]
                if 0 <= to < len(found):
                    found[to].append((at, tap))
        return found

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        convolution = convolution_kernel(self, sources, self.kernel, self.filters // self.groups)
        if self.given.fixed:
            return (without_gradient(convolution, prod(self.filter_factors(sources)), self.filters * self.bias),)
        return (convolution,)

    def caption(self) -> str:
        return with_kernel(self.kind, self.kernel, self.filters)

    def remarks(self) -> tuple[str, ...]:
        return unusual(self.stride, self.dilation, self.groups)

    def looks_around(self) -> bool:
        return any(kernel > 1 for kernel in self.kernel)


def spreading(kernel: int, stride: int, padding: int, dilation: int) -> Reach:
    """Return which inputs spread to an output unit, where each spreads over a window."""
    if stride > MAX_WINDOWS:
        return UNKNOWN_REACH
    common = gcd(stride, dilation)
    period = stride // common  # taps that reach one output unit lie this far apart
    inverse = pow(dilation // common, -1, period)
    windows = []
    for shifted in range(padding, padding + stride):
        first = shifted // common * inverse % period
        if shifted % common or first >= kernel:  # no input reaches it
            windows.append(NOTHING)
            continue
        last = first + (kernel - 1 - first) // period * period
        windows.append(((shifted - dilation * last) // stride, (shifted - dilation * first) // stride))
    return Reach(tuple(windows), 1, dilation // common)
