"""Masks in colours: the table beside them that says which class has which colour."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from cnncalc.core.errors import DataError
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.image_box import Unusable
from cnncalc.train.data.kinds import MOST_MASK_CLASSES
from cnncalc.train.data.mask_names import lines_of

_CVAT = re.compile(r"(?P<name>[^:]+):\s*(?P<rgb>\d+\s*,\s*\d+\s*,\s*\d+)\s*(?::.*)?")
_ROWS = re.compile(r"(?P<name>[^,;]+)[,;]\s*(?P<rgb>\d+\s*[,;]\s*\d+\s*[,;]\s*\d+)\s*")
_NUMBERS_FIRST = re.compile(r"(?P<rgb>\d+\s+\d+\s+\d+)\s+(?P<name>.+)")

COLOUR_TABLES: Mapping[str, re.Pattern[str]] = {
    "labelmap.txt": _CVAT,
    "class_dict.csv": _ROWS,
    "label_colors.txt": _NUMBERS_FIRST,
}
"""The files that hold such a table, each with the form of its lines: those of CVAT, and of two copies of CamVid."""

EXAMPLE = "car:250,50,83"
"""A line of ``labelmap.txt``."""


class ColourTable(NamedTuple):
    """Which colour each class has.

    Attributes:
        file: what says so.
        names: of the classes.
        codes: of their colours, 65,536 red + 256 green + blue, int64 [classes].

    """

    file: str
    names: tuple[str, ...]
    codes: npt.NDArray[np.int64]

    def classes(self, path: str, colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        """Return the class of each pixel of a mask, uint8 of shape H x W.

        Args:
            path: of the mask, for messages.
            colours: uint8 of shape H x W x 3.

        Raises:
            Unusable: for a colour that no class has.

        """
        found = _codes(colours)
        order = self.codes.argsort()
        places = order[np.searchsorted(self.codes, found, sorter=order).clip(max=len(order) - 1)]
        wrong = found[self.codes[places] != found]
        if len(wrong):
            code = int(wrong[0])
            colour = f"{code >> 16},{code >> 8 & 255},{code & 255}"
            raise Unusable(path, f"it has the colour {colour}, which {os.path.basename(self.file)} does not name")
        classes: npt.NDArray[np.uint8] = places.astype(np.uint8)
        return classes


def _codes(colours: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    red, green, blue = np.moveaxis(colours.astype(np.int64), -1, 0)
    codes: npt.NDArray[np.int64] = red << 16 | green << 8 | blue
    return codes


def colour_table(folder: str) -> ColourTable | None:
    """Return the table of a folder; None where it has none of `COLOUR_TABLES`.

    Raises:
        DataError: for a file with a line of another form, too few or too many classes, and a colour of two of them.

    """
    paths = {os.path.join(folder, name): form for name, form in COLOUR_TABLES.items()}
    path = next(filter(os.path.isfile, paths), None)
    if path is None:
        return None
    rows = list(_rows(path, paths[path]))
    names, colours = tuple(name for name, _ in rows), np.array([colour for _, colour in rows]).reshape(-1, 3)
    shown = f"`{shorten_path(path)}`"
    if not 2 <= len(names) <= MOST_MASK_CLASSES:
        raise DataError("bad-data", f"{shown} names {len(names)} classes, and masks have 2 to {MOST_MASK_CLASSES}")
    if colours.max() > 255:
        raise DataError("bad-data", f"{shown} has a colour of {colours.max()}; red, green and blue go from 0 to 255")
    codes = _codes(colours.astype(np.uint8))
    if len(np.unique(codes)) < len(codes):
        twice = next(name for place, name in enumerate(names) if codes[place] in codes[:place])
        raise DataError("bad-data", f"{shown} gives {shorten(twice)} the colour of another class")
    return ColourTable(path, names, codes)


def _rows(path: str, form: re.Pattern[str]) -> Iterator[tuple[str, Sequence[int]]]:
    read: Callable[[str], re.Match[str] | None] = form.fullmatch
    for number, line in enumerate(lines_of(path), 1):
        match = read(line)
        if match:
            yield shorten(match["name"].strip()), [int(digits) for digits in re.findall(r"\d+", match["rgb"])]
        elif number > 1 and not line.startswith("#"):  # the first line may have titles
            message = f"line {number:,} of `{shorten_path(path)}` is `{shorten(line, 80)}`"
            raise DataError("bad-data", message, hints=[f"it names a class and its colour: {EXAMPLE} in labelmap.txt"])
