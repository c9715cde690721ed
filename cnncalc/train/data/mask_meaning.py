"""What the values of all masks of a data set mean, found out by a look at every one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cnncalc.core.errors import DataError
from cnncalc.core.words import shorten_path
from cnncalc.train.data.folder import for_all, refuse_unusable
from cnncalc.train.data.image_box import ON_DISK, ImageBox
from cnncalc.train.data.kinds import MOST_MASK_CLASSES
from cnncalc.train.data.mask_classes import MaskClasses, classes_of_masks
from cnncalc.train.data.mask_colours import ColourTable
from cnncalc.train.data.mask_files import mask_values
from cnncalc.train.data_request import DataRequest


def meaning_of_masks(
    paths: Sequence[str],
    request: DataRequest,
    outputs: int | None,
    names: tuple[str, ...] = (),
    box: ImageBox = ON_DISK,
    colours: ColourTable | None = None,
) -> MaskClasses:
    """Return the classes of masks.

    Args:
        paths: of all of them, in the order in which they are complained about.
        request: what is done about those that cannot be read.
        outputs: the channels of the network's output.
        names: of the classes, where they are known.
        box: where the masks lie.
        colours: which colour each class has, where they are in colours.

    Raises:
        DataError: for masks that cannot be read, if they are not skipped, and for values that are no class.

    """
    counts = np.zeros((len(paths), 256), dtype=np.int64)

    def look(index: int) -> None:
        counts[index] = np.bincount(mask_values(paths[index], box, colours).reshape(-1), minlength=256)

    refuse_unusable([*for_all(len(paths), look).values()], len(paths), request, "masks")
    meaning = classes_of_masks(counts.sum(0), outputs, names)
    present = counts > 0
    most = outputs if outputs and outputs > 1 else len(meaning.names)
    classes = meaning.table.numpy()
    wrong = (classes >= min(most, len(meaning.names))) & (classes != MOST_MASK_CLASSES)
    bad = next((index for index in range(len(paths)) if present[index, wrong].any()), None)
    if bad is not None:
        value = int(np.flatnonzero(present[bad] & wrong)[-1])
        message = f"`{shorten_path(paths[bad])}` has pixels of value {value}, and there are {most} classes"
        hints = ["the value of a pixel is its class, from 0; 255 is ignored; black and white are two classes"]
        raise DataError("bad-data", message, hints=hints)
    return meaning
