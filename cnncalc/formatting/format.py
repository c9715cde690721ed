"""The formatter: the same network before and after, which is checked, and the same text the second time."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source, Span
from cnncalc.core.words import shorten_path
from cnncalc.formatting.alignment import aligned
from cnncalc.formatting.layout import LineLayout
from cnncalc.formatting.tokens import SpecTokens
from cnncalc.spec.parser import Library, no_library, parse

_BLANK_LINES = re.compile(r"\n{4,}")


def format_text(source: Source, library: Library = no_library) -> str:
    """Return a spec as it is usually written.

    Args:
        source: the text, which must parse; what its layers mean is not asked.
        library: finds the block files that it uses.

    Raises:
        SpecError: for a text that does not parse.
    """
    text = source.text.replace("\r\n", "\n")
    plain = Source(source.name, text)
    before = parse(plain, library)
    try:
        written = _written(plain)
        after = parse(Source(source.name, written), library)
    except (SpecError, ValueError, IndexError):
        raise _mistake(source) from None
    if not _same(before, after):
        raise _mistake(source)
    return written


def _written(source: Source) -> str:
    lines = LineLayout(source.text).of(SpecTokens(source))
    text = "\n".join(aligned(lines)).strip("\n")
    return _BLANK_LINES.sub("\n\n\n", text) + "\n" if text else ""


def _mistake(source: Source) -> SpecError:
    hints = ["please report it with the spec; the file is left as it is"]
    message = f"`{shorten_path(source.name)}` cannot be formatted: this is a mistake in cnncalc, not in your spec"
    return SpecError("cannot-format", message, hints=hints)


def _same(one: Any, other: Any) -> bool:
    """Say whether two syntax trees say the same, wherever that stands in their texts."""
    if type(one) is not type(other):
        return False
    if isinstance(one, Span | Source):
        return True
    if isinstance(one, dict):
        return list(one) == list(other) and all(_same(one[name], other[name]) for name in one)
    if isinstance(one, tuple):
        if hasattr(one, "texts") and one.texts is not None:
            return bool(one.texts == other.texts)
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)
