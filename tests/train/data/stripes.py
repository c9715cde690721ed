"""A data source of somebody else's: one class in one file, and then the command line with it."""

import sys

import numpy as np

from cnncalc.core.volume import Volume
from cnncalc.train.data import Dataset, DataSource, register
from cnncalc.train.data.arrays import ArrayPart, Suiting, dataset_of
from cnncalc.train.data.labels import Named
from cnncalc.train.data_request import DataRequest


class Stripes(DataSource):
    """``stripes``: noise with stripes, across or down."""

    name = "stripes"

    def suits(self, request: DataRequest, volume: Volume, outputs: int | None) -> str:
        return "the input is 12x12x1" if volume == (12, 12, 1) else ""

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        draw = np.random.default_rng(request.seed)
        parts = {}
        for part, count in (("training", 400), ("test", 100)):
            labels = draw.integers(2, size=count)
            images = draw.integers(100, size=(count, 12, 12), dtype=np.uint8)
            images[labels == 0, ::3] = 200
            images[labels == 1, :, ::3] = 200
            parts[part] = ArrayPart(Named(self.name, images), Named(self.name, labels))
        return dataset_of(self.name, "drawn", parts, Suiting(Volume((12, 12, 1))), ("across", "down"))


if __name__ == "__main__":
    from cnncalc.__main__ import main

    register(Stripes())
    sys.exit(main())
