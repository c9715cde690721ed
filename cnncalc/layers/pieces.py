"""Words that are spoken in pieces: ``stride 2`` is ``stride=2``, and ``3 x 3 x 8`` is ``3x3x8``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

_SPOKEN = frozenset(("stride", "pad", "padding", "dilation", "groups"))
_VALUE = re.compile(r"[0-9]|same\Z|valid\Z")
_SIDES = re.compile(r"(?:[a-z]+=)?[0-9]+(?:x[0-9]+)*")


def put_together(texts: Sequence[str]) -> Iterable[tuple[int, str]]:
    """Return the words with their places, with those that are spoken in pieces put together."""
    whole = "x" not in texts and _SPOKEN.isdisjoint(texts)
    return enumerate(texts) if whole else _put_together(texts)


def _put_together(texts: Sequence[str]) -> Iterator[tuple[int, str]]:
    place = 0
    while place < len(texts):
        start, text = place, texts[place]
        if text in _SPOKEN and place + 1 < len(texts) and _VALUE.match(texts[place + 1]):
            place, text = place + 1, f"{text}={texts[place + 1]}"
        while place + 2 < len(texts) and texts[place + 1] == "x" and _SIDES.fullmatch(text + "x" + texts[place + 2]):
            place, text = place + 2, f"{text}x{texts[place + 2]}"
        yield start, text
        place += 1
