"""The pictures of the documentation: every page names the command that drew each, and this runs them.

``python -m tests.pictures`` (``make pictures``) draws them all again; a test does too, and compares.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from cnncalc.commands.cli import run

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_COMMAND = re.compile(r"<!-- (cnncalc (?:draw|compare) .* -o (docs/pictures/\S+)) -->")


def commands() -> Iterator[tuple[str, list[str]]]:
    """Go through the pictures that the pages name: the file, and the arguments that draw it."""
    for page in PAGES:
        for command, path in _COMMAND.findall(page.read_text(encoding="utf-8")):
            yield path, shlex.split(command)[1:]


def draw(root: Path) -> None:
    """Draw all pictures below a folder, each from the specs of the repository."""
    for path, arguments in commands():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        assert run([*arguments[:-1], str(root / path)]) == 0


if __name__ == "__main__":
    os.chdir(ROOT)
    draw(ROOT)
