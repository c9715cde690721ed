"""Run a hostile command line in a process of its own, with the streams that the system gives it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.fuzz.lines import Line
from tests.fuzz.trying import Outcome, broken_rule

ROOT = Path(__file__).parents[2]
MOST_SECONDS = 300


def try_in_a_process(line: Line, place: Path) -> Outcome:
    """Run ``python -m cnncalc`` with a command line."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **line.environment}
    if line.streams in ("ascii", "latin-1"):
        environment["PYTHONIOENCODING"] = line.streams
    command = [sys.executable, "-m", "cnncalc", *line.arguments]
    settings: dict[str, Any] = {"env": environment, "stderr": subprocess.PIPE, "timeout": MOST_SECONDS}
    settings |= {"stdin": subprocess.DEVNULL} if line.streams == "no input" else {"input": line.stdin}
    with ExitStack() as opened:
        out = _standard_output(line.streams, opened)
        if line.streams == "closed":
            settings["preexec_fn"] = lambda: os.close(1)
        cwd = place if line.folder in ("here", "gone") else line.folder
        try:
            done = subprocess.run(command, cwd=cwd, stdout=out, check=False, **settings)
        except subprocess.TimeoutExpired:
            return Outcome(70, "", "", MOST_SECONDS, "it does not end")
    shown, told = (done.stdout or b"").decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
    return Outcome(done.returncode, shown, told, 0.0, broken_rule(line, done.returncode, shown, told, 0.0))


def _standard_output(streams: str, opened: ExitStack) -> Any:
    """Return where standard output goes: a pipe, a full disk, or a pipe that nobody reads."""
    if streams == "full":
        return opened.enter_context(Path("/dev/full").open("wb"))
    if streams == "broken":
        reading, writing = os.pipe()
        os.close(reading)
        return opened.enter_context(os.fdopen(writing, "wb"))
    return subprocess.PIPE
