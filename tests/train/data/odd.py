"""What odd data sets are made of: damages, names and things that are no files."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

Write = Callable[[Path], object]


class Case(NamedTuple):
    """A data set.

    Attributes:
        name: what is odd about it.
        write: writes it below an empty folder, as ``data`` or ``data.npz``.
        size: the input that it is read for.

    """

    name: str
    write: Write
    size: str = "8x8x3"


DAMAGES: Mapping[str, Callable[[bytes], bytes]] = {
    "empty": lambda data: b"",
    "a byte": lambda data: data[:1],
    "half": lambda data: data[: len(data) // 2],
    "without its last byte": lambda data: data[:-1],
    "followed by another": lambda data: data + data,
    "ones from the middle on": lambda data: data[: len(data) // 2] + b"\xff" * (len(data) - len(data) // 2),
    "zeros in the middle": lambda data: data[:20] + bytes(20) + data[40:],
    "its bits turned over": lambda data: bytes(255 - byte for byte in data),
    "its start alone, many times": lambda data: data[:16] * 100,
    "sizes of all ones": lambda data: data[:16] + b"\xff" * 8 + data[24:],
}

ODD_NAMES = {
    "escapes": "\x1b[31mred\x1b[0m",
    "a title of the terminal": "\x1b]0;owned\x07",
    "bidirectional": "cat\u202egnp.",
    "line ends": "a\nb\r\nerror: all is lost",
    "a formula": "=1+1",
    "a command": "=cmd|' -C calc'!A0",
    "tags": "<script>alert(1)<script>",
    "an option": "--help",
    "quotes": "'\"`$(reboot)`",
    "latex": "$\\frac{a}{b}$ & _ # %",
    "no text": os.fsdecode(b"caf\xe9\xff"),
    "long": "x" * 255,
    "wide": "\u732b" * 80,
    "combining": "e" + "\u0301" * 100,
    "a space": " ",
    "a tab": "a\tb",
    "of no width": "\u200b\u2060",
    "a device of another system": "CON",
}


def a_socket(path: Path) -> None:
    """Make a socket."""
    with socket.socket(socket.AF_UNIX) as made:
        before = Path.cwd()
        os.chdir(path.parent)  # the path of a socket must be short
        made.bind(path.name)
        os.chdir(before)


THINGS: Mapping[str, Callable[[Path], object]] = {
    "a pipe": os.mkfifo,
    "a socket": a_socket,
    "a link to zeros": lambda path: path.symlink_to("/dev/zero"),
    "a link to random bytes": lambda path: path.symlink_to("/dev/urandom"),
    "a link to nothing": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path.name),
    "an empty folder": lambda path: path.mkdir(),
    "a file without content": lambda path: path.write_bytes(b""),
    "a file of 2 GiB without content": lambda path: (path.write_bytes(b""), os.truncate(path, 2**31)),
}

LINKS: Mapping[str, Callable[[Path], object]] = {
    "a link to the folder above": lambda path: path.symlink_to(".."),
    "a link to the root": lambda path: path.symlink_to("/"),
}
"""Links to folders that a data set lies in."""
