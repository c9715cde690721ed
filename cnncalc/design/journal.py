"""The journal of a sweep: what has been found, line by line, so that a sweep that was interrupted continues.

Its first line says which sweep it is of. Then come the designs that satisfy the conditions, and now and then a line
that says how far the sweep had come and what was known. What stands behind the last of these is counted again.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from cnncalc.core.errors import WriteError
from cnncalc.core.writing import unwritable
from cnncalc.design.sweep import Kept, Row, Tally

SECONDS_BETWEEN_MARKS = 1.0
"""How often it is written down how far the sweep has come."""


class SweepJournal:
    """A journal beside the output of a sweep.

    Attributes:
        path: its file.

    """

    def __init__(self, output: str, asked: object) -> None:
        self.path = Path(f"{output}.part")
        self.head = json.dumps({"sweep": hashlib.sha256(repr(asked).encode()).hexdigest()})
        self.marked = 0.0
        self.pending: tuple[int, Tally] | None = None

    def begin(self, tally: Tally, most: int) -> int:
        """Go on where an earlier run of the same sweep was broken off; return how many designs it had counted."""
        found = self._last_mark()
        try:
            if found is None:
                with self.path.open("w", encoding="utf-8") as file:
                    file.write(self.head + "\n")
                return 0
            end, mark = found
            os.truncate(self.path, end)
        except OSError as error:
            raise self._cannot_write(error) from None
        _restore(tally, mark, most)
        return int(mark["done"])

    def write(self, rows: Sequence[Kept], done: int, tally: Tally) -> None:
        """Write down designs, and from time to time how far the sweep has come."""
        lines = [json.dumps([kept.design, *map(_encoded, kept.row)]) for kept in rows]
        now = time.monotonic()
        self.pending = done, tally
        if now - self.marked > SECONDS_BETWEEN_MARKS:
            lines.append(self._mark())
            self.marked = now
        self._append(lines)

    def pause(self) -> None:
        """Write down how far the sweep has come, where it is broken off."""
        if self.pending is not None:
            self._append([self._mark()])

    def rows(self) -> Iterator[Kept]:
        """Go through the designs that were written down."""
        with self.path.open(encoding="utf-8") as file:
            for line in file:
                if line.startswith("["):
                    number, *row = json.loads(line)
                    yield Kept(number, tuple(map(_decoded, row)))

    def end(self) -> None:
        """Remove the journal: the output is there."""
        self.path.unlink()

    def _mark(self) -> str:
        assert self.pending is not None  # there is something to write
        done, tally = self.pending
        best = [[_encoded(worth), number, list(map(_encoded, row))] for worth, number, row in tally.best]
        front = [
            [list(map(_encoded, costs)), kept.design, list(map(_encoded, kept.row))]
            for costs, kept in tally.front.entries
        ]
        counts = {"done": done, "counted": tally.counted, "met": tally.met}
        errors = {"refused": tally.refused, "examples": tally.examples}
        return json.dumps({**counts, **errors, "best": best, "front": front})

    def _append(self, lines: Iterable[str]) -> None:
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
        except OSError as error:
            raise self._cannot_write(error) from None

    def _last_mark(self) -> tuple[int, dict[str, Any]] | None:
        """Return the last line that says how far the sweep had come, and where it ends; None for another journal."""
        found, place = None, 0
        try:
            with self.path.open("rb") as file:
                if file.readline().rstrip().decode(errors="replace") != self.head:
                    return None
                place = file.tell()
                for line in file:
                    place += len(line)
                    if line.startswith(b'{"done"') and line.endswith(b"\n"):
                        found = place, line
        except OSError:
            return None
        return (found[0], json.loads(found[1])) if found else None

    def _cannot_write(self, error: OSError) -> WriteError:
        return unwritable(str(self.path), error)


def _restore(tally: Tally, mark: dict[str, Any], most: int) -> None:
    tally.counted, tally.met = mark["counted"], mark["met"]
    tally.refused.update(mark["refused"])
    tally.examples.update(mark.get("examples", {}))
    for worth, number, row in mark["best"]:
        tally.keep(_decoded(worth), Kept(-number, _row(row)), most)
    for costs, number, row in mark["front"]:
        tally.front.add(tuple(map(_decoded, costs)), Kept(number, _row(row)))


def _row(row: Iterable[Any]) -> Row:
    return tuple(map(_decoded, row))


def _encoded(value: Any) -> Any:
    """Return an amount as JSON has it: sizes as a list, a fraction as a text."""
    return str(value) if isinstance(value, Fraction) else value


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(map(_decoded, value))
    return Fraction(value) if isinstance(value, str) else value
