"""Tables of masks: a CSV or TSV file with an image and its mask in each row."""

from __future__ import annotations

import os

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.column_names import FILE_COLUMNS, MASK_COLUMNS
from cnncalc.train.data.csv_paths import IMAGE_FOLDERS, paths_of
from cnncalc.train.data.csv_rows import ReadTable, places_of_parts, read_table
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_dataset
from cnncalc.train.data.images import check_fit
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.data.mask_colours import colour_table
from cnncalc.train.data.mask_files import MaskFiles, no_labels
from cnncalc.train.data.mask_meaning import meaning_of_masks
from cnncalc.train.data.mask_names import MASK_FOLDERS, OR_CLASSES, class_names
from cnncalc.train.data_request import DataRequest

_RUN_LENGTHS = ("encodedpixels", "encoded_pixels", "rle_mask", "rle")
"""What Kaggle calls columns of masks that are written as numbers, in small letters."""


def load_csv_masks(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read the images and masks that a table names: a column of `FILE_COLUMNS` and one of `MASK_COLUMNS`.

    Without titles they are the first two columns. A mask has the size of its image. What its values mean is found out
    over all masks, by `meaning_of_masks`.

    Raises:
        DataError: for a table that cannot be read or has other columns, rows without an image or a mask, files that
            are not there; and for masks and images as `load_masks` refuses them.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    table = read_table(request.data)
    file, mask = _columns(table)
    rows = table.rows(file, [mask])
    empty = next((row for row in rows if not row.cells[0]), None)
    if empty is not None:
        message = f"{table.place(empty.line, mask)} has no mask"
        raise DataError("bad-data", message, hints=["name its mask there, an image file, or leave the line out"])
    images = paths_of(table, file, [(row.line, row.file) for row in rows], IMAGE_FOLDERS)
    masks = paths_of(
        table, mask, [(row.line, row.cells[0]) for row in rows], ("", *MASK_FOLDERS), "masks", [OR_CLASSES]
    )
    held = places_of_parts(rows, request.limit)
    used = [masks[place] for places in held.values() for place in places]
    folder = os.path.dirname(os.path.abspath(request.data))
    colours = colour_table(folder)
    names = colours.names if colours else class_names(folder)
    meaning = meaning_of_masks(used, request, outputs, names, colours=colours)
    files = {}
    for part, places in held.items():
        given, drawn = ([paths[place] for place in places] for paths in (images, masks))
        files[part] = Files(given, no_labels(len(given)), MaskFiles(given, drawn, meaning.table, colours=colours))
    return read_dataset(files, request, fit, meaning.names, notes=(meaning.note,), kind=MASKS)


def _columns(table: ReadTable) -> tuple[int, int]:
    """Return the columns of images and of masks.

    Raises:
        DataError: where it is not clear which these are.

    """
    if not table.titles:
        return 0, 1
    file, mask = table.column(FILE_COLUMNS), table.column(MASK_COLUMNS)
    if file is not None and mask is not None:
        return file, mask
    shown = shorten_path(table.path)
    packed = table.column(_RUN_LENGTHS)
    if packed is not None:
        message = f"`{shown}` has masks as run lengths in its column {table.called(packed)}, and masks are image files"
        raise DataError("bad-data", message, hints=["write them as PNG files, and name these in a column mask"])
    message = f"`{shown}` has no columns file and mask, and the network learns masks"
    hints = [
        f"its first line is {shorten(', '.join(table.titles), 200)}",
        "write the titles file,mask in the first line",
        OR_CLASSES,
    ]
    raise DataError("bad-data", message, hints=hints)
