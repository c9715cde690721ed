"""Small files for the tests: IDX, images in folders."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from cnncalc.core.volume import Volume
from cnncalc.train.data import DataRequest, Dataset, load_dataset

NAMES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")


def volume(text: str) -> Volume:
    """Return a volume as it is written: 8x8x1."""
    return Volume(map(int, text.split("x")))


def load(data: str, size: str, classes: int | None = None, **named: Any) -> Dataset:
    """Load a data set for an input of some size."""
    return load_dataset(DataRequest(data, **named), volume(size), classes=classes)


def noise(*shape: int, seed: int = 0) -> npt.NDArray[np.uint8]:
    """Return random bytes, always the same."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def idx_bytes(array: npt.NDArray[np.uint8]) -> bytes:
    """Return an IDX file, as LeCun's page describes it: 0, 0, type, dimensions, sizes, values."""
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def write_mnist(folder: Path, *, count: int = 12, size: int = 28, packed: bool = False) -> list[npt.NDArray[np.uint8]]:
    """Write the four files of a small MNIST, and return their arrays."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = np.arange(count, dtype=np.uint8) % 10
    arrays = [noise(count, size, size), labels, noise(count // 2, size, size, seed=1), labels[: count // 2]]
    for name, array in zip(NAMES, arrays, strict=True):
        data = idx_bytes(array)
        path = folder / (f"{name}.gz" if packed else name)
        path.write_bytes(gzip.compress(data) if packed else data)
    return arrays


def write_images(
    folder: Path,
    classes: tuple[str, ...] = ("cat", "dog"),
    *,
    count: int = 3,
    size: str = "8x8x3",
    suffix: str = ".png",
) -> None:
    """Write some images of noise for each class."""
    high, wide, channels = volume(size)
    for place, name in enumerate(classes):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for index in range(count):
            pixels = noise(high, wide, channels, seed=100 * place + index)
            Image.fromarray(pixels.squeeze()).save(folder / name / f"{index}{suffix}")
