"""Random layers of the second edition of the language: how a spec writes them, and what they are in PyTorch."""

from __future__ import annotations

from collections.abc import Callable

import torch
from hypothesis import strategies as st
from torch import nn

from tests.oracle.drawing import Does, Draw, Drawn, Shape

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
        self.weight = nn.Parameter(torch.ones(shape[0], *(1 for _ in shape[1:]))) if learns else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        normed = x / (x.square().mean(1, keepdim=True) + self.eps).sqrt()
        return normed if self.weight is None else normed * self.weight


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


MAKERS: dict[str, Callable[[Draw, Shape], Drawn]] = {
    maker.__name__: maker for maker in (times, plus, channelmean, channelsum, channelmax, rmsnorm, l2norm, grn)
}
"""What draws each layer, by its word."""
