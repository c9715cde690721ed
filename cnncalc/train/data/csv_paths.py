"""Where the files are that a table names: images, and masks."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from cnncalc.core.errors import DataError
from cnncalc.core.words import shorten_path
from cnncalc.train.data.csv_rows import ReadTable
from cnncalc.train.data.images import SUFFIXES

IMAGE_FOLDERS = ("", "images", "train", "img", "data", "train_images", "images_train")
"""Folders beside the table in which its images are looked for; "" is the table's own."""

_FIRST = 5
"""Rows that an error names, where there are many."""


def paths_of(
    table: ReadTable,
    column: int,
    names: Sequence[tuple[int, str]],
    folders: Sequence[str],
    what: str = "images",
    hints: Sequence[str] = (),
) -> list[str]:
    """Return where the files of a column are.

    Args:
        table: that names them.
        column: of their names.
        names: the number of the line, and the name of the file, of every row.
        folders: beside the table, in which they are looked for; "" is the table's own.
        what: they are, for messages.
        hints: what else may be meant.

    Raises:
        DataError: where some are not there.

    """
    places = _places(table, folders)
    found = {name: _found(name, places) for name in {name for _, name in names}}
    if None in found.values():
        found = _by_last_parts(found, places)
    missing = [(line, name) for line, name in names if found[name] is None]
    if missing:
        message = f"{len(missing):,} of {len(names):,} {what} that `{shorten_path(table.path)}` names are not there"
        called = table.called(column)
        some = [f"line {line:,}, column {called}: `{shorten_path(name)}`" for line, name in missing[:_FIRST]]
        more = [f"and {len(missing) - _FIRST:,} more"] if len(missing) > _FIRST else []
        looked = "paths are looked up from the table's folder"
        raise DataError("no-such-data", message, hints=[*some, *more, looked, *hints])
    return [found[name] or "" for _, name in names]


def column_of_files(table: ReadTable, folders: Sequence[str]) -> int | None:
    """Return the only column whose first cells name files that are there; None where it is not the only one."""
    places, lines = _places(table, folders), table.lines[:_FIRST]
    columns = range(len(table.titles))
    named = [at for at in columns if lines and all(line.cell(at) and _found(line.cell(at), places) for line in lines)]
    return named[0] if len(named) == 1 else None


def _places(table: ReadTable, folders: Sequence[str]) -> list[str]:
    above = os.path.dirname(os.path.abspath(table.path))
    return [os.path.join(above, folder) for folder in folders if os.path.isdir(os.path.join(above, folder))]


def _by_last_parts(found: Mapping[str, str | None], places: Sequence[str]) -> dict[str, str | None]:
    """Look for files that were written down on another machine by the last parts of their paths, as many as there are.

    Where two of them would be one file, both are missing.
    """
    moved = {name: path or _last_parts(name, places) for name, path in found.items()}
    twice = {path for path, count in Counter(moved.values()).items() if count > 1}
    return {name: found[name] if path in twice else path for name, path in moved.items()}


def _last_parts(name: str, places: Sequence[str]) -> str | None:
    parts = re.split(r"[\\/]+", name)
    tails = ("/".join(parts[start:]) for start in range(1, len(parts)))
    return next((path for path in (_found(tail, places) for tail in tails if tail) if path), None)


def _found(name: str, places: Sequence[str]) -> str | None:
    """Return the path of a file; a name without an ending may have any that images have."""
    try:
        return next((path for place in places for path in _candidates(place, name) if os.path.isfile(path)), None)
    except ValueError:  # a zero byte in the name
        return None


def _candidates(place: str, name: str) -> Iterator[str]:
    path = os.path.join(place, name)
    yield path
    if "\\" in name:  # as Windows writes paths
        yield os.path.join(place, name.replace("\\", "/"))
    if not path.lower().endswith(SUFFIXES):
        yield from (path + suffix for suffix in SUFFIXES)
