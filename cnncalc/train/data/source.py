"""Data sources: where images come from, one class in one file each."""

from __future__ import annotations

from abc import ABC, abstractmethod

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data_request import DataRequest


class DataSource(ABC):
    """A kind of data that can be trained on.

    Attributes:
        name: what ``--data`` calls it; "" for a source that is found by the path of its files.
        shown: how a hint names what can be given, for a source without a name: ``--data FOLDER``: images in ….
        fits_images: whether it brings images to the size and the colours of the spec's input while it reads them; of
            another source they are brought there afterwards.

    """

    name = ""
    shown = ""
    fits_images = False

    def reads(self, data: str) -> bool:
        """Say whether this source reads what ``--data`` says: its name, or a path to such files."""
        return data == self.name

    def suits(self, request: DataRequest, volume: Volume, outputs: int | None) -> str:
        """Say why ``auto`` takes this source for an input volume; "" where it does not.

        Args:
            request: says where files are looked for.
            volume: the spec's input.
            outputs: the number of the network's outputs; None where it is not known.

        """
        return ""

    @abstractmethod
    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the data set.

        Args:
            request: which one, and how.
            volume: the spec's input.
            outputs: the number of the network's outputs; None where it is not known.

        Raises:
            DataError: for data that is not there, cannot be read or contradicts itself.

        """


SOURCES: list[DataSource] = []
"""All data sources, in the order in which they are asked."""


def register(source: DataSource) -> None:
    """Add a data source: `train` and `evaluate` know it from now on."""
    SOURCES.append(source)


def source_of(data: str) -> DataSource | None:
    """Return the source that reads what ``--data`` says, or None."""
    return next((source for source in SOURCES if source.reads(data)), None)


def dataset_names() -> tuple[str, ...]:
    """Return the names that data sets can be asked for by, beside ``auto`` and paths."""
    return tuple(source.name for source in SOURCES if source.name)


def automatic(request: DataRequest, volume: Volume, outputs: int | None) -> tuple[str, str]:
    """Return the name of the data set whose images are the spec's input, and a sentence that says why it is this one.

    Raises:
        DataError: for an input that no data set with a name has.

    """
    for source in SOURCES:
        reason = source.suits(request, volume, outputs)
        if reason:
            return source.name, f"{source.name}, since {reason}"
    number = f" and {outputs} outputs" if outputs else ""
    message = f"no data set with a name has images of {volume}{number}: say which data to train on"
    known = "`--data auto` knows 8x8x1 (digits), 28x28x1 and 32x32x1 (mnist), 32x32x3 and 10 or 100 outputs (cifar)"
    raise DataError("no-such-data", message, hints=[*(source.shown for source in SOURCES if source.shown), known])
