"""From arrays of targets, in the forms in which people keep them, to what training learns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from cnncalc.core.errors import DataError
from cnncalc.train.data.kinds import CLASSES, LABELS, MASKS, NUMBERS
from cnncalc.train.data.labels import Described, Named, check_label_kind, read_labels, sizes
from cnncalc.train.data.mask_classes import classes_of_masks

_LARGEST = 2.0**31
"""Numbers are below; float32 holds larger ones, and no loss of their squares."""


class KnownOfTargets(NamedTuple):
    """What is known of targets before they are read.

    Attributes:
        task: what the images are learned as, one of `TASKS`.
        outputs: the number of the network's outputs, of channels for masks; None where it is not known.
        dimensions: of an image.

    """

    task: str
    outputs: int | None
    dimensions: int


class ReadTargets(NamedTuple):
    """Targets that have been read.

    Attributes:
        kind: one of `KINDS`.
        names: of the classes, the labels or the numbers.
        values: of each part, as `Split.labels` has them.
        note: how they were understood, where that is not plain; else "".

    """

    kind: str
    names: tuple[str, ...]
    values: list[torch.Tensor]
    note: str = ""


def check_target_kind(array: Described, known: KnownOfTargets) -> None:
    """Refuse arrays that hold no targets, by their shape and the type of their values.

    Raises:
        DataError: for such arrays.

    """
    name, shape, dtype = array
    if known.task == "masks":
        plain = len(shape) == known.dimensions + 1
        channel = len(shape) == known.dimensions + 2 and (1 in (shape[1], shape[-1]) or shape[-1] == known.outputs)
        if dtype.kind not in "biuf" or not (plain or channel):
            message = f"{name} holds {dtype} of shape {sizes(shape)}; masks have a class for each pixel of N images"
            raise DataError("bad-data", message, hints=["their shape is N x H x W, their values whole numbers from 0"])
        return
    if (
        dtype.kind in "biuf"
        and len(shape) in (known.dimensions + 1, known.dimensions + 2)
        and max(shape[2:], default=0) > 1
    ):
        message = f"{name} holds masks, {dtype} of shape {sizes(shape)}, and the network has no output for each pixel"
        raise DataError("bad-data", message, hints=["masks are learned with an output as large as the input"])
    if known.task in ("regression", "labels") and (dtype.kind not in "biuf" or len(shape) not in (1, 2)):
        wanted = "numbers are N or N x numbers" if known.task == "regression" else "rows of N x labels with 0 and 1"
        raise DataError("bad-data", f"{name} holds {dtype} of shape {sizes(shape)}; wanted are {wanted}")
    check_label_kind(name, shape, dtype)


def read_targets(arrays: Sequence[Named], known: KnownOfTargets) -> ReadTargets:
    """Understand arrays of targets that belong together.

    What they are is said by the task; where that is left open, by the arrays: rows with other than a single 1 are
    several labels, values that are no whole numbers are numbers to learn, and so are more than two values for a single
    output. Everything else are classes.

    Args:
        arrays: those of training first, then those of the other parts.
        known: what is known.

    Raises:
        DataError: for targets of another kind.

    """
    return _READERS[_kind(arrays[0], known)](arrays, known)


def _kind(array: Named, known: KnownOfTargets) -> str:
    told = {"labels": LABELS, "regression": NUMBERS, "masks": MASKS, "classes": CLASSES, "binary": CLASSES}
    if known.task in told:
        return told[known.task]
    values = array.values
    if values.dtype.kind not in "biuf":
        return CLASSES
    if values.ndim == 2 and values.shape[1] > 1:
        marks = bool(np.isin(values, (0, 1)).all())
        return NUMBERS if not marks else CLASSES if bool((values.sum(1) == 1).all()) else LABELS
    if values.dtype.kind == "f" and np.isfinite(values).all() and (values != np.floor(values)).any():
        return NUMBERS
    return NUMBERS if known.outputs == 1 and not np.isin(values, (0, 1)).all() else CLASSES


# ---- one reader for each kind


def _classes(arrays: Sequence[Named], known: KnownOfTargets) -> ReadTargets:
    labels = read_labels(arrays, known.outputs)
    return ReadTargets(CLASSES, labels.classes, labels.indices, labels.note)


def _labels(arrays: Sequence[Named], known: KnownOfTargets) -> ReadTargets:
    for name, values in arrays:
        if values.ndim != 2 or not np.isin(values, (0, 1)).all():
            message = f"{name} has the shape {sizes(values.shape)}, and its rows are not 0 and 1 for each label"
            raise DataError("bad-data", message, hints=["a row has 1 for each label that holds, and 0 for the others"])
    return ReadTargets(LABELS, tuple(map(str, range(_columns(arrays)))), _floats(arrays))


def _numbers(arrays: Sequence[Named], known: KnownOfTargets) -> ReadTargets:
    arrays = [Named(name, values.reshape(len(values), -1)) for name, values in arrays]
    for name, values in arrays:
        wrong = values[~(np.abs(values.astype(np.float64)) < _LARGEST)]
        if len(wrong):
            hints = ["numbers are finite, and below 2³¹"]
            raise DataError("bad-data", f"{name} has a number {wrong[0]:g}", hints=hints)
    count = _columns(arrays)
    return ReadTargets(NUMBERS, ("y",) if count == 1 else tuple(f"y{place}" for place in range(count)), _floats(arrays))


def _masks(arrays: Sequence[Named], known: KnownOfTargets) -> ReadTargets:
    read = [_mask_values(array, known) for array in arrays]
    counts = sum(np.bincount(values.reshape(-1), minlength=256) for values in read)
    found = classes_of_masks(np.asarray(counts), known.outputs)
    table = found.table.numpy()
    return ReadTargets(MASKS, found.names, [torch.from_numpy(table[values]) for values in read], found.note)


def _mask_values(array: Named, known: KnownOfTargets) -> npt.NDArray[np.uint8]:
    name, values = array
    if values.ndim == known.dimensions + 2 and 1 not in (values.shape[1], values.shape[-1]):
        return _from_channels(array)
    if values.ndim == known.dimensions + 2:
        values = values[:, 0] if values.shape[1] == 1 else values[..., 0]
    whole = values.dtype.kind in "biu" or bool(np.isin(values, np.arange(-1, 256)).all())
    if not whole or values.min(initial=0) < -1 or values.max(initial=0) > 255:
        message = f"{name} has pixels from {values.min():g} to {values.max():g}"
        raise DataError("bad-data", message, hints=["masks hold whole numbers from 0; 255, or −1, is ignored"])
    return np.where(values == -1, 255, values).astype(np.uint8)


def _from_channels(array: Named) -> npt.NDArray[np.uint8]:
    """Return the classes of masks that have a channel for each class, as Keras' `to_categorical` makes them."""
    name, values = array
    if not (np.isin(values, (0, 1)).all() and (values.sum(-1) == 1).all()):
        message = f"{name} has the shape {sizes(values.shape)}, and a pixel that is not a single 1 among zeros"
        raise DataError("bad-data", message, hints=["masks are N x H x W with a class for each pixel, or one-hot"])
    classes: npt.NDArray[np.uint8] = values.argmax(-1).astype(np.uint8)
    return classes


def _columns(arrays: Sequence[Named]) -> int:
    """Return how many columns arrays have, each N x columns.

    Raises:
        DataError: where they differ.

    """
    (first, values), *others = arrays
    for name, other in others:
        if other.shape[1:] != values.shape[1:]:
            message = f"{first} has the shape {sizes(values.shape)}, and {name} {sizes(other.shape)}"
            raise DataError("bad-data", message)
    return int(values.shape[1])


def _floats(arrays: Sequence[Named]) -> list[torch.Tensor]:
    return [torch.from_numpy(values.astype(np.float32)) for _, values in arrays]


_READERS = {CLASSES: _classes, LABELS: _labels, NUMBERS: _numbers, MASKS: _masks}
