"""Masks: image files in which each pixel is the class of the pixel at its place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image

from cnncalc.train.data.fit import ImageFit, centre_box, inner_size
from cnncalc.train.data.image_box import ON_DISK, ImageBox, Unusable
from cnncalc.train.data.images import TURNS, Crop, opened_image, orientation_of
from cnncalc.train.data.kinds import IGNORED
from cnncalc.train.data.mask_colours import EXAMPLE, ColourTable

_LARGEST = 255

_LAST_UNTURNED = 4
"""The last orientation of Exif in which width and height are not exchanged."""


class MaskFiles(NamedTuple):
    """The masks of some images, in the order of these.

    Attributes:
        images: paths of the images.
        paths: of the masks.
        classes: what each value of a file means: the class, or `IGNORED`, uint8 of shape [256].
        box: where the masks lie, and what hands them over by their paths.
        image_box: the same of the images.
        colours: which colour each class has, where the masks are in colours.

    """

    images: Sequence[str]
    paths: Sequence[str]
    classes: torch.Tensor
    box: ImageBox = ON_DISK
    image_box: ImageBox = ON_DISK
    colours: ColourTable | None = None

    def at(self, indices: Sequence[int]) -> MaskFiles:
        """Return those at some indices."""
        images, paths = ([found[index] for index in indices] for found in (self.images, self.paths))
        return self._replace(images=images, paths=paths)

    def read(self, index: int, fit: ImageFit, crop: Crop = centre_box) -> torch.Tensor:
        """Return a mask in the size of the spec's input, uint8 of shape H x W; what lies beside it is ignored.

        Raises:
            Unusable: for a file that is no mask, and one of another size than its image.

        """
        with opened_image(self.images[index], self.image_box) as image:
            orientation, size = orientation_of(image), image.size
        values = mask_values(self.paths[index], self.box, self.colours)
        mask = Image.fromarray(self.classes.numpy()[values])
        upright = size[::-1] if orientation > _LAST_UNTURNED else size
        if mask.size != upright and mask.size == size:  # drawn on the image as it lies in its file
            mask = mask.transpose(TURNS[orientation])
        if mask.size != upright:
            raise Unusable(self.paths[index], f"it is {_written(mask.size)}, and its image {_written(upright)}")
        return torch.from_numpy(np.array(_sized(mask, fit, crop)))


def no_labels(count: int) -> torch.Tensor:
    """Return the labels of images whose targets are masks in files: none, uint8 of shape [N, 0]."""
    return torch.zeros((count, 0), dtype=torch.uint8)


def _written(size: tuple[int, int]) -> str:
    """Return the size of an image as height x width."""
    return f"{size[1]}x{size[0]}"


def mask_values(path: str, box: ImageBox = ON_DISK, colours: ColourTable | None = None) -> npt.NDArray[np.uint8]:
    """Return the values of the pixels of a mask: indices of its palette, greys, or the classes of its colours.

    Raises:
        Unusable: for a file that is no image, one in colours that no table names, and values above 255.

    """
    with opened_image(path, box) as image:
        coloured = image.mode in ("RGB", "RGBA", "LA", "CMYK", "YCbCr")
        if colours and (coloured or image.mode == "P"):
            return colours.classes(path, np.asarray(image.convert("RGB")))
        if coloured:
            return _of_equal_channels(path, np.asarray(image.convert("RGB")), box)
        values = np.asarray(image.convert("L") if image.mode == "1" else image)
    if values.ndim != 2 or values.dtype.kind not in "ui" or int(values.max()) > _LARGEST or int(values.min()) < 0:
        raise Unusable(path, "its pixels are not classes from 0 to 255")
    return values.astype(np.uint8)


def _of_equal_channels(path: str, values: npt.NDArray[np.uint8], box: ImageBox) -> npt.NDArray[np.uint8]:
    if not (values == values[..., :1]).all():
        on_disk = f"its colours stand in no labelmap.txt, which has lines such as {EXAMPLE}"
        other = "its pixels are colours; a mask has a class for each pixel: a palette, or greys from 0"
        raise Unusable(path, on_disk if box is ON_DISK else other)
    return values[..., 0]


def _sized(mask: Image.Image, fit: ImageFit, crop: Crop) -> Image.Image:
    """Resize a mask as its image is, with the value of the nearest pixel."""
    high, wide = fit.volume.spatial
    if fit.resize == "pad":
        inner = inner_size(*mask.size, fit.volume)
        framed = Image.new("L", (wide, high), IGNORED)
        framed.paste(mask.resize(inner, Image.Resampling.NEAREST), ((wide - inner[0]) // 2, (high - inner[1]) // 2))
        return framed
    box = crop(*mask.size, fit.volume) if fit.resize == "crop" else None
    return mask.resize((wide, high), Image.Resampling.NEAREST, box=box)
