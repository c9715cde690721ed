"""Single samples of a `.npy` file, by names such as ``x.npy[17]``: what is predicted of arrays."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import torch

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten_path
from cnncalc.train.data.arrays import Suiting, pixels_of
from cnncalc.train.data.labels import Named, sizes
from cnncalc.train.data.npy import described_file
from cnncalc.train.data.values import check_values

_SAMPLE = re.compile(r"(.*\.npy)\[(\d+)\]", re.IGNORECASE | re.DOTALL)


def samples_in(path: str) -> list[str] | None:
    """Return the names of the samples of a `.npy` file; None for another one.

    Raises:
        DataError: for a file that cannot be read, or that has no samples.

    """
    if not path.lower().endswith(".npy"):
        return None
    head = described_file(path)
    check_values(head)
    if not head.shape or not head.shape[0]:
        raise DataError("bad-data", f"{head.name} has no samples")
    return [f"{path}[{place}]" for place in range(head.shape[0])]


def is_sample(name: str) -> bool:
    """Say whether a name is that of a sample."""
    return _SAMPLE.fullmatch(name) is not None


def read_sample(name: str, volume: Volume, layout: str) -> torch.Tensor:
    """Return a sample, uint8 or float32 of shape C x H x W.

    Args:
        name: of the sample.
        volume: the spec's input.
        layout: which size is the channels', one of `LAYOUTS`.

    Raises:
        DataError: for what cannot be read, is no number or has another volume.

    """
    match = _SAMPLE.fullmatch(name)
    assert match is not None  # `is_sample` was asked
    path, place = match[1], int(match[2])
    head = described_file(path)
    if len(head.shape) not in (volume.dimensions + 1, volume.dimensions + 2):
        message = f"{head.name} is {sizes(head.shape)}, and the spec's input is {volume}, of each of N samples"
        raise DataError("data-differs", message)
    values: Any = np.load(path, mmap_mode="r", allow_pickle=False)[place : place + 1]
    sample = pixels_of(Named(f"`{shorten_path(name)}`", np.array(values)), Suiting(volume, layout=layout))
    found = Volume.of(sample.shape[2:], sample.shape[1])
    if found != volume:
        message = f"`{shorten_path(name)}` is {found}, and the network's input is {volume}"
        raise DataError("data-differs", message, hints=["samples are not resized: store them as those of training"])
    return sample[0]
