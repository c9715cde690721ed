"""Folders of images: a folder for every class, in `train/`, `val/` and `test/`, or without such parts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import NamedTuple

import torch

from cnncalc.core.errors import DataError
from cnncalc.core.numbers import counted
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.dataset import Dataset, Split, spread
from cnncalc.train.data.fingerprint import digest_of_files, mark_of_content
from cnncalc.train.data.fit import ImageFit, converted_note
from cnncalc.train.data.folder_layout import Layout, class_folders, has_images, images_below, layout_of
from cnncalc.train.data.image_box import ON_DISK, ImageBox, Unusable
from cnncalc.train.data.images import SUFFIXES, check_fit, check_header, quiet_pillow, read_pixels
from cnncalc.train.data.in_memory import MemorySplit
from cnncalc.train.data.kinds import CLASSES
from cnncalc.train.data.mask_files import MaskFiles
from cnncalc.train.data.stream import StreamedSplit
from cnncalc.train.data_request import DataRequest

_AT_A_TIME = 64
"""Images that a thread reads before it takes the next."""

_FIRST = 5
"""Images that an error names, where there are many."""


class Files(NamedTuple):
    """Images of one part, with their targets.

    Attributes:
        paths: of the images.
        labels: the target of each, as `Split.labels` has it; of masks an empty tensor of shape [N, 0].
        masks: how they are read, where the targets are masks.
        box: where the images lie, and what hands them over by their paths.

    """

    paths: Sequence[str]
    labels: torch.Tensor
    masks: MaskFiles | None = None
    box: ImageBox = ON_DISK

    def at(self, indices: Sequence[int]) -> Files:
        """Return the files at some indices."""
        masks = self.masks and self.masks.at(indices)
        return Files([self.paths[index] for index in indices], self.labels[list(indices)], masks, self.box)


def load_folder(request: DataRequest, volume: Volume) -> Dataset:
    """Read the images of a folder, into memory if they fit there; else see to it that they can be streamed.

    Raises:
        DataError: for a folder with another layout, fewer than two classes or a class without images; for images of
            another size than the spec's input, if they are not resized; and for unreadable ones, if they are not
            skipped.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    layout, others = layout_of(request.data), Counter[str]()
    files = _files(layout, request.limit, others)
    notes = (layout.note, _unread_note(others))
    classes = tuple(map(_text, layout.classes))
    return read_dataset(files, request, fit, classes, left_out=layout.passed_over, notes=notes)


def _unread_note(others: Mapping[str, int]) -> str:
    """Say which files are there that may be images, and are not read; "" where there are none."""
    if not others:
        return ""
    found = ", ".join(f"{counted(count, 'file')} of {ending}" for ending, count in sorted(others.items()))
    return f"not read: {found}; JPEG and PNG files are"


