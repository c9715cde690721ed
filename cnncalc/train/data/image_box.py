"""Where the bytes of images lie: in files of their own, or many of them in one file."""

from __future__ import annotations

import os
import stat
from abc import ABC, abstractmethod
from typing import BinaryIO

from cnncalc.core.limits import MAX_IMAGE_BYTES
from cnncalc.core.numbers import bytes_text
from cnncalc.core.words import shorten_path


class Unusable(Exception):
    """An image that cannot be used.

    Attributes:
        path: its file, or its name in one that holds many.
        reason: why, without the path.

    """

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason

    def __str__(self) -> str:
        return f"`{shorten_path(self.path)}`: {self.reason}"


class ImageBox(ABC):
    """Returns the bytes of images by their names; may be sent to another process."""

    @abstractmethod
    def opened(self, path: str) -> BinaryIO:
        """Return the bytes of an image, as a file that is open.

        Raises:
            Unusable: for what is no ordinary file, which would be waited for without end, and what is too large.
            OSError: for what cannot be read.

        """

    @abstractmethod
    def size(self, path: str) -> int:
        """Return how many bytes an image has; -1 where it is no longer there."""


class ImagesOnDisk(ImageBox):
    """Images that are files of their own, by their paths."""

    def opened(self, path: str) -> BinaryIO:
        """Open the file."""
        _check_file(path)
        return open(path, "rb")

    def size(self, path: str) -> int:
        """Ask for the size of the file."""
        try:
            return os.stat(path).st_size
        except OSError:
            return -1


ON_DISK = ImagesOnDisk()


def check_image_bytes(path: str, size: int) -> None:
    """Refuse an image of too many bytes; raises `Unusable`."""
    if size > MAX_IMAGE_BYTES:
        raise Unusable(path, f"its file has more than {bytes_text(MAX_IMAGE_BYTES)}")


def _check_file(path: str) -> None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        reason = "it is a link to a file that is not there" if os.path.islink(path) else "there is no such file"
        raise Unusable(path, reason) from None
    if stat.S_ISDIR(found.st_mode):
        raise Unusable(path, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise Unusable(path, "it is not a regular file")
    check_image_bytes(path, found.st_size)
