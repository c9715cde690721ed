"""The styles of a picture: from a network, and what is wished of its picture, to the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.draw.shapes import Picture
from cnncalc.network import Network


class Wishes(NamedTuple):
    """What a picture is to show.

    Attributes:
        name: of the network, as it stands below the picture.
        show: what of its costs is written into the boxes: a word of `SHOWN`, or nothing.
        depth: how many levels of blocks are shown; None for as many as there is room for.
        layer: the layer that ``window`` and ``field`` are about; empty for the one that suits best.
        photo: the image that ``field`` shows as the input: a data URI, or nothing.
        misfit: the number of the layer whose window does not fit; 0 where all fit.

    """

    name: str = "network"
    show: str = ""
    depth: int | None = None
    layer: str = ""
    photo: str = ""
    misfit: int = 0


class Style(NamedTuple):
    """How a picture is made, and which wishes it takes beside the name."""

    make: Callable[[Network, Wishes], Picture]
    takes: frozenset[str]


def _graph(network: Network, wishes: Wishes) -> Picture:
    from cnncalc.draw.graph.page import graph_picture  # each style is loaded only where it is wanted

    return graph_picture(network, wishes.name, show=wishes.show, depth=wishes.depth)


def _volumes(network: Network, wishes: Wishes) -> Picture:
    from cnncalc.draw.volumes.page import volumes_picture

    return volumes_picture(network, wishes.name, depth=wishes.depth)


def _field(network: Network, wishes: Wishes) -> Picture:
    from cnncalc.draw.layer.field import field_picture

    return field_picture(network, wishes.name, wishes.layer, photo=wishes.photo)


def _window(network: Network, wishes: Wishes) -> Picture:
    from cnncalc.draw.layer.window import window_picture

    return window_picture(network, wishes.name, wishes.layer, misfit=wishes.misfit)


STYLES: Mapping[str, Style] = {
    "graph": Style(_graph, frozenset({"show", "depth"})),
    "volumes": Style(_volumes, frozenset({"depth"})),
    "field": Style(_field, frozenset({"layer", "photo"})),
    "window": Style(_window, frozenset({"layer"})),
}
"""The styles of a picture, by name."""


def not_for(style: str, wish: str) -> str:
    """Return the styles that take a wish, where this one does not: ``field and window``; "" where it does."""
    if wish in STYLES[style].takes:
        return ""
    return " and ".join([name for name in STYLES if wish in STYLES[name].takes])


def picture_of(network: Network, style: str = "graph", wishes: Wishes = Wishes()) -> Picture:  # noqa: B008
    """Return the picture of a network in one of the `STYLES`."""
    return STYLES[style].make(network, wishes)
