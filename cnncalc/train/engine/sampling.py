"""In which order images are seen: every one once an epoch, however many processes share the work."""

from __future__ import annotations

import torch

from cnncalc.train.seeds import ORDER, mixed


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
