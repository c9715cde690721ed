"""Image files: which are read, how they become bytes of a volume, and what is refused."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import exp, log, sqrt
from typing import NamedTuple

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.core.limits import MAX_IMAGE_SIDE
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.ends import ends_as_it_should
from cnncalc.train.data.fit import Box, ImageFit, centre_box, inner_size
from cnncalc.train.data.image_box import ON_DISK, ImageBox, Unusable

SUFFIXES = (".jpg", ".jpeg", ".jfif", ".png", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp")
"""Ends of the names of files that are images; other files in a folder are passed over."""

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
"""Pillow's names of the formats that are read; some of the others, such as EPS, would run a program."""

_GREY = ("1", "L", "LA", "La")
"""Pillow's names of images without colours, with transparency or without."""

_ORIENTATION = 0x0112
TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""What brings an image upright, by the orientation of the Exif standard (section 4.6.4)."""

Crop = Callable[[int, int, Volume], Box]
"""Chooses a part of an image from its width, its height and the volume that it is to become."""


class Decoded(NamedTuple):
    """An image that was read.

    Attributes:
        pixels: uint8 of shape C x H x W, as the spec's input.
        found: the volume that the file holds.

    """

    pixels: torch.Tensor
    found: Volume


def read_image(path: str, fit: ImageFit) -> torch.Tensor:
    """Read one image as the input of a network.

    Args:
        path: its file.
        fit: the spec's input, of two dimensions and one channel or three, and how the image is brought to it.

    Returns:
        The pixels, uint8 of shape C x H x W.

    Raises:
        DataError: for a file that cannot be read, and an image of another size that is not to be resized.

    """
    check_fit(fit)
    try:
        with quiet_pillow():
            return read_pixels(path, fit).pixels
    except Unusable as unusable:
        raise DataError("unreadable-image", f"cannot read {unusable}") from None


def read_colours(path: str) -> torch.Tensor:
    """Read one image in its own size, upright and in colour: uint8 of shape 3 x H x W; raises like `read_image`."""
    try:
        with quiet_pillow(), opened_image(path) as image:
            _check_range(path, image)
            turn = TURNS.get(orientation_of(image))
            plain = _plain(image, "RGB").convert("RGB")
            upright = plain if turn is None else plain.transpose(turn)
            return torch.from_numpy(np.array(upright)).permute(2, 0, 1)
    except Unusable as unusable:
        raise DataError("unreadable-image", f"cannot read {unusable}") from None


def check_fit(fit: ImageFit) -> None:
    """Refuse a volume that no image has: images have two dimensions, and one channel or three.

    Raises:
        DataError: for such a volume, and for colours that it cannot hold.

    """
    volume = fit.volume
    if volume.dimensions != 2 or volume.channels not in (1, 3):
        message = f"the spec's input is {volume}; images have a height, a width, and 1 channel (grey) or 3 (colour)"
        raise DataError("data-differs", message, hints=["other data comes from a .npz file: `--data FILE.npz`"])
    fit.check_colour()


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Let Pillow refuse images that are dangerously large, and keep its other warnings off the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def check_header(path: str, fit: ImageFit, box: ImageBox = ON_DISK) -> Volume:
    """Look at the beginning and the end of a file: size, colours, and whether it is whole.

    It is only decoded where its end is not there (see `ends_as_it_should`).

    Returns:
        The volume that the file holds.

    Raises:
        Unusable: for a file that is no image or is cut short.
        DataError: for another size, where images are not resized.

    """
    with opened_image(path, box) as image:
        found = _checked(path, image, fit)
        with box.opened(path) as file:
            whole = ends_as_it_should(file, str(image.format))
        if not whole:
            image.load()
        return found


def read_pixels(path: str, fit: ImageFit, crop: Crop = centre_box, box: ImageBox = ON_DISK) -> Decoded:
    """Decode an image, turn it upright and bring it to the spec's input.

    Transparent parts are put on black. Of a file with several images, the first is read. 16 bits become 8, 65,535
    becoming 255. Grey of colours is that of ITU-R BT.601; colours of grey are the same value three times.

    Raises:
        Unusable: for a file that cannot be decoded.
        DataError: for another size, where images are not resized.

    """
    with opened_image(path, box) as image:
        found = _checked(path, image, fit)
        turn = TURNS.get(orientation_of(image))
        plain = _plain(image, "L" if fit.grey else "RGB")
        plain = plain if turn is None else plain.transpose(turn)
        sized = _sized(plain.convert("L" if fit.volume.channels == 1 else "RGB"), fit, crop)
        return Decoded(torch.from_numpy(np.array(sized).reshape(fit.volume)).permute(2, 0, 1), found)


def _sized(plain: Image.Image, fit: ImageFit, crop: Crop) -> Image.Image:
    high, wide = fit.volume.spatial
    if fit.resize == "pad":
        inner = inner_size(*plain.size, fit.volume)
        scaled = plain if plain.size == inner else plain.resize(inner, Image.Resampling.BILINEAR)
        framed = Image.new(plain.mode, (wide, high))
        framed.paste(scaled, ((wide - inner[0]) // 2, (high - inner[1]) // 2))
        return framed
    box = crop(*plain.size, fit.volume) if fit.resize == "crop" else None
    if box is None and plain.size == (wide, high):
        return plain
    return plain.resize((wide, high), Image.Resampling.BILINEAR, box=box)


@contextmanager
def opened_image(path: str, box: ImageBox = ON_DISK) -> Iterator[Image.Image]:
    """Open an image in a box; whatever goes wrong with it becomes `Unusable`."""
    try:
        with box.opened(path) as file, Image.open(file, formats=_FORMATS) as image:
            if max(image.size) > MAX_IMAGE_SIDE:
                raise Unusable(path, f"it has a side of {max(image.size):,} pixels, more than {MAX_IMAGE_SIDE:,}")
            yield image
    except (CnncalcError, Unusable):
        raise
    except UnidentifiedImageError:
        raise Unusable(path, f"it is not an image ({', '.join(_FORMATS)})") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Unusable(path, f"it has more than {Image.MAX_IMAGE_PIXELS:,} pixels") from None
    except MemoryError:
        raise Unusable(path, "it does not fit in memory") from None
    except Exception as error:  # Pillow raises many kinds for damaged files
        reason = (isinstance(error, OSError) and error.strerror) or str(error) or type(error).__name__
        raise Unusable(path, shorten(reason, 120)) from None


def _checked(path: str, image: Image.Image, fit: ImageFit) -> Volume:
    """Return the volume of an image, once it is known that it can become the spec's input."""
    _check_range(path, image)
    wide, high = image.size if orientation_of(image) < 5 else image.size[::-1]
    found = Volume((high, wide, _channels(image, fit.volume.channels)))
    if fit.resize == "none" and found.spatial != fit.volume.spatial:
        message = f"`{shorten_path(path)}` is {found}, and the spec's input is {fit.volume}"
        hints = [
            "`--resize pad`, `--resize crop` or `--resize stretch` brings images to the input's size",
            *([] if fit.trained else [f"or write `input {found}`"]),
        ]
        raise DataError("data-differs", message, hints=hints)
    return found


