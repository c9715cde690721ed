"""What a shell completes: its scripts as the page has them, and the words that it is offered."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cnncalc import zoo
from cnncalc.commands.cli import COMMANDS
from tests.commands.conftest import Cnncalc
from tests.house import ROOT

PAGE = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")


@pytest.fixture
def complete(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    """Return a function that completes the last word of a line, as bash asks for it."""

    def ask(line: str) -> list[str]:
        monkeypatch.setenv("_CNNCALC_COMPLETE", "bash_complete")
        monkeypatch.setenv("COMP_WORDS", line)
        monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
        done = cnncalc()
        assert (done.status, done.err) == (0, "")
        return done.out.splitlines()

    return ask


def test_commands_options_and_their_values(complete) -> None:  # type: ignore[no-untyped-def]
    assert complete("cnncalc ") == [f"plain,{name}" for name in COMMANDS]
    assert complete("cnncalc sh") == ["plain,shapes"]
    assert complete("cnncalc shapes --wa") == ["plain,--watch"]
    assert complete("cnncalc check --format ") == ["plain,text", "plain,sarif", "plain,github"]


@pytest.mark.parametrize(
    "line", ["cnncalc shapes resnet1", "cnncalc compare vgg16 resnet1", "cnncalc new --like resnet1"]
)
def test_names_of_the_zoo_and_files(complete, folder: Path, line: str) -> None:  # type: ignore[no-untyped-def]
    """The first entry asks the shell for its files, which bash does where no name fits; else it is told them."""
    (folder / "resnet1.txt").touch()
    names = [name for name in zoo.names() if name.startswith("resnet1")]
    assert complete(line) == ["file,resnet1", *(f"plain,{name}" for name in [*names, "resnet1.txt"])]


@pytest.mark.parametrize("line", ["cnncalc check ne", "cnncalc format ne", "cnncalc export relu -o ne"])
def test_files_alone(complete, line: str) -> None:  # type: ignore[no-untyped-def]
    assert complete(line) == ["file,ne"]


def test_the_zoo_s_own_command(complete) -> None:  # type: ignore[no-untyped-def]
    assert complete("cnncalc zoo lenet") == ["plain,lenet5"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_each_shell(cnncalc: Cnncalc, monkeypatch: pytest.MonkeyPatch, shell: str) -> None:
    """It asks the same command in the way of that shell; the page has the line that loads it."""
    monkeypatch.setenv("_CNNCALC_COMPLETE", f"{shell}_source")
    done = cnncalc()
    assert (done.status, done.err) == (0, "")
    assert f"_CNNCALC_COMPLETE={shell}_complete" in done.out
    assert f"_CNNCALC_COMPLETE={shell}_source cnncalc" in PAGE


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_bash_completes_with_the_line_of_the_page(tmp_path: Path) -> None:
    """A real bash, which loads the script and asks for `cnncalc shapes resnet15`."""
    program = tmp_path / "cnncalc"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m cnncalc "$@"\n')
    program.chmod(0o755)
    [line] = re.findall(r"`(eval \"\$\(_CNNCALC_COMPLETE=bash_source cnncalc\)\")`", PAGE)
    asked = 'COMP_WORDS=(cnncalc shapes resnet15); COMP_CWORD=2; _cnncalc_completion cnncalc; echo "${COMPREPLY[@]}"'
    environment = {**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        ["bash", "-c", f"{line}\n{asked}"], capture_output=True, text=True, cwd=tmp_path, env=environment, check=True
    )
    assert done.stdout.split() == ["resnet152"]
