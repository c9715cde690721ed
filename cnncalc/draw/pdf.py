"""Writing a picture as PDF (ISO 32000): one page of its size, texts as texts in Helvetica, which every reader has.

A page that holds lines, areas and texts is some hundred lines of a small language, so that no library is needed. Texts
are in Windows' Latin alphabet; the signs of sums are from the font Symbol, and Korean letters from HYSMyeongJo, one of
Adobe's standard fonts for East Asia, for which a reader takes what its system has. Other letters become question marks.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from typing import Any

from cnncalc.core.cleaning import cell
from cnncalc.core.fonts import EAST_ASIAN
from cnncalc.draw.lines import PathStep, rounded, with_head
from cnncalc.draw.shapes import Area, Circle, Line, Photo, Picture, Point, Rect, Shape, ShapeGroup, Text
from cnncalc.draw.text import width
from cnncalc.draw.theme import LOOKS, Look

_POINTS = 0.75
"""Of a pixel."""
_BEND = 0.5523
"""How far the controls of a quarter of a circle lie from its ends, in radii."""
_SYMBOLS = {"−": 0x2D, "→": 0xAE, "⌊": 0xEB, "⌋": 0xFB, "⌈": 0xE9, "⌉": 0xF9}
"""Signs by their places in Adobe's encoding of the font Symbol."""


def pdf(picture: Picture, theme: str = "auto") -> bytes:
    """Return the bytes of a PDF file; with the theme ``auto`` it is light, as paper is."""
    return _Page(picture, "dark" if theme == "dark" else "light").file()


class _Page:
    def __init__(self, picture: Picture, theme: str) -> None:
        self.picture = picture
        self.looks: Mapping[str, Look] = LOOKS[theme]
        self.clears: dict[float, str] = {}
        self.images: list[bytes] = []
        self.korean = False  # whether a text has letters of the Korean font
        self.content = "\n".join(self._operators())

    # ---- the file

    def file(self) -> bytes:
        """Return the objects of the file, and where each of them begins."""
        stream = zlib.compress(self.content.encode("latin-1"), 9)
        box = f"[0 0 {_number(self.picture.width * _POINTS)} {_number(self.picture.height * _POINTS)}]"
        states = "".join([f"/{name} << /ca {clear:g} >> " for clear, name in self.clears.items()])
        korean = 6 + len(self.images)
        fonts = " ".join([f"/{key} {text}" for key, text in _FONTS.items()])
        fonts += f" /{_KOREAN} {korean} 0 R" if self.korean else ""
        photos = "".join([f"/I{place} {6 + place} 0 R " for place in range(len(self.images))])
        resources = f"<< /Font << {fonts} >> /ExtGState << {states}>> /XObject << {photos}>> >>"
        objects = [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            f"<< /Type /Page /Parent 2 0 R /MediaBox {box} /Contents 4 0 R /Resources {resources} >>".encode(),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(stream), stream),
            f"<< /Title {_unicode(self.picture.title)} /Subject {_unicode(self.picture.description)} >>".encode(),
            *self.images,
            *(_korean_font(korean) if self.korean else []),
        ]
        return _assembled(objects)

    def _operators(self) -> Iterator[str]:
        wide, high = self.picture.width, self.picture.height
        yield f"{_POINTS:g} 0 0 -{_POINTS:g} 0 {_number(high * _POINTS)} cm"  # pixels, and y downwards
        yield from self._painted(self.looks["ground"], [f"0 0 {_number(wide)} {_number(high)} re"])
        for shape in self.picture.shapes:
            yield from self._write(shape)

    # ---- shapes

    def _write(self, shape: Shape) -> Iterator[str]:
        return _WRITERS[type(shape)](self, shape)

    def _painted(self, look: Look, path: list[str]) -> Iterator[str]:
        """Paint a path as a role looks."""
        yield "q"
        if look.clear < 1:
            name = self.clears.setdefault(look.clear, f"G{len(self.clears)}")
            yield f"/{name} gs"
        if look.fill:
            yield f"{_colour(look.fill)} rg"
        if look.stroke:
            yield f"{_colour(look.stroke)} RG {look.width:g} w"
            if look.dash:
                yield f"[{look.dash}] 0 d"
        yield from path
        yield {(True, True): "B", (True, False): "f", (False, True): "S"}.get((bool(look.fill), bool(look.stroke)), "n")
        yield "Q"

    def _text(self, shape: Text) -> Iterator[str]:
        """Write a text; one that is turned around the line, since y runs downwards here."""
        wide = width(shape.text, shape.size, bold=shape.bold)
        left = shape.x - {"start": 0.0, "middle": wide / 2, "end": wide}[shape.anchor]
        colour = _colour(self.looks[shape.role].fill or "#000000")
        yield f"BT {colour} rg 1 0 0 -1 {_numbers(left, shape.y)} Tm"
        for font, text in _runs(cell(shape.text), shape.bold):
            self.korean |= font == _KOREAN
            yield f"/{font} {_number(shape.size)} Tf <{text.hex()}> Tj"
        yield "ET"

    def _rect(self, shape: Rect) -> Iterator[str]:
        return self._painted(self.looks[shape.role], list(_box(shape)))

    def _circle(self, shape: Circle) -> Iterator[str]:
        side = 2 * shape.radius
        around = Rect(shape.x - shape.radius, shape.y - shape.radius, side, side, shape.role, shape.radius)
        return self._rect(around)

    def _line(self, shape: Line) -> Iterator[str]:
        points, head = with_head(shape)
        yield from self._painted(self.looks[shape.role], list(_steps(rounded(points, shape.radius))))
        if head:
            yield from self._painted(self.looks["head"], [*_steps([PathStep(point) for point in head]), "h"])

    def _area(self, shape: Area) -> Iterator[str]:
        return self._painted(self.looks[shape.role], [*_steps([PathStep(point) for point in shape.points]), "h"])

    def _photo(self, shape: Photo) -> Iterator[str]:
        from cnncalc.draw.pdf_photo import image_object

        (wide, high), data = image_object(shape.href)
        scale = max(shape.width / wide, shape.height / high)  # as large as covers the place, and cut there
        left, top = shape.x + (shape.width - wide * scale) / 2, shape.y + (shape.height - high * scale) / 2
        yield f"q {_numbers(shape.x, shape.y, shape.width, shape.height)} re W n"
        yield f"{_number(wide * scale)} 0 0 {_number(-high * scale)} {_numbers(left, top + high * scale)} cm"
        yield f"/I{len(self.images)} Do Q"
        self.images.append(data)

    def _group(self, shape: ShapeGroup) -> Iterator[str]:
        for inner in shape.shapes:
            yield from self._write(inner)


