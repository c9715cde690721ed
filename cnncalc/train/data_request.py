"""Which data are meant, and how they are read, as data. Nothing here imports torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

RESIZES = ("none", "pad", "crop", "stretch")
"""Ways to deal with images of another size."""

COLOURS = ("auto", "grey", "rgb")
"""Ways to deal with images of other colours than the spec's input."""

LAYOUTS = ("auto", "channels-first", "channels-last")
"""Where the channels of an array of images are."""

UNREADABLE = ("refuse", "skip")
"""What can be done about images that cannot be used."""

TASKS = ("auto", "classes", "labels", "binary", "regression", "masks")
"""What images are learned as: one class, several labels at once, one of two, numbers, or a class for each pixel."""

MEMORY_LIMIT = 4 * 2**30
"""Bytes of decoded pixels, 4 GiB, above which a folder of images is streamed from the disk."""


class DataRequest(NamedTuple):
    """What a person asks for.

    Attributes:
        data: the name of a data source, ``auto``, or the path of a folder or a ``.npz`` file.
        folder: where data sets with a name are looked for, and downloaded to.
        download: whether one that is missing may be downloaded.
        unreadable: what is done about an image that cannot be used: ``refuse`` or ``skip`` it.
        resize: ``none``, ``pad`` (the whole image, as large as it fits, on black), ``crop`` (the shorter side becomes
            the input's, the centre is cut out; when training on a stream, a random part) or ``stretch``.
        memory_limit: bytes of decoded pixels above which a folder is streamed.
        workers: processes that read a stream; 0 for none beside the training itself.
        seed: what synthetic images are drawn from.
        limit: at most so many training images, spread evenly; None for all.
        layout: which size of an array of images is the channels': ``auto``, ``channels-first`` or ``channels-last``.
        colour: ``auto`` (grey for an input of one channel, colour for three), ``grey`` (colours are dropped; three
            channels of an input hold the same) or ``rgb`` (three channels, or it is an error).
        task: what the images are learned as, one of `TASKS`; ``auto`` goes by the network's outputs and the data.
        trained: whether the network is trained already, so that no line of its spec can suit the data.

    """

    data: str = "auto"
    folder: str = "data"
    download: bool = False
    unreadable: str = "refuse"
    resize: str = "none"
    memory_limit: int = MEMORY_LIMIT
    workers: int = 2
    seed: int = 0
    limit: int | None = None
    layout: str = "auto"
    colour: str = "auto"
    task: str = "auto"
    trained: bool = False


_RANGES = {"limit": range(1, 2**63), "workers": range(257), "memory_limit": range(2**63), "seed": range(2**63)}
_CHOICES = {"unreadable": UNREADABLE, "resize": RESIZES, "layout": LAYOUTS, "colour": COLOURS, "task": TASKS}


def read_request(written: Mapping[str, Any]) -> DataRequest:
    """Return what a file says that was asked for; it may have been changed into anything.

    Raises:
        TypeError: with the name of what is not there, or is not what cnncalc writes.

    """
    defaults, request = DataRequest()._asdict(), DataRequest(**written)
    for name, value in request._asdict().items():
        if name in _RANGES and type(value) is int:
            right = value in _RANGES[name]
        elif name in _CHOICES:
            right = value in _CHOICES[name]
        else:
            right = type(value) is str and type(defaults[name]) is str
        if not (right or value is defaults[name] or type(value) is type(defaults[name]) is bool):
            raise TypeError(name)
    return request
