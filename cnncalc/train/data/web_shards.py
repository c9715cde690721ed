"""Shards as the library `webdataset` writes them: tar files with an image and its class, or its mask, side by side.

They are read in place: the headers once, to learn where each image lies, and then each image where it is needed. So the
images of all shards are seen in any order, and a run is resumed in the middle of an epoch, which reading tar files from
their beginnings to their ends cannot do.
"""

from __future__ import annotations

import os
import tarfile
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from io import BytesIO
from typing import BinaryIO, NamedTuple

import numpy as np
import torch

from cnncalc.core.errors import DataError
from cnncalc.core.volume import Volume
from cnncalc.core.words import listed, shorten, shorten_path
from cnncalc.train.data.check import check_class_count
from cnncalc.train.data.dataset import Dataset, spread
from cnncalc.train.data.fit import ImageFit
from cnncalc.train.data.folder import Files, read_dataset
from cnncalc.train.data.folder_layout import PARTS
from cnncalc.train.data.image_box import ImageBox, Unusable, check_image_bytes
from cnncalc.train.data.images import SUFFIXES, check_fit
from cnncalc.train.data.kinds import MASKS
from cnncalc.train.data.labels import Named, read_labels
from cnncalc.train.data.mask_files import MaskFiles, no_labels
from cnncalc.train.data.mask_meaning import meaning_of_masks
from cnncalc.train.data.source import DataSource
from cnncalc.train.data_request import DataRequest

_END = ".tar"

LABEL_ENDS = ("cls", "cls.txt", "label", "label.txt")
"""Ends of the names of members that hold the class of an image, as a number or a name."""

MASK_ENDS = ("mask.png", "seg.png", "segmentation.png", "label.png", "labels.png", "annotation.png", "gt.png")
"""Ends of the names of members that hold the mask of an image."""

_IMAGE_ENDS = tuple(suffix.removeprefix(".") for suffix in SUFFIXES)

MOST_LABEL_BYTES = 1000
"""Longest class of an image, in bytes."""


class Member(NamedTuple):
    """Where an image lies: in which file, from which byte on, and how many bytes it has."""

    shard: str
    start: int
    size: int


class _Sample(NamedTuple):
    """An image in a shard: its name, where it lies, and what lies beside it: the text of its class, or its mask."""

    name: str
    member: Member
    label: str = ""
    mask: tuple[str, Member] = ("", Member("", 0, 0))


