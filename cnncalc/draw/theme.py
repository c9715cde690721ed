"""What each role of a shape looks like, on light and on dark ground.

The hues are those of Okabe and Ito ("Color Universal Design", 2008), which people of every colour vision tell apart; no
picture says anything by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from cnncalc.draw.shapes import Shape

THEMES = ("auto", "light", "dark")
"""``auto`` is one file for both: who shows it says which is wanted."""


class Look(NamedTuple):
    """Colours of a role: of its area and of its line (None: none), how wide the line is, its dashes.

    ``clear`` is how much of what lies below an area it covers: 1 for all.
    """

    fill: str | None
    stroke: str | None = None
    width: float = 1.0
    dash: str = ""
    clear: float = 1.0


GROUND = {"light": "#ffffff", "dark": "#14171c"}

_KINDS = {
    "convolution": ("#dcebf7", "#0072b2", "#123247", "#56b4e9"),
    "enlarging": ("#f7e3ef", "#b0628f", "#42273a", "#d995bd"),
    "pooling": ("#fce4d4", "#c45a10", "#46291a", "#f0955a"),
    "linear": ("#d6efe5", "#00805f", "#12382e", "#3fc29a"),
    "normalisation": ("#eceaf6", "#6a61a8", "#2b2945", "#a59ddf"),
    "regularisation": ("#eceaf6", "#6a61a8", "#2b2945", "#a59ddf"),
    "activation": ("#fbf3cf", "#8f7600", "#3b3414", "#d8c04a"),
    "shape": ("#eceff2", "#66717d", "#272c33", "#98a3af"),
    "block": ("#f4f5f7", "#4a5560", "#22272e", "#aab4bf"),
    "merge": ("#ffffff", "#2b323a", "#14171c", "#d5dbe1"),
    "input": ("#ffffff", "#2b323a", "#14171c", "#d5dbe1"),
}
"""For every kind of layer: area and line on light ground, area and line on dark ground."""


def _looks(dark: bool) -> dict[str, Look]:
    ink, quiet, line, frame, faint = (
        ("#e8ecf0", "#a3adb8", "#8d98a4", "#1b2026", "#3b444e")
        if dark
        else ("#1c2229", "#5b6671", "#76818c", "#fafbfc", "#d3d9df")
    )
    looks = {
        "ground": Look(GROUND["dark" if dark else "light"]),
        "text": Look(ink),
        "quiet": Look(quiet),
        "edge": Look(None, line, 1.25),
        "head": Look(line),
        "frame": Look(frame, faint),
        "cost": Look(quiet),
        "faint": Look(None, faint),
        "faint-solid": Look(faint),
        "detail": Look(GROUND["dark" if dark else "light"], faint),
        "tag": Look(frame, line, 1.0),
        "cone": Look(None, quiet, 0.75),
        "seen": Look("#f0955a" if dark else "#c45a10"),
        "seen-area": Look(GROUND["dark" if dark else "light"], quiet, 0.75),
        "cone-area": Look("#f0955a" if dark else "#c45a10", None, clear=0.18),
        "seen-part": Look("#f0955a" if dark else "#c45a10", None, clear=0.75),
        "seen-square": Look("#f0955a" if dark else "#c45a10", "#f0955a" if dark else "#c45a10", 2.0, clear=0.2),
        "image": Look("#23282f" if dark else "#eef0f2", faint),
        "padding": Look("#23282f" if dark else "#eef0f2"),
        "grid-input": Look(GROUND["dark" if dark else "light"]),
        "grid-output": Look(GROUND["dark" if dark else "light"]),
        "net": Look(None, "#4a545f" if dark else "#b4bcc4", 0.75),
        "error": Look("#ff8a80" if dark else "#b3261e"),
    }
    for kind, (light, light_line, night, night_line) in _KINDS.items():
        looks[kind] = Look(night, night_line) if dark else Look(light, light_line)
        looks[f"{kind}-line"] = Look(None, night_line if dark else light_line, 1.5)
        looks[f"{kind}-solid"] = Look(night_line if dark else light_line)
    return looks | _bubbles(quiet, faint, dark) | _windows(dark)


def _bubbles(quiet: str, faint: str, dark: bool) -> dict[str, Look]:
    """Return the looks of networks as bubbles: with an accuracy and without, in the key, and what is around them."""
    known, apart = ("#56b4e9", "#f0955a") if dark else ("#0072b2", "#c45a10")
    return {
        "bubble": Look(known, known, 1.25, clear=0.3),
        "bubble-apart": Look(None, apart, 1.25, "4 3"),
        "bubble-key": Look(None, quiet, 1.0),
        "edge-thin": Look(None, quiet, 0.6),
        "area-frame": Look(None, faint),
    }


def _windows(dark: bool) -> dict[str, Look]:
    """Return the looks of windows on a grid, and of the cells that a dilated one reads."""
    first, second, last, over = (
        ("#56b4e9", "#f0955a", "#3fc29a", "#ff8a80") if dark else ("#0072b2", "#c45a10", "#00805f", "#b3261e")
    )
    return {
        "window-first": Look(first, first, 2.5, clear=0.28),
        "window-second": Look(second, second, 2.5, "6 3", 0.12),
        "window-last": Look(last, last, 2.5, "2 3", 0.16),
        "window-over": Look(over, over, 2.5, "5 3", 0.14),
        "window-first-cell": Look(first, clear=0.42),
        "window-last-cell": Look(last, clear=0.36),
        "window-over-cell": Look(over, clear=0.32),
    }


LOOKS = {"light": _looks(False), "dark": _looks(True)}


def roles_of(shapes: Iterable[Shape]) -> set[str]:
    """Return the roles that shapes play, with those of the ground and of arrows."""
    found = {"ground"}
    waiting = list(shapes)
    while waiting:
        shape = waiting.pop()
        waiting += getattr(shape, "shapes", ())
        found.add(getattr(shape, "role", "ground"))
        if getattr(shape, "arrow", False):
            found.add("head")
    return found
