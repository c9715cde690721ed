"""What a person and a program see of a run, as text at a fixed width."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from cnncalc.train.events import Begun, Ended, Observer, Observers, StepReport
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.show.display import (
    JsonLines,
    Live,
    PlainLines,
    begun_text,
    duration_text,
    epoch_line,
    make_display,
    number,
)
from cnncalc.train.show.lines import percent
from tests.train.runs import Heard

FACTS = [("network", "net.txt: 8x8x1 → 1x1x10, 466 parameters"), ("device", "cpu (2 threads), float32")]
FIRST = EpochMetrics(1, 1500, 0.05, 2.25, 0.25, 2.125, {"accuracy": 0.3125, "top5_accuracy": 0.75}, 12_345.6, 9.96)
SECOND = EpochMetrics(2, 3000, 0.01, 1.5, None, None, {"accuracy": None, "top5_accuracy": None}, 900.0, 3_725.0)
BEGUN = Begun("runs/net-1", FACTS, 2, 1500, 0, [])
GONE_ON = Begun("runs/net-1", FACTS, 2, 1500, 1700, [FIRST])
LOOKED = StepReport(1700, 1.875, 0.5, 0.0125, 4321.0, 300 * 2**20)
ENDED = Ended(
    folder="runs/net-1",
    reason="all 2 epochs are done",
    complete=True,
    best_score=0.3125,
    best_epoch=1,
    score=0.25,
    test_score=0.28,
    seconds=3_725.0,
    memory_bytes=300 * 2**20,
    predicted_bytes=20 * 2**20,
    whole_process=True,
    skipped_steps=3,
    files=[("runs/net-1/best.safetensors", "the weights"), ("runs/net-1/metrics.csv", "a line")],
    commands=[("cnncalc evaluate runs/net-1", "accuracy per class")],
)

HEAD = """\
network         net.txt: 8x8x1 → 1x1x10, 466 parameters
device          cpu (2 threads), float32
run             runs/net-1

    epoch  train loss  train acc  test loss   test acc   images/s      time
───────────────────────────────────────────────────────────────────────────
"""
ROWS = """\
      1/2      2.2500     25.00%     2.1250     31.25%     12,346    10.0 s
      2/2      1.5000                                         900   1:02:05
"""
"""An unknown number is a gap, not a 0."""
TAIL = """\

ended           all 2 epochs are done, after 1:02:05
best accuracy   31.25% of the test images after epoch 1; 25.00% after the last one
test accuracy   28.00% with the weights of epoch 1
skipped steps   3: a gradient was too large for fp16
memory          300 MiB at most in the whole process; tensors were predicted to take 20.0 MiB

  runs/net-1/best.safetensors   the weights
  runs/net-1/metrics.csv        a line

  cnncalc evaluate runs/net-1   accuracy per class
