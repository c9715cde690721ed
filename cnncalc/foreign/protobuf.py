"""The binary format of protocol buffers, read without a schema: fields with their numbers, nothing more."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import NamedTuple

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_MOST_FIELDS = 5_000_000


class DamagedMessage(Exception):
    """What the bytes of a message break."""


class WireField(NamedTuple):
    """A field of a message: its number, and its value as the wire has it.

    Attributes:
        number: the number that the schema gives it.
        wire: how it is written: as a varint, as 4 or 8 bytes, or as bytes with a length.
        value: the number, or the view of its bytes.
    """

    number: int
    wire: int
    value: int | memoryview

    @property
    def view(self) -> memoryview:
        """The bytes of a message, a text or packed numbers."""
        if not isinstance(self.value, memoryview):
            raise DamagedMessage("a number stands where a message should")
        return self.value

    @property
    def whole(self) -> int:
        """A whole number with its sign."""
        if not isinstance(self.value, int):
            raise DamagedMessage("a message stands where a number should")
        return self.value - 2**64 if self.value >= 2**63 else self.value

    @property
    def text(self) -> str:
        """A text."""
        return bytes(self.view[:10_000]).decode("utf-8", "replace")

    @property
    def decimal(self) -> float:
        """A number of 4 bytes."""
        if self.wire != FIXED32 or not isinstance(self.value, int):
            raise DamagedMessage("a number of 4 bytes should stand here")
        return float(struct.unpack("<f", struct.pack("<I", self.value))[0])

    def wholes(self) -> list[int]:
        """Whole numbers, packed or a single one."""
        if self.wire != BYTES:
            return [self.whole]
        found, at = [], 0
        while at < len(self.view):
            value, at = _varint(self.view, at)
            found.append(value - 2**64 if value >= 2**63 else value)
        return found

    def decimals(self) -> list[float]:
        """Numbers of 4 bytes, packed or a single one."""
        if self.wire != BYTES:
            return [self.decimal]
        if len(self.view) % 4:
            raise DamagedMessage("packed numbers are cut off")
        return [float(value) for (value,) in struct.iter_unpack("<f", bytes(self.view))]


def fields(message: memoryview) -> Iterator[WireField]:
    """Yield the fields of a message; long ones are views, so that weights are passed over unread.

    Raises:
        DamagedMessage: where the bytes are none of this format, or are cut off.
    """
    at, count = 0, 0
    while at < len(message):
        count += 1
        if count > _MOST_FIELDS:
            raise DamagedMessage("a message has too many fields")
        key, at = _varint(message, at)
        number, wire = key >> 3, key & 7
        if number == 0 or number > 10**6:
            raise DamagedMessage("a field has a number that no field has")
        if wire == VARINT:
            value, at = _varint(message, at)
            yield WireField(number, wire, value)
            continue
        if wire == BYTES:
            length, at = _varint(message, at)
        elif wire in (FIXED32, FIXED64):
            length = 4 if wire == FIXED32 else 8
        else:
            raise DamagedMessage("a field is written in a way that there is not")
        if length > len(message) - at:
            raise DamagedMessage("it is cut off")
        view, at = message[at : at + length], at + length
        yield WireField(number, wire, view if wire == BYTES else int.from_bytes(view, "little"))


def _varint(message: memoryview, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message):
            raise DamagedMessage("it is cut off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & (2**64 - 1), at
        shift += 7
        if shift > 63:
            raise DamagedMessage("a number is too long")
