"""Where the batches of an epoch begin and end. Nothing here imports torch."""

from __future__ import annotations

from itertools import pairwise

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
