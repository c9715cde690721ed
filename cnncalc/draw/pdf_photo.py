"""A photo as an object of a PDF file: JPEG as it is, and the compressed rows of a PNG as they are."""

from __future__ import annotations

import struct
from base64 import b64decode

from cnncalc.core.errors import ArgumentError

_COLOURS = {1: "/DeviceGray", 3: "/DeviceRGB", 4: "/DeviceCMYK"}
_SIZES = frozenset((*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC), *range(0xCD, 0xD0)))
"""Markers of a JPEG file behind which its size stands."""


def image_object(href: str) -> tuple[tuple[int, int], bytes]:
    """Return the width and height of an image, and what a PDF file says of it.

    Raises:
        ArgumentError: for an image that a PDF file does not hold as it is: a GIF, or a PNG with transparency.

    """
    kind, _, encoded = href.removeprefix("data:").partition(";base64,")
    data = b64decode(encoded)
    try:
        found = _jpeg(data) if kind == "image/jpeg" else _png(data) if kind == "image/png" else None
    except (struct.error, IndexError, KeyError):
        found = None
    if found is None:
        message = "a PDF takes a JPEG photo, or a PNG without transparency"
        raise ArgumentError("bad-image", message, hints=["save the photo as JPEG", "or write .svg or .png"])
    return found


def _object(wide: int, high: int, settings: str, data: bytes) -> tuple[tuple[int, int], bytes]:
    head = f"<< /Type /XObject /Subtype /Image /Width {wide} /Height {high} {settings} /Length {len(data)} >>"
    return (wide, high), head.encode() + b"\nstream\n" + data + b"\nendstream"


def _jpeg(data: bytes) -> tuple[tuple[int, int], bytes] | None:
    at = 2
    while at + 9 < len(data) and data[at] == 0xFF:
        marker, length = data[at + 1], struct.unpack(">H", data[at + 2 : at + 4])[0]
        if marker in _SIZES:
            bits, high, wide, parts = struct.unpack(">BHHB", data[at + 4 : at + 10])
            turned = " /Decode [1 0 1 0 1 0 1 0]" if parts == 4 else ""  # as Adobe's programs write CMYK
            settings = f"/ColorSpace {_COLOURS[parts]} /BitsPerComponent {bits} /Filter /DCTDecode{turned}"
            return _object(wide, high, settings, data)
        at += 2 + length
    return None


def _png(data: bytes) -> tuple[tuple[int, int], bytes] | None:
    wide, high, bits, colour, _, _, interlaced = struct.unpack(">IIBBBBB", data[16:29])
    rows, palette = b"", b""
    at = 8
    while at + 8 <= len(data):
        length, name = struct.unpack(">I4s", data[at : at + 8])
        body = data[at + 8 : at + 8 + length]
        rows += body if name == b"IDAT" else b""
        palette = body if name == b"PLTE" else palette
        at += 12 + length
    if interlaced or colour not in (0, 2, 3):
        return None
    parts = 3 if colour == 2 else 1
    space = _COLOURS[parts]
    if colour == 3:
        space = f"[/Indexed /DeviceRGB {len(palette) // 3 - 1} <{palette.hex()}>]"
    predictor = f"<< /Predictor 15 /Colors {parts} /BitsPerComponent {bits} /Columns {wide} >>"
    settings = f"/ColorSpace {space} /BitsPerComponent {bits} /Filter /FlateDecode /DecodeParms {predictor}"
    return _object(wide, high, settings, rows)