_FONTS = {
    "F0": "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    "F1": "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    "F2": "<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>",
}
_KOREAN = "F3"

_WRITERS: dict[type, Callable[[_Page, Any], Iterator[str]]] = {
    Text: _Page._text,
    Rect: _Page._rect,
    Circle: _Page._circle,
    Line: _Page._line,
    Area: _Page._area,
    Photo: _Page._photo,
    ShapeGroup: _Page._group,
}


def _assembled(objects: list[bytes]) -> bytes:
    """Put objects behind each other, with the table of where each begins."""
    parts = [b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n"]
    begins = []
    for number, data in enumerate(objects, 1):
        begins.append(sum(map(len, parts)))
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, data))
    table = sum(map(len, parts))
    rows = b"".join([b"%010d 00000 n \n" % begin for begin in begins])
    parts.append(b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, rows))
    parts.append(b"trailer\n<< /Size %d /Root 1 0 R /Info 5 0 R >>\n" % (len(objects) + 1))
    return b"".join([*parts, b"startxref\n%d\n%%%%EOF\n" % table])


def _korean_font(number: int) -> list[bytes]:
    """Return the objects of a font that is not in the file; ``number`` is that of the first of them."""
    name = "/BaseFont /HYSMyeongJo-Medium"
    system = "/CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 1 >>"
    shape = "/Flags 6 /FontBBox [0 -148 1001 880] /ItalicAngle 0 /Ascent 880 /Descent -148 /CapHeight 880 /StemV 92"
    texts = (
        f"<< /Type /Font /Subtype /Type0 {name} /Encoding /UniKS-UCS2-H /DescendantFonts [{number + 1} 0 R] >>",
        f"<< /Type /Font /Subtype /CIDFontType0 {name} {system} /DW 1000 /FontDescriptor {number + 2} 0 R >>",
        f"<< /Type /FontDescriptor /FontName /HYSMyeongJo-Medium {shape} >>",
    )
    return list(map(str.encode, texts))


def _runs(text: str, bold: bool) -> Iterator[tuple[str, bytes]]:
    """Part a text by the fonts that have its letters."""
    for font, letters in groupby(text, lambda letter: _font(letter, bold)):
        yield font, b"".join([_ENCODED.get(font, _latin)(letter) for letter in letters])


def _font(letter: str, bold: bool) -> str:
    return "F2" if letter in _SYMBOLS else _KOREAN if EAST_ASIAN.match(letter) else f"F{bold:d}"


def _latin(letter: str) -> bytes:
    return letter.encode("cp1252", "replace")


_ENCODED: dict[str, Callable[[str], bytes]] = {
    "F2": lambda letter: bytes([_SYMBOLS[letter]]),
    _KOREAN: lambda letter: letter.encode("utf-16-be"),
}


def _box(shape: Rect) -> Iterator[str]:
    """Write the path of a rectangle with round corners."""
    x, y, wide, high = shape.x, shape.y, shape.width, shape.height
    radius = min(shape.radius, wide / 2, high / 2)
    if radius <= 0:
        yield f"{_numbers(x, y, wide, high)} re"
        return
    right, bottom, bend = x + wide, y + high, radius * (1 - _BEND)
    yield f"{_numbers(x + radius, y)} m {_numbers(right - radius, y)} l"
    yield f"{_numbers(right - bend, y, right, y + bend, right, y + radius)} c {_numbers(right, bottom - radius)} l"
    yield f"{_numbers(right, bottom - bend, right - bend, bottom, right - radius, bottom)} c"
    yield f"{_numbers(x + radius, bottom)} l {_numbers(x + bend, bottom, x, bottom - bend, x, bottom - radius)} c"
    yield f"{_numbers(x, y + radius)} l {_numbers(x, y + bend, x + bend, y, x + radius, y)} c h"


def _steps(steps: list[PathStep]) -> Iterator[str]:
    """Write a line; a quadratic curve is the cubic one with its control two thirds of the way."""
    at: Point = steps[0].end
    yield f"{_numbers(*at)} m"
    for step in steps[1:]:
        if step.corner is None:
            yield f"{_numbers(*step.end)} l"
        else:
            (x, y), (a, b), (c, d) = at, step.corner, step.end
            controls = (x + (a - x) / 1.5, y + (b - y) / 1.5, c + (a - c) / 1.5, d + (b - d) / 1.5)
            yield f"{_numbers(*controls, c, d)} c"
        at = step.end


def _number(value: float) -> str:
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def _numbers(*values: float) -> str:
    return " ".join(map(_number, values))


def _colour(colour: str) -> str:
    return _numbers(*[int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])


def _unicode(text: str) -> str:
    """Write a text of the file's description."""
    return f"<FEFF{cell(text).encode('utf-16-be').hex().upper()}>"
