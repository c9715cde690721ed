"""The help: an example for every command, and every example works."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc import __version__
from cnncalc.commands.cli import COMMANDS
from tests.commands.conftest import Cnncalc

EXAMPLES = Path(__file__).parents[2] / "examples"


def examples(help_text: str) -> list[list[str]]:
    """Return the commands that a help text shows."""
    lines = [line.strip() for line in help_text.splitlines()]
    return [shlex.split(line)[1:] for line in lines if line.startswith("cnncalc ")]


NEEDED = {"train": "one_thread", "evaluate": "first", "predict": "first"}
"""Fixtures that the examples of some commands need."""


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_every_example_of_the_help_works(
    cnncalc: Cnncalc, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    """In a folder with the example specs, each line can be typed as it stands, one after the other."""
    if command in NEEDED:
        request.getfixturevalue(NEEDED[command])
    for spec in EXAMPLES.glob("*.txt"):
        (tmp_path / spec.name).write_bytes(spec.read_bytes())
    monkeypatch.chdir(tmp_path)
    shown = examples(cnncalc(command, "--help").out)
    assert shown
    for arguments in shown:
        assert arguments[0] == command
        assert cnncalc(*arguments).status == 0


def test_the_help_of_the_whole_lists_every_command(cnncalc: Cnncalc) -> None:
    out = cnncalc("--help").out
    assert all(f"  {command}  " in out for command in COMMANDS)


def test_without_a_command_the_help_is_shown(cnncalc: Cnncalc) -> None:
    assert cnncalc() == cnncalc("--help")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_in_the_help_has_a_meaning(cnncalc: Cnncalc, command: str) -> None:
    """No row stands alone: an argument is explained in the text above the options."""
    assert "\n  [SPEC]" not in cnncalc(command, "--help").out


def test_the_version(cnncalc: Cnncalc) -> None:
    assert cnncalc("--version").out == f"cnncalc {__version__}\n"


def test_the_shell_completes_commands_options_and_files() -> None:
    """Click's protocol for bash: the words so far in COMP_WORDS, candidates as type,value."""

    def complete(words: str) -> list[str]:
        code = "from cnncalc.commands.cli import cli; cli(prog_name='cnncalc')"
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={"_CNNCALC_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)},
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[2],
            check=False,
        )
        return done.stdout.split()

    assert "plain,shapes" in complete("cnncalc sh")
    assert "plain,--rounding" in complete("cnncalc shapes --ro")
    assert complete("cnncalc shapes exa") == ["file,exa"]
    assert complete("cnncalc shapes resnet5") == ["plain,resnet50", "file,resnet5"]
