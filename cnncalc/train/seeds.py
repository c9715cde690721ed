"""Randomness that needs no memory: what is drawn depends on the seed and on where the run is, on nothing else.

A run that continues from a checkpoint therefore draws what the uninterrupted one would have drawn, on any number
of processes, without the state of a generator being saved.
"""

from __future__ import annotations

_MASK = 2**64 - 1


def mixed(*parts: int) -> int:
    """Return a number of 63 bits that depends on all parts, and differs where one part differs (SplitMix64)."""
    state = 0
    for part in parts:
        state = (state + part + 0x9E3779B97F4A7C15) & _MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & _MASK
        state ^= state >> 31
    return state >> 1


ORDER, AUGMENT, LAYERS, COINS, SPLIT, IMAGE, DRAW, FOLDS = range(8)
"""What is drawn: streams that never meet."""
