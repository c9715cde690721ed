"""``train --live``: the same training, and a page that shows it while it goes on."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

import pytest

from cnncalc.commands.cli import run
from cnncalc.commands.train import page_process
from cnncalc.page.live import observer
from cnncalc.page.live.observer import LivePage, PageProcess
from cnncalc.page.run.view import Seen
from cnncalc.train.engine import metrics
from cnncalc.train.events import Begun, StepReport
from tests.page.conftest import violations
from tests.train.runs import DIGITS, RANDOM, SPEC, Heard, train, weights

QUICK = ["--data", "digits", "--limit", "200", "--epochs", "2", "--batch", "32", "--device", "cpu"]


class SentMessages(PageProcess):
    """Stands for a process: remembers what it is sent."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any]] = []

    @property
    def busy(self) -> bool:
        return False

    def send(self, name: str, event: Any) -> None:
        self.sent.append((name, event))

    def all(self, name: str) -> list[Any]:
        return [event for found, event in self.sent if found == name]


@pytest.fixture
def looking(monkeypatch: pytest.MonkeyPatch) -> None:
    """After every step there is a look, whatever it costs."""
    monkeypatch.setattr(metrics, "REPORT_SECONDS", 0.0)
    monkeypatch.setattr(observer, "LEAST_SECONDS", 0.0)
    monkeypatch.setattr(observer, "SHARE", 1e9)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


# ---- training


@pytest.mark.slow
@pytest.mark.usefixtures("looking")
@pytest.mark.parametrize("settings", [RANDOM, {"accumulate": 2, "precision": "bf16"}], ids=["random", "bf16"])
def test_nothing_changes_by_being_looked_at(folder: Path, settings: dict[str, Any]) -> None:
    """To the bit: weights with everything random in them, averaged ones, and gradient norms."""
    page = SentMessages()
    train(SPEC, "watched", heard=LivePage(page), **settings)
    train(SPEC, "alone", **settings)
    assert len(page.all("seen")) == 21 + 2  # one for each step, one before the first and one in the end
    assert weights("watched") == weights("alone")
    assert Path("watched/gradients.csv").read_text() == Path("alone/gradients.csv").read_text()


@pytest.mark.slow
@pytest.mark.usefixtures("looking")
def test_parts_that_are_frozen_stay_so(folder: Path) -> None:
    """A look leaves every layer in the mode in which it was: norms that are frozen do not begin to learn."""
    page = SentMessages()
    for name, heard in (("watched", LivePage(page)), ("alone", Heard())):
        train("input 8x8x1\nfirst: conv 3x3x4 - bn - relu - fc 10", name, heard=heard, epochs=2, freeze="body")
    assert weights("watched") == weights("alone")


def test_looks_are_rare(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They take a two-hundredth of the time: after one that took 3 s nobody looks for 600 s."""
    clock = {"now": 0.0}

    def look(*arguments: Any) -> Seen:
        clock["now"] += 3.0
        return Seen()

    monkeypatch.setattr("cnncalc.page.live.observer.monotonic", lambda: clock["now"])
    monkeypatch.setattr("cnncalc.page.run.looking.look", look)
    monkeypatch.setattr(LivePage, "_watched", lambda self: None)
    page = SentMessages()
    live = LivePage(page)
    live.begin(Begun("run", [], 1, 7, 0, []))
    looks = []
    for seconds in (4, 602, 604, 1000, 1208):
        clock["now"] = float(seconds)
        live.steps(StepReport(1, 1.0, None, 0.1, 1.0, 0))
        looks.append(len(page.all("seen")))
    assert looks == [1, 1, 2, 2, 3]


def test_a_look_that_fails_ends_the_looks_and_not_the_run(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any) -> Seen:
        raise RuntimeError("out of memory")

    monkeypatch.setattr("cnncalc.page.run.looking.look", fail)
    page = SentMessages()
    assert train(SPEC, "run", heard=LivePage(page), epochs=1).complete
    assert {seen.reason for seen in page.all("seen")} == {"Not shown: out of memory"}


@pytest.mark.parametrize(
    "spec",
    [
        "input 8x8x2\nconv 3x3x2 - fc 4",
        "input 16x2\nconv 3x4 - relu - gap - fc 3",
        "input 6x6x6x1\nconv 3x3x3x2 - fc 2",
    ],
    ids=["two channels", "one dimension", "three dimensions"],
)
def test_what_is_no_picture_is_left_out(folder: Path, spec: str) -> None:
    page = SentMessages()
    train(spec, "run", heard=LivePage(page), epochs=1, data=DIGITS._replace(data="synthetic"))
    last = page.all("seen")[-1]
    assert last.reason == ""
    assert len(last.images) == 8
    assert all(image.picture is None for image in last.images)


# ---- the command


@pytest.mark.slow
def test_the_address_is_printed_and_gone_when_the_run_is(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "input 8x8x1\nfc 10", *QUICK, "--out", "run", "--live"]) == 0
    told = capsys.readouterr().out
    [port] = re.findall(r"^live page       http://127\.0\.0\.1:(\d+)/$", told, re.MULTILINE)
    with socket.socket() as one:
        assert one.connect_ex(("127.0.0.1", int(port))) != 0


@pytest.mark.slow
def test_a_port_that_is_taken_is_told_before_anything_is_written(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        assert run(["train", "input 8x8x1\nfc 10", *QUICK, "--out", "run", "--live", "--port", port]) == 1
    assert f"cannot serve the page at port {port}: Address already in use" in capsys.readouterr().err
    assert not Path("run").exists()


def test_a_port_without_a_page_is_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["train", "input 8x8x1\nfc 10", "--port", "9000"]) == 2
    assert "--port has no effect without --live" in capsys.readouterr().err


def test_other_processes_of_torchrun_serve_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with page_process({"live": True, "port": None}) as page:
        assert page is None


# ---- the browser


@pytest.mark.slow
@pytest.mark.usefixtures("looking")
def test_a_browser_sees_the_run_go_on(browser: Any, folder: Path) -> None:
    """Curves grow, the end is said, and nobody but its server is asked; axe-core finds nothing."""
    process = PageProcess(None, "1.0")
    context = browser.new_context(bypass_csp=True)
    page, complaints, asked = context.new_page(), [], set()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.add(request.url.split("?")[0]))

    class Browsing(LivePage):
        """Opens the page when the run begins, and looks at it after every epoch."""

        def begin(self, event: Any) -> None:
            super().begin(event)
            page.goto(process.address)
            page.wait_for_selector(".guesses li")

        def epoch(self, row: Any) -> None:
            super().epoch(row)
            page.wait_for_selector(f"#epochs tr:nth-child({row.epoch})", state="attached")

    train(SPEC, "run", heard=Browsing(process), epochs=3)
    process.close()
    page.wait_for_selector("body.over")
    assert page.text_content("#state").startswith("Ended: 3 epochs done.")
    assert page.locator("#curves .chart").count() == 3
    assert asked == {process.address, f"{process.address}state"}
    assert complaints == []
    assert violations(page) == []
    context.close()
