"""How wide a text is, in the font of the pictures.

The widths are those of Helvetica, to which Arial and Liberation Sans keep, in thousandths of the font's size: Adobe's
font metrics, "Helvetica" and "Helvetica-Bold". Nothing is asked of the machine that draws, so that a picture is the
same everywhere. Kerning, which makes some texts narrower, is left out.
"""

from __future__ import annotations

from functools import lru_cache

from cnncalc.core.cleaning import cell

FAMILY = "Helvetica, Arial, 'Liberation Sans', sans-serif"
"""The fonts, in the order in which they are looked for."""

_FIRST = 32  # the character of the first width

_REGULAR = (
    "278 278 355 556 556 889 667 222 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 278 "
    "278 584 584 584 556 1015 667 667 722 722 667 611 778 722 278 500 667 556 833 722 778 667 778 722 667 611 722 "
    "667 944 667 667 611 278 278 278 469 556 222 556 556 500 556 556 278 556 556 222 222 500 222 833 556 556 556 "
    "556 333 500 278 556 500 722 500 500 500 334 260 334 584"
)
_BOLD = (
    "278 333 474 556 556 889 722 278 333 333 389 584 278 333 278 278 556 556 556 556 556 556 556 556 556 556 333 "
    "333 584 584 584 611 975 722 722 722 722 667 611 778 722 278 556 722 611 833 722 778 667 778 722 667 611 722 "
    "667 944 667 667 611 333 278 333 584 556 278 556 611 556 611 556 333 611 611 278 278 556 278 889 611 611 611 "
    "611 389 556 333 611 556 778 556 556 500 389 280 389 584"
)
_OTHERS = {"·": 333, "×": 584, "−": 584, "→": 1000, "…": 1000, "²": 333, "⌊": 500, "⌋": 500, "⌈": 500, "⌉": 500}
_UNKNOWN = 1000
"""Of a letter that is not listed: as wide as the font is high, which few letters are."""


@lru_cache
def _widths(bold: bool) -> dict[str, int]:
    listed = (_BOLD if bold else _REGULAR).split()
    return _OTHERS | {chr(_FIRST + place): int(width) for place, width in enumerate(listed)}


def width(text: str, size: float, *, bold: bool = False) -> float:
    """Return the width of a line of text in a font of a size, both in pixels."""
    known = _widths(bold)
    return sum([known.get(character, _UNKNOWN) for character in text]) * size / 1000


def cut(text: str, size: float, room: float, *, bold: bool = False) -> str:
    """Return a line that is safe to show and no wider than the room: what is left out is ``…``."""
    clean = cell(" ".join(text[: int(8 * room)].split()))
    if width(clean, size, bold=bold) <= room:
        return clean
    kept = clean
    while kept and width(kept + "…", size, bold=bold) > room:
        kept = kept[:-1]
    return kept.rstrip() + "…"
