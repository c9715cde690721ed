"""Ctrl-C and requests to end, in real processes: one line, the customary status, and files that are whole."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnncalc.commands import cli
from cnncalc.commands.interrupts import Interrupted, Interrupts

HEARD = """
import signal
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)
"""
"""Tests that run under nohup, or behind an &, hand on that these signals are ignored."""

LOADED = HEARD + "import sys; print('begun', flush=True); from cnncalc.__main__ import main; main()"
"""Tells that Python has begun; the signal comes after it."""


def stopped(folder: Path, number: int, *arguments: str, after: float = 0.0, times: int = 1) -> tuple[int, str]:
    """Start a command, send it a signal, and return its status and what it wrote to standard error."""
    (folder / "net.txt").write_text("input 32x32x3\n(conv 3x3x8 p1 - relu)*8000\n")
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW if after < 0 else LOADED, *arguments],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    time.sleep(max(after, 0))
    for _ in range(times):
        process.send_signal(number)
    _, complaint = process.communicate(timeout=120)
    return process.returncode, complaint


SLOW = f"""{HEARD}
import sys, builtins
from cnncalc.__main__ import main
original = builtins.__import__
def telling(name, *rest, **more):
    if name == "torch" and "torch" not in sys.modules:
        print("begun", flush=True)
    return original(name, *rest, **more)
builtins.__import__ = telling
main()
"""
"""Tells that torch begins to be imported."""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "arguments", "after", "expected"),
    [
        (signal.SIGINT, ("export", "net.txt", "-o", "net.pt2"), -1, (130, "interrupted\n")),
        (signal.SIGTERM, ("verify", "net.txt"), -1, (143, "stopped by SIGTERM\n")),
        (signal.SIGINT, ("import", "torchvision.models:vgg11", "-o", "net.txt"), -1, (130, "interrupted\n")),
        (signal.SIGHUP, ("export", "net.txt", "-o", "net.pt"), 1.5, (129, "stopped by SIGHUP\n")),
    ],
)
def test_a_command_that_is_stopped(
    tmp_path: Path, number: int, arguments: tuple[str, ...], after: float, expected: tuple[int, str]
) -> None:
    """While torch is imported, and later."""
    assert stopped(tmp_path, number, *arguments, after=after, times=2) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["net.txt"]


EARLY = f"""{HEARD}
import builtins, sys
original = builtins.__import__
def ending(name, *rest, **more):
    if name == sys.argv[1]:
        signal.raise_signal(signal.SIGINT)
    return original(name, *rest, **more)
builtins.__import__ = ending
from cnncalc.__main__ import main
main()
"""
"""Sends the signal when a module is about to be loaded."""


@pytest.mark.parametrize(
    ("module", "said"),
    [("cnncalc.commands.interrupts", ""), ("cnncalc.commands.cli", "interrupted\n")],
    ids=["before anybody listens", "before anything else is loaded"],
)
def test_a_signal_at_the_beginning(module: str, said: str) -> None:
    done = subprocess.run([sys.executable, "-c", EARLY, module], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", said)


def test_nothing_is_loaded_before_signals_are_heard() -> None:
    """What loads nothing takes a few milliseconds; in them Ctrl-C ends a command without a word."""
    seen = "import sys, cnncalc.__main__; print(sorted(name for name in sys.modules if name.startswith('cnncalc')))"
    done = subprocess.run([sys.executable, "-c", seen], capture_output=True, text=True, check=True)
    assert done.stdout == "['cnncalc', 'cnncalc.__main__', 'cnncalc.commands', 'cnncalc.commands.interrupts']\n"


def test_whatever_a_library_makes_of_it_is_no_error(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """An import of a module in C turns every exception into an ImportError."""
    interrupts = Interrupts()

    def lost(given: list[str]) -> int:
        with pytest.raises(Interrupted):
            interrupts.receive(signal.SIGTERM, None)
        raise ImportError("initialization failed")

    monkeypatch.setattr(cli, "_called", lost)
    assert cli.run(["shapes"], interrupts) == 143
    assert capfd.readouterr() == ("", "stopped by SIGTERM\n")


def test_an_exception_that_is_lost_is_raised_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """PyTorch loses some; the command goes on as if nothing were, until it is asked once more."""
    monkeypatch.setattr("cnncalc.commands.interrupts._AGAIN", 0.05)
    before = signal.getsignal(signal.SIGALRM)
    interrupts = Interrupts()
    with pytest.raises(Interrupted):
        interrupts.receive(signal.SIGINT, None)
    with pytest.raises(Interrupted):
        time.sleep(30)
    interrupts.arrived()
    signal.signal(signal.SIGALRM, before)
