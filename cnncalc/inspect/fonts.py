"""Fonts of a sheet: DejaVu, which comes with matplotlib, and for letters that it does not have one of this machine."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import matplotlib
from matplotlib import font_manager, ft2font
from PIL import ImageFont

from cnncalc.core.cleaning import cell

_USUAL = ("cjk", "gothic", "nanum", "malgun", "noto", "unifont", "arphic", "wqy", "droid", "unicode")
"""Parts of the names of files that are likely to have letters of many scripts: they are tried first."""


def font_for(text: str, size: int, strong: bool = False) -> ImageFont.FreeTypeFont:
    """Return a font that has the letters of a text; DejaVu where no font of this machine has all of them."""
    letters = frozenset(cell(text))
    found = None if letters <= _letters(_own(strong)) else _other_font(letters)
    return _opened(found or _own(strong), size)


def letters_without_font(texts: Iterable[str]) -> list[str]:
    """Return the texts some of whose letters no font of this machine has; a sheet shows boxes in their place."""
    lacking = [text for text in texts if not frozenset(cell(text)) <= _letters(_own(False))]
    return [text for text in lacking if _other_font(frozenset(cell(text))) is None]


@cache
def _own(strong: bool) -> str:
    name = "DejaVuSans-Bold.ttf" if strong else "DejaVuSans.ttf"
    return str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name)


@cache
def _opened(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@cache
def _letters(path: str) -> frozenset[str]:
    """Return the letters that a font has; none for a file that cannot be read."""
    try:
        return frozenset(map(chr, ft2font.FT2Font(path).get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return frozenset()


@cache
def _others() -> tuple[str, ...]:
    """Return the fonts of this machine, those first that are likely to have letters of many scripts."""
    found = sorted(path for path in font_manager.findSystemFonts() if "lastresort" not in path.lower())  # only boxes
    return tuple(sorted(found, key=lambda path: not any(part in Path(path).name.lower() for part in _USUAL)))


@cache
def _other_font(letters: frozenset[str]) -> str | None:
    return next((path for path in _others() if letters <= _letters(path)), None)
