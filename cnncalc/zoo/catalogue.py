"""What the literature says of the networks of the zoo: task, family, published errors, places in ILSVRC.

Where the figures come from stands in docs/zoo.md.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

from cnncalc import zoo
from cnncalc.core.source import Source

_FILE = Path(__file__).with_name("catalogue.csv")


class Published(NamedTuple):
    """What was published about a network.

    Attributes:
        task: what it is for: ``classification``, ``segmentation``, ….
        family: the networks that it belongs to: ``ResNet``.
        top1_error_percent, top5_error_percent: on ImageNet's validation images, one view of each; None where no figure
            was published.
        ilsvrc: the year, the place and the top-5 error, in percent, of the team that entered it into ILSVRC's
            classification: ``2014 first: 6.7``; "" where none did.
        other_error: the data set and the error in percent, where it is another one than ImageNet: ``CIFAR-10 8.75``.

    """

    task: str
    family: str
    top1_error_percent: float | None
    top5_error_percent: float | None
    ilsvrc: str
    other_error: str

    def accuracy(self, name: str) -> Accuracy | None:
        """Return the accuracy of a network of a name, on ImageNet or else on what it was made for; None if unknown."""
        if self.top1_error_percent is None and self.top5_error_percent is None:
            data, _, error = self.other_error.rpartition(" ")
            return Accuracy(data, _right(float(error)), None, OF_A_PAPER) if data else None
        top1, top5 = (error and _right(error) for error in (self.top1_error_percent, self.top5_error_percent))
        return Accuracy(IMAGENET, top1, top5, OF_A_PAPER if name in _OF_PAPERS else OF_TORCHVISION)


class Accuracy(NamedTuple):
    """A published accuracy.

    Attributes:
        data: the images that were classified: ``ImageNet`` (its validation images, one view of each), ``CIFAR-10``; ""
            for those of a user.
        top1, top5: the percentage of images whose class is the first, or among the first five; None if unknown.
        source: who published it.

    """

    data: str
    top1: float | None
    top5: float | None
    source: str


IMAGENET = "ImageNet"
OF_TORCHVISION = "torchvision's first weights"
OF_A_PAPER = "the networks' papers"

_OF_PAPERS = {
    *("alexnet_paper", "convnextv2_tiny", "darknet19", "darknet53", "googlenet_paper", "inception_resnet_v2"),
    *("inception_v4", "res2net50", "resnest50", "se_resnet50", "senet154", "sknet50", "xception", "zfnet"),
}
"""Networks whose errors on ImageNet are those of their papers; all others are torchvision's."""


def published_accuracy(source: Source) -> Accuracy | None:
    """Return the published accuracy of a spec; None for a text that is none of the zoo's."""
    known = zoo.spec(source.name)
    row = catalogue().get(source.name) if known and known.text == source.text else None
    return row and row.accuracy(source.name)


def _right(error: float) -> float:
    return round(100 - error, 4)


def catalogue() -> dict[str, Published]:
    """Return what was published, by the names of the networks."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: _read(row) for row in csv.DictReader(file)}


def _read(row: dict[str, str]) -> Published:
    top1, top5 = (float(row[key]) if row[key] else None for key in ("top1_error_percent", "top5_error_percent"))
    return Published(row["task"], row["family"], top1, top5, row["ilsvrc"], row["other_error"])
