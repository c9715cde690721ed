"""Writing a picture as TikZ, for LaTeX: texts are set in the document's sans-serif font, and escaped here.

It is an environment to be read by ``input``; the preamble needs the package ``tikz`` and nothing else. A pixel is three
quarters of a point, as in CSS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnncalc.core.cleaning import latex_cell
from cnncalc.core.errors import ArgumentError
from cnncalc.draw.lines import rounded, with_head
from cnncalc.draw.shapes import Area, Circle, Line, Photo, Picture, Point, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.theme import LOOKS, Look, roles_of

_POINTS = 0.75
"""Of a pixel."""


def tex(picture: Picture, theme: str = "auto") -> str:
    """Return the text of a ``tikzpicture``; with the theme ``auto`` it is light, as paper is.

    Raises:
        ArgumentError: for a picture with a photo, which TeX wants as a file.

    """
    looks = LOOKS["dark" if theme == "dark" else "light"]
    roles = [role for role in looks if role in roles_of(picture.shapes)]
    lines = [
        f"% {latex_cell(picture.title)}: \\usepackage{{tikz}} and \\input this file",
        f"\\begin{{tikzpicture}}[x={_POINTS}pt,y=-{_POINTS}pt,inner sep=0pt,outer sep=0pt]",
        *[line for role in roles for line in _definitions(role, looks[role])],
    ]
    if theme == "dark":
        lines.append(f"\\fill[{_name('ground')}] (0,0) rectangle {_pair((picture.width, picture.height))};")
    lines += [line for shape in picture.shapes for line in _write(shape)]
    return "\n".join([*lines, "\\end{tikzpicture}", ""])


def _name(role: str) -> str:
    return "cnncalc " + role


def _definitions(role: str, look: Look) -> Iterator[str]:
    """Define the colours and the style of a role."""
    options = []
    for kind, colour in (("fill", look.fill), ("draw", look.stroke)):
        if colour:
            name = f"cnncalc-{role}-{kind}"
            yield f"\\definecolor{{{name}}}{{HTML}}{{{colour[1:].upper()}}}"
            options.append(f"{kind}={name}")
    if look.stroke:
        options.append(f"line width={look.width * _POINTS:g}pt")
    if look.clear < 1:
        options.append(f"fill opacity={look.clear:g}")
    if look.dash:
        on, off = look.dash.split()
        options.append(f"dash pattern=on {float(on) * _POINTS:g}pt off {float(off) * _POINTS:g}pt")
    yield f"\\tikzset{{{_name(role)}/.style={{{','.join(options)}}}}}"
    if look.fill:
        yield f"\\tikzset{{{_name(role)} text/.style={{text=cnncalc-{role}-fill}}}}"


# ---- shapes


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return "0" if text == "-0" else text


def _pair(point: Point) -> str:
    return f"({_number(point[0])},{_number(point[1])})"


def _write(shape: Shape) -> Iterator[str]:
    return _WRITERS[type(shape)](shape)


_ANCHORS = {"start": "base west", "middle": "base", "end": "base east"}


def _text(shape: Text) -> Iterator[str]:
    size = shape.size * _POINTS
    font = f"\\fontsize{{{size:g}}}{{{1.2 * size:g}}}\\selectfont\\sffamily" + ("\\bfseries" if shape.bold else "")
    style = f"{_name(shape.role)} text,anchor={_ANCHORS[shape.anchor]},font={font}"
    yield f"\\node[{style}] at {_pair((shape.x, shape.y))} {{{latex_cell(shape.text)}}};"


def _rect(shape: Rect) -> Iterator[str]:
    corners = f",rounded corners={shape.radius * _POINTS:g}pt" if shape.radius else ""
    end = (shape.x + shape.width, shape.y + shape.height)
    yield f"\\path[{_name(shape.role)}{corners}] {_pair((shape.x, shape.y))} rectangle {_pair(end)};"


def _circle(shape: Circle) -> Iterator[str]:
    yield f"\\path[{_name(shape.role)}] {_pair((shape.x, shape.y))} circle[radius={shape.radius * _POINTS:g}pt];"


def _line(shape: Line) -> Iterator[str]:
    points, head = with_head(shape)
    drawn: list[str] = []
    for step in rounded(points, shape.radius):
        if step.corner is None:
            drawn.append(f"{'-- ' if drawn else ''}{_pair(step.end)}")
        else:
            drawn.append(f".. controls {_pair(step.corner)} .. {_pair(step.end)}")
    yield f"\\path[{_name(shape.role)}] {' '.join(drawn)};"
    if head:
        yield f"\\path[{_name('head')}] {' -- '.join(map(_pair, head))} -- cycle;"


def _area(shape: Area) -> Iterator[str]:
    yield f"\\path[{_name(shape.role)}] {' -- '.join(map(_pair, shape.points))} -- cycle;"


def _photo(shape: Photo) -> Iterator[str]:
    message = "TikZ cannot hold a photo"
    raise ArgumentError("bad-option", message, hints=["write .svg, .pdf or .png", "or leave out --image"])


def _group(shape: ShapeGroup) -> Iterator[str]:
    for inner in shape.shapes:
        yield from _write(inner)


_WRITERS: dict[type, Callable[[Any], Iterator[str]]] = {
    Text: _text,
    Rect: _rect,
    Circle: _circle,
    Line: _line,
    Area: _area,
    Photo: _photo,
    ShapeGroup: _group,
}
