"""Dense predictions: the pixels of the image to which the positions of the output belong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.analysis.receptive import receptive_fields
from cnncalc.network import Network

if TYPE_CHECKING:
    from torch import Tensor


def predicts_pixels(network: Network) -> bool:
    """Return whether the output has a position for each pixel of the image, or of its centre.

    The second is a network without padding, whose output is smaller by what its borders lose: each step of the output
    is one pixel of the image, and as much is missing on one side as on the other (Ronneberger, Fischer, Brox: U-Net,
    2015).
    """
    size, output = network.input.spatial, network.output.spatial
    if output == size:
        return True
    fields = receptive_fields(network)[network.ends[-1]]
    lost = [before - after for before, after in zip(size, output, strict=True)]
    steps = [field is not None and field.jump == 1 for field in fields]
    return all(steps) and all(each >= 0 and each % 2 == 0 for each in lost)


def middle(targets: Tensor, outputs: Tensor) -> Tensor:
    """Return the centre of targets, N x H' x W', to which outputs N x classes x H x W belong: N x H x W."""
    cut = targets
    for axis in (1, 2):
        size = outputs.shape[axis + 1]
        cut = cut.narrow(axis, (targets.shape[axis] - size) // 2, size)
    return cut