def _check_range(path: str, image: Image.Image) -> None:
    if image.mode == "F" or (image.mode == "I" and image.format not in _SIXTEEN_BITS_AS_I):
        raise Unusable(path, "its pixels are 32-bit numbers, which have no known range")


_SIXTEEN_BITS_AS_I = ("PNG", "PPM")
"""Formats of which Pillow returns 16 bits as numbers of 32 bits, 0 to 65,535."""


def _channels(image: Image.Image, wanted: int) -> int:
    """Return the channels of an image; a palette has colours, but where they are all grey it is as good as grey."""
    if image.mode in _GREY or image.mode.startswith("I"):
        return 1
    if wanted == 1 and image.mode in ("P", "PA"):
        colours = np.array(image.getpalette()).reshape(-1, 3)
        return 1 if (colours == colours[:, :1]).all() else 3
    return 3


def orientation_of(image: Image.Image) -> int:
    """Return the orientation that the camera wrote into the file, from 1 (upright) to 8.

    Only what stands in front of the pixels is looked at, since headers are read without decoding. Pillow turns TIFF
    files itself.
    """
    data = image.info.get("exif")
    if not isinstance(data, bytes) or image.format == "TIFF":
        return 1
    exif = Image.Exif()
    exif.load(data)
    value = exif.get(_ORIENTATION, 1)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _plain(image: Image.Image, mode: str) -> Image.Image:
    """Return an image without palette and transparency, grey (``L``) or ``RGB``, of 8 bits."""
    if image.mode.startswith("I"):
        values = np.asarray(image).astype(np.int64).clip(0, _MOST_OF_16_BITS)
        return Image.fromarray(((values * 255 + _MOST_OF_16_BITS // 2) // _MOST_OF_16_BITS).astype(np.uint8))
    if not image.has_transparency_data:
        return image.convert(mode)
    above = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", above.size, (0, 0, 0, 255)), above).convert(mode)


_MOST_OF_16_BITS = 65_535


# ---- what is random when training on a stream

_AREA = (0.08, 1.0)
_PROPORTIONS = (3 / 4, 4 / 3)
_TRIES = 10


def random_crop(seed: int, index: int) -> Crop:
    """Return a choice of a random part of an image, which depends on a seed and the image's index alone.

    The part has between 8% and all of the area, and proportions up to a third away from the volume's (Szegedy et al.,
    "Going deeper with convolutions", 2015, section 6). Where ten tries do not fit, it is the largest in the middle.
    """
    draw = random.Random(f"{seed}:{index}")

    def crop(width: int, height: int, volume: Volume) -> Box:
        high, wide = volume.spatial
        for _ in range(_TRIES):
            area = width * height * draw.uniform(*_AREA)
            proportion = wide / high * exp(draw.uniform(*map(log, _PROPORTIONS)))
            across, down = sqrt(area * proportion), sqrt(area / proportion)
            if across <= width and down <= height:
                left, top = draw.uniform(0, width - across), draw.uniform(0, height - down)
                return left, top, min(left + across, width), min(top + down, height)
        return centre_box(width, height, volume)

    return crop
