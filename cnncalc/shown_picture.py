"""A picture as a program has it: a notebook shows it, also where notebooks are only displayed, such as on GitHub."""

from __future__ import annotations

import os


class ShownPicture:
    """A PNG image.

    Attributes:
        png: the bytes of its file.

    """

    def __init__(self, png: bytes, alt: str) -> None:
        self.png = png
        self._alt = alt

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the image to a file.

        Raises:
            WriteError: where it cannot be written.

        """
        from cnncalc.core.writing import write_file

        write_file(self.png, os.fspath(path))

    def __repr__(self) -> str:
        return f"<ShownPicture: {self._alt}>"

    def _repr_png_(self) -> bytes:
        return self.png
