"""Writing a picture as PNG: its SVG, drawn by resvg."""

from __future__ import annotations

from cnncalc.core.fonts import with_named_fonts
from cnncalc.core.needs import optional_packages
from cnncalc.draw.shapes import Picture
from cnncalc.draw.svg import svg

SCALE = 2.0
"""Pixels of the image for each of the picture's, for screens and papers of a high resolution."""


def png(picture: Picture, theme: str = "auto") -> bytes:
    """Return the bytes of a PNG image; with the theme ``auto`` it is light, since an image cannot be both.

    Raises:
        SpecError: where resvg is not installed.

    """
    with optional_packages():
        import resvg_py
    data: bytes = resvg_py.svg_to_bytes(
        svg_string=with_named_fonts(svg(picture, "dark" if theme == "dark" else "light")),
        zoom=SCALE,
        sans_serif_family="DejaVu Sans",  # where none of the fonts is there that the picture names
    )
    return data
