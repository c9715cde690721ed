"""Folders of images and masks: `images/` and `masks/` with a file for each image, or both in `train/`, `val/`, …."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

from cnncalc.core.errors import DataError
from cnncalc.core.reading import read_regular
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_dataset
from cnncalc.train.data.folder_layout import PARTS, class_folders, images_below
from cnncalc.train.data.images import check_fit
from cnncalc.train.data.kinds import MASKS, MOST_MASK_CLASSES
from cnncalc.train.data.mask_classes import MaskClasses
from cnncalc.train.data.mask_files import MaskFiles, no_labels
from cnncalc.train.data.mask_meaning import meaning_of_masks
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

IMAGES = ("images", "image", "imgs", "img", "jpegimages")
MASK_FOLDERS = ("masks", "mask", "labels", "label", "annotations", "segmentations", "segmentationclass", "gt")
"""What the folders may be called, in small letters or capitals."""

NAMES_FILE = "classes.txt"
"""A file beside them with the name of each class, a line each."""

ENDINGS = ("", "_mask", "-mask", "_masks", "_label", "_labels", "_gt", "_seg", "_segmentation", "_l")
"""What the name of a mask may have behind that of its image."""

_MOST_BYTES = 2**20
_FIRST = 5


class _Pair(NamedTuple):
    """The folder of the images of a part, and that of their masks."""

    images: str
    masks: str


class MaskFolder(DataSource):
    """A folder with a folder of images and one of masks."""

    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a folder."""
        return os.path.isdir(data) and bool(_pairs(data))

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read images and masks; see `load_masks`."""
        return load_masks(request, volume, outputs)


def load_masks(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read a folder of images and masks.

    A mask has the name of its image and any ending that images have; PNG is usual. What its values mean is found out
    by `meaning_of_masks`, over all masks.

    Raises:
        DataError: for images without a mask, masks of another size or of a value that is no class, and for images as
            in `read_files`.

    """
    fit = ImageFit(volume, request.resize, request.colour)
    check_fit(fit)
    found, lonely = {}, []
    for part, pair in _pairs(request.data).items():
        images, masks, alone = _matched(pair)
        chosen = spread(len(images), request.limit if part == "training" else None).tolist()
        found[part] = ([images[place] for place in chosen], [masks[place] for place in chosen])
        lonely += alone
    if "training" not in found:
        raise DataError("bad-data", f"`{shorten_path(request.data)}` has no images to train with")
    paths = [path for _, masks in found.values() for path in masks]
    meaning = meaning_of_masks(paths, request, outputs, _class_names(request.data))
    files = {part: _files(images, masks, meaning) for part, (images, masks) in found.items()}
    return read_dataset(files, request, fit, meaning.names, left_out=lonely, notes=(meaning.note,), kind=MASKS)


def _files(images: list[str], masks: list[str], meaning: MaskClasses) -> Files:
    return Files(images, no_labels(len(images)), MaskFiles(images, masks, meaning.table))


# ---- which files there are


def _pairs(folder: str) -> dict[str, _Pair]:
    """Return the folders of each part: `images` and `masks`, in the parts or with the parts in them."""
    whole = _pair(folder)
    if whole is None:
        found = {part: _pair(path) for part, path in _parts_in(folder).items()}
        return {part: pair for part, pair in found.items() if pair}
    images, masks = _parts_in(whole.images), _parts_in(whole.masks)
    inside = {part: _Pair(path, masks[part]) for part, path in images.items() if part in masks}
    return inside or {"training": whole}


def _pair(folder: str) -> _Pair | None:
    names = {name.lower(): os.path.join(folder, name) for name in class_folders(folder)}
    images = next((names[name] for name in IMAGES if name in names), None)
    masks = next((names[name] for name in MASK_FOLDERS if name in names and images_below(names[name])), None)
    return _Pair(images, masks) if images and masks else None


def _parts_in(folder: str) -> dict[str, str]:
    names = {name.lower().replace("-", "_"): os.path.join(folder, name) for name in class_folders(folder)}
    found = {part: next((names[word] for word in words if word in names), None) for part, words in PARTS.items()}
    return {part: path for part, path in found.items() if path}


def _matched(pair: _Pair) -> tuple[list[str], list[str], list[str]]:
    """Return images and their masks, in the order of the images, and a line for each mask without an image.

    Raises:
        DataError: for images without a mask, and two masks for one image.

    """
    by_name: dict[str, str] = {}
    for path in images_below(pair.masks):
        other = by_name.setdefault(_stem(path, pair.masks), path)
        if other != path:
            message = f"there are two masks of one name, `{shorten_path(other)}` and `{shorten_path(path)}`"
            raise DataError("bad-data", message, hints=["keep one of them"])
    images = images_below(pair.images)
    names = [_mask_name(_stem(path, pair.images), by_name) for path in images]
    missing = [path for path, name in zip(images, names, strict=True) if name is None]
    if missing or not images:
        message = f"{len(missing):,} of {len(images):,} images of `{shorten_path(pair.images)}` have no mask"
        some = [f"`{shorten_path(path)}`" for path in missing[:_FIRST]]
        hints = [*some, f"a mask has the name of its image, in `{shorten_path(pair.masks)}`"]
        raise DataError("bad-data", message, hints=hints)
    chosen = [by_name.pop(name) for name in names if name is not None]
    alone = [f"`{shorten_path(path)}`: it is a mask without an image" for path in by_name.values()]
    return images, chosen, alone


def _stem(path: str, folder: str) -> str:
    return os.path.splitext(os.path.relpath(path, folder))[0].lower()


def _mask_name(image: str, masks: Mapping[str, str]) -> str | None:
    return next((image + ending for ending in ENDINGS if image + ending in masks), None)


# ---- names of the classes


def _class_names(folder: str) -> tuple[str, ...]:
    """Return the names of the classes, if there is a file of them."""
    path = os.path.join(folder, NAMES_FILE)
    if not os.path.isfile(path):
        return ()
    try:
        lines = read_regular(path, _MOST_BYTES).decode("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError("bad-data", f"cannot read `{shorten_path(path)}`: it is not a text of UTF-8") from None
    names = tuple(shorten(line.strip()) for line in lines if line.strip())
    if not 2 <= len(names) <= MOST_MASK_CLASSES:
        raise DataError("bad-data", f"`{shorten_path(path)}` has {len(names)} lines, one for each class")
    return names