"""


def stream(encoding: str = "utf-8") -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding)


def text(written: io.TextIOWrapper) -> str:
    data = written.buffer
    assert isinstance(data, io.BytesIO)
    return data.getvalue().decode(written.encoding)


def show(display: Any, begun: Begun = BEGUN) -> None:
    """Let a display see a run of two epochs."""
    display.begin(begun)
    for row in (FIRST, SECOND)[len(begun.rows) :]:
        display.steps(LOOKED)
        display.epoch(row)
    display.note("something worth telling")
    display.end(ENDED)
    display.close()


# ---- lines


def test_a_pipe_gets_a_line_an_epoch() -> None:
    written = stream()
    show(PlainLines(written))
    assert text(written) == HEAD + ROWS + "note: something worth telling\n" + TAIL


def test_numbers_of_validation_images_are_called_so() -> None:
    """In the heads of the columns, in what the run came to, and in JSON."""
    written, events = stream(), stream()
    begun, ended = BEGUN._replace(tested="validation"), ENDED._replace(tested="validation")
    for display in (PlainLines(written), JsonLines(events)):
        display.begin(begun)
        display.epoch(FIRST)
        display.end(ended)
    shown = text(written)
    assert "    epoch  train loss  train acc   val loss    val acc   images/s      time\n" in shown
    assert "\nbest accuracy   31.25% of the validation images after epoch 1; 25.00% after the last one\n" in shown
    assert "test loss" not in shown
    assert [json.loads(line)["tested"] for line in text(events).splitlines()] == ["validation"] * 3


def test_a_run_that_goes_on_shows_what_it_has_done() -> None:
    written = stream()
    show(PlainLines(written), GONE_ON)
    head = HEAD.replace("runs/net-1\n", "runs/net-1, from step 1,700\n", 1)
    assert text(written) == head + ROWS + "note: something worth telling\n" + TAIL


def test_what_is_not_known_of_an_end_is_left_out() -> None:
    """On a GPU memory is counted for tensors alone."""
    written = stream()
    bare = ENDED._replace(best_score=None, best_epoch=0, score=None, test_score=None, skipped_steps=0)
    PlainLines(written).end(bare._replace(whole_process=False, files=[]))
    assert text(written) == (
        "\n"
        "ended           all 2 epochs are done, after 1:02:05\n"
        "memory          300 MiB at most; 20.0 MiB were predicted\n"
        "\n"
        "  cnncalc evaluate runs/net-1   accuracy per class\n"
    )


def test_characters_that_a_stream_lacks_are_replaced() -> None:
    written = stream("ascii")
    show(PlainLines(written))
    assert "net.txt: 8x8x1 -> 1x1x10" in text(written)


def test_a_reader_that_has_gone_does_not_end_the_training() -> None:
    """It is noticed once, and nothing more is written."""
    attempts = []

    class Gone(io.BytesIO):
        def write(self, data: object) -> int:
            attempts.append(data)
            raise BrokenPipeError

    show(PlainLines(io.TextIOWrapper(Gone(), encoding="utf-8", write_through=True)))
    assert len(attempts) == 1


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [(0.0, "0.0 s"), (59.94, "59.9 s"), (59.96, "1:00"), (60, "1:00"), (3599.6, "1:00:00"), (90_061, "25:01:01")],
)
def test_a_time_has_the_unit_that_suits_it(seconds: float, shown: str) -> None:
    assert duration_text(seconds) == shown


def test_shares_and_losses() -> None:
    assert (percent(0.98765), percent(1.0), percent(None)) == ("98.77%", "100.00%", "")
    assert (number(0.0123), number(0.00004), number(0.0), number(None)) == ("0.0123", "4.00e-05", "0.0000", "")


# ---- JSON


def test_a_program_gets_an_object_a_line() -> None:
    """Everything that there is to know, unknown numbers as null."""
    written = stream()
    show(JsonLines(written), GONE_ON)
    begin, epoch, note, end = map(json.loads, text(written).splitlines())
    assert begin["event"] == "begin"
    assert begin["facts"] == dict(FACTS)
    assert (begin["first_step"], begin["rows"][0]["accuracy"]) == (1700, 0.3125)
    values = dict(vars(SECOND))
    metrics = values.pop("metrics")
    assert epoch == {"event": "epoch", **values, **metrics, "tested": "test"}
    assert epoch["accuracy"] is None
    assert note == {"event": "note", "text": "something worth telling"}
    assert (end["event"], end["best_accuracy"], end["memory_bytes"]) == ("end", 0.3125, 314_572_800)
    assert end["files"] == dict(ENDED.files)


# ---- bars


def live(width: int, begun: Begun = BEGUN) -> str:
    written = io.StringIO()
    show(Live(Console(file=written, force_terminal=True, width=width, legacy_windows=False, _environ={})), begun)
    return written.getvalue()


@pytest.mark.parametrize("begun", [BEGUN, GONE_ON])
def test_a_terminal_gets_bars_and_the_lines_above_them(begun: Begun) -> None:
    shown = live(80, begun)
    for line in (HEAD + ROWS + TAIL).splitlines():
        assert line in shown or line.startswith("run ")
    assert "━" in shown
    assert shown.endswith(TAIL)
    assert shown.count("\x1b[?25l") == shown.count("\x1b[?25h") == 1  # the cursor was hidden, and is back


def test_bars_say_where_the_run_is() -> None:
    written = io.StringIO()
    display = Live(Console(file=written, force_terminal=True, width=100, legacy_windows=False, _environ={}))
    display.begin(BEGUN)
    display.steps(LOOKED)
    display._bars.refresh()
    display.close()
    last = [line for line in written.getvalue().replace("\r", "\n").splitlines() if "run" in line or "epoch" in line]
    assert "epoch 2/2" in last[-2]
    assert "loss 1.8750  accuracy 50.00%  rate 0.0125" in last[-2]
    assert "4,321 images/s  300 MiB" in last[-1]


@pytest.mark.parametrize("width", [1, 10, 20, 40, 200])
def test_any_width_will_do(width: int) -> None:
    assert TAIL.splitlines()[1] in live(width)


# ---- which of them


def test_only_who_speaks_shows_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quiet is nothing at all; the other processes of torchrun are quiet too."""
    monkeypatch.setattr("sys.stdout", stream())
    assert type(make_display(quiet=True, as_json=True, writes=True)) is Observer
    assert type(make_display(quiet=False, as_json=True, writes=False)) is Observer
    assert type(make_display(quiet=False, as_json=True, writes=True)) is JsonLines
    assert type(make_display(quiet=False, as_json=False, writes=True)) is PlainLines
    show(Observer())


@pytest.mark.parametrize(("encoding", "kind"), [("utf-8", Live), ("ascii", PlainLines)])
def test_a_terminal_gets_bars_if_it_has_the_characters(
    monkeypatch: pytest.MonkeyPatch, encoding: str, kind: type[Observer]
) -> None:
    terminal = stream(encoding)
    monkeypatch.setattr(terminal, "isatty", lambda: True)
    monkeypatch.setattr("sys.stdout", terminal)
    assert type(make_display(quiet=False, as_json=False, writes=True)) is kind


def test_several_observers_hear_the_same() -> None:
    heard = Heard(), Heard()
    show(Observers(*heard))
    assert heard[0].events == heard[1].events
    assert [name for name, _ in heard[0].events] == [
        "begin",
        "steps",
        "epoch",
        "steps",
        "epoch",
        "note",
        "end",
        "close",
    ]


@pytest.mark.parametrize(
    ("width", "head", "row"),
    [
        (75, HEAD.splitlines()[-2], ROWS.splitlines()[0]),
        (74, "    epoch  train loss  train acc  test loss   test acc      time", None),
        (53, "    epoch  train loss  test loss   test acc      time", None),
        (43, "    epoch  train loss  test loss   test acc", None),
        (20, "    epoch   test acc", "      1/2     31.25%"),
    ],
)
def test_a_narrow_terminal_leaves_columns_out(width: int, head: str, row: str | None) -> None:
    """How fast it was goes first, and the accuracy of the test stays."""
    shown = begun_text(BEGUN, width).splitlines()
    assert shown[-2:] == [head, "─" * len(head)]
    line = epoch_line(FIRST, BEGUN, width)
    assert len(line) == len(head)
    assert row is None or line == row
