"""The files that a picture is written to: by the ending, what writes it; and what they are called."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping

from cnncalc.draw.shapes import Picture
from cnncalc.draw.svg import svg
from cnncalc.network import Network

Writer = Callable[[Picture, str], str | bytes]


def _pdf(picture: Picture, theme: str) -> bytes:
    from cnncalc.draw.pdf import pdf  # each is loaded only where it is wanted

    return pdf(picture, theme)


def _png(picture: Picture, theme: str) -> bytes:
    from cnncalc.draw.png import png

    return png(picture, theme)


def _tex(picture: Picture, theme: str) -> str:
    from cnncalc.draw.tex import tex

    return tex(picture, theme)


WRITERS: Mapping[str, Writer] = {".svg": svg, ".pdf": _pdf, ".png": _png, ".tex": _tex}
"""By the ending of the file: what writes a picture with a theme."""

ENDINGS = ".svg, .pdf, .png or .tex"
"""The endings, for messages."""

_NOT_IN_NAMES = re.compile(r"[^\w.-]+")
_LONGEST = 60


def name_of(network: Network) -> str:
    """Return a name for a picture, which a file may have: of the spec's file, of the zoo, or ``network`` for a text."""
    source = network.source.name
    if source in ("text", "standard input"):
        return "network"
    stem = os.path.splitext(os.path.basename(source))[0] if os.path.exists(source) else source
    return _NOT_IN_NAMES.sub("-", stem).strip("-.")[:_LONGEST] or "network"
