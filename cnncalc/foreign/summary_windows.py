"""Windows that lead from one volume to another with a number of parameters, as summaries state them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import isqrt, prod
from typing import NamedTuple, NoReturn

from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import Draft
from cnncalc.foreign.written_sizes import joined, short_sizes

_LARGEST_KERNEL = 64


class SummaryRow(NamedTuple):
    """A row of a summary.

    Attributes:
        name: what the layer is called; "" where it has no name of its own.
        kind: the class of the layer: ``Conv2d``, ``Conv2D``.
        output: the volume that comes out.
        parameters: its parameters, or None where they are not printed.
        span: where the row stands.
        kernel: the kernel, where a column states it.
        arrives: the shape that arrives, channels first, where a column states it.
    """

    name: str
    kind: str
    output: Volume
    parameters: int | None
    span: Span
    kernel: tuple[int, ...] = ()
    arrives: tuple[int, ...] = ()


class Arriving(NamedTuple):
    """A row, the volume that arrives at it, and who is told of what cannot be."""

    draft: Draft
    row: SummaryRow
    source: Volume
    pads_same: bool
    """Whether the tool is Keras, which pads by `same` or not at all."""

    def fail(self, why: str) -> NoReturn:
        self.draft.refuse(self.row.span, f"this {self.row.kind} cannot be worked out: {why}")

    @property
    def parameters(self) -> int:
        """The parameters of the row."""
        if self.row.parameters is None:
            self.fail("its number of parameters is not printed")
        return self.row.parameters


def window_options(arriving: Arriving, kernel: tuple[int, ...]) -> str | None:
    """Return stride and padding that lead from one volume to the other with this kernel; None where none does."""
    choices = []
    for size, made, width in zip(arriving.source.spatial, arriving.row.output.spatial, kernel, strict=True):
        found = next(_paddings(arriving.pads_same, size, made, width), None)
        if found is None:
            return None
        choices.append(found)
    strides, pads = [stride for stride, _ in choices], [pad for _, pad in choices]
    options = "" if set(strides) == {1} else f" s{short_sizes(strides)}"
    if "same" in pads:
        return options + " same" if set(pads) == {"same"} else None
    return options + ("" if set(pads) == {"0"} else f" p{short_sizes(pads)}")


def _paddings(pads_same: bool, size: int, made: int, width: int) -> Iterator[tuple[int, str]]:
    """Yield strides with paddings for one dimension, the usual ones first."""
    for stride in range(1, max(1, size // max(made, 1)) + 2):
        usual = [width // 2, 0] if not pads_same else [0]
        for pad in dict.fromkeys([*usual, *(range(width // 2 + 1) if not pads_same else ())]):
            if size + 2 * pad >= width and (size + 2 * pad - width) // stride + 1 == made:
                yield stride, str(pad)
        if pads_same and -(-size // stride) == made:
            yield stride, "same"


def _kernels(area: int, dimensions: int) -> Iterator[tuple[int, ...]]:
    """Yield kernels of an area, the square one first."""
    if dimensions == 1:
        yield (area,)
    elif dimensions == 2:
        root = isqrt(area)
        sides = [root] if root * root == area else []
        sides += [side for side in range(1, min(area, _LARGEST_KERNEL) + 1) if area % side == 0 and side not in sides]
        yield from [(side, area // side) for side in sides]
    else:
        root = round(area ** (1 / 3))
        yield from [(side,) * 3 for side in (root - 1, root, root + 1) if side > 0 and side**3 == area]


def convolution(arriving: Arriving) -> str:
    """Return a convolution that has the parameters and leads from one volume to the other."""
    row, columns, filters = arriving.row, arriving.source.channels, arriving.row.output.channels
    for groups, bias, kernel in _shapes(arriving):
        options = window_options(arriving, kernel)
        if options is not None:
            depthwise = groups == columns == filters > 1
            word = f"dwconv {joined(kernel)}" if depthwise else f"conv {joined((*kernel, filters))}"
            group = f" g{groups}" if groups > 1 and not depthwise else ""
            return word + options + group + ("" if bias else " nobias")
    arriving.fail(f"no kernel leads from {arriving.source} to {row.output} with these parameters")


def _shapes(arriving: Arriving) -> Iterator[tuple[int, int, tuple[int, ...]]]:
    """Yield groups, biases and kernels that have the parameters of a convolution, the usual ones first."""
    columns, filters, dimensions = (
        arriving.source.channels,
        arriving.row.output.channels,
        len(arriving.row.output.spatial),
    )
    usual: list[tuple[int, int, tuple[int, ...]]] = []
    rare: list[tuple[int, int, tuple[int, ...]]] = []
    for groups in dict.fromkeys([1, columns, *range(2, 65)]):
        for bias in (1, 0):
            weights = arriving.parameters - bias * filters
            if weights <= 0 or columns % groups or filters % groups or weights % (filters * (columns // groups)):
                continue
            area = weights // (filters * (columns // groups))
            for kernel in [arriving.row.kernel] if arriving.row.kernel else _kernels(area, dimensions):
                if prod(kernel) == area:
                    plain = groups in (1, columns) and len(set(kernel)) == 1
                    (usual if plain else rare).append((groups, bias, kernel))
    yield from usual
    yield from rare


def separable(arriving: Arriving) -> str:
    """Return a depthwise convolution with a pointwise one behind it."""
    columns, filters = arriving.source.channels, arriving.row.output.channels
    found = [(bias, arriving.parameters - filters * (columns + bias)) for bias in (1, 0)]
    bias, kernel, options = _one_per_channel(arriving, found)
    ones = joined([1] * len(kernel))
    return f"dwconv {joined(kernel)}{options} nobias - conv {ones}x{filters}{'' if bias else ' nobias'}"


def depthwise(arriving: Arriving) -> str:
    """Return a depthwise convolution."""
    found = [(bias, arriving.parameters - bias * arriving.source.channels) for bias in (1, 0)]
    bias, kernel, options = _one_per_channel(arriving, found)
    return f"dwconv {joined(kernel)}{options}{'' if bias else ' nobias'}"


def _one_per_channel(arriving: Arriving, found: list[tuple[int, int]]) -> tuple[int, tuple[int, ...], str]:
    """Return biases, kernel and options of a convolution with one kernel per channel; a square kernel goes first."""
    columns = arriving.source.channels
    kernels = [
        (bias, kernel)
        for bias, weights in found
        if weights > 0 and weights % columns == 0
        for kernel in _kernels(weights // columns, len(arriving.row.output.spatial))
    ]
    for bias, kernel in sorted(kernels, key=lambda pair: len(set(pair[1]))):
        options = window_options(arriving, kernel)
        if options is not None:
            return bias, kernel, options
    arriving.fail("no kernel has this number of parameters")


def transposed(arriving: Arriving) -> str:
    """Return a transposed convolution."""
    columns, filters = arriving.source.channels, arriving.row.output.channels
    for bias in (1, 0):
        weights = arriving.parameters - bias * filters
        if weights <= 0 or weights % (filters * columns):
            continue
        for kernel in _kernels(weights // (filters * columns), len(arriving.row.output.spatial)):
            options = _transposed_options(arriving, kernel)
            if options is not None:
                return f"deconv {joined((*kernel, filters))}{options}{'' if bias else ' nobias'}"
    arriving.fail("no kernel has this number of parameters")


def _transposed_options(arriving: Arriving, kernel: tuple[int, ...]) -> str | None:
    found = []
    for size, made, width in zip(arriving.source.spatial, arriving.row.output.spatial, kernel, strict=True):
        stride = max(1, round(made / size))
        fits = [
            (stride, pad, extra)
            for pad in range(width)
            for extra in range(stride)
            if (size - 1) * stride - 2 * pad + width + extra == made
        ]
        if not fits:
            return None
        found.append(fits[0])
    strides, pads, extras = zip(*found, strict=True)
    options = "" if set(strides) == {1} else f" s{short_sizes(strides)}"
    options += "" if set(pads) == {0} else f" p{short_sizes(pads)}"
    return options + ("" if set(extras) == {0} else f" op{short_sizes(extras)}")


def pool(word: str) -> Callable[[Arriving], str]:
    """Return what reads a pool, whose window is the usual one that leads from one volume to the other."""

    def read(arriving: Arriving) -> str:
        if arriving.row.kernel and (options := window_options(arriving, arriving.row.kernel)) is not None:
            return f"{word} {joined(arriving.row.kernel)}{options or ' s1'}"
        sizes = list(zip(arriving.source.spatial, arriving.row.output.spatial, strict=True))
        strides = [max(1, round(size / made)) for size, made in sizes]
        windows = [stride if stride > 1 else 3 for stride in strides]
        for extra in (0, 1):
            for padding in ("", " same", " ceil"):
                kernel = tuple([window + extra for window in windows])
                if all(
                    _made(padding, size, made, k, s) for (size, made), k, s in zip(sizes, kernel, strides, strict=True)
                ):
                    return f"{word} {joined(kernel)} s{short_sizes(strides)}{padding}"
        arriving.fail(f"no usual window leads from {arriving.source} to {arriving.row.output}")

    return read


def _made(padding: str, size: int, made: int, kernel: int, stride: int) -> bool:
    if padding == " same":
        return -(-size // stride) == made
    if size < kernel:
        return False
    up = stride - 1 if padding == " ceil" else 0
    return (size - kernel + up) // stride + 1 == made
