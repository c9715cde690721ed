"""Filters on pictures: an image goes through a network in plain Python, and what comes out is an image again."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from math import ceil, sqrt
from operator import mul
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cnncalc.core.errors import DataError
from cnncalc.core.limits import MAX_IMAGE_BYTES, MAX_IMAGE_SIDE
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import shorten, shorten_path
from cnncalc.layers.operations import Box, Number, Operations, Value, power, quotient
from cnncalc.network import Network
from cnncalc.values.arrays import Numbers
from cnncalc.values.compute import check_computes, shape_of, values_of
from cnncalc.values.limits import MOST_FOR_IMAGES, check_size
from cnncalc.values.tensors import states

if TYPE_CHECKING:
    from PIL.Image import Image

_FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")

WAYS = ("clip", "absolute", "stretch")
"""How numbers become shades: cut off at 0 and 255, without their signs, or from the smallest to the largest."""


def read_image(path: str, *, colour: bool, size: tuple[int, int] | None = None, longest: int | None = None) -> Numbers:
    """Read an image as numbers from 0 to 255, by channel, row and column.

    Args:
        path: a PNG, JPEG, BMP, GIF, TIFF, WebP or PPM file.
        colour: whether it has three channels (red, green, blue) or one.
        size: the height and width that it is brought to; None for its own.
        longest: the longest side that it is shrunk to; None for no limit.

    Raises:
        DataError: for a file that is not there, is no image or is damaged.
        SpecError: without Pillow.

    """
    with optional_packages():
        from PIL import Image, ImageOps
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_IMAGE_BYTES + 1)
        with Image.open(BytesIO(data), formats=_FORMATS) as opened:
            if max(opened.size) > MAX_IMAGE_SIDE:
                raise _bad(path, f"it has a side of more than {MAX_IMAGE_SIDE:,} pixels")
            image = _plain(ImageOps.exif_transpose(opened), colour)
    except DataError:
        raise
    except OSError as error:
        raise _bad(path, error.strerror or f"it is not an image ({', '.join(_FORMATS)})") from None
    except Exception as error:  # Pillow raises many kinds for damaged files
        raise _bad(path, shorten(str(error) or type(error).__name__, 120)) from None
    if longest is not None and max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.BILINEAR)
    if size is not None and image.size != size[::-1]:
        image = image.resize(size[::-1], Image.Resampling.BILINEAR)
    flat = [value for band in image.split() for value in band.tobytes()]
    return Numbers((len(image.getbands()), image.height, image.width), tuple(flat))


def _bad(path: str, reason: str) -> DataError:
    return DataError("bad-image", f"cannot read the image `{shorten_path(path)}`: {reason}")


def _plain(image: Image, colour: bool) -> Image:
    """Return an image with 8 bits a channel, on white where it is transparent."""
    from PIL import Image as Images

    if image.mode.startswith("I;16") or image.mode == "I":
        image = image.point(lambda value: value / 257).convert("L")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        whole = image.convert("RGBA")
        image = Images.alpha_composite(Images.new("RGBA", whole.size, "white"), whole)
    return image.convert("RGB" if colour else "L")


class Rounded(Operations):
    """The operations in floats: shades are rounded to 255 steps, and fractions take twenty times as long."""

    def weighted(self, xs: Sequence[Value], factors: Sequence[Number], plus: Number = 0) -> Value:
        """Return the sum of values times constants, plus a constant."""
        return sum(map(mul, xs, map(_rounded, factors)), _rounded(plus))

    def quotient(self, x: Value, divisor: Value) -> Value:
        """Return one value divided by another."""
        return _rounded(quotient(x, divisor))

    def power(self, x: Value, exponent: Number) -> Value:
        """Return a value to a constant power."""
        return _rounded(power(x, exponent))


def _rounded(number: Number) -> int | float:
    return number if type(number) is int else float(number)


def filtered(network: Network, image: Numbers, *, tensors: Mapping[str, Any] | None = None, seed: int = 0) -> Numbers:
    """Return what a network makes of an image; nothing is kept on the way, so that the image may be large.

    Args:
        network: the layers, of at most 60 million multiplications.
        image: the numbers of the input.
        tensors: numbers for tensors by their names, as for `compute`.
        seed: what other numbers are drawn from.

    Raises:
        SpecError: for a network that is too large for the image, and for a layer without values.

    """
    check_size(network, MOST_FOR_IMAGES)
    check_computes(network)
    begun = {
        index: {name: list(map(_rounded, box)) for name, box in state.items()}
        for index, state in states(network, tensors or {}, seed).items()
    }
    last = {index: node.index for node in network.layers for index in node.inputs}
    boxes: dict[int, Box] = {0: list(image.flat)}
    for node in network.layers:
        state = begun[network.weights_of.get(node.index, node.index)]
        boxes[node.index] = values_of(network, node, tuple([boxes[index] for index in node.inputs]), state, Rounded())
        for index in set(node.inputs):
            if last[index] == node.index and index not in network.ends:
                del boxes[index]
    return Numbers.of(shape_of(network.output), boxes[network.output_index])


# ---- from numbers to an image


def usual_way(network: Network) -> str:
    """Return how the output of a network is shown: edges, whose filters add up to 0, without their signs."""
    convolutions = [node for node in network.layers if node.layer.role == "convolution"]
    if not convolutions:
        return "clip"
    node = convolutions[-1]
    weight = next((tensor for tensor in node.layer.state(node.sources) if tensor.name == "weight"), None)
    return "absolute" if weight is not None and weight.start and abs(float(sum(weight.start))) < 1e-9 else "clip"


_SHADES: Mapping[str, Callable[[float], float]] = {"clip": lambda value: value, "absolute": abs}


def shades(numbers: Sequence[Number], way: str) -> bytes:
    """Return numbers as shades from 0 to 255, in one of the `WAYS`."""
    if way == "stretch":
        low, high = min(numbers), max(numbers)
        scale = 255 / (high - low) if high > low else 0
        return bytes([round((number - low) * scale) for number in numbers])
    shade = _SHADES[way]
    return bytes([min(255, max(0, round(shade(float(number))))) for number in numbers])


def image_of(numbers: Numbers, way: str) -> Image:
    """Return a volume in two dimensions as an image: three channels in colour, others beside each other in grey."""
    with optional_packages():
        from PIL import Image
    channels, height, width = numbers.shape
    size = height * width
    bands = [
        Image.frombytes("L", (width, height), shades(numbers.flat[start : start + size], way))
        for start in range(0, channels * size, size)
    ]
    if channels == 3:
        return Image.merge("RGB", bands)
    return bands[0] if channels == 1 else sheet_of([(f"channel {place}", band) for place, band in enumerate(bands)])


_GAP, _LETTERS = 12, 16
"""Pixels around the pictures of a sheet, and the height of its letters."""


def sheet_of(pictures: Sequence[tuple[str, Image]]) -> Image:
    """Return a contact sheet: pictures in rows, each with its title above."""
    with optional_packages():
        from PIL import Image, ImageDraw, ImageFont
    font = ImageFont.load_default(_LETTERS)
    wide = max([_GAP, *[max(picture.width, round(font.getlength(title))) for title, picture in pictures]])
    high = max([picture.height for _, picture in pictures]) + _LETTERS + _GAP // 2
    columns = min(len(pictures), max(1, ceil(sqrt(len(pictures) * high / wide))))
    rows = ceil(len(pictures) / columns)
    sheet = Image.new("RGB", (columns * (wide + _GAP) + _GAP, rows * (high + _GAP) + _GAP), "white")
    draw = ImageDraw.Draw(sheet)
    for place, (title, picture) in enumerate(pictures):
        left, top = _GAP + place % columns * (wide + _GAP), _GAP + place // columns * (high + _GAP)
        draw.text((left, top), title, fill="black", font=font)
        sheet.paste(picture, (left, top + _LETTERS + _GAP // 2))
    return sheet


def png_bytes(image: Image) -> bytes:
    """Return an image as the bytes of a PNG file."""
    data = BytesIO()
    image.save(data, format="PNG")
    return data.getvalue()
