"""Writing a picture as SVG: every text is escaped here, and nowhere else.

No script, no reference to anything outside, no font that must be fetched. Colours stand in one style sheet, by role;
with the theme ``auto`` it has both sets, and who shows the picture says which holds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cnncalc.core.cleaning import html_text
from cnncalc.draw.lines import PathStep, rounded, with_head
from cnncalc.draw.shapes import Area, Circle, Line, Photo, Picture, Point, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.text import FAMILY
from cnncalc.draw.theme import LOOKS, Look, roles_of


def svg(picture: Picture, theme: str = "auto", *, prefix: str = "") -> str:
    """Return the whole text of an SVG file.

    Args:
        picture: what it shows.
        theme: one of the `THEMES`.
        prefix: what its classes and identifiers begin with, where it stands in a page beside others.

    """
    body = "".join([piece for shape in picture.shapes for piece in _write(shape)])
    if prefix:  # quotes are escaped in every text, so that this is found in tags only
        body = body.replace('class="', f'class="{prefix}')
    wide, high = _number(picture.width), _number(picture.height)
    title, said = html_text(picture.title), html_text(picture.description)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" '
        f'role="img" aria-labelledby="{prefix}title {prefix}desc" font-family="{html_text(FAMILY)}" '
        f'text-rendering="geometricPrecision">\n'
        f'<title id="{prefix}title">{title}</title>\n<desc id="{prefix}desc">{said}</desc>\n'
        f"<style>\n{_sheet(theme, roles_of(picture.shapes), prefix)}</style>\n"
        f'<rect class="{prefix}ground" width="{wide}" height="{high}"/>\n{body}</svg>\n'
    )


# ---- the style sheet


def _sheet(theme: str, roles: set[str], prefix: str) -> str:
    first = _rules(LOOKS["dark" if theme == "dark" else "light"], roles, prefix)
    if theme != "auto":
        return first
    return f"{first}@media screen and (prefers-color-scheme: dark) {{\n{_rules(LOOKS['dark'], roles, prefix)}}}\n"


def _rules(looks: dict[str, Look], roles: set[str], prefix: str) -> str:
    return "".join([f".{prefix}{role}{{{_properties(look)}}}\n" for role, look in looks.items() if role in roles])


def _properties(look: Look) -> str:
    found = [f"fill:{look.fill or 'none'}"]
    if look.stroke:
        found += [f"stroke:{look.stroke}", f"stroke-width:{look.width:g}"]
    if look.clear < 1:
        found.append(f"fill-opacity:{look.clear:g}")
    if look.dash:
        found.append(f"stroke-dasharray:{look.dash}")
    return ";".join(found)


# ---- shapes


def _number(value: float) -> str:
    """Write a number of pixels with a tenth at most."""
    return (
        f"{value:.1f}".removesuffix(".0").replace("-0", "0") if abs(value) < 0.05 else f"{value:.1f}".removesuffix(".0")
    )


def _write(shape: Shape) -> Iterator[str]:
    return _WRITERS[type(shape)](shape)


def _text(shape: Text) -> Iterator[str]:
    anchor = "" if shape.anchor == "start" else f' text-anchor="{shape.anchor}"'
    weight = ' font-weight="bold"' if shape.bold else ""
    place = f'x="{_number(shape.x)}" y="{_number(shape.y)}" font-size="{_number(shape.size)}"'
    yield f'<text class="{shape.role}" {place}{anchor}{weight}>{html_text(shape.text)}</text>\n'


def _rect(shape: Rect) -> Iterator[str]:
    round_ = f' rx="{_number(shape.radius)}"' if shape.radius else ""
    place = f'x="{_number(shape.x)}" y="{_number(shape.y)}"'
    size = f'width="{_number(shape.width)}" height="{_number(shape.height)}"'
    yield f'<rect class="{shape.role}" {place} {size}{round_}/>\n'


def _circle(shape: Circle) -> Iterator[str]:
    place = f'cx="{_number(shape.x)}" cy="{_number(shape.y)}" r="{_number(shape.radius)}"'
    yield f'<circle class="{shape.role}" {place}/>\n'


def _line(shape: Line) -> Iterator[str]:
    body, head = with_head(shape)
    yield f'<path class="{shape.role}" d="{_path(rounded(body, shape.radius))}"/>\n'
    if head:
        yield f'<path class="head" d="M{"L".join(map(_pair, head))}Z"/>\n'


def _pair(point: Point) -> str:
    return f"{_number(point[0])} {_number(point[1])}"


def _path(steps: list[PathStep]) -> str:
    """Write a line with round corners."""
    first = f"M{_pair(steps[0].end)}"
    return first + "".join([_curve(step) if step.corner else f"L{_pair(step.end)}" for step in steps[1:]])


def _curve(step: PathStep) -> str:
    assert step.corner is not None  # the caller has asked
    return f"Q{_pair(step.corner)} {_pair(step.end)}"


def _area(shape: Area) -> Iterator[str]:
    yield f'<path class="{shape.role}" d="M{"L".join(map(_pair, shape.points))}Z"/>\n'


def _photo(shape: Photo) -> Iterator[str]:
    place = f'x="{_number(shape.x)}" y="{_number(shape.y)}"'
    size = f'width="{_number(shape.width)}" height="{_number(shape.height)}"'
    yield f'<image {place} {size} preserveAspectRatio="xMidYMid slice" href="{html_text(shape.href)}"/>\n'


def _group(shape: ShapeGroup) -> Iterator[str]:
    said = ""
    if shape.spans:
        spans = " ".join([f"{first}-{last}" for first, last in shape.spans])
        said = f' data-layer="{html_text(" ".join(shape.names))}" data-span="{spans}"'
    yield f"<g{said}>\n"
    if shape.hint:
        yield f"<title>{html_text(shape.hint)}</title>\n"
    for inner in shape.shapes:
        yield from _write(inner)
    yield "</g>\n"


_WRITERS: dict[type, Callable[[Any], Iterator[str]]] = {
    Text: _text,
    Rect: _rect,
    Circle: _circle,
    Line: _line,
    Area: _area,
    Photo: _photo,
    ShapeGroup: _group,
}
