"""Reading files that are not trusted."""

from __future__ import annotations

import stat
from pathlib import Path


def read_regular(path: str, most: int | None = None) -> bytes:
    """Return the bytes of a file.

    Raises:
        OSError: where it cannot be read: also where it is a device or a pipe, which may have no end, where it does not
            fit into memory, and where it is longer than ``most`` bytes.

    """
    if not stat.S_ISREG(Path(path).stat().st_mode):
        raise OSError(0, "it is a folder, a device or a pipe")
    with Path(path).open("rb") as file:
        try:
            data = file.read() if most is None else file.read(most + 1)
        except MemoryError:
            raise OSError(0, "it does not fit into memory") from None
    if most is not None and len(data) > most:
        raise OSError(0, f"it is longer than {most:,} bytes")
    return data
