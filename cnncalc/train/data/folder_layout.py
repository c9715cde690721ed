"""How a folder of images is laid out: which folders hold classes to train with, to validate with and to test with."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cnncalc.core.errors import DataError
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.images import SUFFIXES

PARTS = {
    "training": ("train", "training", "train_set", "training_set"),
    "validation": ("val", "valid", "validation", "val_set", "valid_set", "validation_set", "dev"),
    "test": ("test", "testing", "test_set", "testing_set", "eval", "evaluation"),
}
"""What the folder of each part may be called, in small letters or capitals."""

_YEAR = re.compile(r"_?(19|20)\d\d")
"""What may stand behind it: COCO has `train2017`."""

OF_SYSTEMS = ("__macosx", "__pycache__", "@eadir", "$recycle.bin", "system volume information", "lost+found")
"""Folders that systems leave among the images, in small letters; what begins with a dot is passed over too."""

LAYOUT = "images lie in a folder for each class: train/CLASS/*.png and test/CLASS/*.png, or CLASS/*.png alone"


def part_called(name: str) -> str | None:
    """Return the part that a folder, or a word in a table, names; None for another name."""
    word = name.lower().replace("-", "_")
    year = _YEAR.fullmatch(word[-5:]) or _YEAR.fullmatch(word[-4:])
    word = word.removesuffix(year[0]) if year else word
    return next((part for part, names in PARTS.items() if word in names), None)


class Layout(NamedTuple):
    """Where the images of a folder lie.

    Attributes:
        training, validation, test: folders that hold a folder for each class; None where there is none.
        classes: names of the folders of the classes, sorted.
        passed_over: folders whose images are not used, a line for each.
        note: where they lie, if that is another folder than the one that was named; else "".

    """

    training: str
    validation: str | None
    test: str | None
    classes: tuple[str, ...]
    passed_over: tuple[str, ...]
    note: str = ""


def layout_of(folder: str) -> Layout:
    """Find the parts and the classes of a folder.

    Where it holds nothing but another folder, as unpacked archives do, that one is looked at.

    Raises:
        DataError: for a folder that cannot be read, parts whose meaning is not clear, and fewer than two classes.

    """
    inside = _unpacked(folder)
    if inside == folder:
        return _layout_of(folder)
    note = f"the images lie in `{shorten_path(os.path.relpath(inside, folder))}`"
    return _layout_of(inside)._replace(note=note)


def _unpacked(folder: str) -> str:
    """Go into folders that are alone in one, to the first with several; without such a one, stay."""
    inside, names = folder, class_folders(folder)
    while len(names) == 1 and part_called(names[0]) is None and not any(map(_is_image, _entries(inside))):
        inside = os.path.join(inside, names[0])
        if os.path.islink(inside):
            return folder
        names = class_folders(inside)
    several = len(names) > 1 or (len(names) == 1 and part_called(names[0]) is not None)
    return inside if several and all(has_images(os.path.join(inside, name)) for name in names[:2]) else folder


def _layout_of(folder: str) -> Layout:
    held = class_folders(folder)
    found = {part: _found(folder, held, part) for part in PARTS}
    found = found if any(found.values()) else _with_words(folder, held) or found
    training = found["training"]
    others = [path for part in ("test", "validation") for path in (found[part],) if path]
    if training is None or not (others or class_folders(training)):  # else it is a class of that name
        if others:
            message = f"`{shorten_path(folder)}` has a folder {_name(others[0])}, and none called train"
            raise DataError("bad-data", message, hints=[LAYOUT])
        return _with_classes(folder, Layout(folder, None, None, (), ()))
    _check_links(found.values(), folder)
    passed_over = tuple(_passed_over(folder, held, found))
    return _with_classes(folder, Layout(training, found["validation"], found["test"], (), passed_over))


def _found(folder: str, held: list[str], part: str) -> str | None:
    """Return the folder of a part: one that has a name for it and, but for training, folders of classes."""
    named = [os.path.join(folder, name) for name in held if part_called(name) == part]
    with_classes = [path for path in named if class_folders(path)]
    if len(with_classes) > 1:
        names = shorten(listed(map(_name, with_classes)), 200)
        message = f"`{shorten_path(folder)}` has several folders of {part} images: {names}"
        raise DataError("bad-data", message, hints=["keep one of them"])
    return next(iter(with_classes or (named if part == "training" else ())), None)


_WORD = re.compile(r"(?:^|[ _-])(train|training|val|valid|validation|test|testing)(?:$|[ _-])", re.IGNORECASE)


def _with_words(folder: str, held: list[str]) -> dict[str, str | None]:
    """Return the folders of parts whose names have a word more, the same in all of them: `seg_train` and `seg_test`.

    A folder that is alone in one of them, as in archives, is the one that is meant.
    """
    words = {name: match for name in held if (match := _WORD.search(name))}
    rests = {name.replace(match[1], "") for name, match in words.items()}
    parts = {part_called(match[1]): name for name, match in words.items()}
    if len(rests) != 1 or len(parts) != len(words) or len(parts) < 2 or "training" not in parts:
        return {}
    return {part: _unpacked(os.path.join(folder, parts[part])) if part in parts else None for part in PARTS}


def _passed_over(folder: str, held: list[str], found: Mapping[str, str | None]) -> Iterator[str]:
    for name in held:
        path = os.path.join(folder, name)
        if not any(used and (used == path or used.startswith(path + os.sep)) for used in found.values()):
            known = part_called(name) is not None
            reason = "it has no folders of classes" if known else "it is neither train, val nor test"
            yield f"`{shorten_path(path)}`: {reason}"


def _with_classes(folder: str, layout: Layout) -> Layout:
    classes = class_folders(layout.training)
    name = _name(os.path.abspath(folder))
    check_class_count(name, classes, [*_advice(layout.training, classes), LAYOUT])
    _check_links([os.path.join(layout.training, name) for name in classes], layout.training)
    return layout._replace(classes=tuple(classes))


def _check_links(paths: Iterable[str | None], folder: str) -> None:
    """Refuse folders in a folder that lead back to it, or to one that it lies in: all images would be in each class."""
    inside = os.path.realpath(folder)
    for path in filter(None, paths):
        if os.path.commonpath([os.path.realpath(path), inside]) == os.path.realpath(path):
            message = f"`{shorten_path(path)}` is a link to a folder that it lies in"
            raise DataError("bad-data", message, hints=["remove the link"])


def _advice(folder: str, classes: list[str]) -> Iterator[str]:
    """Yield what is meant, probably, by a folder with one class or none."""
    for name in classes[:1]:
        path = os.path.join(folder, name)
        inner = class_folders(path)
        if len(inner) > 1:
            yield f"the folder in it has {len(inner):,}: `--data {shorten_path(path)}`"
    entries = _entries(folder)
    tables = sorted(entry.path for entry in entries if entry.name.lower().endswith((".csv", ".tsv")))
    yield from (f"it holds a table: `--data {shorten_path(path)}`" for path in tables[:1])
    loose = sum(map(_is_image, entries))
    if loose:
        yield f"{loose:,} images lie in it, and in no folder of a class"


def _name(path: str) -> str:
    return os.path.basename(path)


# ---- what is in a folder


def class_folders(folder: str) -> list[str]:
    """Return the names of the folders in a folder, sorted; links to folders are among them."""
    return sorted(entry.name for entry in _entries(folder) if _is_folder(entry))


def images_below(folder: str, others: Counter[str] | None = None) -> list[str]:
    """Return the paths of all images below a folder, sorted; links to folders are not followed, so none is a circle.

    Args:
        folder: it.
        others: is given how many files there are with each ending of `UNREAD`.

    """
    return sorted(_images_below(folder, others))


def has_images(folder: str) -> bool:
    """Say whether there is an image below a folder, as `images_below` finds it; the search ends at the first."""
    return next(_images_below(folder), None) is not None


UNREAD = (
    ".avif", ".heic", ".heif", ".jp2", ".jpe", ".jxl", ".tga", ".psd", ".svg", ".dng", ".nef", ".cr2", ".arw", ".raw",
    ".exr", ".hdr", ".ico", ".pbm", ".dcm", ".nii", ".npy", ".mp4", ".avi", ".mov",
)  # fmt: skip
"""Endings of files that may hold images, and are not read."""


def _images_below(folder: str, others: Counter[str] | None = None) -> Iterator[str]:
    waiting = [folder]
    while waiting:
        for entry in _entries(waiting.pop()):
            if _is_folder(entry, follow=False):
                waiting.append(entry.path)
            elif _is_image(entry):
                yield entry.path
            elif others is not None and entry.name.lower().endswith(UNREAD):
                others[os.path.splitext(entry.name.lower())[1]] += 1


def _is_image(entry: os.DirEntry[str]) -> bool:
    """Say whether something in a folder is called like an image, and is no folder."""
    return entry.name.lower().endswith(SUFFIXES) and not _is_folder(entry)


def _is_folder(entry: os.DirEntry[str], *, follow: bool = True) -> bool:
    try:
        return entry.is_dir(follow_symlinks=follow)
    except OSError:  # a circle of links
        return False


def _entries(folder: str) -> list[os.DirEntry[str]]:
    """Return what is in a folder, but for what is hidden or of the system."""
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not entry.name.startswith(".") and not _of_system(entry.name)]
    except OSError as error:
        message = f"cannot read the folder `{shorten_path(folder)}`: {error.strerror}"
        raise DataError("bad-data", message) from None


def _of_system(name: str) -> bool:
    return name.lower() in OF_SYSTEMS
