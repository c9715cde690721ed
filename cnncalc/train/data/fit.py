"""How an image is brought to the spec's input: its size, and its colours."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.train.data_request import DataRequest

Box = tuple[float, float, float, float]
"""A part of an image: left, top, right and bottom, in pixels."""


class ImageFit(NamedTuple):
    """What an image is to become, and how.

    Attributes:
        volume: the spec's input.
        resize: what is done about another size, one of `RESIZES`.
        colour: what is done about other colours, one of `COLOURS`.
        trained: whether it is the input of weights that are trained, which no other line of a spec can change.

    """

    volume: Volume
    resize: str = "none"
    colour: str = "auto"
    trained: bool = False

    @classmethod
    def asked(cls, request: DataRequest, volume: Volume) -> ImageFit:
        """Return how the images of a request become a volume."""
        return cls(volume, request.resize, request.colour, request.trained)

    @property
    def grey(self) -> bool:
        """Whether colours are dropped."""
        return self.colour == "grey" or (self.colour == "auto" and self.volume.channels == 1)

    def check_colour(self) -> None:
        """Refuse colours in an input that has no channels for them.

        Raises:
            DataError: for ``rgb`` and an input of other than three channels.

        """
        if self.colour == "rgb" and self.volume.channels != 3:
            message = f"`--colour rgb` needs an input of 3 channels, and the spec's input is {self.volume}"
            write = "" if self.trained else f"write `input {self.volume.with_channels(3)}`, or "
            hints = [f"{write}leave the option out: the images become grey"]
            raise DataError("data-differs", message, hints=hints)


def centre_box(width: int, height: int, volume: Volume) -> Box:
    """Return the largest part in the middle of an image that has the proportions of a volume."""
    high, wide = volume.spatial
    scale = min(width / wide, height / high)
    across, down = min(wide * scale, width), min(high * scale, height)  # rounding must not lead out of the image
    left, top = (width - across) / 2, (height - down) / 2
    return left, top, left + across, top + down


def inner_size(width: int, height: int, volume: Volume) -> tuple[int, int]:
    """Return the largest width and height with the proportions of an image that fit into a volume, in pixels."""
    high, wide = volume.spatial
    scale = min(wide / width, high / height)
    return max(1, min(wide, round(width * scale))), max(1, min(high, round(height * scale)))


def converted_note(fit: ImageFit, grey: int, colour: int) -> str:
    """Return a sentence about images whose colours were converted; "" where there are none.

    Args:
        fit: what they became.
        grey: how many images are grey.
        colour: how many have colours.

    """
    images = grey + colour
    if fit.volume.channels == 3 and grey and not fit.grey:
        return f"{_share(grey, images)} grey: the grey value is used for all three channels"
    if colour and fit.grey:
        made = "grey" if fit.volume.channels == 1 else "grey, in three equal channels"
        return f"{_share(colour, images)} in colour: they are converted to {made}"
    return ""


def _share(count: int, images: int) -> str:
    of = f"all {images:,} images are" if count == images else f"{count:,} of {images:,} images are"
    return of if images > 1 else "the image is"
