"""How a folder of images and masks is laid out: where those to train with, to validate and to test with are."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from cnncalc.core.errors import DataError
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.folder_layout import PARTS, class_folders, has_images, images_below, part_called
from cnncalc.train.data.mask_names import BESIDE_PARTS, ENDINGS, IMAGES, MASK_FOLDERS, OR_CLASSES, lines_of

LISTS = os.path.join("ImageSets", "Segmentation")
"""The folder of PASCAL VOC with a list of images for each part: `train.txt`, `val.txt`."""

VALIDATION_LIST = "valid.txt"
"""The list of the validation images that fastai puts beside the folders."""

_DEEPEST = 2
_FIRST = 5


class Pair(NamedTuple):
    """The folder of some images, and that of their masks."""

    images: str
    masks: str


class Matched(NamedTuple):
    """Images, the mask of each, and a line for each mask without an image."""

    images: list[str]
    masks: list[str]
    alone: list[str]


class MaskLayout(NamedTuple):
    """Where images and masks lie.

    Attributes:
        folder: that was found: the one that was named, or one inside of it.
        parts: the folders of each part; ``training`` alone where lists say the parts.
        lists: the file with the names of a part's images, for each part that has one.
        known: the images of each part with their masks, where they were found one by one; else empty.

    """

    folder: str
    parts: Mapping[str, Pair]
    lists: Mapping[str, str]
    known: Mapping[str, Matched] = MappingProxyType({})

    def matched(self) -> dict[str, Matched]:
        """Return the images of each part, with their masks.

        Raises:
            DataError: for images without a mask, two masks for one image, and names in a list that no image has.

        """
        if self.known:
            return dict(self.known)
        if not self.lists:
            return {part: _matched(images_below(pair.images), pair) for part, pair in self.parts.items()}
        pair = self.parts["training"]
        images = images_below(pair.images)
        chosen = {part: _listed(path, images, pair.images) for part, path in self.lists.items()}
        if "training" not in chosen:
            others = {path for paths in chosen.values() for path in paths}
            chosen["training"] = [path for path in images if path not in others]
        return {part: _matched(chosen[part], pair)._replace(alone=[]) for part in PARTS if part in chosen}


def without_masks(folder: str) -> DataError:
    """Return what is said of a folder without masks, where masks are learned."""
    message = f"`{shorten_path(folder)}` has no folders of images and of masks, and the network learns masks"
    hints = ["images lie in `images`, and masks of the same names in `masks`", OR_CLASSES]
    places = [folder, *(os.path.join(folder, name) for name in class_folders(folder))]
    polygons = next((path for place in places for path in _json_files(place)), None)
    if polygons is not None:
        hints.insert(0, f"`{shorten_path(polygons)}` holds polygons, if it is COCO's; draw them into image files")
    return DataError("data-differs", message, hints=hints)


def _json_files(folder: str) -> list[str]:
    found = sorted(name for name in os.listdir(folder) if name.lower().endswith(".json"))
    return [os.path.join(folder, name) for name in found]


def pair_of(folder: str) -> Pair | None:
    """Return the folders of images and of masks in a folder, by their names."""
    names = {name.lower(): os.path.join(folder, name) for name in class_folders(folder)}
    images = next((names[name] for name in IMAGES if name in names), None)
    masks = next((names[name] for name in MASK_FOLDERS if name in names and has_images(names[name])), None)
    return Pair(images, masks) if images and masks else None


def mask_layout_of(folder: str, depth: int = 0, find: Callable[[str], Pair | None] = pair_of) -> MaskLayout | None:
    """Return where a folder has images and masks; None for a folder of something else.

    Where it holds nothing but another folder, as unpacked archives do, that one is looked at.

    Args:
        folder: it.
        depth: in how many others it lies that were looked at.
        find: tells which folders in a folder hold images and masks.

    """
    parts = _parts(folder, find)
    if parts:
        return MaskLayout(folder, parts, _lists(folder) if [*parts] == ["training"] else {})
    inner = class_folders(folder)
    if len(inner) != 1 or depth == _DEEPEST:
        return None
    return mask_layout_of(os.path.join(folder, inner[0]), depth + 1, find)


# ---- the folders


def _parts(folder: str, find: Callable[[str], Pair | None]) -> dict[str, Pair]:
    """Return the folders of each part: `images` and `masks`, in the parts or with the parts in them, or beside them."""
    whole = find(folder)
    if whole is None:
        found = {part: find(path) for part, path in parts_in(folder).items()}
        return {part: pair for part, pair in found.items() if pair} or _beside(folder)
    images, masks = parts_in(whole.images), parts_in(whole.masks)
    inside = {part: Pair(path, masks[part]) for part, path in images.items() if part in masks}
    return inside or {"training": whole}


def parts_in(folder: str) -> dict[str, str]:
    """Return the folders of the parts in a folder, by the parts."""
    found: dict[str, str] = {}
    for name in class_folders(folder):
        found.setdefault(part_called(name) or "", os.path.join(folder, name))
    return {part: found[part] for part in PARTS if part in found}


def _beside(folder: str) -> dict[str, Pair]:
    """Return the folders of images, `train`, with those of their masks, `trainannot` or `train_masks`."""
    names = {name.lower().replace("-", "_"): os.path.join(folder, name) for name in class_folders(folder)}
    found = {}
    for name, path in names.items():
        word = name.removesuffix("_images").removesuffix("_imgs")
        masks = next((names[word + ending] for ending in BESIDE_PARTS if word + ending in names), None)
        part = part_called(word)
        if part and masks and has_images(masks):
            found[part] = Pair(path, masks)
    return {part: found[part] for part in PARTS if part in found}


# ---- lists of names


def _lists(folder: str) -> dict[str, str]:
    below = os.path.join(folder, LISTS)
    found = {part: _first(os.path.join(below, f"{word}.txt") for word in words) for part, words in PARTS.items()}
    if found["training"]:
        return {part: path for part, path in found.items() if path and part != "test"}  # a test has no masks
    path = os.path.join(folder, VALIDATION_LIST)
    return {"validation": path} if os.path.isfile(path) else {}


def _first(paths: Iterable[str]) -> str | None:
    return next(filter(os.path.isfile, paths), None)


def _listed(path: str, images: list[str], folder: str) -> list[str]:
    """Return the images that a list names, with their endings or without; raises DataError for another one."""
    known = {stem_of(image, folder): image for image in images}
    known |= {os.path.relpath(image, folder).lower(): image for image in images}
    found = []
    for line, name in enumerate(lines_of(path), 1):
        image = known.get(name.lower())
        if image is None:
            message = f"name {line:,} of `{shorten_path(path)}` is `{shorten(name, 80)}`, and there is no such image"
            raise DataError("bad-data", message, hints=[f"it names images of `{shorten_path(folder)}`"])
        found.append(image)
    return found


# ---- images and their masks


def _matched(images: list[str], pair: Pair) -> Matched:
    """Return images and their masks, in the order of the images."""
    masks = images_below(pair.masks)
    by_name = _by_name(masks, pair.masks)
    names = [_mask_name(stem_of(path, pair.images), by_name) for path in images]
    if not any(names) and masks:  # all of them may lie in a further folder, as in `annotations/trimaps`
        by_name = _by_name(masks, os.path.commonpath([*map(os.path.dirname, masks)]))
        names = [_mask_name(stem_of(path, pair.images), by_name) for path in images]
    missing = [path for path, name in zip(images, names, strict=True) if name is None]
    if missing or not images:
        message = f"{len(missing):,} of {len(images):,} images of `{shorten_path(pair.images)}` have no mask"
        some = [f"`{shorten_path(path)}`" for path in missing[:_FIRST]]
        hints = [*some, f"a mask has the name of its image, in `{shorten_path(pair.masks)}`"]
        raise DataError("bad-data", message, hints=hints)
    chosen = [by_name.pop(name) for name in names if name is not None]
    alone = [f"`{shorten_path(path)}`: it is a mask without an image" for path in by_name.values()]
    return Matched(images, chosen, alone)


def _by_name(masks: list[str], folder: str) -> dict[str, str]:
    """Return masks by their names without ending, in small letters; raises DataError for two of one name."""
    found: dict[str, str] = {}
    for path in masks:
        other = found.setdefault(stem_of(path, folder), path)
        if other != path:
            message = f"there are two masks of one name, `{shorten_path(other)}` and `{shorten_path(path)}`"
            raise DataError("bad-data", message, hints=["keep one of them"])
    return found


def stem_of(path: str, folder: str) -> str:
    """Return the name of a file in a folder without its ending, in small letters."""
    return os.path.splitext(os.path.relpath(path, folder))[0].lower()


def _mask_name(image: str, masks: Mapping[str, str]) -> str | None:
    return next((image + ending for ending in ENDINGS if image + ending in masks), None)