def _text(name: str) -> str:
    r"""Return the name of a folder as text that can be written; a byte that is no UTF-8 becomes ``\xff``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


# ---- which files there are


def _files(layout: Layout, limit: int | None, others: Counter[str]) -> dict[str, Files]:
    """Return the images of each part that there is, and count the files that are none that is read."""
    files = {"training": _training_files(layout, limit, others)}
    for part, folder in (("validation", layout.validation), ("test", layout.test)):
        if folder is not None:
            files[part] = _tested_files(folder, layout, others)
    return files


def _training_files(layout: Layout, limit: int | None, others: Counter[str]) -> Files:
    paths = [os.path.join(layout.training, name) for name in layout.classes]
    found = [images_below(path, others) for path in paths]
    empty = [path for path, images in zip(paths, found, strict=True) if not images]
    if empty:
        message = f"`{shorten_path(empty[0])}` has no images"
        names = map(os.path.basename, empty[1:])
        same = [f"the same holds for {shorten(listed(names), 200)}"] if empty[1:] else []
        hints = [f"images are files ending in {', '.join(SUFFIXES)}", *same]
        hints += [note for note in [_unread_note(others)] if note]
        raise DataError("bad-data", message, hints=[*hints, "put images there, or remove the folder"])
    files = _joined(found)
    return files.at(spread(len(files.paths), limit).tolist())


def _tested_files(folder: str, layout: Layout, others: Counter[str]) -> Files:
    present = class_folders(folder)
    unknown = sorted(name for name in {*present} - {*layout.classes} if has_images(os.path.join(folder, name)))
    if unknown:
        message = f"`{shorten_path(os.path.join(folder, unknown[0]))}` is a class that is not trained"
        hints = [f"the classes of train are {shorten(listed(layout.classes), 200)}"]
        raise DataError("bad-data", message, hints=hints)
    found = [images_below(os.path.join(folder, name), others) if name in present else [] for name in layout.classes]
    if not any(found):
        raise DataError("bad-data", f"`{shorten_path(folder)}` has no images in its folders of classes")
    return _joined(found)


def _joined(found: list[list[str]]) -> Files:
    labels = [label for label, paths in enumerate(found) for _ in paths]
    return Files([path for paths in found for path in paths], torch.tensor(labels, dtype=torch.int64))


# ---- reading them


def read_dataset(
    files: Mapping[str, Files],
    request: DataRequest,
    fit: ImageFit,
    classes: tuple[str, ...],
    *,
    left_out: Sequence[str] = (),
    notes: Sequence[str] = (),
    kind: str = CLASSES,
) -> Dataset:
    """Read the images of each part as `read_files` does, and return the data set of them.

    Args:
        files: of the parts; there is at least ``training``.
        request: what was asked for.
        fit: how images become the spec's input.
        classes: their names.
        left_out: lines about files that are no part of it.
        notes: how it was understood, where that is not plain; an empty one is dropped.
        kind: what the targets are, one of `kinds.KINDS`.

    Raises:
        DataError: as in `read_files`.

    """
    parts, unusable, note = read_files(files, request, fit)
    return Dataset(
        _text(os.path.basename(os.path.abspath(request.data))),
        _text(request.data),
        classes,
        parts["training"],
        parts.get("test"),
        (*left_out, *map(str, unusable)),
        validation=parts.get("validation"),
        notes=tuple(filter(None, (*notes, note))),
        kind=kind,
    )


def read_files(
    files: Mapping[str, Files], request: DataRequest, fit: ImageFit
) -> tuple[dict[str, Split], list[Unusable], str]:
    """Read the images of each part: into memory if they fit there; else see to it that they can be streamed.

    Returns:
        The parts, the images left out since they cannot be used, and a sentence about converted colours, or "".

    Raises:
        DataError: for images of another size, if they are not resized; for unreadable ones, if they are not skipped;
            and for a part of which no image can be used.

    """
    count = sum(len(part.paths) for part in files.values())
    read = _streamed if count * fit.volume.values > request.memory_limit else _decoded
    found = {part: read(given, request, fit) for part, given in files.items()}
    unusable = [image for part in found.values() for image in part.unusable]
    refuse_unusable(unusable, count, request)
    if not all(len(part.split) for part in found.values()):
        raise DataError("bad-data", f"no image of `{shorten_path(request.data)}` can be used", hints=_some(unusable))
    grey = sum(part.grey for part in found.values())
    note = converted_note(fit, grey, count - len(unusable) - grey)
    return {part: read.split for part, read in found.items()}, unusable, note


class _Read(NamedTuple):
    """One part as it was read: its images, those that cannot be used, and how many of the others are grey."""

    split: Split
    unusable: list[Unusable]
    grey: int


def _decoded(files: Files, request: DataRequest, fit: ImageFit) -> _Read:
    volume, count = fit.volume, len(files.paths)
    pixels = torch.zeros((count, volume.channels, *volume.spatial), dtype=torch.uint8)
    marks, grey = [b""] * count, [False] * count
    labels = torch.zeros((count, *volume.spatial), dtype=torch.uint8) if files.masks else files.labels

    def decode(index: int) -> None:
        decoded = read_pixels(files.paths[index], fit, box=files.box)
        pixels[index], grey[index] = decoded.pixels, decoded.found.channels == 1
        marks[index] = mark_of_content(files.paths[index], files.box)
        if files.masks:
            labels[index] = files.masks.read(index, fit)

    wrong = for_all(count, decode)
    usable = [index for index in range(count) if index not in wrong]
    digest = digest_of_files(files.at(usable).paths, [marks[index] for index in usable])
    split = MemorySplit(pixels[usable] if wrong else pixels, labels[usable], digest)
    return _Read(split, list(wrong.values()), sum(grey))


def _streamed(files: Files, request: DataRequest, fit: ImageFit) -> _Read:
    grey = [False] * len(files.paths)

    def check(index: int) -> None:
        grey[index] = check_header(files.paths[index], fit, files.box).channels == 1

    wrong = for_all(len(files.paths), check)
    files = files.at([index for index in range(len(files.paths)) if index not in wrong]) if wrong else files
    split = StreamedSplit(files.paths, files.labels, fit, workers=request.workers, masks=files.masks, box=files.box)
    return _Read(split, list(wrong.values()), sum(grey))


def for_all(count: int, look: Callable[[int], None]) -> dict[int, Unusable]:
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


def refuse_unusable(unusable: list[Unusable], count: int, request: DataRequest, what: str = "images") -> None:
    """Refuse images that cannot be used, unless they are to be skipped."""
    if not unusable or request.unreadable == "skip":
        return
    message = f"{len(unusable):,} of {count:,} {what} cannot be read"
    skip = ["`--unreadable skip` leaves them out"] if len(unusable) < count else []
    raise DataError("unreadable-image", message, hints=[*_some(unusable), *skip])


def _some(unusable: list[Unusable]) -> list[str]:
    """Return the first of the images as lines of text."""
    more = len(unusable) - _FIRST
    return [*map(str, unusable[:_FIRST]), *([f"and {more:,} more"] if more > 0 else [])]
