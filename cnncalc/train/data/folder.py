"""Folders of images: a folder for every class, in `train/` and `test/` or `val/`, or without such parts."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import torch

from cnncalc.errors import SpecError, listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.dataset import DataRequest, Dataset, Split, spread
from cnncalc.train.data.fingerprint import digest_of_files, mark_of_content
from cnncalc.train.data.images import SUFFIXES, Unusable, check_header, check_volume, quiet_pillow, read_pixels
from cnncalc.train.data.memory import MemorySplit
from cnncalc.train.data.stream import StreamedSplit
from cnncalc.volume import Volume

_TEST_FOLDERS = ("test", "val")
"""Folders that hold the images to test with; the first that has folders of classes counts."""

_LAYOUT = "images lie in a folder for each class: train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png alone"

_AT_A_TIME = 64
"""Images that a thread reads before it takes the next."""

_FIRST = 5
"""Images that an error names, where there are many."""


class Files(NamedTuple):
    """Images of one part, sorted by class and path, and the index of the class of each."""

    paths: Sequence[str]
    labels: Sequence[int]

    def at(self, indices: Sequence[int]) -> Files:
        """Return the files at some indices."""
        return Files([self.paths[index] for index in indices], [self.labels[index] for index in indices])


def load_folder(request: DataRequest, volume: Volume) -> Dataset:
    """Read the images of a folder, into memory if they fit there; else see to it that they can be streamed.

    Raises:
        SpecError: for a folder with another layout, fewer than two classes or a class without images; for images of
            another size or other colours than the spec's input; and for unreadable ones, if they are not skipped.

    """
    check_volume(volume)
    name = os.path.basename(os.path.abspath(request.data))
    train_folder, test_folder = _parts(request.data)
    classes = _folders(train_folder)
    check_class_count(name, classes, [_LAYOUT])
    files = [_training_files(train_folder, classes, request.limit)]
    if test_folder:
        files.append(_test_files(test_folder, classes))
    splits, unusable = _splits(files, request, volume)
    _check_unusable(unusable, sum(len(part.paths) for part in files), request, volume)
    if not all(map(len, splits)):
        raise SpecError("bad-data", f"no image of `{shorten_path(request.data)}` can be used", hints=_some(unusable))
    test = splits[1] if test_folder else None
    return Dataset(name, request.data, tuple(classes), splits[0], test, tuple(map(str, unusable)))


# ---- which files there are


def _parts(folder: str) -> tuple[str, str | None]:
    """Return the folder with the classes to train with, and that with those to test with, if there is one."""
    held = _folders(folder)
    tests = [os.path.join(folder, name) for name in _TEST_FOLDERS if name in held]
    test = next((path for path in tests if _folders(path)), None)
    train = os.path.join(folder, "train")
    if "train" in held and (test is not None or _folders(train)):  # else it is a class of that name
        return train, test
    if test is not None:
        message = f"`{shorten_path(folder)}` has a folder {os.path.basename(test)}, and none called train"
        raise SpecError("bad-data", message, hints=[_LAYOUT])
    return folder, None


def _folders(folder: str) -> list[str]:
    """Return the names of the folders in a folder, sorted; without hidden ones."""
    return sorted(entry.name for entry in _entries(folder) if entry.is_dir())


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        message = f"cannot read the folder `{shorten_path(folder)}`: {error.strerror}"
        raise SpecError("bad-data", message) from None


def _training_files(folder: str, classes: Sequence[str], limit: int | None) -> Files:
    found = [sorted(_images(os.path.join(folder, name))) for name in classes]
    empty = [name for name, paths in zip(classes, found, strict=True) if not paths]
    if empty:
        message = f"`{shorten_path(os.path.join(folder, empty[0]))}` has no images"
        others = [f"the same holds for {shorten(listed(empty[1:]), 200)}"] if empty[1:] else []
        raise SpecError("bad-data", message, hints=[f"images are files ending in {', '.join(SUFFIXES)}", *others])
    files = _joined(found)
    return files.at(spread(len(files.paths), limit).tolist())


def _test_files(folder: str, classes: Sequence[str]) -> Files:
    unknown = [name for name in _folders(folder) if name not in classes]
    if unknown:
        message = f"`{shorten_path(os.path.join(folder, unknown[0]))}` is a class that is not trained"
        raise SpecError("bad-data", message, hints=[f"the classes of train are {shorten(listed(classes), 200)}"])
    present = set(_folders(folder))
    return _joined([sorted(_images(os.path.join(folder, name))) if name in present else [] for name in classes])


def _joined(found: list[list[str]]) -> Files:
    labels = [label for label, paths in enumerate(found) for _ in paths]
    return Files([path for paths in found for path in paths], labels)


def _images(folder: str) -> Iterator[str]:
    """Yield the paths of all images below a folder; links to folders are not followed, so that none is a circle."""
    for entry in _entries(folder):
        if entry.is_dir(follow_symlinks=False):
            yield from _images(entry.path)
        elif entry.name.lower().endswith(SUFFIXES):
            yield entry.path


# ---- reading them


def _splits(files: list[Files], request: DataRequest, volume: Volume) -> tuple[list[Split], list[Unusable]]:
    """Return the parts without the images that cannot be used, and those."""
    count = sum(len(part.paths) for part in files)
    read = _streamed if count * volume.values > request.memory_limit else _decoded
    splits, unusable = [], []
    for part in files:
        split, wrong = read(part, request, volume)
        splits.append(split)
        unusable += wrong
    return splits, unusable


def _decoded(files: Files, request: DataRequest, volume: Volume) -> tuple[Split, list[Unusable]]:
    pixels = torch.zeros((len(files.paths), volume.channels, *volume.spatial), dtype=torch.uint8)

    marks = [b""] * len(files.paths)

    def decode(index: int) -> None:
        pixels[index] = read_pixels(files.paths[index], volume, request.resize)
        marks[index] = mark_of_content(files.paths[index])

    wrong = _for_all(len(files.paths), decode)
    usable = [index for index in range(len(files.paths)) if index not in wrong]
    labels = torch.tensor(files.labels, dtype=torch.int64)
    digest = digest_of_files(files.at(usable).paths, [marks[index] for index in usable])
    return MemorySplit(pixels[usable] if wrong else pixels, labels[usable], digest), list(wrong.values())


def _streamed(files: Files, request: DataRequest, volume: Volume) -> tuple[Split, list[Unusable]]:
    def check(index: int) -> None:
        check_header(files.paths[index], volume, request.resize)

    wrong = _for_all(len(files.paths), check)
    files = files.at([index for index in range(len(files.paths)) if index not in wrong]) if wrong else files
    labels = torch.tensor(files.labels, dtype=torch.int64)
    split = StreamedSplit(files.paths, labels, volume, resize=request.resize, workers=request.workers)
    return split, list(wrong.values())


def _for_all(count: int, look: Callable[[int], None]) -> dict[int, Unusable]:
    """Call a function for every index, in several threads; return what it finds unusable, in order."""
    chunks = [range(start, min(start + _AT_A_TIME, count)) for start in range(0, count, _AT_A_TIME)]
    wrong: dict[int, Unusable] = {}
    pool = ThreadPoolExecutor(max_workers=min(32, os.cpu_count() or 1))
    try:
        with quiet_pillow():
            for found in pool.map(partial(_look_at, look), chunks):
                wrong.update(found)
    finally:  # also where an error ends it: what has not begun need not be done
        pool.shutdown(cancel_futures=True)
    return wrong


def _look_at(look: Callable[[int], None], chunk: range) -> dict[int, Unusable]:
    found = ((index, _unusable(look, index)) for index in chunk)
    return {index: unusable for index, unusable in found if unusable}


def _unusable(look: Callable[[int], None], index: int) -> Unusable | None:
    try:
        look(index)
    except Unusable as unusable:
        return unusable
    return None


# ---- what is done about those that cannot be used


def _check_unusable(unusable: list[Unusable], count: int, request: DataRequest, volume: Volume) -> None:
    """Refuse images that cannot be used, unless they are to be skipped."""
    if not unusable or request.unreadable == "skip":
        return
    coloured = [image for image in unusable if image.other_colours]
    if coloured:
        _refuse_colours(coloured, count, volume)
    message = f"{len(unusable):,} of {count:,} images cannot be read"
    raise SpecError("unreadable-image", message, hints=[*_some(unusable), "`--unreadable skip` leaves them out"])


def _refuse_colours(coloured: list[Unusable], count: int, volume: Volume) -> None:
    other = volume.with_channels(4 - volume.channels)
    if len(coloured) == count:
        hints = [f"write `input {other}`: it is so with all {count:,} images"]
    else:
        hints = [f"it is so with {len(coloured):,} of {count:,} images", "`--unreadable skip` leaves them out"]
    raise SpecError("data-differs", str(coloured[0]), hints=hints)


def _some(unusable: list[Unusable]) -> list[str]:
    """Return the first of the images as lines of text."""
    more = len(unusable) - _FIRST
    return [*map(str, unusable[:_FIRST]), *([f"and {more:,} more"] if more > 0 else [])]
