"""Random networks whose receptive fields autograd can see, each as a spec's text and as a PyTorch module.

All weights are positive and every pool is an average, so that an output depends on an input exactly where
its gradient is not zero. Like `torch_modules` this imports nothing of the package under test.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from hypothesis import strategies as st
from torch import nn

from tests.oracle.torch_modules import HOWS, Does, Draw, Drawn, Merge, Padded, joined, nd

CHANNELS = 2
"""Channels between any two steps."""

PHASES = 12
"""What the number of different neighbours divides: enlargements of a drawn network multiply to 1, 2, 3 or 6."""


class Seen(NamedTuple):
    """What one output unit depends on along one dimension."""

    first: int
    last: int

    @property
    def size(self) -> int:
        """How many input positions that is, from the first to the last."""
        return self.last - self.first + 1


def positive(module: nn.Module) -> nn.Module:
    """Give a module positive weights in double precision."""
    generator = torch.Generator().manual_seed(0)
    module = module.double()
    for parameter in module.parameters():
        parameter.data.copy_(torch.rand(parameter.shape, generator=generator, dtype=torch.float64) + 0.5)
    return module


def seen(module: nn.Module, sizes: Sequence[int], count: int, apart: int) -> tuple[list[list[Seen]], list[list[Seen]]]:
    """Return what units around the middle of the output depend on, per unit and dimension.

    The first list is of ``count`` neighbours along the diagonal; the second of two units ``apart``.
    """
    image = torch.ones((1, CHANNELS, *sizes), dtype=torch.float64, requires_grad=True)
    result = module(image)
    middle = [size // 2 - apart // 2 for size in result.shape[2:]]
    neighbours = [_seen_by(result, image, [place + step for place in middle]) for step in range(count)]
    return neighbours, [neighbours[0], _seen_by(result, image, [place + apart for place in middle])]


def _seen_by(result: torch.Tensor, image: torch.Tensor, unit: Sequence[int]) -> list[Seen]:
    value = result[(0, slice(None), *unit)].sum()
    (gradient,) = torch.autograd.grad(value, image, retain_graph=True)
    touched = gradient[0].abs().amax(0)
    places = (touched > touched.max() * 1e-12).nonzero()
    return [Seen(int(axis.min()), int(axis.max())) for axis in places.T]


class FieldDrawing:
    """Draws one network; ``dimensions`` are those of its input."""

    def __init__(self, draw: Draw, dimensions: int) -> None:
        self.draw = draw
        self.dimensions = dimensions
        self.enlargements = {2, 3}  # each at most once: see PHASES
        self.reductions = 3 if dimensions == 1 else 2

    def network(self) -> Drawn:
        """Draw one to five steps."""
        return self.joined([self.step() for _ in range(self.draw(st.integers(1, 5)))])

    def joined(self, steps: Sequence[Drawn]) -> Drawn:
        """Put steps behind each other."""
        return Drawn(" - ".join(s.text for s in steps), lambda: nn.Sequential(*(s.build() for s in steps)))

    def step(self) -> Drawn:
        """Draw a layer or a merge."""
        kinds = [self.conv, self.conv, self.avgpool, self.moved, self.branches]
        if self.reductions:
            kinds += [self.strided_branches]
        if self.enlargements:
            kinds += [self.deconv, self.upsample, self.down_and_up]
            kinds += [self.pixelshuffle] if self.dimensions == 2 and 2 in self.enlargements else []
        return self.draw(st.sampled_from(kinds))()

    def numbers(self, least: int, most: int) -> tuple[int, ...]:
        """Draw one number per dimension."""
        return tuple(self.draw(st.integers(least, most)) for _ in range(self.dimensions))

    def strides(self) -> tuple[int, ...]:
        """Draw strides, larger than 1 only as often as keeps the input small."""
        if not self.reductions or self.draw(st.booleans()):
            return (1,) * self.dimensions
        self.reductions -= 1
        return self.numbers(1, 3)

    def enlargement(self) -> int:
        """Draw a factor that no step has used yet."""
        factor = self.draw(st.sampled_from(sorted(self.enlargements)))
        self.enlargements.remove(factor)
        return factor

    def conv(self) -> Drawn:
        """Draw a convolution with any stride, dilation and padding."""
        return self.convolution(self.numbers(1, 4), self.numbers(1, 3), self.strides(), self.numbers(0, 3), None)

    def convolution(
        self,
        kernel: tuple[int, ...],
        dilation: tuple[int, ...],
        stride: tuple[int, ...],
        before: tuple[int, ...],
        after: tuple[int, ...] | None,
    ) -> Drawn:
        """Write and build a convolution; ``after`` is ``before`` where it is None."""
        ends = before if after is None else after
        pads = joined([f"{b}:{a}" for b, a in zip(before, ends, strict=True)])
        settings: dict[str, Any] = {"stride": stride, "dilation": dilation, "bias": False}
        return Drawn(
            f"conv {joined((*kernel, CHANNELS))} s{joined(stride)} d{joined(dilation)} p{pads} floor nobias",
            lambda: Padded(nd("Conv", self.dimensions)(CHANNELS, CHANNELS, kernel, **settings), before, ends),
        )

    def avgpool(self) -> Drawn:
        """Draw an average over windows."""
        kernel, stride = self.numbers(1, 4), self.strides()
        before = tuple(self.draw(st.integers(0, side // 2)) for side in kernel)
        return Drawn(
            f"avgpool {joined(kernel)} s{joined(stride)} p{joined(before)} floor",
            lambda: nd("AvgPool", self.dimensions)(kernel, stride, before),
        )

    def deconv(self) -> Drawn:
        """Draw a transposed convolution whose windows leave no gaps."""
        stride = self.enlargement()
        kernel, padding, extra = self.numbers(stride, stride + 3), self.numbers(0, 2), self.numbers(0, stride - 1)
        kind = nd("ConvTranspose", self.dimensions)
        return Drawn(
            f"deconv {joined((*kernel, CHANNELS))} s{stride} p{joined(padding)} op{joined(extra)} nobias",
            lambda: kind(CHANNELS, CHANNELS, kernel, stride, padding, extra, bias=False),
        )

    def upsample(self) -> Drawn:
        """Draw nearest or linear enlarging."""
        return self._upsample(self.enlargement())

    def _upsample(self, factor: int) -> Drawn:
        mode = self.draw(st.sampled_from(["nearest", {1: "linear", 2: "bilinear"}[self.dimensions]]))
        return Drawn(f"upsample x{factor} {mode}", lambda: nn.Upsample(scale_factor=float(factor), mode=mode))

    def pixelshuffle(self) -> Drawn:
        """Draw a convolution and what makes its channels positions."""
        self.enlargements.remove(2)
        return Drawn(
            f"conv 1x1x{4 * CHANNELS} nobias - pixelshuffle 2",
            lambda: nn.Sequential(nn.Conv2d(CHANNELS, 4 * CHANNELS, 1, bias=False), nn.PixelShuffle(2)),
        )

    def moved(self) -> Drawn:
        """Draw a padding or a crop, which moves units without changing their size."""
        before, after = self.numbers(0, 3), self.numbers(0, 3)
        sides = joined([f"{b}:{a}" for b, a in zip(before, after, strict=True)])
        if self.draw(st.booleans()):
            return Drawn(f"pad {sides}", lambda: Padded(nn.Identity(), before, after))
        return Drawn(
            f"crop {sides}",
            lambda: Padded(nn.Identity(), [-side for side in before], [-side for side in after]),
        )

    def aligned(self, stride: tuple[int, ...]) -> Drawn:
        """Draw a convolution whose output is as large as that of any other drawn here: ⌈W/S⌉."""
        kernel, dilation = self.numbers(1, 5), self.numbers(1, 3)
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        before = tuple(self.draw(st.integers(0, total)) for total in totals)
        after = tuple(total - b for total, b in zip(totals, before, strict=True))
        return self.convolution(kernel, dilation, stride, before, after)

    def branches(self) -> Drawn:
        """Draw branches that are padded differently, one of them perhaps empty."""
        ones = (1,) * self.dimensions
        empty = [Drawn("", nn.Identity)] if self.draw(st.booleans()) else []
        second = self.joined([self.aligned(ones), self.aligned(ones)])
        return self.merged([*empty, self.aligned(ones), second])

    def strided_branches(self) -> Drawn:
        """Draw branches that stride alike."""
        self.reductions -= 1
        stride = self.numbers(1, 3)
        return self.merged([self.aligned(stride), self.aligned(stride)])

    def down_and_up(self) -> Drawn:
        """Draw a branch at a coarser resolution beside one that keeps it, as in a U-Net."""
        factor = self.enlargement()
        names = "HW"[2 - self.dimensions :]
        cut = joined([f"0:{{{name}%{factor}}}" for name in names])
        even = Drawn(
            f"crop {cut}",
            lambda: Does(lambda x: x[(..., *(slice(0, size // factor * factor) for size in x.shape[2:]))]),
        )
        down = Drawn(f"avgpool {factor}", lambda: nd("AvgPool", self.dimensions)(factor))
        inner = self.joined([down, self.aligned((1,) * self.dimensions), self._upsample(factor)])
        branches = self.draw(st.permutations([inner, Drawn("", nn.Identity)]))
        return self.joined([even, self.merged(branches)])

    def merged(self, branches: Sequence[Drawn]) -> Drawn:
        """Write and build a merge, with as many channels behind it as in front."""
        word = self.draw(st.sampled_from(["add", "concat"]))
        merge = Drawn(
            f"{word}( {' | '.join(branch.text for branch in branches)} )",
            lambda: Merge(HOWS[word], [branch.build() for branch in branches]),
        )
        if word == "add":
            return merge
        ones = (1,) * self.dimensions
        channels = CHANNELS * len(branches)
        narrow = Drawn(
            f"conv {joined((*ones, CHANNELS))} nobias",
            lambda: nd("Conv", self.dimensions)(channels, CHANNELS, ones, bias=False),
        )
        return self.joined([merge, narrow])


@st.composite
def networks(draw: Draw, dimensions: int) -> Drawn:
    """Draw a network of up to five steps."""
    return FieldDrawing(draw, dimensions).network()
