"""From arrays of labels, in the forms in which people keep them, to the index of the class of every image."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from cnncalc.core.errors import DataError

MAX_CLASSES = 100_000
"""Most classes that labels may speak of; a label of 2⁴⁰ is a mistake and no class."""

_EXACT = 2.0**53
"""Up to here every whole number has a float of its own."""

_WANTED = "labels are one whole number for each image, counted from 0; or names, or rows with a single 1"


class Named(NamedTuple):
    """An array, and the name that it goes by in messages."""

    name: str
    values: npt.NDArray[Any]


class Described(NamedTuple):
    """What is known of an array before it is read; it has what `Named` has but for the values."""

    name: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class ReadLabels(NamedTuple):
    """ReadLabels that have been understood.

    Attributes:
        indices: the class of every image, int64 of shape [N], for each array.
        classes: names of the classes.
        note: how they were understood, where that is not plain; else "".

    """

    indices: list[torch.Tensor]
    classes: tuple[str, ...]
    note: str = ""


def read_labels(arrays: Sequence[Named], outputs: int | None) -> ReadLabels:
    """Understand arrays of labels that belong together.

    Args:
        arrays: those of training first, then those of the other parts. Whole numbers, also as floats, of shape [N] or
            [N, 1]; names; or rows of shape [N, C] in which a single 1 stands at the class.
        outputs: the number of the network's outputs, by which labels that are counted from 1 are known.

    Raises:
        DataError: for labels of another kind, and for a class of the other parts that training does not have.

    """
    read = [Named(name, _flat(Named(name, values))) for name, values in arrays]
    texts = [values.dtype.kind == "U" for _, values in read]
    if any(texts) and not all(texts):
        message = f"{read[0].name} and {read[texts.index(not texts[0])].name} are not both numbers or both names"
        raise DataError("bad-data", message)
    if all(texts):
        return _names(read)
    return _numbers(read, outputs, max(_columns(values) for _, values in arrays))


def _columns(values: npt.NDArray[Any]) -> int:
    """Return how many classes rows with a single 1 have; 0 for labels of another kind."""
    return int(values.shape[1]) if values.ndim == 2 and values.shape[1] > 1 else 0


def _flat(array: Named) -> npt.NDArray[Any]:
    """Return labels of any kind as one whole number or one text for each image."""
    name, values = array
    check_label_kind(name, values.shape, values.dtype)
    if _columns(values):
        return _from_rows(array)
    values = values.reshape(len(values))
    if values.dtype.kind in "US":
        return _as_text(Named(name, values))
    if values.dtype.kind == "f":
        with np.errstate(over="ignore"):
            values = values.astype(np.float64)
        wrong = values[~np.isfinite(values) | (values != np.floor(values)) | (np.abs(values) > _EXACT)]
        if len(wrong):
            raise DataError("bad-data", f"{name} has a label {wrong[0]:g}", hints=[_WANTED])
    if len(values) and (values.min() < 0 or values.max() >= MAX_CLASSES):
        message = f"{name} has labels from {values.min():.0f} to {values.max():.0f}"
        raise DataError("bad-data", message, hints=[f"labels are counted from 0, up to {MAX_CLASSES - 1:,}"])
    return values.astype(np.int64)


def check_label_kind(name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse arrays that hold no labels, by their shape and the type of their values."""
    numbers, names = dtype.kind in "biuf", dtype.kind in "US" and dtype.itemsize > 0
    single = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    rows = len(shape) == 2 and 1 < shape[1] <= MAX_CLASSES
    if not (numbers and (single or rows)) and not (names and single):
        message = f"{name} holds {dtype} of shape {sizes(shape)}"
        raise DataError("bad-data", message, hints=[_WANTED])


def _from_rows(array: Named) -> npt.NDArray[Any]:
    name, values = array
    wrong = np.flatnonzero(((values != 0).sum(1) != 1) | (values.max(1) != 1))
    if len(wrong):
        message = f"{name} has the shape {sizes(values.shape)}, and its row {wrong[0]:,} is not a single 1 among zeros"
        raise DataError("bad-data", message, hints=[_WANTED])
    places: npt.NDArray[Any] = values.argmax(1)
    return places


def _as_text(array: Named) -> npt.NDArray[np.str_]:
    try:
        return np.char.decode(array.values, "utf-8") if array.values.dtype.kind == "S" else array.values
    except UnicodeDecodeError:
        raise DataError("bad-data", f"{array.name} has names that are not UTF-8") from None


def _names(read: Sequence[Named]) -> ReadLabels:
    classes, first = np.unique(read[0].values, return_inverse=True)
    if len(classes) > MAX_CLASSES:
        raise DataError("bad-data", f"{read[0].name} has {len(classes):,} different names")
    indices = [first]
    for name, values in read[1:]:
        place = np.searchsorted(classes, values).clip(max=len(classes) - 1)
        if not (classes[place] == values).all():
            raise DataError("bad-data", f"{name} has a class that {read[0].name} does not have")
        indices.append(place)
    return ReadLabels([torch.from_numpy(index.astype(np.int64)) for index in indices], tuple(map(str, classes)))


def _numbers(read: Sequence[Named], outputs: int | None, columns: int) -> ReadLabels:
    largest = max(int(read[0].values.max(initial=0)), columns - 1)
    for name, values in read[1:]:
        if values.max(initial=0) > largest:
            message = f"{name} has a label {values.max()}; those of training go up to {largest}"
            raise DataError("bad-data", message)
    indices = [torch.from_numpy(values) for _, values in read]
    smallest = min(int(values.min(initial=largest)) for _, values in read)
    if smallest == 1 and not columns and outputs not in (None, largest + 1):
        note = f"the labels go from 1 to {largest}: they are counted from 1"
        return ReadLabels([index - 1 for index in indices], tuple(map(str, range(1, largest + 1))), note)
    return ReadLabels(indices, tuple(map(str, range(largest + 1))))


def sizes(shape: Sequence[int]) -> str:
    """Return how a shape is written in messages."""
    return " x ".join(map(str, shape)) or "()"
