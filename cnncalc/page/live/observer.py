"""The side of training: it starts the process that serves the page, and sends it what is new."""

from __future__ import annotations

import json
import pickle
import queue
import subprocess
import sys
import threading
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import RunError
from cnncalc.core.words import shorten
from cnncalc.page.live.state import Message
from cnncalc.page.run.view import Seen
from cnncalc.train.events import Begun, Ended, Observer, Observers, StepReport
from cnncalc.train.progress import EpochGradients, EpochMetrics

if TYPE_CHECKING:
    from cnncalc.train.engine.session import Session

PORT = 8765
"""The port that is tried where none is named; if it is taken, any that is free."""
SHARE = 0.005
"""Share of the time that looking at the network may take."""
LEAST_SECONDS = 1.0
"""Time between two looks, at least."""
MOST_WAITING = 16
"""Messages that wait to be sent, above which no look is taken."""
PATIENCE_SECONDS = 6.0


class PageProcess:
    """The process that serves a page; it ends with this one, however this one ends.

    Args:
        port: where it listens on 127.0.0.1; None for `PORT`, or any that is free.
        version: which version makes the page.

    Raises:
        RunError: where the port is taken.

    """

    def __init__(self, port: int | None, version: str) -> None:
        self._version = version
        self._process, answer = self._started(PORT if port is None else port)
        if port is None and "error" in answer:
            self._process, answer = self._started(0)
        if "port" not in answer:
            message = f"cannot serve the page at port {port}: {answer.get('error', 'the server did not start')}"
            raise RunError(
                "no-port", message, hints=["name another one with --port, or leave it out for one that is free"]
            )
        self.address = f"http://127.0.0.1:{answer['port']}/"
        self._waiting: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, daemon=True)
        self._sender.start()

    def _started(self, port: int) -> tuple[subprocess.Popen[bytes], dict[str, Any]]:
        command = [sys.executable, "-m", "cnncalc.page.live.server", str(port), self._version]
        # a session of its own: Ctrl-C is for training, which then saves and ends this process by itself
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
        )
        assert process.stdout is not None
        with process.stdout:
            line = process.stdout.readline()
        answer = json.loads(line) if line else {}
        if "port" not in answer:
            process.communicate()  # it has ended
        return process, answer

    @property
    def busy(self) -> bool:
        """Whether messages wait to be sent."""
        return self._waiting.qsize() > MOST_WAITING

    def send(self, name: str, event: Any) -> None:
        """Queue a message, which is sent by a thread of its own."""
        self._waiting.put((name, event))

    def _send_all(self) -> None:
        assert self._process.stdin is not None
        try:
            while (message := self._waiting.get()) is not None:
                pickle.dump(message, self._process.stdin)
                self._process.stdin.flush()
            self._process.stdin.close()
        except OSError:
            return  # the server was ended, which is no reason to end training

    def close(self) -> None:
        """Let the process end, once it has said how the run ended."""
        self._waiting.put(None)
        self._sender.join(PATIENCE_SECONDS)
        try:
            self._process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class Addressed(Observers):
    """A display that says with everything else of a run where its page is."""

    def __init__(self, shown: Observer, address: str) -> None:
        super().__init__(shown)
        self._address = address

    def begin(self, event: Begun) -> None:
        """Add the address of the page to the facts."""
        super().begin(event._replace(facts=[*event.facts, ("live page", self._address)]))


class LivePage(Observer):
    """Sends the events of a run to the page, and now and then what its network sees.

    Nothing of the training changes by that: a look runs the network as a test does, draws no random numbers, and leaves
    it as it was. Looks take `SHARE` of the time.
    """

    def __init__(self, process: PageProcess) -> None:
        self._process = process
        self._session: Session | None = None
        self._samples: Any = None
        self._next = 0.0

    def watch(self, session: Any) -> None:
        """Get hold of what is trained."""
        from cnncalc.page.run.looking import samples_of

        self._session = session
        splits = session.splits
        self._samples = samples_of(splits.train if splits.tested is None else splits.tested)

    def begin(self, event: Begun) -> None:
        """Send it, with a first look at the network."""
        self._process.send("begin", event._replace(rows=list(event.rows)))
        self._look(f"Before step {event.first_step + 1:,}.")

    def steps(self, event: StepReport) -> None:
        """Send it, and look at the network if it is time to."""
        self._process.send("steps", event)
        if monotonic() >= self._next and not self._process.busy:
            self._look(f"After step {event.step:,}.")

    def epoch(self, row: EpochMetrics) -> None:
        """Send it."""
        self._process.send("epoch", row)

    def gradients(self, row: EpochGradients) -> None:
        """Send it."""
        self._process.send("gradients", row)

    def end(self, event: Ended) -> None:
        """Send it, with a last look."""
        self._look(f"After {event.reason}.")
        self._process.send("end", event)

    def _look(self, when: str) -> None:
        """Look at the network, and send what it sees; the longer that takes, the longer until the next time."""
        from cnncalc.page.run.looking import look

        started = monotonic()
        try:
            seen = look(self._watched(), self._samples, when)
        except Exception as error:  # whatever it is (memory that runs out, a foreign layer), training continues
            seen, self._next = Seen(reason=f"Not shown: {shorten(str(error), 200)}"), inf
        else:
            now = monotonic()
            self._next = now + max(LEAST_SECONDS, (now - started) / SHARE)
        self._process.send("seen", seen)

    def _watched(self) -> Any:
        from cnncalc.page.run.looking import Watched
        from cnncalc.train.ends import heads_of

        assert self._session is not None  # the session was given before the run began
        session = self._session
        module: Any = session.tested_module
        main = heads_of(session.plan.logits).main
        return Watched(module, session.plan.logits, session.augmenter, session.cast, session.plan.task, main)
