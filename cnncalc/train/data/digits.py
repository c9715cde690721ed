"""The digits of scikit-learn: 1,797 images of 8x8x1, which come with the package and need no download."""

from __future__ import annotations

import numpy as np

from cnncalc.core.volume import Volume
from cnncalc.train.data.arrays import ArrayPart, Suiting, dataset_of
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.labels import Named
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

TEST_SHARE = 0.2
"""Share of the images that are kept for testing."""

_LARGEST = 16
"""The largest value of a pixel in the original, which becomes 255."""


class Digits(DataSource):
    """The digits that come with scikit-learn."""

    name = "digits"

    def suits(self, request: DataRequest, volume: Volume, outputs: int | None) -> str:
        """Say why ``auto`` takes it: its images are 8x8x1."""
        return "the input is 8x8x1" if volume == (8, 8, 1) else ""

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the digits; see `load_digits`."""
        return load_digits()


def load_digits() -> Dataset:
    """Return the digits, in a split that is always the same: 1,437 images to train with and 360 to test.

    The split is scikit-learn's ``train_test_split``, stratified by class, with ``random_state=0``.

    Raises:
        ModuleNotFoundError: where scikit-learn is not installed.

    """
    from sklearn.datasets import load_digits as original
    from sklearn.model_selection import train_test_split

    digits = original()
    images = np.rint(digits.images * (255 / _LARGEST)).astype(np.uint8)
    labels = digits.target
    rows = train_test_split(np.arange(len(labels)), test_size=TEST_SHARE, random_state=0, stratify=labels)
    parts = {
        part: ArrayPart(Named("digits", images[of]), Named("digits", labels[of]))
        for part, of in zip(("training", "test"), rows, strict=True)
    }
    return dataset_of("digits", "scikit-learn", parts, Suiting(Volume((8, 8, 1))), tuple(map(str, range(10))))
