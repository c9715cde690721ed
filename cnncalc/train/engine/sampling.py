"""In which order images are seen: every one once an epoch, however many processes share the work."""

from __future__ import annotations

from itertools import pairwise

import torch

from cnncalc.train.seeds import ORDER, mixed

_FEWEST = 2  # a batch norm cannot train on a single value


def batch_bounds(images: int, batch: int, shares: int) -> list[int]:
    """Return where the batches of an epoch begin, and the end of the last one.

    All are full but the last. Where that would be too small for each of its shares (one for every process and
    every part of an accumulated step) to get two images, the last two batches have what is left in equal halves.
    """
    bounds = [*range(0, images, batch), images]
    rest = bounds[-1] - bounds[-2]
    if len(bounds) > 2 and rest < _FEWEST * shares:
        bounds[-2] = bounds[-3] + (bounds[-1] - bounds[-3] + 1) // 2
    return bounds


def smallest_part(images: int, batch: int, processes: int, parts: int) -> int:
    """Return how many images the smallest part of a step has, over all steps, processes and parts."""
    bounds = batch_bounds(images, batch, processes * parts)
    sizes = {stop - start for start, stop in pairwise(bounds[:2] + bounds[-3:]) if stop > start}
    return min(size // processes // parts for size in sizes)


def epoch_order(images: int, seed: int, epoch: int) -> torch.Tensor:
    """Return the order of an epoch, int64 [images] on the CPU."""
    generator = torch.Generator().manual_seed(mixed(seed, ORDER, epoch))
    return torch.randperm(images, generator=generator)


def local_parts(
    order: torch.Tensor, bounds: list[int], first_step: int, rank: int, processes: int, parts: int
) -> list[torch.Tensor]:
    """Return this process's share of every batch from a step on, each in ``parts`` parts, one after the other."""
    shares: list[torch.Tensor] = []
    for start, stop in zip(bounds[first_step:], bounds[first_step + 1 :], strict=False):
        size = stop - start
        share = order[start + size * rank // processes : start + size * (rank + 1) // processes]
        shares.extend(share.tensor_split(parts) if parts > 1 else [share])
    return shares
