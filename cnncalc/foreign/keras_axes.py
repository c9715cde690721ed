"""The axes of Keras' tensors: how many a layer makes, which of them has the channels, and names of Keras 1."""

from __future__ import annotations

import re
from typing import NamedTuple

from cnncalc.foreign.literals import PlacedList, PlacedTable, whole

_FIRST = re.compile(r"\"data_format\"\s*:\s*\"channels_first\"|\"dim_ordering\"\s*:\s*\"th\"")
_WINDOWED = re.compile(r"\w+?([123])D(?:Transpose)?")
_OLDER = {
    "nb_filter": "filters",
    "filter_length": "kernel_size",
    "subsample": "strides",
    "subsample_length": "strides",
    "border_mode": "padding",
    "atrous_rate": "dilation_rate",
    "bias": "use_bias",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "stride": "strides",
}
"""What Keras 1 called the settings of a layer."""


class Axes(NamedTuple):
    """How many spatial axes there are in what a layer takes, and whether its channels stand in front of them."""

    spatial: int
    channels_first: bool


def channels_come_first(text: str) -> bool:
    """Say whether the images of a model have their channels first, as Theano's had."""
    return _FIRST.search(text) is not None


def channels_last(sizes: list[int | None], first: bool) -> list[int | None]:
    """Return the sizes of an input with its channels at the end."""
    return [*sizes[1:], *sizes[:1]] if first and len(sizes) > 1 else sizes


def spatial_axes(kind: str, config: PlacedTable, arriving: int) -> int:
    """Return how many spatial axes there are in what a layer makes: none in vectors."""
    if kind == "Flatten" or (kind.startswith("Global") and not config.get("keepdims", False)):
        return 0
    if kind == "Reshape" and isinstance(config.get("target_shape"), PlacedList):
        return max(0, len(config["target_shape"]) - 1)
    windowed = _WINDOWED.fullmatch(kind)
    return int(windowed[1]) if windowed else arriving


def is_of_channels(axis: object, spatial: int, first: bool) -> bool:
    """Say whether an axis is that of the channels: the last, or the one behind the images."""
    (axis,) = axis if isinstance(axis, PlacedList) and len(axis) == 1 else (axis,)
    place = whole(axis)
    return place == 1 if first and spatial else place in (-1, spatial + 1)


def in_newer_words(config: PlacedTable) -> PlacedTable:
    """Return a layer's settings by the names that they have since Keras 2."""
    if not any(name in config for name in (*_OLDER, "nb_row")):
        return config
    newer = PlacedTable({_OLDER.get(name, name): value for name, value in config.items()})
    if "nb_row" in config and "nb_col" in config:
        depth = [config["kernel_dim1"]] if "kernel_dim1" in config else []
        newer["kernel_size"] = PlacedList([*depth, config["nb_row"], config["nb_col"]])
    return newer
