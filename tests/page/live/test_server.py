"""The server of a live page: who may ask it, what it answers, and when it ends. One that asks stands for a browser."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from email.message import Message
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import pytest

from cnncalc.core.errors import RunError
from cnncalc.page.live.observer import PageProcess
from cnncalc.page.live.server import HOST, LiveServer
from cnncalc.page.live.state import LiveState
from cnncalc.page.run.view import Guessed, Seen
from cnncalc.report.diagnostics import draw_error
from cnncalc.train.events import Begun, Ended, StepReport
from cnncalc.train.progress import EpochGradients, EpochMetrics
from tests.train.runs import train

ROOT = Path(__file__).parents[3]
SPEC = "input 8x8x1\nconv 3x3x2 - relu - fc 10"
ROW = EpochMetrics(1, 7, 0.01, 2.25, 0.5, 2.0, {"accuracy": 0.75, "top5_accuracy": None}, 1000.0, 3.0)
ENDED = Ended("first", "1 epoch done", True, 0.75, 1, 0.75, None, 3.0, 0, 0, True, 0, [], [])


class Answer(NamedTuple):
    status: int
    headers: Message
    text: str


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run, whose spec, recipe and facts the server reads."""
    out = tmp_path_factory.mktemp("runs") / "first"
    train(SPEC, str(out), epochs=1)
    return out


@pytest.fixture
def state() -> LiveState:
    return LiveState()


@pytest.fixture
def server(state: LiveState) -> Iterator[LiveServer]:
    found = LiveServer(0, state, "1.0")
    threading.Thread(target=found.serve_forever, args=[0.02], daemon=True).start()
    yield found
    found.shutdown()
    found.server_close()


@pytest.fixture
def ask(server: LiveServer) -> Ask:
    """A function that asks the server, and gives it the name that a browser would."""

    def asked(path: str, method: str = "GET", **headers: str) -> Answer:
        connection = http.client.HTTPConnection(HOST, server.server_port, timeout=10)
        named = {
            "Host": f"127.0.0.1:{server.server_port}",
            **{name.replace("_", "-"): v for name, v in headers.items()},
        }
        connection.putrequest(method, path, skip_host=True)
        for name, value in named.items():
            connection.putheader(name, value)
        connection.endheaders()
        with closing(connection), connection.getresponse() as response:
            return Answer(response.status, response.headers, response.read().decode())

    return asked


def begun(folder: Path, state: LiveState, epochs: int = 2) -> None:
    state.receive(("begin", Begun(str(folder), [], epochs, 7, 0, [])))


def news(ask: Ask, since: int = 0) -> Any:
    return json.loads(ask(f"/state?since={since}").text)


# ---- who may ask


def test_it_listens_on_this_machine_alone(server: LiveServer) -> None:
    assert server.socket.getsockname()[0] == "127.0.0.1"


@pytest.mark.parametrize(
    "name", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", "[::1]:{port}", ""]
)
def test_a_name_that_is_not_its_own_is_refused(
    folder: Path, state: LiveState, server: LiveServer, ask: Ask, name: str
) -> None:
    """A page of a stranger whose name suddenly means 127.0.0.1 sends its own name (DNS rebinding)."""
    begun(folder, state)
    for path in ("/", "/state?since=0"):
        answer = ask(path, Host=name.format(port=server.server_port))
        assert answer.status == 403
        assert answer.text == f"This server is called http://127.0.0.1:{server.server_port}/.\n"


def test_localhost_is_its_name_too(folder: Path, state: LiveState, server: LiveServer, ask: Ask) -> None:
    begun(folder, state)
    assert ask("/", Host=f"localhost:{server.server_port}").status == 200


def test_pages_of_others_get_no_numbers(folder: Path, state: LiveState, ask: Ask) -> None:
    """A browser says from where a script asks; and no answer may be part of another page."""
    begun(folder, state)
    assert ask("/state?since=0", Sec_Fetch_Site="cross-site").status == 404
    assert ask("/state?since=0", Sec_Fetch_Site="same-origin").status == 200
    headers = ask("/").headers
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert headers["Content-Security-Policy"] == "frame-ancestors 'none'"
    assert headers["Access-Control-Allow-Origin"] is None


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "HEAD", "OPTIONS"])
def test_it_answers_get_alone(folder: Path, state: LiveState, ask: Ask, method: str) -> None:
    begun(folder, state)
    assert ask("/", method).status == 501


@pytest.mark.parametrize("path", ["/etc/passwd", "/../spec.txt", "/state/", "/page", "http://evil.example/x"])
def test_nothing_else_is_there(folder: Path, state: LiveState, ask: Ask, path: str) -> None:
    begun(folder, state)
    assert ask(path).status == 404


# ---- what it answers


def test_news_are_what_has_changed(folder: Path, state: LiveState, ask: Ask) -> None:
    """Everything at first; then the parts of the page that a message changes."""
    begun(folder, state)
    first = news(ask)
    assert set(first["parts"]) == {"state", "totals", "curves", "epochs", "gradients", "seen"}
    assert first["parts"]["state"] == "Epoch 1 of 2 begins."
    state.receive(("steps", StepReport(7, 2.5, None, 0.01, 200.0, 0)))
    second = news(ask, first["version"])
    assert set(second["parts"]) == {"state", "curves"}
    pace = "loss 2.5000, 200 images/s, about 1.0 s left"
    assert second["parts"]["state"] == f"Training: epoch 2 of 2, step 7 of 14, {pace}."
    state.receive(("gradients", EpochGradients(1, {"conv1": 1e-5, "fc1": 0.5})))
    third = news(ask, second["version"])
    assert set(third["parts"]) == {"gradients"}
    assert "50,000 times smaller" in third["parts"]["gradients"]
    state.receive(("epoch", ROW))
    assert set(news(ask, third["version"])["parts"]) == {"totals", "curves", "epochs"}


