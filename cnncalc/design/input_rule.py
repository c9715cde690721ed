"""Which sizes of a side a network takes, as a rule: multiples of 32, 16k + 12, every size from 33 on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

MOST_RESIDUES = 4
"""Most remainders that are named; of more, the sizes that are left out are named, or the ranges."""

MOST_RANGES = 6
"""Most ranges that are named where there is no rule."""


class InputRule(NamedTuple):
    """The sizes of a side that a network takes, as far as they were tried.

    Attributes:
        taken: all of them up to ``tried``, smallest first.
        tried: the largest size that was tried.
        start: the size from which the rule holds; None without a rule.
        period: after how many sizes the same comes again.
        residues: the remainders of what is taken, divided by the period.

    """

    taken: tuple[int, ...]
    tried: int
    start: int | None
    period: int
    residues: tuple[int, ...]

    @property
    def least(self) -> int | None:
        """The smallest size; None where none is taken."""
        return self.taken[0] if self.taken else None

    def takes(self, size: int) -> bool:
        """Say whether a size is taken; beyond what was tried the rule says it."""
        if size <= self.tried:
            return size in self.taken
        return self.start is not None and size % self.period in self.residues

    def nearest(self, size: int) -> tuple[int | None, int | None]:
        """Return the nearest size that is not larger, and the nearest that is not smaller."""
        reach = self.period if self.start is not None else 0
        below = next((each for each in range(size, max(0, size - self.tried - reach), -1) if self.takes(each)), None)
        above = next((each for each in range(size, max(size, self.tried) + reach + 1) if self.takes(each)), None)
        return below, above

    def __str__(self) -> str:
        if not self.taken:
            return f"none up to {self.tried:,}"
        before = [size for size in self.taken if self.start is not None and size < self.start]
        text = self._periodic() if self.start is not None else ranges_text(self.taken, MOST_RANGES)
        return f"{ranges_text(before, MOST_RANGES)}, then {text}" if before else text

    def _periodic(self) -> str:
        """Write the rule."""
        assert self.start is not None  # there is one
        first = next(size for size in self.taken if size >= self.start)
        if self.period == 1:
            return f"every size from {first:,}"
        if len(self.residues) == 1:
            residue = self.residues[0]
            text = f"multiples of {self.period}" if residue == 0 else f"{self.period}k + {residue}"
            return text if first == (residue or self.period) else f"{text}, from {first:,}"
        left_out = [each for each in range(self.period) if each not in self.residues]
        if len(self.residues) <= MOST_RESIDUES:
            text = " or ".join(f"{self.period}k + {each}" if each else f"{self.period}k" for each in self.residues)
        elif len(left_out) <= MOST_RESIDUES:
            without = " and ".join(f"{self.period}k + {each}" if each else f"{self.period}k" for each in left_out)
            text = f"all but {without}"
        else:
            remainders = ranges_text(self.residues, MOST_RANGES)
            text = f"what leaves {remainders} when divided by {self.period}"
        return f"{text}, from {first:,}"


def rule_of(taken: Sequence[int], tried: int) -> InputRule:
    """Find the rule of the sizes that are taken: the shortest period that holds from the least of them on.

    Where none does, it is the one that holds from the smallest size on. It must hold for three periods or more.
    """
    if not taken:
        return InputRule((), tried, None, 1, ())
    accepted = bytearray(tried + 1)
    for size in taken:
        accepted[size] = True
    best: tuple[int, int] | None = None
    for period in range(1, tried // 3 + 1):
        if not any(accepted[tried - period + 1 :]):
            continue
        start = tried - period
        while start >= taken[0] and accepted[start] == accepted[start + period]:
            start -= 1
        if tried - start > 3 * period and (best is None or start + 1 < best[0]):
            best = start + 1, period
            if start < taken[0]:
                break
    if best is None:
        return InputRule(tuple(taken), tried, None, 1, ())
    start, period = best
    residues = sorted({size % period for size in range(tried - period + 1, tried + 1) if accepted[size]})
    return InputRule(tuple(taken), tried, start, period, tuple(residues))


def ranges_text(sizes: Sequence[int], most: int) -> str:
    """Write sizes with neighbours joined: ``3, 5 to 8``; of many ranges the first ones."""
    ranges: list[list[int]] = []
    for size in sizes:
        if ranges and ranges[-1][1] == size - 1:
            ranges[-1][1] = size
        else:
            ranges.append([size, size])
    shown = [
        f"{first:,} to {last:,}" if last > first + 1 else f"{first:,}, {last:,}" if last > first else f"{first:,}"
        for first, last in ranges[:most]
    ]
    return ", ".join(shown) + (", …" if len(ranges) > most else "")
