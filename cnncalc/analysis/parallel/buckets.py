"""The buckets of DistributedDataParallel, in which gradients are exchanged (Li et al., "PyTorch Distributed", 2020)."""

from __future__ import annotations

from collections.abc import Iterable

FIRST_BUCKET = 1024 * 1024
BUCKET = 25 * 1024 * 1024
"""Bytes at which the first bucket and the others are full (``bucket_cap_mb``); the last gradient may go beyond."""


def buckets(sizes: Iterable[int]) -> list[int]:
    """Return the bytes of each bucket, given those of the gradients in the order in which they are made."""
    found: list[int] = []
    held, full = 0, FIRST_BUCKET
    for size in sizes:
        held += size
        if held >= full:
            found.append(held)
            held, full = 0, BUCKET
    return [*found, held] if held else found
