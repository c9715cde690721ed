"""The geometry of a picture, read from its SVG: what lies where, and what lies on what it must not lie on.

Nothing here knows how the picture was laid out. Texts are measured with the font metrics of Adobe that ship with
matplotlib.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from itertools import combinations, product
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

import matplotlib as mpl

SVG = "{http://www.w3.org/2000/svg}"
A4_POINTS = 595.28
SMALLEST = 6.0
FRAMES = ("frame", "detail", "ground", "faint-solid")
FLOATS = 0.11
"""Coordinates are written with one decimal."""


class Area(NamedTuple):
    """A rectangle: left, top, right, bottom; ``what`` says what it is."""

    left: float
    top: float
    right: float
    bottom: float
    what: str = ""

    def meets(self, other: Area, margin: float = FLOATS) -> bool:
        """Say whether two rectangles share more than their borders."""
        return (
            self.left + margin < other.right
            and other.left + margin < self.right
            and self.top + margin < other.bottom
            and other.top + margin < self.bottom
        )

    def holds(self, other: Area, margin: float = FLOATS) -> bool:
        """Say whether another rectangle lies wholly inside."""
        return (
            self.left - margin <= other.left
            and self.top - margin <= other.top
            and other.right <= self.right + margin
            and other.bottom <= self.bottom + margin
        )


class Segment(NamedTuple):
    """A straight piece of a line."""

    x1: float
    y1: float
    x2: float
    y2: float
    role: str = "edge"

    @property
    def area(self) -> Area:
        """The rectangle around it."""
        return Area(min(self.x1, self.x2), min(self.y1, self.y2), max(self.x1, self.x2), max(self.y1, self.y2), "line")

    def cuts(self, area: Area, margin: float = 0.5) -> bool:
        """Say whether it runs through the inside of a rectangle (Liang and Barsky)."""
        begin, end = 0.0, 1.0
        dx, dy = self.x2 - self.x1, self.y2 - self.y1
        sides = (
            (-dx, self.x1 - area.left - margin),
            (dx, area.right - margin - self.x1),
            (-dy, self.y1 - area.top - margin),
            (dy, area.bottom - margin - self.y1),
        )
        for step, room in sides:
            if step == 0:
                if room <= 0:
                    return False
            elif step < 0:
                begin = max(begin, room / step)
            else:
                end = min(end, room / step)
        return begin < end


class Drawn(NamedTuple):
    """What a picture holds."""

    width: float
    height: float
    texts: list[Area]
    sizes: list[float]
    boxes: list[Area]
    cards: list[Area]
    frames: list[Area]
    lines: list[Segment]


@cache
def _metrics(bold: bool) -> dict[int, float]:
    folder = Path(mpl.get_data_path()) / "fonts" / "pdfcorefonts"
    text = (folder / ("Helvetica-Bold.afm" if bold else "Helvetica.afm")).read_text(encoding="latin-1")
    return {int(code): float(width) for code, width in re.findall(r"^C (-?\d+) ; WX (\d+)", text, re.MULTILINE)}


_WIDE = {"×": 584, "·": 278, "−": 584, "…": 1000, "→": 1000}


def text_width(text: str, size: float, bold: bool) -> float:
    """Return the width of a text as Adobe's metrics have it; of what they lack, a whole em."""
    known = _metrics(bold)
    widths = [known[ord(c)] if ord(c) < 127 and ord(c) in known else _WIDE.get(c, 1000) for c in text]
    return sum(widths) * size / 1000


def drawn(svg: str) -> Drawn:
    """Read a picture."""
    root = ElementTree.fromstring(svg)
    found = Drawn(float(root.attrib["width"]), float(root.attrib["height"]), [], [], [], [], [], [])
    _collect(root, found)
    return found


def _collect(element: ElementTree.Element, found: Drawn) -> None:
    rects = 0
    for child in element:
        tag = child.tag.removeprefix(SVG)
        if tag == "text":
            _text(child, found)
        elif tag == "rect":
            rects += 1
            _rect(child, found, child.attrib.get("class", ""), last_of_cards=_is_card(element, rects))
        elif tag == "circle":
            x, y, r = (float(child.attrib[name]) for name in ("cx", "cy", "r"))
            found.boxes.append(Area(x - r, y - r, x + r, y + r, "circle"))
        elif tag == "path" and child.attrib["class"] in ("edge", "cone"):
            found.lines.extend([piece._replace(role=child.attrib["class"]) for piece in segments(child.attrib["d"])])
        elif tag == "g":
            _group(child, found)


