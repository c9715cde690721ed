"""From arrays, as files and libraries hand them over, to a data set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import bytes_text
from cnncalc.core.volume import Volume
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.in_memory import MemorySplit
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.data.labels import Described, Named, sizes
from cnncalc.train.data.targets import KnownOfTargets, check_target_kind, read_targets
from cnncalc.train.data.values import check_values, values_of

_AXES = {1: "L x C", 2: "H x W x C", 3: "D x H x W x C"}
"""How the sizes of one image are called, by the number of spatial dimensions."""


class ArrayPart(NamedTuple):
    """The arrays of a part: images, and their labels."""

    images: Named
    labels: Named


class Suiting(NamedTuple):
    """What arrays are to suit.

    Attributes:
        volume: the spec's input.
        outputs: the number of the network's outputs; None where it is not known.
        layout: which size of the images is the channels', one of `LAYOUTS`.
        task: what the images are learned as, one of `TASKS`.

    """

    volume: Volume
    outputs: int | None = None
    layout: str = "channels-last"
    task: str = "auto"

    @property
    def known(self) -> KnownOfTargets:
        """What is known of the targets."""
        return KnownOfTargets(self.task, self.outputs, self.volume.dimensions)


def dataset_of(
    name: str, where: str, parts: Mapping[str, ArrayPart], suiting: Suiting, classes: tuple[str, ...] = ()
) -> Dataset:
    """Check arrays and make a data set.

    Args:
        name: as in `Dataset`.
        where: as in `Dataset`.
        parts: ``training``, and ``validation`` and ``test`` if they are there. Images are uint8 of N x H x W or of
            N x H x W x C, or N x C x H x W (for other numbers of dimensions likewise), or other numbers, which become
            float32; labels as in `read_targets`.
        suiting: by what the channels and the first label are known.
        classes: the names of the classes, where they are known; labels are then counted from 0.

    Raises:
        DataError: for arrays of another kind, and for none or not as many labels as images.

    """
    for part in parts.values():
        check_described(described(part.images), described(part.labels), suiting)
    known = suiting.known._replace(outputs=None if classes else suiting.outputs)
    targets = read_targets([part.labels for part in parts.values()], known)
    splits: dict[str, MemorySplit] = {}
    notes: dict[bool, str] = {}
    for (part_name, part), values in zip(parts.items(), targets.values, strict=True):
        first, note = _channels_first(part.images, suiting)
        pixels = _pixels(part.images, suiting.volume.dimensions, first)
        if targets.kind == MASKS and values.shape[1:] != pixels.shape[2:]:
            message = f"{part.images.name} has images of {sizes(pixels.shape[2:])}, and {part.labels.name} masks of"
            raise DataError("bad-data", f"{message} {sizes(values.shape[1:])}")
        splits[part_name] = MemorySplit(pixels, values)
        notes.setdefault(first, note)  # once for all parts that are read alike
    return Dataset(
        name,
        where,
        classes or targets.names,
        splits["training"],
        splits.get("test"),
        validation=splits.get("validation"),
        notes=tuple(filter(None, (targets.note, *notes.values(), _floats_note(parts["training"].images)))),
        kind=targets.kind,
    )


def _floats_note(images: Named) -> str:
    """Say what is done with values that are no bytes."""
    if images.values.dtype == np.uint8:
        return ""
    return f"{images.name} holds {images.values.dtype}: it is used as it is, and only augmented where that is asked for"


def described(array: Named) -> Described:
    """Return what is known of an array that has been read."""
    return Described(array.name, array.values.shape, array.values.dtype)


def check_described(images: Described, labels: Described, suiting: Suiting) -> None:
    """Check types, shapes and numbers of images and labels, by which nothing needs to be read.

    Raises:
        DataError: for images that are no numbers or have other dimensions, for labels of another kind, and for none
            or not as many labels as images.

    """
    dimensions = suiting.volume.dimensions
    check_values(images)
    if len(images.shape) not in (dimensions + 1, dimensions + 2) or 0 in images.shape[1:]:
        axes = _AXES.get(dimensions, f"{dimensions} sizes x C")
        message = f"{images.name} has the shape {sizes(images.shape)}; for this spec it is N x {axes}"
        raise DataError("bad-data", message)
    check_target_kind(labels, suiting.known)
    if images.shape[0] != labels.shape[0]:
        message = f"{images.name} has {images.shape[0]:,} images and {labels.name} {labels.shape[0]:,} labels"
        raise DataError("bad-data", message)
    if not images.shape[0]:
        raise DataError("bad-data", f"{images.name} has no images")


def check_memory(name: str, size: int, hint: str = "a folder of images is read batch by batch") -> None:
    """Refuse what is larger than the memory of this machine, in bytes."""
    installed = installed_memory()
    if installed is not None and size > installed:
        message = f"{name}: {bytes_text(size)} of memory are needed; this machine has {bytes_text(installed)}"
        raise DataError("bad-data", message, hints=[hint])


def installed_memory() -> int | None:
    """Return the bytes of memory of this machine; None where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def pixels_of(images: Named, suiting: Suiting) -> torch.Tensor:
    """Return the values of an array of a spec's dimensions, uint8 or float32 of shape N x C x H x W."""
    return _pixels(images, suiting.volume.dimensions, _channels_first(images, suiting)[0])


def _pixels(images: Named, dimensions: int, channels_first: bool) -> torch.Tensor:
    """Return the values, channels first."""
    values = values_of(images)
    if values.dim() == dimensions + 1:
        return values.unsqueeze(1)
    return values if channels_first else values.movedim(-1, 1).contiguous()


def _channels_first(images: Named, suiting: Suiting) -> tuple[bool, str]:
    """Say whether the first size behind N is the channels', and note where that was not given but found out."""
    if images.values.ndim == suiting.volume.dimensions + 1:
        return False, ""
    if suiting.layout != "auto":
        return suiting.layout == "channels-first", ""
    shape, volume = images.values.shape, suiting.volume
    last, first = Volume(shape[1:]), Volume((*shape[2:], shape[1]))
    if last == first == volume and last.values > 1:
        return False, f"{_written(images)}: it is read channels last; `--layout channels-first` reads it channels first"
    if last == volume or (first != volume and _likelier(last.channels, first.channels, volume.channels)):
        return False, ""
    return True, f"{_written(images)}: it is read channels first, since the spec's input is {volume}"


def _likelier(last: int, first: int, wanted: int) -> bool:
    """Say whether the last size is the channels' rather than the first, where neither gives the whole input."""
    if wanted in (last, first):
        return last == wanted
    return last in _COLOURS or first not in _COLOURS


_COLOURS = (1, 3)
"""Channels of images, which can be converted to each other."""


def _written(images: Named) -> str:
    return f"{images.name} is N x {sizes(images.values.shape[1:])}"
