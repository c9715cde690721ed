"""A look as one picture, a contact sheet: PNG, on a light ground or a dark one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from cnncalc.core.cleaning import cell
from cnncalc.core.errors import ArgumentError
from cnncalc.inspect.fonts import font_for
from cnncalc.inspect.images import WIDTH, Picture, png
from cnncalc.inspect.parts import LookPart, LookRow, Shot, TrainedLook
from cnncalc.inspect.sheet_tables import SheetCell, report_table, sheet_tables

MARGIN, LABEL, GAP = 28, 164, 14
"""Pixels around the sheet, of what stands to the left of pictures, and between pictures."""

MOST_PIXELS = 120_000_000
"""Most pixels of a sheet."""

TITLE, HEADING, STRONG, TEXT = 26, 20, 15, 14
"""Sizes of letters in pixels."""

_BAR, LINE = 150, 24
"""Pixels of the bar of a probability of 1, and of the height of a table's row."""

_SHADES = (0.0, 0.1, 0.18, 0.28, 0.42)
"""How much colour a cell of each shade has."""


class Ground(NamedTuple):
    """The colours of a sheet: behind everything, of letters, of less important ones, of lines, bars and confusions."""

    ground: str
    ink: str
    quiet: str
    line: str
    bar: str
    warm: str


THEMES = {
    "light": Ground("#ffffff", "#1c2229", "#56616c", "#d3d9df", "#0072b2", "#c45a10"),
    "dark": Ground("#14171c", "#e8ecf0", "#a3adb8", "#3b444e", "#56b4e9", "#f0955a"),
}

Drawing = Callable[[Image.Image, "ImageDraw.ImageDraw"], None]


def look_sheet(look: TrainedLook, theme: str) -> bytes:
    """Return a look as the bytes of a PNG file.

    Raises:
        ArgumentError: where it would have more than 120 million pixels.

    """
    sheet = _Sheet(THEMES[theme])
    sheet.text(look.title, TITLE, strong=True)
    sheet.text(look.answer, TEXT, quiet=True)
    for part in look.parts:
        sheet.part(part)
    return sheet.png()


