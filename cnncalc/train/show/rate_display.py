"""What a person sees of a range test: a bar while it runs, then the curve and what it suggests; or JSON."""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from typing import TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cnncalc.charts.terminal import chart_text
from cnncalc.core.cleaning import json_text, printable_lines
from cnncalc.core.errors import ReaderGone
from cnncalc.core.writing import encodable, write_stream
from cnncalc.train.rate_range import STEPS, RangeObserver, RateRange
from cnncalc.train.show.lines import paired
from cnncalc.train.show.rate_chart import rate_chart

RULE = "steepest descent"
WIDTH = 76
"""Characters of the curve where there is room for them."""


def range_text(found: RateRange, width: int, *, plain: bool = False) -> str:
    """Say what a range test came to: its curve and what it suggests."""
    chart = chart_text(rate_chart(found), min(width, WIDTH), plain=plain)
    return "\n" + "\n\n".join(filter(None, ["\n".join(chart), paired(_said(found)), _next(found)]))


def _said(found: RateRange) -> list[tuple[str, str]]:
    rate, last = found.suggestion, found.rates[-1]
    explodes = f"at {found.explodes:.2g}" if found.explodes else f"not up to {last:g}"
    if rate is None:
        suggested = f"none: the loss does not fall at any rate up to {last:g}"
    else:
        suggested = f"{rate:g}, by {RULE}: the loss falls most steeply there before its least"
    return [
        ("suggestion", suggested),
        ("least loss", f"{min(found.smoothed):.4g} at {found.least:.2g}, smoothed over half a decade of rates"),
        ("explodes", explodes),
        ("test", f"{len(found.losses)} steps at rising rates (Smith, 2017, arxiv.org/abs/1506.01186)"),
    ]


def _next(found: RateRange) -> str:
    return f"  --learning-rate {found.suggestion:g}   trains with it" if found.suggestion else ""


class RangeLines(RangeObserver):
    """Writes what is trained and what was found; in a terminal with a bar between them."""

    def __init__(self, stream: TextIO | None, console: Console | None = None) -> None:
        self._stream = stream
        self._width = console.width if console else WIDTH
        columns = TextColumn("{task.description}"), BarColumn(None), TextColumn("{task.fields[text]}")
        self._bar = Progress(*columns, console=console, transient=True, expand=True) if console else None

    def begin(self, about: list[tuple[str, str]]) -> None:
        """Say what is trained."""
        self._say(paired(about))
        if self._bar:
            self._bar.add_task("range test", total=STEPS, text="")
            self._bar.start()

    def step(self, number: int, rate: float, loss: float) -> None:
        """Move the bar."""
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=number, text=f"rate {rate:.2g}  loss {loss:.4f}")

    def end(self, found: RateRange) -> None:
        """Take the bar away and say what was found."""
        self.close()
        encoding = getattr(self._stream, "encoding", None)
        self._say(range_text(found, self._width, plain=encodable("⠿", encoding) != "⠿"))

    def close(self) -> None:
        """Give the terminal back."""
        if self._bar:
            self._bar.stop()

    def _say(self, text: str) -> None:
        if self._stream is not None:
            write_stream(printable_lines(text) + "\n", self._stream)


class RangeJson(RangeObserver):
    """Writes one JSON object."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._about: list[tuple[str, str]] = []

    def begin(self, about: list[tuple[str, str]]) -> None:
        """Remember what is trained."""
        self._about = about

    def end(self, found: RateRange) -> None:
        """Write the object."""
        facts = {
            "event": "learning-rate",
            "suggestion": found.suggestion,
            "rule": RULE,
            "least": found.least,
            **found._asdict(),
            "smoothed": found.smoothed,
            "facts": dict(self._about),
        }
        with suppress(ReaderGone):
            write_stream(json_text(json.dumps(facts, ensure_ascii=False)) + "\n", self._stream)


def make_range_display(*, quiet: bool, as_json: bool, writes: bool) -> RangeObserver:
    """Return what suits the terminal and the options; processes that do not write show nothing."""
    if quiet or not writes:
        return RangeObserver()
    if as_json:
        return RangeJson(sys.stdout)
    console = Console() if getattr(sys.stdout, "isatty", bool)() else None
    return RangeLines(sys.stdout, console)
