"""Files of other tools with something broken: cut off, numbers out of range, lines gone, twice or in another order."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from tests.foreign.corpus import FILES, KNOWN

_NUMBER = re.compile(rb"\d+")
_WORD = re.compile(rb"[A-Za-z_]\w+")
_NUMBERS = (b"0", b"-1", b"1.5", b"9" * 40, b"1e308", b"nan", b"None", b"true", b"", b"4294967296", b"1000000", b"[1]")
_PIECES = (
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b'"',
    b"'",
    b",",
    b":",
    b"=",
    b"\\",
    b"\n",
    b"\t",
    b"*",
    b"\xff",
    b"\0",
    b"#",
)


def cut(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """The file ends too early, or begins too late."""
    place = draw.randrange(len(data) + 1)
    return data[:place] if draw.random() < 0.8 else data[place:]


def renumber(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """A number is another one."""
    return _replaced(draw, data, _NUMBER, draw.choice(_NUMBERS))


def rename(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """A word is another one, of this file or of another."""
    words = _WORD.findall(other) or [b"word"]
    return _replaced(draw, data, _WORD, draw.choice(words))


def insert(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """Something stands where nothing should."""
    place = draw.randrange(len(data) + 1)
    return data[:place] + draw.choice(_PIECES) * draw.choice((1, 1, 1, 70, 3000)) + data[place:]


def remove(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """Some characters are gone."""
    place = draw.randrange(len(data) + 1)
    return data[:place] + data[place + draw.choice((1, 1, 2, 20)) :]


def lines(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """A line is gone, stands twice, or elsewhere."""
    rows = data.splitlines(keepends=True)
    place, target = draw.randrange(len(rows)), draw.randrange(len(rows))
    row = rows[place]
    if draw.random() < 0.6:
        del rows[place]
    if draw.random() < 0.6:
        rows[target:target] = [row] * draw.choice((1, 1, 200))
    return b"".join(rows)


def graft(draw: random.Random, data: bytes, other: bytes) -> bytes:
    """A stretch of another file stands inside."""
    place, start = draw.randrange(len(data) + 1), draw.randrange(len(other) + 1)
    return data[:place] + other[start : start + draw.choice((20, 400))] + data[place:]


KINDS: Sequence[Callable[[random.Random, bytes, bytes], bytes]] = (cut, renumber, rename, insert, remove, lines, graft)


def mutated(seed: int, count: int, most_bytes: int = 10**9) -> Iterator[tuple[str, str, bytes]]:
    """Yield the name of a mutation, the ending of its file and its bytes; the same ones for a seed."""
    draw = random.Random(seed)
    whole = [(known.file, (FILES / known.file).read_bytes()) for known in KNOWN]
    whole = [(file, data) for file, data in whole if len(data) <= most_bytes]
    for _ in range(count):
        file, data = draw.choice(whole)
        kinds = draw.choices(KINDS, k=draw.choice((1, 1, 1, 2, 4)))
        for kind in kinds:
            data = kind(draw, data, draw.choice(whole)[1]) or b" "
        yield f"{file} {' '.join(kind.__name__ for kind in kinds)}", Path(file).suffix, data


def _replaced(draw: random.Random, data: bytes, pattern: re.Pattern[bytes], by: bytes) -> bytes:
    places = [match.span() for match in pattern.finditer(data)]
    if not places:
        return data
    start, end = draw.choice(places)
    return data[:start] + by + data[end:]
