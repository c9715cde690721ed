"""How charts look: their style sheet, and the colours of light and dark grounds."""

from __future__ import annotations

from importlib.resources import files

LIGHT = {
    "ink": "#1c2229",
    "quiet": "#56616c",
    "line": "#dfe4e9",
    "ground": "#ffffff",
    "blue": "#0072b2",
    "orange": "#c45a10",
    "green": "#00805f",
}
DARK = {
    "ink": "#e8ecf0",
    "quiet": "#a3adb8",
    "line": "#343c45",
    "ground": "#14171c",
    "blue": "#56b4e9",
    "orange": "#f0955a",
    "green": "#3fc29a",
}
DEPTHS = ("#440154", "#3b528b", "#21808d", "#2a9d6b", "#7a9a01", "#b07d00")
DARK_DEPTHS = ("#c79be0", "#8fa8f0", "#4fc3d0", "#5fd39a", "#b5d334", "#fde725")
"""Colours of lines from the first layer to the last; each is told from the ground, and they get lighter or warmer."""


def depth_look(place: int, count: int) -> str:
    """Return the class of a line, by its place among those from the first layer to the last."""
    return f"deep{place * (len(DEPTHS) - 1) // max(1, count - 1)}"


def chart_sheet(*, dark: bool = True) -> str:
    """Return the style sheet of charts, for light grounds, and for dark ones where the reader prefers those."""
    rules = (files("cnncalc.charts") / "chart.css").read_text(encoding="utf-8")
    light = f".chart, .charts {{ {_variables(LIGHT, DEPTHS)} }}\n"
    if not dark:
        return light + rules
    night = f".chart, .charts {{ {_variables(DARK, DARK_DEPTHS)} }}"
    return f"{light}@media (prefers-color-scheme: dark) {{ {night} }}\n{rules}"


def _variables(colours: dict[str, str], depths: tuple[str, ...]) -> str:
    named = [f"--chart-{name}: {colour};" for name, colour in colours.items()]
    return " ".join([*named, *(f"--deep{place}: {colour};" for place, colour in enumerate(depths))])
