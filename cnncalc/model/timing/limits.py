"""What this machine computes and moves at most, measured: products of large matrices, and large copies.

On a CPU one library multiplies matrices and another one computes convolutions, and on some processors one of them is
twice as fast. So a large convolution without any trick (3x3, by oneDNN, which computes it directly) counts as well.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import nn

from cnncalc.model.timing.clocks import Clock

SIDES = {"cpu": (512, 1024), "cuda": (4096, 8192)}
"""Rows and columns of the matrices; so small on a CPU that others who use it seldom come in between."""

COPIED = {"cpu": 2**28, "cuda": 2**30}
"""Bytes that are copied and read; several times what a cache holds."""

PIECE = 2**24
"""Bytes that are copied at a time on a CPU, for the same reason; the next piece is not in a cache yet."""

TRIES = 5
"""How often each is measured; the fastest counts."""

_IMAGE = (1, 256, 28, 28)


def measured_peak(device: torch.device, dtype: torch.dtype, clock: Clock) -> float:
    """Return FLOP per second."""
    found = [_of_product(side, device, dtype, clock) for side in SIDES[device.type]]
    if device.type == "cpu":
        found.append(_of_convolution(device, dtype, clock))
    return max(found)


def measured_bandwidth(device: torch.device, clock: Clock) -> float:
    """Return bytes per second: those that a copy reads and writes, or those that a sum reads, if that is faster."""
    source = torch.ones(COPIED[device.type] // 4, device=device)
    target = torch.empty_like(source)
    pieces = 1 if device.type == "cuda" else source.nbytes // PIECE
    halves = list(zip(source.chunk(pieces), target.chunk(pieces), strict=True))
    found = []
    for _ in range(2):
        for read, written in halves:
            found.append(_least(partial(written.copy_, read), clock, 1) / (2 * read.nbytes))
            found.append(_least(read.sum, clock, 1) / read.nbytes)
    return 1 / min(found)


def _of_product(side: int, device: torch.device, dtype: torch.dtype, clock: Clock) -> float:
    first, second = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    result = torch.empty_like(first)
    return 2 * side**3 / _least(lambda: torch.mm(first, second, out=result), clock)


def _of_convolution(device: torch.device, dtype: torch.dtype, clock: Clock) -> float:
    order = torch.channels_last
    images, channels, *sides = _IMAGE
    layer = nn.Conv2d(channels, channels, 3, padding=1, bias=False, device=device, dtype=dtype).to(memory_format=order)
    batch = torch.randn(_IMAGE, device=device).to(dtype).contiguous(memory_format=order)
    flops = 2 * images * sides[0] * sides[1] * 9 * channels**2
    return flops / _least(lambda: layer(batch), clock)


def _least(run: Callable[[], Any], clock: Clock, tries: int = TRIES) -> float:
    """Return the least seconds that something takes; what takes longer the first time is not among them."""
    if tries > 1:
        run()
    found = []
    with torch.no_grad():
        for _ in range(tries):
            start = clock.now()
            run()
            found.append(clock.between(start, clock.now()))
    return max(min(found), 1e-12)
