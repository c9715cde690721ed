"""From what a person asks for to a data set that has been read."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from cnncalc.core.errors import ArgumentError, DataError
from cnncalc.core.needs import optional_packages
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, shorten, shorten_path
from cnncalc.train.data.csv_file import CsvFile
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.digits import Digits
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.hugging_face import HuggingFaceFolder
from cnncalc.train.data.idx import IdxFolder
from cnncalc.train.data.image_folder import ImageFolder
from cnncalc.train.data.mask_folder import MaskFolder
from cnncalc.train.data.npy import NpyFiles
from cnncalc.train.data.npz import NpzFile
from cnncalc.train.data.resize import recoloured, resized
from cnncalc.train.data.sounds import SoundFolder
from cnncalc.train.data.source import automatic, dataset_names, register, source_of
from cnncalc.train.data.synthetic import Synthetic
from cnncalc.train.data.torchvision_sets import Cifar, Mnist
from cnncalc.train.data.web_shards import WebShards
from cnncalc.train.data_request import COLOURS, LAYOUTS, RESIZES, TASKS, UNREADABLE, DataRequest
from cnncalc.train.out_of_memory import ran_out_of_memory

for _source in (
    Digits(),
    Mnist("mnist"),
    Mnist("fashion-mnist"),
    Cifar("cifar10"),
    Cifar("cifar100"),
    IdxFolder(),
    MaskFolder(),
    NpyFiles(),
    HuggingFaceFolder(),
    WebShards(),
    SoundFolder(),
    ImageFolder(),
    CsvFile(),
    NpzFile(),
    Synthetic(),
):
    register(_source)


def load_dataset(request: DataRequest, volume: Volume, *, classes: int | None = None) -> Dataset:
    """Read the data set that is asked for.

    Args:
        request: which one, and how.
        volume: the spec's input: what ``auto`` goes by, what images are resized to, and the size of synthetic ones.
        classes: the number of the network's outputs, for ``auto`` and synthetic images.

    Raises:
        DataError: for data that is not there, cannot be read or contradicts itself. Whether it suits the network
            is asked by `check_dataset`.

    """
    _check_request(request)
    chosen = ""
    if request.data == "auto":
        name, chosen = automatic(request, volume, classes)
        request = request._replace(data=name)
    with optional_packages(), _memory_for(request.data):
        dataset = _read(request, volume, classes)
    return dataset._replace(chosen=chosen)


@contextmanager
def _memory_for(data: str) -> Iterator[None]:
    """Turn what is raised where memory runs out into an error that says what was read."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not ran_out_of_memory(error):
            raise
        message = f"memory ran out while `{shorten_path(data)}` was read"
        hints = ["smaller images take less", "a folder is read batch by batch, where it is larger than 4 GiB"]
        raise DataError("out-of-memory", message, hints=hints) from None


def _check_request(request: DataRequest) -> None:
    if request.resize not in RESIZES:
        message = f"there is no way to resize called `{shorten(request.resize)}`"
        raise ArgumentError("bad-option", message, hints=[f"choose {', '.join(RESIZES)}"])
    if request.unreadable not in UNREADABLE:
        message = f"unreadable images cannot be treated with `{shorten(request.unreadable)}`"
        raise ArgumentError("bad-option", message, hints=[f"choose {', '.join(UNREADABLE)}"])
    if request.layout not in LAYOUTS:
        message = f"there is no layout called `{shorten(request.layout)}`"
        raise ArgumentError("bad-option", message, hints=[f"choose {', '.join(LAYOUTS)}"])
    if request.colour not in COLOURS:
        message = f"there is no way to treat colours called `{shorten(request.colour)}`"
        raise ArgumentError("bad-option", message, hints=[f"choose {', '.join(COLOURS)}"])
    if request.task not in TASKS:
        message = f"there is no task called `{shorten(request.task)}`"
        raise ArgumentError("bad-option", message, hints=[f"choose {', '.join(TASKS)}"])
    if request.limit is not None and request.limit < 1:
        raise ArgumentError("bad-option", f"a limit of {request.limit} leaves no image to train with")
    if request.workers < 0:
        raise ArgumentError("bad-option", f"there cannot be {request.workers} workers")


def _read(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    source = source_of(request.data)
    if source is None:
        raise _unknown(request.data)
    dataset = _limited(source.load(request, volume, outputs), request.limit)
    fit = ImageFit.asked(request, volume)
    return dataset if source.fits_images else resized(recoloured(dataset, fit), fit)


def _unknown(data: str) -> DataError:
    if os.path.exists(data):
        message = f"`{shorten_path(data)}` is neither a folder nor a .npz, .npy, .csv, .tsv or .tar file"
        return DataError("bad-data", message, hints=["give the folder that holds the images or the IDX files"])
    names = dataset_names()
    known = f"known are auto, {', '.join(names)}, and the paths of folders, .npz and .csv files"
    message = f"there is no data set or folder `{shorten_path(data)}`"
    return DataError("no-such-data", message, hints=[*did_you_mean(data, names), known])


def _limited(dataset: Dataset, limit: int | None) -> Dataset:
    if limit is None or limit >= len(dataset.train):
        return dataset
    return dataset._replace(train=dataset.train.subset(spread(len(dataset.train), limit)))
