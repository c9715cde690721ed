"""Folders of sounds: a folder of `.wav` files for every class, read by SciPy, which comes with scikit-learn."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import counted
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.arrays import ArrayPart, Suiting, check_memory, dataset_of
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.folder_layout import class_folders, layout_of
from cnncalc.train.data.labels import Named
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

_END = ".wav"

_MOST_BYTES = 2**30
"""Largest file that is read, 1 GiB."""


class SoundFolder(DataSource):
    """A folder with a folder of `.wav` files for every class, with the parts that folders of images have."""

    def reads(self, data: str) -> bool:
        """Say whether the first folder of a class, in that of a part or not, has such a file."""
        folder = data
        for _ in range(2):
            inner = _folders(folder)
            if inner and _sounds(os.path.join(folder, inner[0])):
                return True
            train = next((name for name in inner if name.lower().startswith("train")), None)
            if train is None:
                return False
            folder = os.path.join(folder, train)
        return False

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the sounds; see `load_sounds`."""
        return load_sounds(request, volume)


def load_sounds(request: DataRequest, volume: Volume) -> Dataset:
    """Read sounds as floats of −1 to 1: N x L x C, of the length of the spec's input.

    With ``--resize pad`` short ones get zeros at their end, and long ones are cut there; with ``crop`` the middle of
    long ones is taken. Several channels become their mean where the input has one.

    Raises:
        DataError: for another layout than a folder of images has, for what cannot be read, and for sounds of other
            lengths, rates or channels.

    """
    if volume.dimensions != 1:
        message = f"sounds have a length and channels, and the spec's input is {volume}"
        raise DataError("data-differs", message, hints=["write `input 8000x1` for a second at 8,000 values a second"])
    layout = layout_of(request.data)
    folders = {"training": layout.training, "validation": layout.validation, "test": layout.test}
    parts: dict[str, ArrayPart] = {}
    rates: set[int] = set()
    for part, folder in folders.items():
        if folder is not None:
            paths, labels = _files(folder, layout.classes)
            rows = spread(len(paths), request.limit if part == "training" else None).tolist()
            values, found = _read([paths[row] for row in rows], volume, request.resize)
            rates |= found
            parts[part] = ArrayPart(Named(f"`{shorten_path(folder)}`", values), Named("labels", labels[rows]))
    if len(rates) > 1:
        message = (
            f"the sounds of `{shorten_path(request.data)}` have {listed(f'{rate:,}' for rate in rates)} values a second"
        )
        raise DataError("bad-data", message, hints=["convert them to one rate"])
    name = os.path.basename(os.path.abspath(request.data))
    made = dataset_of(name, request.data, parts, Suiting(volume), layout.classes)
    note = f"the sounds have {rates.pop():,} values a second, as floats of −1 to 1; they are only augmented where asked"
    return made._replace(skipped=layout.passed_over, notes=(note,))


def _read(paths: Sequence[str], volume: Volume, resize: str) -> tuple[npt.NDArray[np.float32], set[int]]:
    """Return the values of some sounds, N x L x C, and how many values a second they have."""
    check_memory(f"{len(paths):,} sounds of {volume}", len(paths) * volume.values * 4, "`--limit` takes fewer")
    values, rates = np.zeros((len(paths), *volume), np.float32), set()
    for place, path in enumerate(paths):
        rate, sound = read_sound(path)
        values[place] = _fitted(sound, volume, resize, path)
        rates.add(rate)
    return values, rates


def _folders(folder: str) -> list[str]:
    try:
        return class_folders(folder)
    except DataError:
        return []


def _sounds(folder: str) -> list[str]:
    """Return the paths of the sounds in a folder, sorted."""
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.lower().endswith(_END))
    except OSError:
        return []


def _files(folder: str, classes: Sequence[str]) -> tuple[list[str], npt.NDArray[np.int64]]:
    found = [_sounds(os.path.join(folder, name)) for name in classes]
    unknown = sorted({*_folders(folder)} - {*classes})
    if unknown:
        message = f"`{shorten_path(os.path.join(folder, unknown[0]))}` is a class that is not trained"
        raise DataError("bad-data", message, hints=[f"the classes of train are {shorten(listed(classes), 200)}"])
    if not any(found):
        raise DataError("bad-data", f"`{shorten_path(folder)}` has no {_END} files in its folders of classes")
    labels = np.repeat(np.arange(len(classes)), [len(paths) for paths in found])
    return [path for paths in found for path in paths], labels


def read_sound(path: str) -> tuple[int, npt.NDArray[np.float32]]:
    """Return the values a second of a `.wav` file, and its values, float32 of shape L x C, whole numbers as −1 to 1.

    Raises:
        DataError: for what is no regular file, is too large or cannot be read.

    """
    from scipy.io import wavfile

    name = f"`{shorten_path(path)}`"
    if not os.path.isfile(path) or os.path.getsize(path) > _MOST_BYTES:
        raise DataError("bad-data", f"{name} is not a regular file of at most 1 GiB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about parts of the file that are not known
            rate, values = wavfile.read(path)
    except MemoryError:
        raise
    except Exception as error:  # SciPy raises many kinds for damaged files
        raise DataError("bad-data", f"cannot read {name}: {shorten(str(error), 120) or 'it is damaged'}") from None
    if not values.size or rate < 1:
        raise DataError("bad-data", f"{name} has no values")
    return int(rate), _floats(values).reshape(len(values), -1)


def _floats(values: npt.NDArray[np.generic]) -> npt.NDArray[np.float32]:
    """Return values as float32: bytes lie around 128, other whole numbers around 0."""
    if values.dtype.kind == "f":
        return values.astype(np.float32)
    middle, largest = (128, 128) if values.dtype == np.uint8 else (0, 2 ** (8 * values.dtype.itemsize - 1))
    return ((values.astype(np.float64) - middle) / largest).astype(np.float32)


def _fitted(sound: npt.NDArray[np.float32], volume: Volume, resize: str, path: str) -> npt.NDArray[np.float32]:
    """Return a sound of the length and the channels of a spec's input."""
    length, channels = volume
    if sound.shape[1] != channels:
        if channels != 1:
            message = (
                f"`{shorten_path(path)}` has {counted(sound.shape[1], 'channel')}, and the spec's input is {volume}"
            )
            raise DataError("data-differs", message, hints=["an input of 1 channel takes their mean"])
        sound = sound.mean(1, keepdims=True)
    if len(sound) != length and resize not in ("pad", "crop"):
        message = f"`{shorten_path(path)}` has {len(sound):,} values, and the spec's input is {volume}"
        hints = ["`--resize pad` fills with zeros or cuts the end, `--resize crop` takes the middle"]
        raise DataError("data-differs", message, hints=hints)
    start = max(0, (len(sound) - length) // 2) if resize == "crop" else 0
    sound = sound[start : start + length]
    return np.pad(sound, ((0, length - len(sound)), (0, 0)))
