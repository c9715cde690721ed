"""What a person sees of a run: live bars in a terminal, plain lines elsewhere, JSON for programs, or nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple, TextIO

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from cnncalc.core.numbers import bytes_text, duration_text
from cnncalc.core.writing import WIDE
from cnncalc.train.events import Begun, Ended, FoldsEnded, Observer, StepReport
from cnncalc.train.measures import ACCURACY, Measure
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.show.folds import folds_text
from cnncalc.train.show.line_writer import LineWriter, console_with_bars
from cnncalc.train.show.lines import described, paired, percent

_GAP = "  "


class EpochColumn(NamedTuple):
    """A column of the lines of epochs.

    Attributes:
        title: its head.
        width: in characters.
        text: what it says of an epoch, of so many.
        rank: columns of higher ranks are left out first in a narrow terminal; those of 0 always stay.

    """

    title: str
    width: int
    text: Callable[[EpochMetrics, int], str]
    rank: int


def epoch_columns(measures: Sequence[Measure], tested: str) -> list[EpochColumn]:
    """Return the columns for measures of the images that every epoch is tested on, ``validation`` or ``test``."""
    name = "val" if tested == "validation" else "test"
    first, *others = [measure for measure in measures if measure.shown]
    columns = [
        EpochColumn("epoch", 9, lambda row, epochs: f"{row.epoch}/{epochs}", 0),
        EpochColumn("train loss", 10, lambda row, _: number(row.train_loss), 1),
    ]
    if any(measure.name == ACCURACY.name for measure in measures):
        columns.append(EpochColumn("train acc", 9, lambda row, _: percent(row.train_accuracy), 4))
    columns.append(EpochColumn(f"{name} loss", 9, lambda row, _: number(row.loss), 2))
    columns += [_column(name, first, 0), *(_column(name, measure, 3) for measure in others)]
    return [
        *columns,
        EpochColumn("images/s", 9, lambda row, _: f"{row.images_per_second:,.0f}", 5),
        EpochColumn("time", 8, lambda row, _: duration_text(row.seconds), 3),
    ]


def _column(tested: str, measure: Measure, rank: int) -> EpochColumn:
    title = f"{tested} {measure.title}"
    return EpochColumn(title, max(9, len(title)), lambda row, _: measure.text(row.metrics.get(measure.name)), rank)


class PlainLines(Observer):
    """A line for every epoch, for files and pipes. A reader that has gone does not end the training."""

    def __init__(self, stream: TextIO | None) -> None:
        self._lines = LineWriter(stream)
        self._begun: Begun | None = None

    def begin(self, event: Begun) -> None:
        """Say what is trained, and the heads of the columns."""
        self._begun = event
        self._lines.write(begun_text(event))
        self._lines.write("\n".join(epoch_line(row, event) for row in event.rows))

    def epoch(self, row: EpochMetrics) -> None:
        """Say what an epoch came to."""
        assert self._begun is not None
        self._lines.write(epoch_line(row, self._begun))

    def note(self, text: str) -> None:
        """Say it."""
        self._lines.write(f"note: {text}")

    def end(self, event: Ended) -> None:
        """Say what the run came to."""
        self._lines.write(ended_text(event))

    def folds(self, event: FoldsEnded) -> None:
        """Say what all folds came to."""
        self._lines.write(folds_text(event))


class Live(Observer):
    """Bars for the epoch and for the run, with lines for the epochs that are complete above them."""

    def __init__(self, console: Console) -> None:
        self._console, self._lines = console, LineWriter(None, console)
        columns = TextColumn("{task.description}"), BarColumn(None), TextColumn("{task.fields[text]}")
        self._bars = Progress(*columns, console=console, transient=True, expand=True, refresh_per_second=5)
        self._begun: Begun | None = None
        self._epoch = self._bars.add_task("epoch", total=1, text="")
        self._run = self._bars.add_task("run", total=1, text="")

    def begin(self, event: Begun) -> None:
        """Say what is trained, and start the bars."""
        self._begun = event
        self._lines.write(begun_text(event, self._console.width))
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
        self._lines.write(epoch_line(row, self._begun, self._console.width))

    def note(self, text: str) -> None:
        """Say it above the bars."""
        self._lines.write(f"note: {text}")

    def end(self, event: Ended) -> None:
        """Take the bars away and say what the run came to."""
        self._bars.stop()
        self._lines.write(ended_text(event))

    def folds(self, event: FoldsEnded) -> None:
        """Say what all folds came to."""
        self._lines.write(folds_text(event))

    def close(self) -> None:
        """Give the terminal back."""
        self._bars.stop()


class JsonLines(Observer):
    """A JSON object a line: an event with its facts."""

    def __init__(self, stream: TextIO | None) -> None:
        self._lines = LineWriter(stream)
        self._tested = ""

    def begin(self, event: Begun) -> None:
        """Write the event."""
        self._tested = event.tested
        rows, measures = [row.columns() for row in event.rows], [measure.name for measure in event.measures]
        self._lines.write_event(
            "begin", **{**event._asdict(), "facts": dict(event.facts), "rows": rows, "measures": measures}
        )

    def epoch(self, row: EpochMetrics) -> None:
        """Write the event."""
        self._lines.write_event("epoch", **row.columns(), tested=self._tested)

    def note(self, text: str) -> None:
        """Write the event."""
        self._lines.write_event("note", text=text)

    def end(self, event: Ended) -> None:
        """Write the event."""
        self._lines.write_event("end", **event.named())

    def folds(self, event: FoldsEnded) -> None:
        """Write the event."""
        self._lines.write_event("folds", **event.named())


def begun_text(event: Begun, width: int = WIDE) -> str:
    """Say what is trained, and head the columns of the epochs, as far as they fit into a width."""
    facts = [*event.facts, ("run", event.folder + (f", from step {event.first_step:,}" if event.first_step else ""))]
    columns = _fitting(epoch_columns(event.measures, event.tested), width)
    head = _GAP.join(f"{column.title:>{column.width}}" for column in columns)
    return f"{paired(facts)}\n\n{head}\n{'─' * len(head)}"


def epoch_line(row: EpochMetrics, begun: Begun, width: int = WIDE) -> str:
    """Write an epoch as a line: what training came to, what the test came to, and how fast it was."""
    columns = _fitting(epoch_columns(begun.measures, begun.tested), width)
    return _GAP.join(f"{column.text(row, begun.epochs):>{column.width}}" for column in columns)


def _fitting(columns: list[EpochColumn], width: int) -> list[EpochColumn]:
    """Leave out columns until the rest fits into a width."""
    kept = list(columns)
    while sum(column.width for column in kept) + len(_GAP) * (len(kept) - 1) > width:
        least = max(kept, key=lambda column: column.rank)
        if not least.rank:
            break
        kept.remove(least)
    return kept


def ended_text(event: Ended) -> str:
    """Say what a run came to, where it is kept and how to continue."""
    results = [("ended", f"{event.reason}, after {duration_text(event.seconds)}")]
    measure = event.measure
    short = measure.words if measure.words == ACCURACY.words else measure.title
    if event.best_score is not None:
        last = f"; {measure.text(event.score)} after the last one" if event.score is not None else ""
        which = f"{measure.text(event.best_score)} of the {event.tested} images after epoch {event.best_epoch}{last}"
        results.append((f"best {short}", which))
    if event.test_score is not None:
        which = f"{measure.text(event.test_score)} with the weights of epoch {event.best_epoch}"
        results.append((f"test {short}", which))
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
    if value is None:
        return ""
    return f"{value:.2e}" if 0 < value < 0.001 or value >= 100_000 else f"{value:.4f}"


def make_display(*, quiet: bool, as_json: bool, writes: bool) -> Observer:
    """Return what suits the terminal and the options; processes that do not write show nothing."""
    if quiet or not writes:
        return Observer()
    if as_json:
        return JsonLines(sys.stdout)
    console = console_with_bars()
    return PlainLines(sys.stdout) if console is None else Live(console)
