"""Folders of images as a source: with a folder for every class, or with masks."""

from __future__ import annotations

import os

from cnncalc.core.volume import Volume
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.folder import load_folder
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.data.mask_folder import load_masks
from cnncalc.train.data.mask_layout import without_masks
from cnncalc.train.data.mask_search import search_masks
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest


class ImageFolder(DataSource):
    """A folder with a folder of images for every class; or, where masks are learned, with masks of any names."""

    shown = "`--data FOLDER`: images in a folder for each class, or IDX files"
    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a folder."""
        return os.path.isdir(data)

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the images; see `load_folder` and `load_masks`.

        Raises:
            DataError: where masks are asked for, and there are none.

        """
        if request.task != MASKS:
            return load_folder(request, volume)
        layout = search_masks(request.data)
        if layout is None:
            raise without_masks(request.data)
        return load_masks(layout, request, volume, outputs)
