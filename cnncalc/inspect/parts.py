"""What a look at a network consists of, before it is a page or a sheet: parts, rows and pictures with words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.inspect.images import Picture
from cnncalc.report.evaluate import Evaluation
from cnncalc.report.table import Table


class Shot(NamedTuple):
    """A picture with what stands below it.

    Attributes:
        picture: see `Picture`.
        alt: what it shows, for those who do not see it.
        lines: below it.

    """

    picture: Picture
    alt: str
    lines: tuple[str, ...] = ()

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the picture, in pixels."""
        high, wide, _ = self.picture.shape
        return high, wide


class LookRow(NamedTuple):
    """Pictures side by side, with a title and lines to the left of them.

    Attributes:
        title: a layer, or an image; "" where the pictures have their own lines.
        lines: below the title.
        shots: the pictures.
        per_line: how many of them stand side by side at most; as many as there is room for if 0.
        scores: classes with their probabilities, shown as bars behind the pictures.

    """

    title: str
    lines: tuple[str, ...]
    shots: tuple[Shot, ...]
    per_line: int = 0
    scores: tuple[tuple[str, float], ...] = ()

    def lines_of_shots(self) -> list[tuple[Shot, ...]]:
        """Return the pictures line by line."""
        step = self.per_line or max(1, len(self.shots))
        return [self.shots[start : start + step] for start in range(0, len(self.shots), step)]


class LookPart(NamedTuple):
    """A part of a look.

    Attributes:
        title: its heading.
        text: how it is to be read, or why it is not there.
        rows: its pictures.
        facts: pairs of a word and what is said about it, one below the other.
        table: what a test came to, a row for each label, number or class.
        evaluation: metrics that are shown as tables.

    """

    title: str
    text: str
    rows: tuple[LookRow, ...] = ()
    facts: Sequence[tuple[str, str]] = ()
    table: Table | None = None
    evaluation: Evaluation | None = None


class TrainedLook(NamedTuple):
    """A look at a network: a heading, the answer in a line, and its parts."""

    title: str
    answer: str
    parts: tuple[LookPart, ...]
