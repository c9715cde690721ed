"""MNIST, Fashion-MNIST and CIFAR where torchvision keeps them, downloaded by torchvision if that is asked for."""

from __future__ import annotations

import contextlib
import os
import sys
from http.client import HTTPException
from typing import Any

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten, shorten_path
from cnncalc.train.data.arrays import ArrayPart, Suiting, dataset_of
from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.idx import FILES, find_idx, load_idx
from cnncalc.train.data.labels import Named
from cnncalc.train.data.resize import framed
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

MNIST = {"mnist": "MNIST", "fashion-mnist": "FashionMNIST"}
"""Names of the sets that are IDX files: torchvision's class, which is also the name of its folder."""

CIFAR = {"cifar10": "CIFAR10", "cifar100": "CIFAR100"}
"""Names of the sets that are pickles: torchvision's class."""

_CLASSES = {"mnist": tuple(map(str, range(10)))}
"""Names of classes that are shorter than torchvision's ("0 - zero")."""


def _torchvision(name: str) -> Any:
    from torchvision import datasets

    return getattr(datasets, name)


# ---- MNIST and Fashion-MNIST


class Mnist(DataSource):
    """MNIST, or Fashion-MNIST."""

    def __init__(self, name: str) -> None:
        self.name = name

    def suits(self, request: DataRequest, volume: Volume, outputs: int | None) -> str:
        """Say why ``auto`` takes it: its images are 28x28x1, and of the two it is the one whose files are there.

        An input of 32x32x1 is LeNet-5's, which had the same images with a frame of two pixels.
        """
        if volume not in ((28, 28, 1), (32, 32, 1)):
            return ""
        there = [name for name in MNIST if mnist_is_there(name, request.folder)]
        if self.name != (there[0] if there else "mnist"):
            return ""
        others = "" if self.name == "mnist" else " and its files are there, those of mnist not"
        return f"the input is {volume}{others}"

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the files; see `load_mnist`. For an input of 32x32 the images get a frame of two black pixels."""
        dataset = load_mnist(self.name, request)
        if volume.spatial != (32, 32) or request.resize != "none":
            return dataset
        note = "the images of 28x28 have a frame of 2 black pixels, as LeNet-5 saw them"
        return framed(dataset, 2)._replace(notes=(*dataset.notes, note))


def load_mnist(name: str, request: DataRequest) -> Dataset:
    """Read a set of IDX files from ``FOLDER/MNIST/raw`` or ``FOLDER/FashionMNIST/raw``.

    Raises:
        DataError: for files that are missing or damaged, and for a download that fails.

    """
    if not mnist_is_there(name, request.folder):
        if not request.download:
            raise _missing(name, _mnist_folder(name, request.folder), FILES["training"] + FILES["test"])
        _download(name, MNIST[name], request.folder)
    classes = _CLASSES.get(name) or tuple(_torchvision(MNIST[name]).classes)
    return load_idx(_mnist_folder(name, request.folder), Suiting(Volume((28, 28, 1))), name, classes)


def mnist_is_there(name: str, folder: str) -> bool:
    """Say whether all four files of a set are where torchvision keeps them."""
    place = _mnist_folder(name, folder)
    return all(find_idx(place, file) for file in FILES["training"] + FILES["test"])


def _mnist_folder(name: str, folder: str) -> str:
    return os.path.join(folder, MNIST[name], "raw")


# ---- CIFAR


class Cifar(DataSource):
    """CIFAR-10, or CIFAR-100."""

    def __init__(self, name: str) -> None:
        self.name = name

    def suits(self, request: DataRequest, volume: Volume, outputs: int | None) -> str:
        """Say why ``auto`` takes it: its images are 32x32x3, and the network has an output for every class."""
        classes = int(self.name.removeprefix("cifar"))
        if volume != (32, 32, 3) or (outputs or 10) != classes:
            return ""
        return "the input is 32x32x3" + (f" and there are {classes} outputs" if outputs else "")

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the files; see `load_cifar`."""
        return load_cifar(self.name, request)


def load_cifar(name: str, request: DataRequest) -> Dataset:
    """Read CIFAR-10 or CIFAR-100 from torchvision's folder.

    Its files are pickles, which could run code. torchvision compares all of them with their known
    checksums before it opens one, so that only the original is ever unpickled.

    Raises:
        DataError: for files that are missing or are not the original, and for a download that fails.

    """
    cifar = _torchvision(CIFAR[name])
    if request.download:
        _download(name, CIFAR[name], request.folder)
    else:
        _check_cifar(name, cifar, request.folder)
    try:
        read = [cifar(request.folder, train=training) for training in (True, False)]
    except (RuntimeError, OSError) as error:
        raise DataError("bad-data", f"cannot read {name}: {shorten(str(error), 200)}") from None
    parts = {part: _part(name, cifar) for part, cifar in zip(("training", "test"), read, strict=True)}
    where, classes = os.path.join(request.folder, cifar.base_folder), tuple(read[0].classes)
    return dataset_of(name, where, parts, Suiting(Volume((32, 32, 3))), classes)


def _part(name: str, cifar: Any) -> ArrayPart:
    import numpy as np

    return ArrayPart(Named(name, cifar.data), Named(name, np.asarray(cifar.targets)))


def _check_cifar(name: str, cifar: Any, folder: str) -> None:
    """Refuse files that are missing or altered, before torchvision does it in fewer words."""
    from torchvision.datasets.utils import check_integrity

    place = os.path.join(folder, cifar.base_folder)
    files = [*map(tuple, cifar.train_list + cifar.test_list), (cifar.meta["filename"], cifar.meta["md5"])]
    if any(not os.path.isfile(os.path.join(place, file)) for file, _ in files):
        raise _missing(name, place, [file for file, _ in files])
    for file, checksum in files:
        path = os.path.join(place, file)
        if not check_integrity(path, checksum):
            message = f"`{shorten_path(path)}` is not the original: its MD5 is not {checksum}"
            hints = [f"delete it and get {name} again with `--download`; an altered file is never opened"]
            raise DataError("bad-data", message, hints=hints)


# ---- what both share


def _missing(name: str, place: str, files: Any) -> DataError:
    hints = [
        "`--download` gets them from the internet",
        f"or put them there: {', '.join(files)}",
        "or name another folder that holds them with `--data-folder`",
    ]
    return DataError(
        "no-such-data", f"{name} is not there: its files are looked for in `{shorten_path(place)}`", hints=hints
    )


def _download(name: str, reader: str, folder: str) -> None:
    """Let torchvision download what is missing and compare it with its checksums."""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for results
            _torchvision(reader)(folder, download=True)
    except (RuntimeError, OSError, HTTPException) as error:  # urllib's own errors are OSErrors
        reason = shorten(str(error), 200)
        raise DataError("download-failed", f"cannot download {name} to `{shorten_path(folder)}`: {reason}") from None
