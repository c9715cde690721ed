"""How a recipe names parts of a network: patterns of names, and rates for them. Nothing here imports torch."""

from __future__ import annotations

import re

HEAD, BODY = "head", "body"
"""The last layer with weights, and all others, where no part of the network has such a name."""

_RATE = re.compile(r"([^\s=,]+)\s*=\s*(\d+(?:\.\d+)?(?:e-?\d+)?)\s*x?", re.IGNORECASE)
_PATTERN = re.compile(r"[^\s=,]+")


def patterns_of(written: str) -> list[str]:
    """Return the patterns of a text: ``conv1, stage*``.

    Raises:
        ValueError: where it is something else.

    """
    return [_whole(_PATTERN, part)[0] for part in _parts(written)]


def rates_of(written: str) -> list[tuple[str, float]]:
    """Return the patterns of a text, each with its factor of the learning rate: ``head=10x, conv1=0.1x``.

    Raises:
        ValueError: where it is something else.

    """
    found = [_whole(_RATE, part) for part in _parts(written)]
    return [(match[1], float(match[2])) for match in found]


def _parts(written: str) -> list[str]:
    return [part.strip() for part in written.split(",")] if written.strip() else []


def _whole(pattern: re.Pattern[str], part: str) -> re.Match[str]:
    match = pattern.fullmatch(part)
    if match is None:
        raise ValueError(part)
    return match
