"""The fingerprint of a data set: whether the data are still those that a run began with."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Sequence

import torch

from cnncalc.train.data.dataset import Dataset
from cnncalc.train.data.image_box import ON_DISK, ImageBox
from cnncalc.train.data.kinds import CLASSES

_AT_A_TIME = 2**20
"""Bytes of a file that are read together."""


def fingerprint(dataset: Dataset) -> str:
    """Return 32 hexadecimal digits that differ where labels, classes or images differ.

    They are the beginning of a SHA-256 over the names of the classes, and for each part over the number of its images,
    their labels and the digest of the images in their order (`Split.digest`): the pixels of arrays, the names and
    contents of files that were read into memory, the names and sizes of files that are streamed. Where the data lie,
    what they are called and how they are resized makes no difference.
    """
    whole = hashlib.sha256(json.dumps(dataset.classes).encode())
    if dataset.kind != CLASSES:
        whole.update(dataset.kind.encode())
    for part, split in dataset.parts():
        whole.update(json.dumps([part, len(split)]).encode())
        whole.update(split.labels.numpy().tobytes())
        whole.update(split.digest())
    return whole.hexdigest()[:32]


def digest_of_pixels(pixels: torch.Tensor) -> bytes:
    """Return the digest of images in memory: of their shape and their bytes, uint8 or float32, on any device."""
    whole = hashlib.sha256(json.dumps(pixels.shape).encode())
    whole.update(pixels.cpu().contiguous().numpy().data)
    return whole.digest()


def digest_of_files(paths: Sequence[str], marks: Iterable[bytes]) -> bytes:
    """Return the digest of files: of their paths below the folder that they share, and of a mark for each of them."""
    whole = hashlib.sha256()
    for path, mark in zip(_below_shared(paths), marks, strict=True):
        name = os.fsencode(path)
        whole.update(b"%d:%b%b" % (len(name), name, mark))
    return whole.digest()


def digest_of_some(digest: bytes, indices: torch.Tensor) -> bytes:
    """Return the digest of the images at some indices of a split that has a digest."""
    return hashlib.sha256(digest + indices.cpu().numpy().tobytes()).digest()


def mark_of_content(path: str, box: ImageBox = ON_DISK) -> bytes:
    """Return the SHA-256 of an image in a box, which is read once from its beginning to its end."""
    whole = hashlib.sha256()
    with box.opened(path) as file:
        while chunk := file.read(_AT_A_TIME):
            whole.update(chunk)
    return whole.digest()


def mark_of_size(path: str, box: ImageBox = ON_DISK) -> bytes:
    """Return the size of an image in a box in bytes, as eight bytes; all ones where it is no longer there."""
    return box.size(path).to_bytes(8, "little", signed=True)


def _below_shared(paths: Sequence[str]) -> Iterator[str]:
    """Yield paths without the folder that all of them share, so that a data set may be moved."""
    if not paths:
        return iter(())
    shared = os.path.commonpath([os.path.dirname(path) for path in (min(paths), max(paths))])
    return (path[len(shared) :] for path in paths)
