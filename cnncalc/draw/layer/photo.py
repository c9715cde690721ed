"""A photo for a picture: its bytes as a data URI, so that the picture needs no other file. Nothing is decoded."""

from __future__ import annotations

from base64 import b64encode

from cnncalc.core.errors import ArgumentError
from cnncalc.core.words import shorten_path

MOST_BYTES = 20_000_000

_KINDS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
)
"""How the files of each kind begin."""


def photo_uri(path: str) -> str:
    """Return a PNG, JPEG or GIF file as a data URI.

    Raises:
        ArgumentError: for a file that cannot be read, is none of these, or is larger than 20 MB.

    """
    try:
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise ArgumentError("cannot-read", f"cannot read `{shorten_path(path)}`: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise ArgumentError("too-long", f"`{shorten_path(path)}` is too large: a photo has at most 20 MB")
    kind = next((kind for begin, kind in _KINDS if data.startswith(begin)), None)
    if kind is None:
        hints = ["save it as one of these"]
        raise ArgumentError("bad-image", f"`{shorten_path(path)}` is not a PNG, JPEG or GIF image", hints=hints)
    return f"data:{kind};base64,{b64encode(data).decode()}"
