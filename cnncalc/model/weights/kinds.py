"""What a file is by its first bytes: weights of which kind, or what stands in their place."""

from __future__ import annotations

import zipfile
from pathlib import Path

_HEAD = 64

_TEXTS = {
    b"version https://git-lfs": "it is a pointer of Git LFS in place of the file: fetch that with git lfs pull",
    b"<": "it is a web page in place of the file: download that again",
}
"""What begins so, and stands where weights were expected."""


def kind_of(path: str) -> str:
    """Return the usual ending of such a file, ``.pt``, ``.npz`` or ``.safetensors``; "" for another one."""
    head = _head(path)
    if head.startswith(b"PK"):
        return ".npz" if _holds_arrays(path) else ".pt"
    if head.startswith(b"\x80"):
        return ".pt"
    return ".safetensors" if head[8:9] == b"{" else ""


def in_its_place(path: str) -> str:
    """Say what stands in the place of weights; "" where that is not plain."""
    head = _head(path)
    if not head:
        return "it is empty"
    return next((what for start, what in _TEXTS.items() if head.lstrip().startswith(start)), "")


def _head(path: str) -> bytes:
    try:
        with Path(path).open("rb") as opened:
            return opened.read(_HEAD)
    except OSError:  # its reader says what is wrong with it
        return b"?"


def _holds_arrays(path: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return all(name.endswith(".npy") for name in archive.namelist())
    except Exception:  # zipfile raises many kinds for damaged files
        return False