def _group(group: ElementTree.Element, found: Drawn) -> None:
    """Take what stands for layers; the faces of slabs together are one box."""
    faces = [child.attrib["d"] for child in group if child.tag == SVG + "path" and child.attrib["d"].endswith("Z")]
    if "data-span" not in group.attrib or not faces:
        _collect(group, found)
        return
    inner = Drawn(0, 0, [], [], [], [], [], [])
    _collect(group, inner)
    areas = [*inner.boxes, *inner.cards, *[piece.area for face in faces for piece in segments(face)]]
    lefts, tops, rights, bottoms = zip(*[area[:4] for area in areas], strict=True)
    found.boxes.append(Area(min(lefts), min(tops), max(rights), max(bottoms), "slab"))


def _is_card(group: ElementTree.Element, number: int) -> bool:
    """Say whether a rectangle is the one behind the box of something that repeats."""
    rects = [child for child in group if child.tag == SVG + "rect"]
    return number == 1 and len(rects) > 1 and rects[0].attrib["class"] == rects[1].attrib["class"]


def _rect(child: ElementTree.Element, found: Drawn, role: str, *, last_of_cards: bool) -> None:
    x, y = float(child.attrib.get("x", 0)), float(child.attrib.get("y", 0))
    area = Area(x, y, x + float(child.attrib["width"]), y + float(child.attrib["height"]), role)
    if role.endswith("-solid") or role == "ground" or role in FRAMES:
        found.frames.append(area)
    elif last_of_cards:
        found.cards.append(area)
    else:
        found.boxes.append(area)


def _text(child: ElementTree.Element, found: Drawn) -> None:
    size = float(child.attrib["font-size"])
    text = child.text or ""
    wide = text_width(text, size, child.attrib.get("font-weight") == "bold")
    x, y = float(child.attrib["x"]), float(child.attrib["y"])
    left = {"start": x, "middle": x - wide / 2, "end": x - wide}[child.attrib.get("text-anchor", "start")]
    found.texts.append(Area(left, y - 0.74 * size, left + wide, y + 0.22 * size, text))
    found.sizes.append(size)


_STEP = re.compile(r"([MLQZ])([^MLQZ]*)")


def segments(path: str) -> Iterator[Segment]:
    """Go through the straight pieces of a path; a round corner counts as its two chords."""
    at = (0.0, 0.0)
    for letter, numbers in _STEP.findall(path):
        values = [float(number) for number in numbers.split()]
        points = list(zip(values[::2], values[1::2], strict=True))
        if letter == "M":
            at = points[0]
            continue
        for point in points:
            yield Segment(*at, *point)
            at = point


def faults(svg: str) -> list[str]:
    """Return what is wrong with a picture, one sentence each; none for one that can be read."""
    with warnings.catch_warnings():
        picture = drawn(svg)
    return [*_page(picture), *_overlaps(picture), *_crossings(picture)]


def unreadable(svg: str) -> list[str]:
    """Return what is wrong with a picture in which areas lie on each other on purpose: windows on a grid."""
    picture = drawn(svg)
    overlaps = [f"the texts {a} and {b} overlap" for a, b in combinations(picture.texts, 2) if a.meets(b)]
    crossed = [f"{line} crosses {text}" for line, text in product(picture.lines, picture.texts) if line.cuts(text)]
    return [*_page(picture), *overlaps, *crossed]


def _page(picture: Drawn) -> Iterator[str]:
    shape = picture.width / picture.height
    if not 1 / 3 <= shape <= 3:
        yield f"the page is {picture.width:.0f} x {picture.height:.0f}, beyond 3:1"
    smallest = min(picture.sizes) * A4_POINTS / picture.width
    if smallest < SMALLEST:
        yield f"the smallest text has {smallest:.2f} points on A4"
    page = Area(0, 0, picture.width, picture.height)
    lines = [line.area for line in picture.lines]
    for area in (*picture.texts, *picture.boxes, *picture.cards, *picture.frames, *lines):
        if not page.holds(area):
            yield f"{area} lies outside the page"


def _overlaps(picture: Drawn) -> Iterator[str]:
    for area, other in combinations(picture.boxes, 2):
        if area.meets(other):
            yield f"the boxes {area} and {other} overlap"
    for area, other in combinations(picture.texts, 2):
        if area.meets(other):
            yield f"the texts {area} and {other} overlap"
    for area, other in product(picture.texts, (*picture.boxes, *picture.frames)):
        if area.meets(other) and not other.holds(area):
            yield f"the text {area} and the border of {other} overlap"
    nested = (*combinations(picture.frames, 2), *product(picture.boxes, picture.frames))
    for area, other in nested:
        if area.meets(other) and not area.holds(other) and not other.holds(area):
            yield f"{area} and {other} overlap"


def _crossings(picture: Drawn) -> Iterator[str]:
    for line in picture.lines:
        for text in picture.texts:
            if line.cuts(text):
                yield f"{line} crosses the text {text}"
        for box in picture.boxes if line.role == "edge" else ():  # a cone begins on a face
            if line.cuts(box, 1.0):
                yield f"{line} crosses the box {box}"
