"""README and docs show what really happens: every command's output is compared to the character.

``python -m tests.test_readme`` writes the outputs anew; what changed is then read in the diff.
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
from pathlib import Path

import pytest

import cnncalc
from cnncalc.commands.cli import COMMANDS, run

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
SHOWN = re.compile(r"```console\n\$ cnncalc (?P<command>[^\n]*)\n(?P<output>.*?)```", re.DOTALL)


class _Stream(io.TextIOWrapper):
    """A stream in memory that has what a pipe has."""

    def __init__(self) -> None:
        super().__init__(io.BytesIO(), encoding="utf-8")

    def text(self) -> str:
        self.flush()
        data = self.buffer
        assert isinstance(data, io.BytesIO)
        return data.getvalue().decode()


def output_of(command: str) -> str:
    """Return what a command prints to a pipe, standard error behind standard output."""
    out, err = _Stream(), _Stream()
    here = Path.cwd()
    os.chdir(ROOT)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        run(shlex.split(command))
    os.chdir(here)
    return out.text() + err.text()


TRAINED = "first"  # the run of the examples, which has to be trained first
ON_PAGES = [
    shown for page in PAGES for shown in SHOWN.finditer(page.read_text()) if TRAINED not in shown["command"].split()
]


@pytest.mark.parametrize("shown", ON_PAGES, ids=lambda match: match["command"])
def test_a_page_shows_what_a_command_prints(shown: re.Match[str]) -> None:
    assert shown["output"] == output_of(shown["command"])


def test_the_readme_shows_every_command() -> None:
    """Whatever people come for; every command is among it."""
    text = README.read_text()
    assert [command for command in COMMANDS if f"cnncalc {command}" not in text] == []


def test_the_python_in_the_readme_runs() -> None:
    assert doctest.testfile(str(README), module_relative=False).failed == 0


def test_the_spec_in_the_readme_loads() -> None:
    """4x4x128 before the head, and ten classes."""
    [text] = re.findall(r"```spec\n(.*?)```", README.read_text(), re.DOTALL)
    assert cnncalc.load(text).output == (1, 1, 10)


def test_links_lead_somewhere() -> None:
    for page in [README, *(ROOT / "docs").glob("*.md"), ROOT / "examples" / "README.md"]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_make_targets_of_the_readme_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"make (\w+)", README.read_text()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def _written_anew(page: Path) -> str:
    def block(shown: re.Match[str]) -> str:
        if TRAINED in shown["command"].split():
            return shown[0]
        return f"```console\n$ cnncalc {shown['command']}\n{output_of(shown['command'])}```"

    return SHOWN.sub(block, page.read_text())


if __name__ == "__main__":
    os.chdir(ROOT)
    for page in PAGES:
        page.write_text(_written_anew(page))
