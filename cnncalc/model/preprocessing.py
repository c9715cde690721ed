"""What an exported file does itself before and after its network: from the pixels of an image to what it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor, nn

_GREY_OF_RGB = (19_595, 38_470, 7_471)
"""Weights of red, green and blue in the grey of ITU-R BT.601, times 2¹⁶, as Pillow has them."""


Finish = Callable[[Tensor], Tensor]
"""Turns the network's output into predictions of images: of logits, N x classes, probabilities of the same shape."""


def softmax(logits: Tensor) -> Tensor:
    """Return the probabilities of classes, N x classes."""
    return torch.softmax(logits.flatten(1), 1)


class PixelPreprocessing(NamedTuple):
    """What is done to pixels, and what is made of the network's output.

    Attributes:
        mean, deviation: what values are normalised by, per channel, in the network's order of channels; pixels as
            values in 0..1.
        reverse: whether the channels arrive in the other order: BGR for a network that was trained on RGB.
        grey: whether three channels are to hold the grey value of the colours.
        floats: whether float32 goes in, as it is in the data; else it is pixels, uint8.
        finish: what is made of the network's output.
        output: what that is called.
        main: the place of the output that is meant, among those of a network that has several.

    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    reverse: bool = False
    grey: bool = False
    floats: bool = False
    finish: Finish = softmax
    output: str = "probabilities"
    main: int | None = None


class PixelsToResults(nn.Module):
    """A network with its preprocessing in front, and the predictions of images after it.

    It takes pixels, uint8 of shape N x C x H x W, or floats, and makes probabilities, numbers or masks.

    Args:
        network: from normalised floats to what the loss takes: logits, or numbers.
        preprocessing: what comes first.
        dimensions: spatial sizes of an image.

    """

    _mean: Tensor
    _factor: Tensor

    def __init__(self, network: nn.Module, preprocessing: PixelPreprocessing, dimensions: int) -> None:
        super().__init__()
        ones = (1,) * dimensions
        self.network = network
        self._reverse, self._grey = preprocessing.reverse, preprocessing.grey
        self._finish, self._main = preprocessing.finish, preprocessing.main
        unit = 1 if preprocessing.floats else 255
        mean = torch.tensor(preprocessing.mean).view(-1, *ones) * unit
        factor = 1 / (torch.tensor(preprocessing.deviation).view(-1, *ones) * unit)
        self.register_buffer("_mean", mean, persistent=False)
        self.register_buffer("_factor", factor, persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        """Return the predictions of images."""
        if self._reverse:
            images = images.flip(1)
        values = self._grey_of(images) if self._grey else images.float()
        outputs = self.network((values - self._mean) * self._factor)
        return self._finish(outputs if self._main is None else outputs[self._main])

    def _grey_of(self, images: Tensor) -> Tensor:
        """Return the grey of colours as Pillow rounds it, in three equal channels."""
        red, green, blue = (images[:, n : n + 1].int() * weight for n, weight in enumerate(_GREY_OF_RGB))
        grey = torch.div(red + green + blue + 2**15, 2**16, rounding_mode="floor")
        return grey.float().expand(-1, 3, -1, -1)
