"""Folders of images and masks: `images/` and `masks/` with a file for each image, or both in `train/`, `val/`, …."""

from __future__ import annotations

import os

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten_path
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_dataset
from cnncalc.train.data.images import check_fit
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.data.mask_classes import MaskClasses
from cnncalc.train.data.mask_colours import ColourTable, colour_table
from cnncalc.train.data.mask_files import MaskFiles, no_labels
from cnncalc.train.data.mask_layout import MaskLayout, mask_layout_of
from cnncalc.train.data.mask_meaning import meaning_of_masks
from cnncalc.train.data.mask_names import class_names
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest


class MaskFolder(DataSource):
    """A folder with a folder of images and one of masks."""

    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a folder."""
        return os.path.isdir(data) and mask_layout_of(data) is not None

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read images and masks; see `load_masks`."""
        layout = mask_layout_of(request.data)
        assert layout is not None  # `reads` was asked
        return load_masks(layout, request, volume, outputs)


def load_masks(layout: MaskLayout, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read a folder of images and masks.

    A mask has the name of its image and any ending that images have; PNG is usual. What its values mean is found out
    by `meaning_of_masks`, over all masks.

    Args:
        layout: where they are.
        request: which folder it is, and how it is read.
        volume: the spec's input.
        outputs: the channels of the network's output.

    Raises:
        DataError: for images without a mask, masks of another size or of a value that is no class, and for images as
            in `read_files`.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    found, lonely = {}, []
    for part, (images, masks, alone) in layout.matched().items():
        chosen = spread(len(images), request.limit if part == "training" else None).tolist()
        found[part] = ([images[place] for place in chosen], [masks[place] for place in chosen])
        lonely += alone
    if "training" not in found:
        raise DataError("bad-data", f"`{shorten_path(request.data)}` has no images to train with")
    paths = [path for _, masks in found.values() for path in masks]
    colours = colour_table(layout.folder)
    names = colours.names if colours else class_names(layout.folder)
    meaning = meaning_of_masks(paths, request, outputs, names, colours=colours)
    files = {part: _files(images, masks, meaning, colours) for part, (images, masks) in found.items()}
    return read_dataset(files, request, fit, meaning.names, left_out=lonely, notes=(meaning.note,), kind=MASKS)


def _files(images: list[str], masks: list[str], meaning: MaskClasses, colours: ColourTable | None) -> Files:
    return Files(images, no_labels(len(images)), MaskFiles(images, masks, meaning.table, colours=colours))
