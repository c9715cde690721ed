"""Images that are both in the training images and in those that a run is tested on."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b

import torch

from cnncalc.train.data import Split

_AT_A_TIME = 1024
"""Images that are looked at together."""


def shared_images(train: Split, tested: Split) -> int | None:
    """Return how many images of the second part are in the first one too, pixel by pixel, whatever they are called.

    None where one of them is read batch by batch: all files would be read before the first step.
    """
    if not (train.in_memory and tested.in_memory):
        return None
    digests = [*_digests(tested)]
    shared = {*digests}.intersection(_digests(train))
    return sum(digest in shared for digest in digests)


def _digests(split: Split) -> Iterator[bytes]:
    """Yield 16 bytes for each image, equal for equal pixels."""
    order = torch.split(torch.arange(len(split)), _AT_A_TIME)
    for pixels, _ in split.batches(order):
        for image in pixels.cpu().numpy():
            yield blake2b(image.data, digest_size=16).digest()
