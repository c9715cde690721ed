"""Random layers of the second edition of the language: how a spec writes them, and what they are in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import torch
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional

from tests.oracle.drawing import Does, Draw, Drawn, Shape, divisors, joined, volume

# ---- constants


def times(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``times 0.1``."""
    number = draw(st.sampled_from([0.1, -1.0, 2.0, 1e-3]))
    return Drawn(f"times {number:g}", lambda: Does(lambda x: x * number))


def plus(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``plus 3``."""
    number = draw(st.sampled_from([3.0, -0.5, 1e-3]))
    return Drawn(f"plus {number:g}", lambda: Does(lambda x: x + number))


# ---- over the channels


def channelmean(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``channelmean``."""
    return Drawn("channelmean", lambda: Does(lambda x: x.mean(1, keepdim=True)))


def channelsum(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``channelsum``."""
    return Drawn("channelsum", lambda: Does(lambda x: x.sum(1, keepdim=True)))


def channelmax(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``channelmax``."""
    return Drawn("channelmax", lambda: Does(lambda x: x.max(1, keepdim=True)[0]))


# ---- normalisations


class ByRootMeanSquare(nn.Module):
    """``rmsnorm``: by hand, as the paper has it."""

    def __init__(self, shape: Shape, eps: float, learns: bool) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(shape[0])) if learns else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed = x / (x.square().mean(1, keepdim=True) + self.eps).sqrt()
        return normed if self.weight is None else normed * self.weight.reshape(-1, *(1 for _ in x.shape[2:]))


def rmsnorm(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``rmsnorm eps=… noaffine``."""
    eps, learns = draw(st.sampled_from([1e-6, 1e-3])), draw(st.booleans())
    return Drawn(f"rmsnorm eps={eps}" + ("" if learns else " noaffine"), lambda: ByRootMeanSquare(shape, eps, learns))


def l2norm(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``l2norm``: of length 1 at each position."""
    return Drawn("l2norm", lambda: Does(lambda x: x / x.square().sum(1, keepdim=True).sqrt().clamp(min=1e-12)))


class GlobalResponse(nn.Module):
    """``grn``: as the listing in the paper of ConvNeXt v2 (algorithm 1) has it."""

    def __init__(self, shape: Shape, eps: float) -> None:
        super().__init__()
        self.eps = eps
        self.weight, self.bias = (nn.Parameter(torch.zeros(shape[0], *(1 for _ in shape[1:]))) for _ in "ab")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gx = x.square().flatten(2).sum(2).sqrt().reshape(*x.shape[:2], *(1 for _ in x.shape[2:]))
        nx = gx / (gx.mean(dim=1, keepdim=True) + self.eps)
        return self.weight * (x * nx) + self.bias + x


def grn(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``grn``."""
    eps = draw(st.sampled_from([1e-6, 1e-3]))
    return Drawn(f"grn eps={eps}", lambda: GlobalResponse(shape, eps))


# ---- across parts of the channels


def _parts(draw: Draw, shape: Shape) -> int:
    return int(draw(st.sampled_from(divisors(shape[0])[1:] or [1])))


def groupsum(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``groupsum 2``: the parts, added."""
    parts = _parts(draw, shape)
    if parts == 1:
        return Drawn("channelmax", lambda: Does(lambda x: x))
    return Drawn(f"groupsum {parts}", lambda: Does(lambda x: torch.stack(x.chunk(parts, 1)).sum(0)))


def groupmax(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``groupmax 2``: the largest of the parts."""
    parts = _parts(draw, shape)
    if parts == 1:
        return Drawn("channelmax", lambda: Does(lambda x: x))
    return Drawn(f"groupmax {parts}", lambda: Does(lambda x: torch.stack(x.chunk(parts, 1)).max(0)[0]))


def maxout(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``maxout 2``: the largest of neighbours, as a pool along the channels."""
    parts = _parts(draw, shape)

    def largest(x: torch.Tensor) -> torch.Tensor:
        return functional.max_pool1d(x.flatten(2).mT, parts).mT.unflatten(2, x.shape[2:])

    if parts == 1:
        return Drawn("channelmax", lambda: Does(lambda x: x))
    return Drawn(f"maxout {parts}", lambda: Does(largest))


def glu(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``glu``; where the channels are not an even number, of two copies."""
    halves = Does(lambda x: x.chunk(2, 1)[0] * x.chunk(2, 1)[1].sigmoid())
    if shape[0] % 2 == 0:
        return Drawn("glu", lambda: halves)
    return Drawn("concat( | ) - glu", lambda: nn.Sequential(Does(lambda x: torch.cat((x, x), 1)), halves))


def softmax(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``softmax``, ``softmax groups=2`` and ``softmax over=positions``."""
    over, parts = draw(st.sampled_from(["channels", "groups", "positions"])), _parts(draw, shape)
    if over == "positions":
        return Drawn(
            "softmax over=positions",
            lambda: Does(lambda x: x.exp() / x.exp().flatten(2).sum(2)[(..., *[None] * (x.ndim - 2))]),
        )
    if over == "channels":
        return Drawn("softmax", lambda: nn.Softmax(dim=1))
    return Drawn(
        f"softmax groups={parts}",
        lambda: Does(lambda x: x.exp() / torch.cat([sum(x.exp().chunk(parts, 1))] * parts, 1)),
    )


# ---- activations


def step(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``step``; where nothing is learned, an untouched 0 is not above 0."""
    return Drawn("step", lambda: Does(lambda x: (x > 0).to(x) + 0 * x))


def threshold(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``threshold 0.1 value=3``."""
    limit, value = draw(st.sampled_from([0.1, -0.5])), draw(st.sampled_from([0.0, 3.0]))
    text = f"threshold {limit}" + (f" value={value:g}" if value else "")
    return Drawn(text, lambda: Does(lambda x: torch.where(x > limit, x, value)))


# ---- the same values elsewhere


def reshape(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``reshape 7x7x256``: the sizes in another order."""
    sizes = tuple(draw(st.permutations(shape)))
    return Drawn(f"reshape {joined(volume(sizes))}", lambda: Does(lambda x: x.reshape(len(x), *sizes)))


def pixelunshuffle(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``pixelunshuffle 2``, for two dimensions."""
    factor = draw(st.sampled_from([r for r in (1, 2, 3) if shape[1] % r == shape[2] % r == 0]))

    def parts(x: torch.Tensor) -> torch.Tensor:
        each = [x[:, :, row::factor, column::factor] for row in range(factor) for column in range(factor)]
        return torch.stack(each, 2).flatten(1, 2)

    return Drawn(f"pixelunshuffle {factor}", lambda: Does(parts))


def padchannels(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``padchannels 0:16``."""
    before, after = draw(st.integers(0, 3)), draw(st.integers(0, 3))
    written = str(before) if before == after and draw(st.booleans()) else f"{before}:{after}"

    def around(x: torch.Tensor) -> torch.Tensor:
        zeros = [x.new_zeros(len(x), count, *x.shape[2:]) for count in (before, after)]
        return torch.cat((zeros[0], x, zeros[1]), 1)

    return Drawn(f"padchannels {written}", lambda: Does(around))


def channelconv(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``gap - channelconv 3``: along the channels of what a global pool makes."""
    side, bias = draw(st.sampled_from([1, 3, 5])), draw(st.booleans())
    dimensions = tuple(range(2, len(shape) + 1))

    def build() -> nn.Module:
        return nn.Sequential(
            Does(lambda x: x.mean(dimensions)[:, None]),
            nn.Conv1d(1, 1, side, padding="same", bias=bias),
            Does(lambda x: x.reshape(len(x), -1, *(1 for _ in dimensions))),
        )

    return Drawn(f"gap - channelconv {side}" + ("" if bias else " nobias"), build)


class Unshared(nn.Module):
    """``local``: a fully connected layer of its own on the window at each position."""

    def __init__(self, channels: int, filters: int, kernel: Shape, sizes: Shape, bias: bool) -> None:
        super().__init__()
        positions, inner = torch.Size(sizes).numel(), channels * torch.Size(kernel).numel()
        self.kernel, self.sizes = kernel, sizes
        self.weight = nn.Parameter(torch.zeros(positions, inner, filters))
        self.bias = nn.Parameter(torch.zeros(filters, *sizes)) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        made = []
        for number, place in enumerate(product(*map(range, self.sizes))):
            window = [slice(at, at + side) for at, side in zip(place, self.kernel, strict=True)]
            made.append(x[(slice(None), slice(None), *window)].flatten(1) @ self.weight[number])
        result = torch.stack(made, -1).unflatten(2, self.sizes)
        return result if self.bias is None else result + self.bias


def local(draw: Draw, shape: Shape) -> Drawn:
    """Draw ``local 3x3x8``; where it has many positions, on a corner of the volume."""
    corner = tuple(min(size, 4) for size in shape[1:])
    cut = [f"0:{size - less}" for size, less in zip(shape[1:], corner, strict=True)]
    kernel = tuple(draw(st.integers(1, size)) for size in corner)
    sizes = tuple(size - side + 1 for size, side in zip(corner, kernel, strict=True))
    filters, bias = draw(st.integers(1, 3)), draw(st.booleans())
    places = [slice(0, less) for less in corner]

    def build() -> nn.Module:
        unshared = Unshared(shape[0], filters, kernel, sizes, bias)
        return nn.Sequential(Does(lambda x: x[(slice(None), slice(None), *places)]), unshared)

    text = f"crop {joined(cut)} - local {joined((*kernel, filters))}"
    return Drawn(text + ("" if bias else " nobias"), build)


MAKERS: dict[str, Callable[[Draw, Shape], Drawn]] = (
    {maker.__name__: maker for maker in (times, plus, channelmean, channelsum, channelmax, rmsnorm, l2norm, grn)}
    | {maker.__name__: maker for maker in (groupsum, groupmax, maxout, glu, softmax, step, threshold)}
    | {maker.__name__: maker for maker in (reshape, pixelunshuffle, padchannels, channelconv, local)}
)
"""What draws each layer, by its word."""
