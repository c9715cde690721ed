"""Specs that ship with the package, and the block files that they share.

Names are looked up in lists of what the package holds; no name ever becomes part of a path unchecked.
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from cnncalc.core.source import Source
from cnncalc.core.words import closest, natural

_HERE = os.path.dirname(os.path.abspath(__file__))
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_WRITTEN = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[ _.-]{1,3}[A-Za-z0-9]+){0,5}")
_ENOUGH = 4
_PAPER = re.compile(r"#\s*(?P<paper>.*?),\s*(?P<year>(?:19|20)\d\d)\b")


MOST_NAMED = 8
"""How many names a hint suggests."""


class ZooEntry(NamedTuple):
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


def named(written: str) -> str | None:
    """Return the name that is meant by one that is written otherwise: ``ResNet-50`` for ``resnet50``."""
    if not _WRITTEN.fullmatch(written):
        return None
    return {_compact(name): name for name in names()}.get(_compact(written))


def closest_names(written: str) -> list[str]:
    """Return the names that were most likely meant: all that begin so, one of the same letters, or the nearest."""
    if not _WRITTEN.fullmatch(written):
        return []
    compact, word = {_compact(name): name for name in names()}, _compact(written)
    longer = [name for short, name in compact.items() if short.startswith(word) and _is_family(word, short)]
    if longer:
        return sorted(longer, key=natural)
    swapped = [name for short, name in compact.items() if sorted(short) == sorted(word)]
    return swapped[:1] or [compact[match] for match in closest(word, compact)]


def near_hints(written: str, of: str = "") -> list[str]:
    """Return a hint that asks for the names of `closest_names`, or none; ``of`` says whose names they are."""
    near = closest_names(written)
    several = ", ".join([f"`{name}`" for name in near[:MOST_NAMED]]) + (", …" if len(near) > MOST_NAMED else "")
    return [f"did you mean {several}{of}?"] if near else []


def _is_family(word: str, longer: str) -> bool:
    """Say whether a beginning is enough: ``vgg`` of ``vgg16`` is, and ``con`` of ``convnext_tiny`` is not."""
    return len(word) >= _ENOUGH or longer[len(word) : len(word) + 1].isdigit()


def _compact(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def blocks(name: str) -> Source | None:
    """Return the block file of this name, or None."""
    return _read("blocks", name)


def entry(source: Source) -> ZooEntry:
    """Read the head of a spec."""
    title, paper = source.text.split("\n", 2)[:2]
    match = _PAPER.match(paper)
    if match is None:
        raise ValueError(f"the second line of {source.name} names no paper with its year: {paper}")
    return ZooEntry(source.name, title.lstrip("# "), match["paper"], int(match["year"]))


def _listed(folder: str) -> list[str]:
    with os.scandir(os.path.join(_HERE, folder)) as entries:
        found = [entry.name.removesuffix(".txt") for entry in entries if entry.name.endswith(".txt")]
    return sorted(found, key=natural)


def _read(folder: str, name: str) -> Source | None:
    if not _NAME.fullmatch(name):
        return None
    try:
        with open(os.path.join(_HERE, folder, name + ".txt"), encoding="utf-8") as file:
            return Source(name, file.read())
    except FileNotFoundError:
        return None
