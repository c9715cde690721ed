"""Files and folders that are named on the command line, for the commands that take many specs at once."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten_path

_INPUT = re.compile(rb"^[^\S\n]*input[^\S\n:]", re.MULTILINE | re.IGNORECASE)
_MOST_READ = 1 << 20

MOST_FILES = 10_000
"""Files of a folder that are looked at."""


def spec_files(paths: Sequence[str]) -> list[str]:
    """Return the files that paths name; of a folder, all specs in it.

    In a folder, a spec is a file that ends in .txt and has a line that begins with ``input``;
    hidden folders are left out.

    Raises:
        SpecError: for a folder in which there is no spec, and for one with too many files.
    """
    found: dict[str, None] = {}
    for path in paths:
        if not path:
            raise SpecError("no-such-file", "a file with an empty name is asked for", hints=["name a file or a folder"])
        inside = list(_in_folder(path)) if os.path.isdir(path) else [path]
        if not inside:
            hints = ["in a folder, a spec ends in .txt and has a line that begins with `input`; name other files"]
            raise SpecError("no-such-file", f"there is no spec in `{shorten_path(path)}`", hints=hints)
        found.update(dict.fromkeys(inside))
    return list(found)


def texts_passed_over(paths: Sequence[str]) -> set[str]:
    """Return the other files of these folders that end in .txt, as specs do."""
    return {text for path in paths if os.path.isdir(path) for text in _texts(path) if not _has_input(text)}


def _in_folder(folder: str) -> Iterator[str]:
    return (path for path in _texts(folder) if _has_input(path))


def _texts(folder: str) -> Iterator[str]:
    seen = 0
    for here, folders, files in os.walk(folder):
        seen += len(files)
        if seen > MOST_FILES:
            message = f"`{shorten_path(folder)}` holds more than {MOST_FILES:,} files"
            raise SpecError("too-long", message, hints=["name the folders of the specs"])
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            path = os.path.join(here, name)
            if name.lower().endswith(".txt"):
                yield path


def _has_input(path: str) -> bool:
    """Say whether a file is a spec; one that cannot be read is taken for one, so that this is said of it."""
    try:
        with open(path, "rb") as file:
            return bool(_INPUT.search(file.read(_MOST_READ)))
    except OSError:
        return True
