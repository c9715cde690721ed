"""Paths as a card and a page show them, which others will read: without the folders of the machine that trained."""

from __future__ import annotations

import re
from typing import Any

_OUTSIDE = re.compile(r"((?:-{0,2}[\w-]+=)?)((?:[/~]|\.\.[/\\]|[A-Za-z]:[/\\]|\\\\).*)", re.DOTALL)
"""A word that is a path from the root, from a home folder or from above the current one, maybe behind ``--data=``."""


def shown_path(word: str) -> str:
    """Return a word of a command, of such a path only the last name: ``/home/ann/photos`` is ``photos``."""
    found = _OUTSIDE.fullmatch(word)
    if found is None:
        return word
    option, path = found.groups()
    name = re.split(r"/" if path[0] in "/~." else r"[/\\]", path.rstrip("/\\"))[-1]
    return option + (name or path)


def shown_paths(value: Any) -> Any:
    """Return what JSON can hold with every text in it as `shown_path` has it."""
    if isinstance(value, dict):
        return {key: shown_paths(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [shown_paths(one) for one in value]
    return shown_path(value) if isinstance(value, str) else value
