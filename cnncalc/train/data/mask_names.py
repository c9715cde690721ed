"""What people call folders and files of masks, and the file with the names of their classes."""

from __future__ import annotations

import os

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import counted
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.kinds import MOST_MASK_CLASSES

IMAGES = ("images", "image", "imgs", "img", "jpegimages")
MASK_FOLDERS = ("masks", "mask", "labels", "label", "annotations", "segmentations", "segmentationclass", "gt")
"""What the folders may be called, in small letters or capitals."""

BESIDE_PARTS = ("annot", "_annot", "_masks", "_mask", "_labels", "_label", "_annotations", "_gt", "_seg")
"""What the name of a folder of masks may have behind that of a part: `train` and `trainannot`."""

ENDINGS = ("", "_mask", "-mask", "_masks", "_label", "_labels", "_gt", "_seg", "_segmentation", "_l", "_p")
"""What the name of a mask may have behind that of its image."""

NAMES_FILES = ("classes.txt", "codes.txt")
"""Files beside them with the name of each class, a line each."""

OR_CLASSES = "a network learns classes where it ends with `gap - fc 10`, and not in an output as large as its input"
"""What is said where the data have no masks."""

_MOST_BYTES = 2**20


def class_names(folder: str) -> tuple[str, ...]:
    """Return the names of the classes, if there is a file of them in a folder.

    Raises:
        DataError: for a file that is no text, or has too few or too many lines.

    """
    paths = (os.path.join(folder, name) for name in NAMES_FILES)
    path = next(filter(os.path.isfile, paths), None)
    if path is None:
        return ()
    names = tuple(shorten(line) for line in lines_of(path))
    if not 2 <= len(names) <= MOST_MASK_CLASSES:
        message = (
            f"`{shorten_path(path)}` names {counted(len(names), 'class')}, and masks have 2 to {MOST_MASK_CLASSES}"
        )
        raise DataError("bad-data", message, hints=["it has the name of each class on a line"])
    return names


def lines_of(path: str) -> list[str]:
    """Return the lines of a short text that are not empty; raises DataError for what is no text."""
    try:
        lines = read_regular(path, _MOST_BYTES).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: it is not a text of UTF-8") from None
    return [line.strip() for line in lines if line.strip()]