class WebShards(DataSource):
    """A folder of shards, or one of them."""

    fits_images = True

    def reads(self, data: str) -> bool:
        """Say whether there is such a file, or a folder with one and no folders of classes."""
        if os.path.isfile(data):
            return data.lower().endswith(_END)
        return os.path.isdir(data) and any(_shards(data))

    def load(self, request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
        """Read the shards; see `load_shards` and `load_shards_of_masks`."""
        read = load_shards_of_masks if request.task == MASKS else load_shards
        return read(request, volume, outputs)


def load_shards(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read shards: members `NAME.jpg` and `NAME.cls` are an image and its class.

    A shard belongs to the part with whose name it, or the folder that it lies in, begins: `val-000.tar`, `val/000.tar`.
    Others are to train with.

    Raises:
        DataError: for shards that cannot be read, images without a class, and as in `read_files`.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    by_part = _by_part(request)
    labels = read_labels([_named(part, samples, request.data) for part, samples in by_part.items()], outputs)
    check_class_count(os.path.basename(os.path.abspath(request.data)), labels.classes)
    files = {}
    for (part, samples), indices in zip(by_part.items(), labels.indices, strict=True):
        rows = spread(len(samples), request.limit if part == "training" else None)
        chosen = [samples[row] for row in rows.tolist()]
        files[part] = Files([sample.name for sample in chosen], indices[rows], box=_box(chosen))
    return read_dataset(files, request, fit, labels.classes, notes=(labels.note,))


def load_shards_of_masks(request: DataRequest, volume: Volume, outputs: int | None) -> Dataset:
    """Read shards with masks: members `NAME.jpg` and `NAME.mask.png` are an image and its mask.

    Raises:
        DataError: for shards that cannot be read, images without a mask, and as in `load_masks`.

    """
    fit = ImageFit.asked(request, volume)
    check_fit(fit)
    chosen = {}
    for part, samples in _by_part(request).items():
        rows = spread(len(samples), request.limit if part == "training" else None)
        chosen[part] = [samples[row] for row in rows.tolist()]
    every = [sample.mask for samples in chosen.values() for sample in samples]
    meaning = meaning_of_masks([name for name, _ in every], request, outputs, box=ImagesInShards(dict(every)))
    files = {part: _masked(samples, meaning.table) for part, samples in chosen.items()}
    return read_dataset(files, request, fit, meaning.names, notes=(meaning.note,), kind=MASKS)


def _masked(samples: Sequence[_Sample], classes: torch.Tensor) -> Files:
    names, box = [sample.name for sample in samples], _box(samples)
    masks = ImagesInShards(dict(sample.mask for sample in samples))
    paths = [sample.mask[0] for sample in samples]
    return Files(names, no_labels(len(names)), MaskFiles(names, paths, classes, masks, box), box)


def _by_part(request: DataRequest) -> dict[str, list[_Sample]]:
    """Return the samples of each part that there is.

    Raises:
        DataError: where there are none to train with, and as in `_samples`.

    """
    found: dict[str, list[_Sample]] = {part: [] for part in PARTS}
    for path in [request.data] if os.path.isfile(request.data) else _shards(request.data):
        found[_part(path, request.data)] += _samples(path, masked=request.task == MASKS)
    if not found["training"]:
        message = f"`{shorten_path(request.data)}` has no images to train with"
        beside = f"NAME.{MASK_ENDS[0]}" if request.task == MASKS else f"NAME.{LABEL_ENDS[0]}"
        raise DataError("bad-data", message, hints=[f"members of a shard are NAME.jpg and {beside}"])
    return {part: samples for part, samples in found.items() if samples}


def _box(samples: Sequence[_Sample]) -> ImagesInShards:
    return ImagesInShards({sample.name: sample.member for sample in samples})


def _named(part: str, samples: Sequence[_Sample], path: str) -> Named:
    """Return the classes of a part: numbers where all are, else names."""
    name, texts = f"the classes of {part} in `{shorten_path(path)}`", [sample.label for sample in samples]
    numbers = all(text.isdecimal() and len(text) < 10 for text in texts)
    return Named(name, np.array([int(text) for text in texts]) if numbers else np.array(texts))


class ImagesInShards(ImageBox):
    """Images that lie in shards, by their names."""

    def __init__(self, members: Mapping[str, Member]) -> None:
        self._members = members

    def opened(self, path: str) -> BinaryIO:
        """Read an image out of its shard."""
        member = self._members[path]
        check_image_bytes(path, member.size)
        with open(member.shard, "rb") as file:
            file.seek(member.start)
            data = file.read(member.size)
        if len(data) < member.size:
            raise Unusable(path, "its shard is cut short")
        return BytesIO(data)

    def size(self, path: str) -> int:
        """Return the bytes that an image has by its shard's header."""
        return self._members[path].size


# ---- the shards


def _shards(folder: str) -> Iterator[str]:
    """Yield the shards in a folder and in the folders of its parts, sorted."""
    for path in _inside(folder):
        if path.lower().endswith(_END) and os.path.isfile(path):
            yield path
        elif any(os.path.basename(path).lower() in names for names in PARTS.values()):
            yield from (inner for inner in _inside(path) if inner.lower().endswith(_END) and os.path.isfile(inner))


def _inside(folder: str) -> list[str]:
    """Return the paths of what is in a folder, sorted; none where it is no folder that can be read."""
    try:
        return sorted(os.path.join(folder, name) for name in os.listdir(folder))
    except OSError:
        return []


def _part(path: str, data: str) -> str:
    """Return the part that a shard belongs to."""
    inside = os.path.relpath(path, data) if path != data else os.path.basename(path)
    first = inside.lower().replace(os.sep, "-").replace("_", "-").removesuffix(_END)
    for part, names in PARTS.items():
        if any(first == name or first.startswith(f"{name.replace('_', '-')}-") for name in names):
            return part
    return "training"


def _samples(path: str, *, masked: bool) -> Iterator[_Sample]:
    """Yield the images of a shard, in their order; members that lie elsewhere, such as links, are not looked at.

    Raises:
        DataError: for what is no tar file or is packed, and for images without a class, or where masks are learned
            without a mask, or with several files.

    """
    images: dict[str, list[_Sample]] = defaultdict(list)
    labels: dict[str, str] = {}
    masks: dict[str, tuple[str, Member]] = {}
    for member in _members(path):
        key, end = _key_and_end(member.name)
        name, place = f"{path}/{member.name}", Member(path, member.offset_data, member.size)
        if end in _IMAGE_ENDS:
            images[key].append(_Sample(name, place))
        elif masked and end in MASK_ENDS:
            masks[key] = (name, place)
        elif end in LABEL_ENDS and not masked:
            labels[key] = _label(path, member)
    _check_samples(path, images, masks if masked else labels, "mask" if masked else "class")
    for key, (sample,) in images.items():
        yield sample._replace(mask=masks[key]) if masked else sample._replace(label=labels[key])


def _check_samples(path: str, images: Mapping[str, Sequence[_Sample]], beside: Collection[str], what: str) -> None:
    double = next((samples for samples in images.values() if len(samples) > 1), None)
    if double:
        names = listed(sample.name.removeprefix(f"{path}/") for sample in double)
        message = f"`{shorten_path(path)}` has several images of one name"
        raise DataError("bad-data", message, hints=[f"they are {shorten(names, 200)}"])
    lonely = next((samples[0] for key, samples in images.items() if key not in beside), None)
    if lonely is not None:
        end = {"mask": MASK_ENDS, "class": LABEL_ENDS}[what][0]
        message = f"`{shorten_path(lonely.name)}` has no {what} beside it"
        raise DataError("bad-data", message, hints=[f"it is a member with the same name that ends in .{end}"])


def _key_and_end(name: str) -> tuple[str, str]:
    """Return what the members of a sample share, and what tells them apart: all from the first dot of the name on."""
    folder, _, base = name.rpartition("/")
    stem, _, end = base.partition(".")
    return f"{folder}/{stem}", end.lower()


def _members(path: str) -> Iterator[tarfile.TarInfo]:
    """Yield the ordinary files of a shard by their headers alone; nothing is ever unpacked to the disk."""
    name = f"`{shorten_path(path)}`"
    try:
        length = os.path.getsize(path)
        with tarfile.open(path, "r:") as file:
            for member in file:
                if not member.isreg() or member.sparse is not None:
                    continue
                if member.offset_data + member.size > length:
                    raise DataError("bad-data", f"{name} is cut short", hints=["write or fetch it again"])
                yield member
    except (tarfile.TarError, EOFError, ValueError, OverflowError, UnicodeError) as error:
        reason = shorten(str(error), 120) or "it is damaged"
        hints = ["a shard is a tar file that is not packed: gunzip it first"]
        raise DataError("bad-data", f"{name} is not a shard: {reason}", hints=hints) from None
    except OSError as error:
        raise DataError("bad-data", f"cannot read {name}: {error.strerror or shorten(str(error), 120)}") from None


def _label(path: str, member: tarfile.TarInfo) -> str:
    where = f"`{shorten_path(f'{path}/{member.name}')}`"
    if member.size > MOST_LABEL_BYTES:
        raise DataError("bad-data", f"{where} has more than {MOST_LABEL_BYTES:,} bytes: a class is a number or a name")
    with open(path, "rb") as file:
        file.seek(member.offset_data)
        data = file.read(member.size)
    try:
        text = data.decode().strip()
    except UnicodeDecodeError:
        text = ""
    if not text:
        raise DataError("bad-data", f"{where} is not a number or a name in UTF-8")
    return text