class _Sheet:
    """A sheet that grows downwards: what is drawn is remembered until the size is known."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        self.drawings: list[Drawing] = []
        self.top = MARGIN
        self.right = 0

    def part(self, part: LookPart) -> None:
        """Add a part below what is there."""
        self.top += 20
        self.text(part.title, HEADING, strong=True)
        if part.text:
            self.text(part.text, TEXT, quiet=True)
        for row in part.rows:
            self.top += 10
            self.row(row)
        if part.facts:
            self.top += 6
            self.facts(part.facts)
        if part.table is not None:
            self.top += 6
            self.table(report_table(part.table))
        if part.evaluation is not None:
            self.top += 6
            for rows in sheet_tables(part.evaluation):
                self.top += 6
                self.table(rows)

    def facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Add words to the left, and what is said about each to the right of them."""
        for word, text in facts:
            self.letters(MARGIN, self.top, word, TEXT, quiet=True)
            self.top = max(self.top + 20, self.block(MARGIN + LABEL, self.top, (text,), WIDTH))

    def row(self, row: LookRow) -> None:
        """Add a row: title and lines to the left, pictures to the right of them."""
        left = MARGIN + (LABEL if row.title else 0)
        below = self.top
        if row.title:
            below = self.block(MARGIN, self.top, (row.title, *row.lines), LABEL - 12, title=True)
        widest = max((self.width_of(shot) for shot in row.shots), default=0)
        least = min(widest, (MARGIN + LABEL + WIDTH - left) // row.per_line - GAP) if row.per_line else 0
        for place, shots in enumerate(row.lines_of_shots()):
            self.top += GAP if place else 0
            self.line(shots, left, least, row.scores)
        self.top = max(below, self.top)

    def line(self, shots: Sequence[Shot], left: int, least: int, scores: Sequence[tuple[str, float]]) -> None:
        """Add pictures side by side below what is there, scores behind them; what has no room begins a new line."""
        x, end = left, self.top
        for shot in shots:
            width = max(least, self.width_of(shot))
            if not least and x > left and x + width > MARGIN + LABEL + WIDTH:
                x, self.top = left, end + GAP
            end = max(end, self.shot(shot, x))
            x += width + GAP
        if scores:
            end = max(end, self.scores(scores, x + 6))
        self.top = end

    def width_of(self, shot: Shot) -> int:
        """Return the pixels that a picture and the lines below it take."""
        return max([shot.size[1], *(round(font_for(one, TEXT - 1).getlength(cell(one))) for one in shot.lines)])

    def shot(self, shot: Shot, left: int) -> int:
        """Add a picture with its lines, and return where it ends."""
        high, wide = shot.size
        self.picture(shot.picture, left, self.top)
        self.right = max(self.right, left + wide)
        if not shot.lines:
            return self.top + high
        return self.block(left, self.top + high + 4, shot.lines, 0)

    def picture(self, picture: Picture, left: int, top: int) -> None:
        """Put a picture at a place; where it is transparent, the ground is seen."""

        def drawing(sheet: Image.Image, draw: ImageDraw.ImageDraw) -> None:
            tile = Image.fromarray(np.ascontiguousarray(picture), "RGBA")
            sheet.paste(tile, (left, top), tile)

        self.drawings.append(drawing)

    def scores(self, scores: Sequence[tuple[str, float]], left: int) -> int:
        """Add classes with bars, and return where they end."""
        names = max(round(font_for(name, TEXT).getlength(name)) for name, _ in scores) + 12
        top = self.top + 4
        for name, share in scores:
            self.letters(left, top, name, TEXT)
            start, end = left + names, left + names + round(_BAR * share)
            self.box(start, top + 4, start + _BAR, top + 14, self.ground.line)
            self.box(start, top + 4, end, top + 14, self.ground.bar)
            self.letters(start + _BAR + 10, top, f"{100 * share:.1f}%", TEXT)
            top += 24
        return top

    def table(self, rows: Sequence[Sequence[SheetCell]]) -> None:
        """Add a table below what is there: its first column to the left, the others to the right."""
        widths = [0] * max(map(len, rows))
        for row in rows:
            for place, one in enumerate(row):
                widths[place] = max(widths[place], _length(one.text) + 16)
        for row in rows:
            left = MARGIN
            for place, (one, width) in enumerate(zip(row, widths, strict=False)):
                if one.shade:
                    colour = _mixed(self.ground.bar if one.right else self.ground.warm, self.ground.ground, one.shade)
                    self.box(left, self.top, left + width - 1, self.top + LINE - 1, colour)
                start = left + (width - 8 - _length(one.text) if place else 0)
                self.letters(start, self.top + 3, one.text, TEXT - 1, quiet=one.quiet)
                left += width
            self.top += LINE

    def block(self, left: int, top: int, lines: Sequence[str], width: int, title: bool = False) -> int:
        """Add lines one below the other, the first of them in ink, and return where they end."""
        for place, line in enumerate(lines):
            size = STRONG if title and not place else TEXT - 1
            for piece in _wrapped(line, font_for(line, size, title and not place), width) if width else [line]:
                self.letters(left, top, piece, size, strong=title and not place, quiet=place > 0)
                top += size + 4
        return top

    def text(self, text: str, size: int, *, strong: bool = False, quiet: bool = False) -> None:
        """Add a paragraph below what is there."""
        for line in _wrapped(text, font_for(text, size, strong), LABEL + WIDTH):
            self.letters(MARGIN, self.top, line, size, strong=strong, quiet=quiet)
            self.top += round(1.4 * size)

    def letters(
        self,
        left: int,
        top: int,
        text: str,
        size: int,
        *,
        strong: bool = False,
        quiet: bool = False,
    ) -> None:
        """Put a line of letters at a place."""
        font, colour = font_for(text, size, strong), self.ground.quiet if quiet else self.ground.ink
        shown = cell(text)
        self.right = max(self.right, left + round(font.getlength(shown)))
        self.drawings.append(lambda sheet, draw: draw.text((left, top), shown, fill=colour, font=font))

    def box(self, left: int, top: int, right: int, bottom: int, colour: str) -> None:
        """Put a filled box at a place."""
        self.right = max(self.right, right)
        if right > left:
            self.drawings.append(lambda sheet, draw: draw.rectangle((left, top, right - 1, bottom - 1), fill=colour))

    def png(self) -> bytes:
        """Return the sheet, as large as what is on it."""
        size = self.right + MARGIN, self.top + MARGIN
        if size[0] * size[1] > MOST_PIXELS:
            message = f"the picture would be {size[0]:,} by {size[1]:,} pixels large"
            raise ArgumentError("too-long", message, hints=["write a page: -o look.html", "or show less: --only maps"])
        sheet = Image.new("RGBA", size, self.ground.ground)
        draw = ImageDraw.Draw(sheet)
        for drawing in self.drawings:
            drawing(sheet, draw)
        return png(np.asarray(sheet))


def _length(text: str) -> int:
    """Return the pixels that the text of a cell takes."""
    return round(font_for(text, TEXT - 1).getlength(text))


def _mixed(colour: str, ground: str, shade: int) -> str:
    """Return a colour on a ground, as strong as a shade says."""
    share = _SHADES[shade]
    pairs = [(int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * one + (1 - share) * other):02x}" for one, other in pairs)


def _wrapped(text: str, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    """Return a text in lines that are no wider than a width, unless a word is."""
    lines = [""]
    for word in cell(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines[-1] else word
        if lines[-1] and font.getlength(longer) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
