"""What a person sees of a study: a line for every trial, a bar in a terminal, JSON for programs, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cnncalc.core.numbers import counted, duration_text
from cnncalc.core.words import shorten
from cnncalc.train.measures import ACCURACY, Measure
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.show.line_writer import LineWriter, console_with_bars
from cnncalc.train.show.lines import described, paired
from cnncalc.tune.events import StudyBegun, StudyEnded, StudyObserver
from cnncalc.tune.page import value_text
from cnncalc.tune.results import COMPLETE, FAILED, PRUNED, TrialRow

_NUMBER, _SCORE, _TIME = 5, 9, 8


class StudyLines(StudyObserver):
    """A line for every trial, with a bar below them where there is a terminal."""

    def __init__(self, stream: TextIO | None, console: Console | None = None) -> None:
        self._lines = LineWriter(stream, console)
        columns = TextColumn("{task.description}"), BarColumn(None), TextColumn("{task.fields[text]}")
        self._bar = Progress(*columns, console=console, transient=True, expand=True) if console else None
        self._begun: StudyBegun | None = None
        self._ended = 0

    def begin(self, event: StudyBegun) -> None:
        """Say what is varied, and the trials that there are."""
        self._begun = event
        self._lines.write(paired([*event.about, ("study", event.folder)]))
        head = f"{'trial':>{_NUMBER}}  {event.judge.title:>{_SCORE}}  {'time':>{_TIME}}"
        self._lines.write(
            f"\n{head}  {', '.join(event.labels)}\n{'─' * (len(head) + 2 + len(', '.join(event.labels)))}"
        )
        for row in event.rows:
            if row.state in (COMPLETE, PRUNED, FAILED):
                self._ended += 1
                self._lines.write(trial_line(row, event.judge.measure))
        if self._bar:
            self._bar.add_task("study", total=event.trials, completed=self._ended, text=self._count())
            self._bar.add_task("trial", total=event.epochs, text="")
            self._bar.start()

    def trial(self, number: int, values: Mapping[str, Any], *, again: bool) -> None:
        """Begin the bar of a trial."""
        if again:
            self._lines.write(f"trial {number} was interrupted, and continues")
        if self._bar:
            self._bar.update(self._bar.task_ids[1], description=f"trial {number}", completed=0, text="")

    def epoch(self, row: EpochMetrics) -> None:
        """Move the bar of a trial."""
        if self._bar:
            self._bar.update(self._bar.task_ids[1], completed=row.epoch, text=row.measure.text(row.score))

    def trial_ended(self, row: TrialRow, *, best: bool) -> None:
        """Say how a trial ended."""
        if row.state not in (COMPLETE, PRUNED, FAILED):
            return
        self._ended += 1
        measure = self._begun.judge.measure if self._begun else ACCURACY
        self._lines.write(trial_line(row, measure, best=best))
        if self._bar:
            self._bar.update(self._bar.task_ids[0], completed=self._ended, text=self._count())

    def end(self, event: StudyEnded) -> None:
        """Say what the study came to."""
        self.close()
        self._lines.write(ended_text(event))

    def close(self) -> None:
        """Give the terminal back."""
        if self._bar:
            self._bar.stop()

    def _count(self) -> str:
        return f"{self._ended} of {self._begun.trials}" if self._begun else ""


class StudyJson(StudyObserver):
    """A JSON object a line: an event with its facts."""

    def __init__(self, stream: TextIO | None) -> None:
        self._lines = LineWriter(stream)

    def begin(self, event: StudyBegun) -> None:
        """Write the event."""
        facts = {"about": dict(event.about), "rows": [*map(_facts, event.rows)], "judge": event.judge.column}
        self._lines.write_event("begin", **{**event._asdict(), **facts})

    def trial_ended(self, row: TrialRow, *, best: bool) -> None:
        """Write the event."""
        self._lines.write_event("trial", **_facts(row), best=best)

    def end(self, event: StudyEnded) -> None:
        """Write the event."""
        facts = {
            "files": dict(event.files),
            "commands": dict(event.commands),
            "best": event.best and _facts(event.best),
            "judge": event.judge.column,
        }
        self._lines.write_event("end", **{**event._asdict(), "rows": [*map(_facts, event.rows)], **facts})


def _facts(row: TrialRow) -> dict[str, Any]:
    return row._asdict()


def trial_line(row: TrialRow, measure: Measure, *, best: bool = False) -> str:
    """Write a trial as a line: its number, its score, its time, its values, and what is special about it."""
    seconds = "" if row.seconds is None else duration_text(row.seconds)
    values = ", ".join(f"{label}={value_text(value)}" for label, value in row.values.items())
    special = {PRUNED: f"pruned after {counted(row.epochs, 'epoch')}", FAILED: f"failed: {shorten(row.error, 200)}"}
    more = special.get(row.state, "best so far" if best else "")
    cells = f"{row.number:>{_NUMBER}}  {measure.text(row.score):>{_SCORE}}  {seconds:>{_TIME}}  {values}"
    return f"{cells}  {more}".rstrip()


def ended_text(event: StudyEnded) -> str:
    """Say what a study came to, where it is kept and how to continue."""
    count = {state: sum(row.state == state for row in event.rows) for state in (COMPLETE, PRUNED, FAILED)}
    numbers = ", ".join(f"{number:,} {state}" for state, number in count.items() if number) or "none has ended"
    said = [("stopped", event.stopped)] if event.stopped else []
    said.append(("trials", numbers))
    best = event.best
    if best is not None:
        tested, measure = event.judge
        test = f"; {measure.text(best.test)} of the test images" if best.test is not None else ""
        score = f"{measure.words} {measure.text(best.score)}"
        said.append(("best trial", f"{best.number}: {score} of the {tested} images, epoch {best.best_epoch}{test}"))
        said.append(("", ", ".join(f"{label}={value_text(value)}" for label, value in best.values.items())))
        said.append(("repeat it", event.repeat))
    parts = [paired(said), described(event.files), described(event.commands)]
    return "\n" + "\n\n".join(part for part in parts if part)


def make_study_display(*, quiet: bool, as_json: bool) -> StudyObserver:
    """Return what suits the terminal and the options."""
    if quiet:
        return StudyObserver()
    if as_json:
        return StudyJson(sys.stdout)
    return StudyLines(sys.stdout, console_with_bars())
