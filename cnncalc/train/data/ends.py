"""Whether the file of an image has its end: what is cut short is found without decoding it."""

from __future__ import annotations

import os
from typing import BinaryIO

_MARKS = {"PNG": b"IEND\xaeB`\x82", "JPEG": b"\xff\xd9", "GIF": b";"}
"""The last bytes of a whole file, by Pillow's name of its format."""

_STATED = {"WEBP": (4, 8), "BMP": (2, 0)}
"""Where a file states its size, in four bytes with the least significant first, and what that leaves out."""


def ends_as_it_should(file: BinaryIO, form: str) -> bool:
    """Say whether a file ends like a whole one of its format; yes for formats whose end is like any other part.

    What is no may still be whole: programs write things behind an image, which do no harm.

    Args:
        file: an image that is open.
        form: Pillow's name of its format.

    """
    if form not in _MARKS and form not in _STATED:
        return True
    if form in _MARKS:
        return _last(file, len(_MARKS[form])) == _MARKS[form]
    place, more = _STATED[form]
    file.seek(place)
    stated = int.from_bytes(file.read(4), "little") + more
    return stated <= file.seek(0, os.SEEK_END)


def _last(file: BinaryIO, count: int) -> bytes:
    """Return the last bytes of a file."""
    length = file.seek(0, os.SEEK_END)
    file.seek(max(length - count, 0))
    return file.read(count)
