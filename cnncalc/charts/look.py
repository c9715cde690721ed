"""How charts look: their style sheet, and the colours of light and dark grounds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.resources import files

DEPTHS = ("#440154", "#3b528b", "#21808d", "#2a9d6b", "#7a9a01", "#b07d00")
DARK_DEPTHS = ("#c79be0", "#8fa8f0", "#4fc3d0", "#5fd39a", "#b5d334", "#fde725")
"""Colours of lines from the first layer to the last; each is told from the ground, and they get lighter or warmer."""
LIGHT = {
    "ink": "#1c2229",
    "quiet": "#56616c",
    "line": "#dfe4e9",
    "ground": "#ffffff",
    "blue": "#0072b2",
    "orange": "#c45a10",
    "green": "#00805f",
    **{f"deep{place}": colour for place, colour in enumerate(DEPTHS)},
}
DARK = {
    "ink": "#e8ecf0",
    "quiet": "#a3adb8",
    "line": "#343c45",
    "ground": "#14171c",
    "blue": "#56b4e9",
    "orange": "#f0955a",
    "green": "#3fc29a",
    **{f"deep{place}": colour for place, colour in enumerate(DARK_DEPTHS)},
}
"""Colours by their names, which stand for themselves in the rules: ``var(--chart-ink)``."""

PLACE = (
    ".chart { display: block; width: calc(100% - 64px); height: 200px; margin: 12px 16px 42px 48px; "
    "overflow: visible; }\n"
)
"""Where a chart stands in a page; what is written around its area is in its margins."""


def depth_look(place: int, count: int) -> str:
    """Return the class of a line, by its place among those from the first layer to the last."""
    return f"deep{place * (len(DEPTHS) - 1) // max(1, count - 1)}"


def chart_sheet() -> str:
    """Return the style sheet of charts in a page, for light grounds, and dark ones for those who prefer them."""
    light, dark = (f".chart, .charts, .chart-names {{ {_variables(colours)} }}" for colours in (LIGHT, DARK))
    night = f"@media screen and (prefers-color-scheme: dark) {{ {dark} }}"  # paper is light
    return f"{light}\n{night}\n{PLACE}{_rules()}"


def file_sheet() -> str:
    """Return the style sheet of charts in a file, without variables, which not every reader knows."""
    ground = ".ground { fill: var(--chart-ground); }\n"
    light, dark = (_resolved(ground + _rules(), colours) for colours in (LIGHT, DARK))
    return f"{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def notebook_sheet(kind: str) -> str:
    """Return the style sheet of charts of a class of their own, ``kind``, on a light ground."""
    return _resolved(PLACE + _rules(), LIGHT).replace(".chart", f".{kind}")


def _rules() -> str:
    return (files("cnncalc.charts") / "chart.css").read_text(encoding="utf-8")


def _resolved(rules: str, colours: Mapping[str, str]) -> str:
    return re.sub(r"var\(--chart-(\w+)\)", lambda found: colours[found[1]], rules)


def _variables(colours: Mapping[str, str]) -> str:
    return " ".join(f"--chart-{name}: {colour};" for name, colour in colours.items())
