"""What the literature says of the networks of the zoo: task, family, published errors, places in ILSVRC.

Where the figures come from stands in docs/zoo.md.
"""

from __future__ import annotations

import csv
from pathlib import Path
from typing import NamedTuple

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


def catalogue() -> dict[str, Published]:
    """Return what was published, by the names of the networks."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        return {row["name"]: _read(row) for row in csv.DictReader(file)}


def _read(row: dict[str, str]) -> Published:
    top1, top5 = (float(row[key]) if row[key] else None for key in ("top1_error_percent", "top5_error_percent"))
    return Published(row["task"], row["family"], top1, top5, row["ilsvrc"], row["other_error"])
