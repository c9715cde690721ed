"""Image files: which are read, how they become bytes of a volume, and what is refused."""

from __future__ import annotations

import os
import random
import stat
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import exp, log, sqrt

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError

from cnncalc.core.errors import CnncalcError, DataError
from cnncalc.core.limits import MAX_IMAGE_BYTES, MAX_IMAGE_SIDE
from cnncalc.core.numbers import bytes_text
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.check import colours
from cnncalc.train.data.ends import ends_as_it_should
from cnncalc.train.data.resize import Box, centre_box

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".pgm", ".ppm", ".tif", ".tiff", ".webp")
"""Ends of the names of files that are images; other files in a folder are passed over."""

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "PPM", "TIFF", "WEBP")
"""Pillow's names of the formats that are read; some of the others, such as EPS, would run a program."""

_GREY = ("1", "L", "LA", "La")
"""Pillow's names of images without colours, with transparency or without."""

_ORIENTATION = 0x0112
_TURNS = {
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


class Unusable(Exception):
    """An image that cannot be used.

    Attributes:
        path: its file.
        reason: why, without the path.
        other_colours: whether it is grey where the spec's input is in colour, or the other way round.

    """

    def __init__(self, path: str, reason: str, *, other_colours: bool = False) -> None:
        super().__init__(reason)
        self.path = path
        self.reason = reason
        self.other_colours = other_colours

    def __str__(self) -> str:
        return f"`{shorten_path(self.path)}`: {self.reason}"


def read_image(path: str, volume: Volume, resize: str) -> torch.Tensor:
    """Read one image as the input of a network.

    Args:
        path: its file.
        volume: the spec's input: two dimensions, and one channel or three.
        resize: ``none``, ``crop`` or ``stretch``, as in `DataRequest`.

    Returns:
        The pixels, uint8 of shape C x H x W.

    Raises:
        DataError: for a file that cannot be read, and an image of another size or of other colours.

    """
    check_volume(volume)
    try:
        with quiet_pillow():
            return read_pixels(path, volume, resize)
    except Unusable as unusable:
        if unusable.other_colours:
            hints = ["images are not converted from grey to colour or back"]
            raise DataError("data-differs", str(unusable), hints=hints) from None
        raise DataError("unreadable-image", f"cannot read {unusable}") from None


def check_volume(volume: Volume) -> None:
    """Refuse a volume that no image has: images have two dimensions, and one channel or three."""
    if volume.dimensions != 2 or volume.channels not in (1, 3):
        message = f"the spec's input is {volume}; images have a height, a width, and 1 channel (grey) or 3 (colour)"
        raise DataError("data-differs", message, hints=["other data comes from a .npz file: `--data FILE.npz`"])


@contextmanager
def quiet_pillow() -> Iterator[None]:
    """Let Pillow refuse images that are dangerously large, and keep its other warnings off the terminal."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def check_header(path: str, volume: Volume, resize: str) -> None:
    """Look at the beginning and the end of a file: size, colours, and whether it is whole.

    It is only decoded where its end is not there (see `ends_as_it_should`).

    Raises:
        Unusable: for a file that is no image or is cut short, and for other colours.
        DataError: for another size, where images are not resized.

    """
    with _opened(path) as image:
        _check(path, image, volume, resize)
        if not ends_as_it_should(path, str(image.format)):
            image.load()


def read_pixels(path: str, volume: Volume, resize: str, crop: Crop = centre_box) -> torch.Tensor:
    """Decode an image, turn it upright and bring it to a volume: uint8 of shape C x H x W.

    Transparent parts are put on black. Of a file with several images, the first is read.

    Raises:
        Unusable: for a file that cannot be decoded, and for other colours.
        DataError: for another size, where images are not resized.

    """
    with _opened(path) as image:
        _check(path, image, volume, resize)
        turn = _TURNS.get(_orientation(image))
        plain = _plain(image, volume.channels)
        plain = plain if turn is None else plain.transpose(turn)
        high, wide = volume.spatial
        box = crop(*plain.size, volume) if resize == "crop" else None
        if box is not None or plain.size != (wide, high):
            plain = plain.resize((wide, high), Image.Resampling.BILINEAR, box=box)
        return torch.from_numpy(np.array(plain).reshape(volume)).permute(2, 0, 1)


@contextmanager
def _opened(path: str) -> Iterator[Image.Image]:
    """Open an image; whatever goes wrong with it becomes `Unusable`."""
    try:
        _check_file(path)
        with Image.open(path, formats=_FORMATS) as image:
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


def _check_file(path: str) -> None:
    """Refuse what is no ordinary file, which would be waited for without end, and what is too large."""
    try:
        found = os.stat(path)
    except FileNotFoundError:
        reason = "it is a link to a file that is not there" if os.path.islink(path) else "there is no such file"
        raise Unusable(path, reason) from None
    if stat.S_ISDIR(found.st_mode):
        raise Unusable(path, "it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise Unusable(path, "it is not a regular file")
    if found.st_size > MAX_IMAGE_BYTES:
        raise Unusable(path, f"its file has more than {bytes_text(MAX_IMAGE_BYTES)}")


def _check(path: str, image: Image.Image, volume: Volume, resize: str) -> None:
    if image.mode.startswith(("I", "F")):
        raise Unusable(path, "it has more than 8 bits per pixel and channel")
    wide, high = image.size if _orientation(image) < 5 else image.size[::-1]
    found = Volume((high, wide, _channels(image, volume.channels)))
    if found.channels != volume.channels:
        reason = f"it is {found} ({colours(found)}), and the spec's input is {volume} ({colours(volume)})"
        raise Unusable(path, reason, other_colours=True)
    if resize == "none" and found != volume:
        message = f"`{shorten_path(path)}` is {found}, and the spec's input is {volume}"
        hints = ["`--resize crop` or `--resize stretch` brings images to the input's size", f"or write `input {found}`"]
        raise DataError("data-differs", message, hints=hints)


def _channels(image: Image.Image, wanted: int) -> int:
    """Return the channels of an image; a palette has colours, but where they are all grey it is as good as grey."""
    if image.mode in _GREY:
        return 1
    if wanted == 1 and image.mode in ("P", "PA"):
        colours = np.array(image.getpalette()).reshape(-1, 3)
        return 1 if (colours == colours[:, :1]).all() else 3
    return 3


def _orientation(image: Image.Image) -> int:
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


def _plain(image: Image.Image, channels: int) -> Image.Image:
    """Return an image without palette and transparency, grey or RGB."""
    mode = "L" if channels == 1 else "RGB"
    if not image.has_transparency_data:
        return image.convert(mode)
    above = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", above.size, (0, 0, 0, 255)), above).convert(mode)


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