def test_what_is_heard_late_is_waited_for(folder: Path, state: LiveState, ask: Ask) -> None:
    begun(folder, state)
    version = news(ask)["version"]
    threading.Timer(0.2, state.receive, [("epoch", ROW)]).start()
    assert "75.0%" in news(ask, version)["parts"]["totals"]


def test_the_page_waits_until_the_run_begins(folder: Path, state: LiveState, ask: Ask) -> None:
    threading.Timer(0.2, begun, [folder, state]).start()
    text = ask("/").text
    assert "connect-src 'self'" in text
    assert "Epoch 1 of 2 begins." in text


@pytest.mark.parametrize("since", ["x", "-1", "1e9", "9" * 5000, "١"])
def test_a_version_that_is_none_is_the_first(folder: Path, state: LiveState, ask: Ask, since: str) -> None:
    begun(folder, state)
    assert "totals" in json.loads(ask(f"/state?since={quote(since)}").text)["parts"]


def test_names_of_classes_stay_text(folder: Path, state: LiveState, ask: Ask) -> None:
    name = "<img src=x onerror=alert(1)>"
    begun(folder, state)
    state.receive(("seen", Seen(images=[Guessed(None, name, [(name, 0.5)])])))
    assert "<img" not in news(ask)["parts"]["seen"]


def test_a_run_that_breaks_off_says_so(folder: Path, state: LiveState, ask: Ask) -> None:
    begun(folder, state)
    state.close()
    found = news(ask)
    assert found["over"]
    assert found["parts"]["state"] == "The run has broken off; what it says is in the terminal."


def test_a_run_that_goes_back_is_shown_as_it_goes_on(folder: Path, state: LiveState) -> None:
    """Of an epoch that is trained again, and of its steps, the second time counts."""
    begun(folder, state)
    for loss in (5.0, 2.0):
        state.receive(("steps", StepReport(3, loss, None, 0.01, 200.0, 0)))
        state.receive(("steps", StepReport(7, loss, None, 0.01, 200.0, 0)))
        state.receive(("gradients", EpochGradients(1, {"conv1": loss})))
        state.receive(("epoch", replace(ROW, train_loss=loss)))
    view = state.view(0)
    assert view is not None
    assert [row.train_loss for row in view.rows] == [2.0]
    assert [row.norms for row in view.gradients] == [{"conv1": 2.0}]
    assert view.steps == [(3 / 7, 2.0), (1.0, 2.0)]


def test_many_steps_are_thinned(folder: Path, state: LiveState) -> None:
    begun(folder, state, epochs=1000)
    for step in range(1, 2000):
        state.receive(("steps", StepReport(step, 1.0, None, 0.01, 200.0, 0)))
    view = state.view(0)
    assert view is not None
    assert 300 <= len(view.steps) <= 600
    assert view.steps[-1] == (1999 / 7, 1.0)


# ---- the process


def reachable(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex((HOST, port)) == 0


def port_of(page: PageProcess) -> int:
    return int(page.address.rsplit(":", 1)[1].strip("/"))


@pytest.mark.slow
def test_the_process_serves_until_the_run_is_over(folder: Path) -> None:
    """Whoever watches gets the end before it goes."""
    page = PageProcess(None, "1.0")
    port = port_of(page)
    page.send("begin", Begun(str(folder), [], 2, 7, 0, []))
    page.send("epoch", ROW)

    def asked(since: int) -> Any:
        with closing(http.client.HTTPConnection(HOST, port, timeout=20)) as connection:
            connection.request("GET", f"/state?since={since}")
            return json.loads(connection.getresponse().read())

    while "1 of" not in (first := asked(0))["parts"].get("totals", ""):
        pass
    page.send("end", ENDED)
    last_word = threading.Thread(target=page.close)
    last_word.start()
    last = asked(first["version"])
    last_word.join()
    assert last["over"]
    assert last["parts"]["state"] == "Ended: 1 epoch done. `cnncalc report first` writes a page that stays."
    assert not reachable(port)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(RunError) as caught:
            PageProcess(port, "1.0")
        assert draw_error(caught.value) == (
            f"error[no-port]: cannot serve the page at port {port}: Address already in use\n"
            "  = name another one with --port, or leave it out for one that is free"
        )


@pytest.mark.slow
def test_a_run_that_is_killed_takes_its_server_along() -> None:
    """Nobody is left to listen, though nothing could be said any more."""
    code = (
        "import time; from cnncalc.page.live.observer import PageProcess\n"
        "print(PageProcess(None, '1.0').address, flush=True); time.sleep(60)"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    port = int(process.stdout.readline().rsplit(":", 1)[1].strip().strip("/"))
    assert reachable(port)
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    end = time.monotonic() + 20
    while reachable(port) and time.monotonic() < end:
        time.sleep(0.1)
    assert not reachable(port)
