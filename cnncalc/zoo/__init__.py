"""Specs that ship with the package, and the block files that they share.

Names are looked up in lists of what the package holds; no name ever becomes part of a path unchecked.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from cnncalc.errors import Source

_HERE = os.path.dirname(os.path.abspath(__file__))
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_PAPER = re.compile(r"#\s*(?P<paper>.*?),\s*(?P<year>(?:19|20)\d\d)\b")


class Entry(NamedTuple):
    """What the head of a spec says: its first line is the title, its second the paper with the year."""

    name: str
    title: str
    paper: str
    year: int


def names() -> list[str]:
    """Return the names of all specs, in order."""
    return _listed("specs")


def block_names() -> list[str]:
    """Return the names of all block files, in order."""
    return _listed("blocks")


def spec(name: str) -> Source | None:
    """Return the spec of this name, or None."""
    return _read("specs", name)


def blocks(name: str) -> Source | None:
    """Return the block file of this name, or None."""
    return _read("blocks", name)


def entry(source: Source) -> Entry:
    """Read the head of a spec."""
    title, paper = source.text.split("\n", 2)[:2]
    match = _PAPER.match(paper)
    if match is None:
        raise ValueError(f"the second line of {source.name} names no paper with its year: {paper}")
    return Entry(source.name, title.lstrip("# "), match["paper"], int(match["year"]))


def _listed(folder: str) -> list[str]:
    with os.scandir(os.path.join(_HERE, folder)) as entries:
        return sorted(entry.name.removesuffix(".txt") for entry in entries if entry.name.endswith(".txt"))


def _read(folder: str, name: str) -> Source | None:
    if not _NAME.fullmatch(name):
        return None
    try:
        with open(os.path.join(_HERE, folder, name + ".txt"), encoding="utf-8") as file:
            return Source(name, file.read())
    except FileNotFoundError:
        return None
