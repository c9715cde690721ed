"""Masks that lie in no folder with a usual name: beside their images, or in a second folder with the same names.

They are only looked for where masks are to be learned: two classes may have files of the same names, too.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from PIL import Image

from cnncalc.core.words import shorten_path
from cnncalc.train.data.folder_layout import class_folders, images_below
from cnncalc.train.data.image_box import Unusable
from cnncalc.train.data.images import opened_image, quiet_pillow
from cnncalc.train.data.mask_layout import MaskLayout, Matched, Pair, mask_layout_of, parts_in, stem_of
from cnncalc.train.data.mask_names import ENDINGS


def search_masks(folder: str) -> MaskLayout | None:
    """Return where a folder has images and masks, by the names of all files; None where it has none."""
    parts = parts_in(folder)
    places = parts if "training" in parts else {"training": folder}
    beside = {part: _beside(path) for part, path in places.items()}
    if all(beside.values()):
        return MaskLayout(folder, {}, {}, {part: found for part, found in beside.items() if found})
    return mask_layout_of(folder, find=_second_folder)


# ---- beside the images


def _beside(folder: str) -> Matched | None:
    """Return the images below a folder that have a mask beside them: `1.tif` and `1_mask.tif`."""
    found = {stem_of(path, folder): path for path in images_below(folder)}
    masks = {stem: stem + ending for stem in found for ending in ENDINGS[:0:-1] if stem + ending in found}
    if not masks:
        return None
    others = (path for stem, path in found.items() if stem not in {*masks, *masks.values()})
    alone = [f"`{shorten_path(path)}`: it is neither an image with a mask beside it nor such a mask" for path in others]
    return Matched([found[image] for image in masks], [found[mask] for mask in masks.values()], alone)


# ---- in a second folder


def _second_folder(folder: str) -> Pair | None:
    """Return the two folders with files of the same names of which one holds masks, whatever they are called."""
    inside = {os.path.join(folder, name): name for name in class_folders(folder)}
    held = {path: {stem_of(image, path): image for image in images_below(path)} for path in inside}
    held = {path: images for path, images in held.items() if images}
    if len(held) != 2:
        return None
    one, other = held
    named = {pair for pair in ((one, other), (other, one)) if _are_named(held[pair[0]], held[pair[1]])}
    likely = [pair for pair in named if _look_like_masks(held[pair[1]]) and not _look_like_masks(held[pair[0]])]
    return Pair(*likely[0]) if len(likely) == 1 else None


def _are_named(images: Mapping[str, str], masks: Mapping[str, str]) -> bool:
    """Say whether each image has a mask that is called like it."""
    return all(any(image + ending in masks for ending in ENDINGS) for image in images)


def _look_like_masks(found: Mapping[str, str]) -> bool:
    """Say whether files are no photographs: the first of them has few colours."""
    try:
        with quiet_pillow(), opened_image(next(iter(found.values()))) as image:
            sample = image.resize((64, 64), Image.Resampling.NEAREST).convert("RGB")
            return sample.getcolors(_FEW_COLOURS) is not None
    except Unusable:
        return False


_FEW_COLOURS = 64
