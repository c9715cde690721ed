"""The page of the zoo lists all that ships, with the numbers that are calculated.

``python -m tests.zoo.test_docs_zoo`` writes its tables anew; what changed is then read in the diff.
"""

from __future__ import annotations

import re
from pathlib import Path

from cnncalc import zoo
from cnncalc.core.source import Source
from cnncalc.spec import parse
from tests.test_readme import output_of

PAGE = Path(__file__).parents[2] / "docs" / "zoo.md"
SPECS = re.compile(r"^\| name \|.*\n(\|.*\n)*", re.MULTILINE)
BLOCK_FILES = re.compile(r"^\| file \|.*\n(\|.*\n)*", re.MULTILINE)


def specs_table() -> str:
    """Return the table of the specs, as the command prints it."""
    return output_of("zoo --format markdown")


def block_files_table() -> str:
    """Return the table of the block files, each with how its blocks are called."""
    rows = [f"| `{name}` | {', '.join(f'`{call}`' for call in signatures(name))} |\n" for name in zoo.block_names()]
    return "".join(["| file | blocks |\n| --- | --- |\n", *rows])


def signatures(name: str) -> list[str]:
    """Return how the blocks of a file are called."""
    return [block.signature for block in parse(Source("text", f"use {name}"), zoo.blocks).blocks.values()]


def used(name: str) -> set[str]:
    """Return the block files that a spec of the zoo uses."""
    source = zoo.spec(name)
    assert source is not None
    return set(re.findall(r"^use (\w+)$", source.text, re.MULTILINE))


def test_the_page_lists_the_specs() -> None:
    """Names, titles, parameters, MACs and years on the page are those that are calculated."""
    assert specs_table() in PAGE.read_text(encoding="utf-8")


def test_the_page_lists_the_block_files() -> None:
    """The blocks on the page are those of the files, with their parameters."""
    assert block_files_table() in PAGE.read_text(encoding="utf-8")


def test_every_block_file_is_used() -> None:
    """No block file ships that no network needs, but for the one that is for specs of one's own."""
    assert set().union(*map(used, zoo.names())) == set(zoo.block_names()) - {"attention"}


def written_anew() -> str:
    """Return the page with new tables."""
    text = SPECS.sub(lambda _: specs_table(), PAGE.read_text(encoding="utf-8"))
    return BLOCK_FILES.sub(lambda _: block_files_table(), text)


if __name__ == "__main__":
    PAGE.write_text(written_anew(), encoding="utf-8")
