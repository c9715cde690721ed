"""What a person sees of a run: live bars in a terminal, plain lines elsewhere, JSON for programs, or nothing."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import Any, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cnncalc.core.cleaning import json_text, printable_lines
from cnncalc.core.errors import WriteError
from cnncalc.core.numbers import bytes_text, duration_text
from cnncalc.core.writing import WIDE, encodable, write_stream
from cnncalc.train.events import Begun, Ended, FoldsEnded, Observer, StepReport
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.show.folds import folds_text
from cnncalc.train.show.lines import described, paired, percent

_TITLES = {
    "validation": ("epoch", "train loss", "train acc", "val loss", "val acc", "images/s", "time"),
    "test": ("epoch", "train loss", "train acc", "test loss", "test acc", "images/s", "time"),
}
"""Heads of the columns, by the images that every epoch is tested on."""
_WIDTHS = (9, 10, 9, 9, 9, 9, 8)
_LEAST_WANTED = (5, 2, 6, 3, 1)
"""Columns that a narrow terminal leaves out, the first ones first."""
_GAP = "  "


class PlainLines(Observer):
    """A line for every epoch, for files and pipes. A reader that has gone does not end the training."""

    def __init__(self, stream: TextIO | None) -> None:
        self._stream = stream
        self._epochs = 0

    def begin(self, event: Begun) -> None:
        """Say what is trained, and the heads of the columns."""
        self._epochs = event.epochs
        self.say(begun_text(event))
        self.say("\n".join(epoch_line(row, event.epochs) for row in event.rows))

    def epoch(self, row: EpochMetrics) -> None:
        """Say what an epoch came to."""
        self.say(epoch_line(row, self._epochs))

    def note(self, text: str) -> None:
        """Say it."""
        self.say(f"note: {text}")

    def end(self, event: Ended) -> None:
        """Say what the run came to."""
        self.say(ended_text(event))

    def folds(self, event: FoldsEnded) -> None:
        """Say what all folds came to."""
        self.say(folds_text(event))

    def say(self, text: str) -> None:
        """Write a text and a line end."""
        if self._stream is None or not text:
            return
        try:
            write_stream(printable_lines(text) + "\n", self._stream)
        except WriteError:
            self._stream = None


class Live(Observer):
    """Bars for the epoch and for the run, with lines for the epochs that are complete above them."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = TextColumn("{task.description}"), BarColumn(None), TextColumn("{task.fields[text]}")
        self._bars = Progress(*columns, console=console, transient=True, expand=True, refresh_per_second=5)
        self._begun: Begun | None = None
        self._epoch = self._bars.add_task("epoch", total=1, text="")
        self._run = self._bars.add_task("run", total=1, text="")

    def begin(self, event: Begun) -> None:
        """Say what is trained, and start the bars."""
        self._begun = event
        self._say(begun_text(event, self._console.width))
        for row in event.rows:
            self.epoch(row)
        self._bars.start()
        self._move(event.first_step, "", "")

    def steps(self, event: StepReport) -> None:
        """Move the bars."""
        assert self._begun is not None
        seen = f"  accuracy {event.train_accuracy:6.2%}" if event.train_accuracy is not None else ""
        left = (self._begun.epochs * self._begun.steps_per_epoch) - event.step
        per_second = event.images_per_second
        text = f"loss {event.loss:.4f}{seen}  rate {event.learning_rate:.4g}"
        self._move(event.step, text, f"{per_second:,.0f} images/s  {bytes_text(event.memory_bytes)}", left)

    def _move(self, step: int, epoch_text: str, run_text: str, left: int = 0) -> None:
        assert self._begun is not None
        per_epoch, steps = self._begun.steps_per_epoch, self._begun.epochs * self._begun.steps_per_epoch
        epoch = min(step // per_epoch, self._begun.epochs - 1)
        place = step - epoch * per_epoch
        self._bars.update(
            self._epoch,
            description=f"epoch {epoch + 1}/{self._begun.epochs}",
            completed=place,
            total=per_epoch,
            text=epoch_text,
        )
        remaining = self._bars.tasks[1].time_remaining
        shown = f"{run_text}  {duration_text(remaining)} left" if remaining and left else run_text
        self._bars.update(self._run, description="run", completed=step, total=steps, text=shown)

    def epoch(self, row: EpochMetrics) -> None:
        """Say what an epoch came to, above the bars."""
        assert self._begun is not None
        self._say(epoch_line(row, self._begun.epochs, self._console.width))

    def note(self, text: str) -> None:
        """Say it above the bars."""
        self._say(f"note: {text}")

    def end(self, event: Ended) -> None:
        """Take the bars away and say what the run came to."""
        self._bars.stop()
        self._say(ended_text(event))

    def folds(self, event: FoldsEnded) -> None:
        """Say what all folds came to."""
        self._say(folds_text(event))

    def close(self) -> None:
        """Give the terminal back."""
        self._bars.stop()

    def _say(self, text: str) -> None:
        self._console.print(printable_lines(text), markup=False, highlight=False, soft_wrap=True)


class JsonLines(Observer):
    """A JSON object a line: an event with its facts."""

    def __init__(self, stream: TextIO | None) -> None:
        self._lines = PlainLines(stream)
        self._tested = ""

    def begin(self, event: Begun) -> None:
        """Write the event."""
        self._tested = event.tested
        rows = [asdict(row) for row in event.rows]
        self._write("begin", **{**event._asdict(), "facts": dict(event.facts), "rows": rows})

    def epoch(self, row: EpochMetrics) -> None:
        """Write the event."""
        self._write("epoch", **asdict(row), tested=self._tested)

    def note(self, text: str) -> None:
        """Write the event."""
        self._write("note", text=text)

    def end(self, event: Ended) -> None:
        """Write the event."""
        self._write("end", **{**event._asdict(), "files": dict(event.files), "commands": dict(event.commands)})

    def folds(self, event: FoldsEnded) -> None:
        """Write the event."""
        spreads = {name: spread and spread._asdict() for name, spread in event.spreads.items()}
        results = [result._asdict() for result in event.results]
        facts = {**event._asdict(), "results": results, "commands": dict(event.commands)}
        del facts["spreads"]
        self._write("folds", **facts, **spreads)

    def _write(self, event: str, **facts: Any) -> None:
        self._lines.say(json_text(json.dumps({"event": event, **facts}, ensure_ascii=False)))


def begun_text(event: Begun, width: int = WIDE) -> str:
    """Say what is trained, and head the columns of the epochs, as far as they fit into a width."""
    facts = [*event.facts, ("run", event.folder + (f", from step {event.first_step:,}" if event.first_step else ""))]
    titles = [f"{title:>{size}}" for title, size in zip(_TITLES[event.tested or "test"], _WIDTHS, strict=True)]
    head = _GAP.join(_fitting(titles, width))
    return f"{paired(facts)}\n\n{head}\n{'─' * len(head)}"


def epoch_line(row: EpochMetrics, epochs: int, width: int = WIDE) -> str:
    """Write an epoch as a line: what training came to, what the test came to, and how fast it was."""
    cells = (
        f"{row.epoch}/{epochs}",
        f"{row.train_loss:.4f}",
        percent(row.train_accuracy),
        number(row.loss),
        percent(row.accuracy),
        f"{row.images_per_second:,.0f}",
        duration_text(row.seconds),
    )
    return _GAP.join(_fitting([f"{cell:>{size}}" for cell, size in zip(cells, _WIDTHS, strict=True)], width))


def _fitting(cells: list[str], width: int) -> list[str]:
    """Leave out columns until the rest fits into a width; the epoch and the accuracy of the test always stay."""
    kept = list(range(len(cells)))
    for place in _LEAST_WANTED:
        if sum(_WIDTHS[k] for k in kept) + len(_GAP) * (len(kept) - 1) <= width:
            break
        kept.remove(place)
    return [cells[place] for place in kept]


def ended_text(event: Ended) -> str:
    """Say what a run came to, where it is kept and how to go on."""
    results = [("ended", f"{event.reason}, after {duration_text(event.seconds)}")]
    if event.best_accuracy is not None:
        last = f"; {percent(event.accuracy)} after the last one" if event.accuracy is not None else ""
        which = f"{percent(event.best_accuracy)} of the {event.tested} images after epoch {event.best_epoch}{last}"
        results.append(("best accuracy", which))
    if event.test_accuracy is not None:
        results.append(
            ("test accuracy", f"{percent(event.test_accuracy)} with the weights of epoch {event.best_epoch}")
        )
    if event.skipped_steps:
        results.append(("skipped steps", f"{event.skipped_steps:,}: a gradient was too large for fp16"))
    results.append(("memory", _memory_text(event)))
    parts = [paired(results), described(event.files), described(event.commands)]
    return "\n" + "\n\n".join(part for part in parts if part)


def _memory_text(event: Ended) -> str:
    measured, predicted = bytes_text(event.memory_bytes), bytes_text(event.predicted_bytes)
    if event.whole_process:
        return f"{measured} at most in the whole process; tensors were predicted to take {predicted}"
    return f"{measured} at most; {predicted} were predicted"


def number(value: float | None) -> str:
    """Write a loss; nothing for what is not known."""
    return "" if value is None else f"{value:.4f}"


def make_display(*, quiet: bool, as_json: bool, speaks: bool) -> Observer:
    """Return what suits the terminal and the wishes; processes that do not speak show nothing."""
    if quiet or not speaks:
        return Observer()
    if as_json:
        return JsonLines(sys.stdout)
    plain = encodable("─", getattr(sys.stdout, "encoding", None)) != "─"
    if getattr(sys.stdout, "isatty", bool)() and not plain:
        return Live(Console())
    return PlainLines(sys.stdout)
