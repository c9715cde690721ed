"""Pixels as a PNG file, and as the source of an ``img`` of HTML, with Python's own zlib and without numpy."""

from __future__ import annotations

import struct
import zlib
from base64 import b64encode

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_RGBA = 6


def png_uri(pixels: bytes, width: int, height: int) -> str:
    """Return a picture as a data URI.

    Args:
        pixels: red, green, blue and opacity of each pixel, a byte each, from left to right and from top to bottom.
        width: in pixels.
        height: in pixels.

    """
    return f"data:image/png;base64,{b64encode(png_file(pixels, width, height)).decode()}"


def png_file(pixels: bytes, width: int, height: int) -> bytes:
    """Return a picture as the bytes of a PNG file (ISO/IEC 15948); see `png_uri`."""
    row = 4 * width
    lines = b"".join(b"\0" + pixels[start : start + row] for start in range(0, row * height, row))
    header = struct.pack(">IIBBBBB", width, height, 8, _RGBA, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
