"""Fonts of letters that Helvetica does not have, in pictures that resvg draws."""

from __future__ import annotations

import re

from cnncalc.core.fonts import with_named_fonts


def test_texts_with_korean_letters_or_signs_of_rounding_name_their_fonts() -> None:
    """Without a name, resvg draws all of such a text in the first font of the machine that has its letters."""
    svg = with_named_fonts(
        '<svg font-family="Arial"><text x="1">합성곱 · conv</text><text x="2">⌊5/2⌋</text><text x="3">conv</text></svg>'
    )
    found = re.findall(r'<text (?:font-family="([^"]*)" )?x="(\d)"', svg)
    assert [(number, family.split(", ")[0]) for family, number in found] == [
        ("1", "Pretendard"),
        ("2", "DejaVu Sans"),
        ("3", ""),
    ]
    assert "NanumGothic" in found[0][0]
    assert "Malgun Gothic" in found[0][0]
