"""Fonts for letters that Helvetica and its kin do not have, in pictures that resvg draws.

Where the font of a text lacks a letter, resvg draws the whole text in the first font of the machine that has it, which
may be a handwriting or have serifs. So the fonts of such texts are named.
"""

from __future__ import annotations

import re

EAST_ASIAN = re.compile("[\u1100-\u11ff\u3000-\u30ff\u3130-\u318f\u4e00-\u9fff\uac00-\ud7a3\uff00-\uffef]")
"""Letters of Korean, Chinese and Japanese texts, each as wide as its font is high."""

_SIGNS = re.compile("[⌊⌋⌈⌉]")
_FAMILIES = (
    (
        EAST_ASIAN,
        "Pretendard, Noto Sans CJK KR, Noto Sans KR, NanumGothic, Nanum Gothic, NanumBarunGothic, Malgun Gothic, "
        "Apple SD Gothic Neo, AppleGothic, UnDotum, Baekmuk Dotum, Noto Sans CJK SC, Noto Sans CJK JP, "
        "Microsoft YaHei, PingFang SC, Hiragino Sans, WenQuanYi Zen Hei, sans-serif",
    ),
    (_SIGNS, "DejaVu Sans, Noto Sans Math, Cambria Math, Apple Symbols, sans-serif"),
)
_TEXT = re.compile(r"<text\b(?=[^>]*>([^<]*)<)")


def with_named_fonts(svg: str) -> str:
    """Return an SVG that names the fonts of texts with Korean, Chinese or Japanese letters or signs of rounding."""
    return _TEXT.sub(_named, svg)


def _named(start: re.Match[str]) -> str:
    family = next((family for letters, family in _FAMILIES if letters.search(start[1])), None)
    return start[0] if family is None else f'<text font-family="{family}"'
