"""From arrays, as files and libraries hand them over, to the parts of a data set."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from cnncalc.errors import SpecError
from cnncalc.train.data.memory import MemorySplit
from cnncalc.volume import Volume

MAX_CLASSES = 100_000
"""Most classes that labels may speak of; a label of 2⁴⁰ is a mistake and no class."""

_AXES = {1: "L x C", 2: "H x W x C", 3: "D x H x W x C"}
"""How the sizes of one image are called, by the number of spatial dimensions."""


class Part(NamedTuple):
    """Arrays of images and labels as they were read, and the names they go by in messages."""

    images: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    images_name: str
    labels_name: str


def split_of(part: Part, volume: Volume) -> MemorySplit:
    """Check arrays and make a part of a data set.

    Args:
        part: images, uint8 of N x H x W or N x H x W x C, and labels, whole numbers of shape [N] or [N, 1].
        volume: the spec's input, whose number of dimensions says whether a last size is the channels.

    Raises:
        SpecError: for arrays of another kind, and for none or not as many labels as images.

    """
    pixels = _pixels(part, volume.dimensions)
    labels = _labels(part)
    if len(pixels) != len(labels):
        message = f"{part.images_name} has {len(pixels):,} images and {part.labels_name} {len(labels):,} labels"
        raise SpecError("bad-data", message)
    if not len(pixels):
        raise SpecError("bad-data", f"{part.images_name} has no images")
    return MemorySplit(pixels, labels)


def _pixels(part: Part, dimensions: int) -> torch.Tensor:
    images = part.images
    if images.dtype != np.uint8:
        message = f"{part.images_name} holds {images.dtype}; images are uint8, 0 to 255"
        hints = ['values from 0 to 1 are stored as `(x * 255).round().astype("uint8")`']
        raise SpecError("bad-data", message, hints=hints)
    if images.ndim == dimensions + 1:
        images = images[..., np.newaxis]
    if images.ndim != dimensions + 2 or 0 in images.shape[1:]:
        axes = _AXES.get(dimensions, f"{dimensions} sizes x C")
        message = f"{part.images_name} has the shape {_sizes(part.images.shape)}; for this spec it is N x {axes}"
        raise SpecError("bad-data", message)
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(images, -1, 1)))


def _labels(part: Part) -> torch.Tensor:
    labels = part.labels
    if labels.ndim == 2 and labels.shape[1] == 1:  # as Keras keeps those of CIFAR
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        message = f"{part.labels_name} holds {labels.dtype} of shape {_sizes(labels.shape)}"
        hints = ["labels are one whole number for each image, counted from 0"]
        raise SpecError("bad-data", message, hints=hints)
    if len(labels) and (labels.min() < 0 or labels.max() >= MAX_CLASSES):
        message = f"{part.labels_name} has labels from {labels.min()} to {labels.max()}"
        raise SpecError("bad-data", message, hints=[f"labels are counted from 0, up to {MAX_CLASSES - 1:,}"])
    return torch.from_numpy(labels.astype(np.int64))


def _sizes(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "()"


def numbered_classes(train: MemorySplit, test: MemorySplit | None) -> tuple[str, ...]:
    """Return the names of classes that have numbers only: "0", "1", … up to the largest training label.

    Raises:
        SpecError: for a test label that is larger.

    """
    largest = int(train.labels.max())
    if test is not None and int(test.labels.max()) > largest:
        message = f"the test images have a label {int(test.labels.max())}; those of training go up to {largest}"
        raise SpecError("bad-data", message)
    return tuple(map(str, range(largest + 1)))
