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

    """

    name: str = "network"
    show: str = ""
    depth: int | None = None


def _graph(network: Network, wishes: Wishes) -> Picture:
    from cnncalc.draw.graph.page import graph_picture

    return graph_picture(network, wishes.name, show=wishes.show, depth=wishes.depth)


def _volumes(network: Network, wishes: Wishes) -> Picture:
    from cnncalc.draw.volumes.page import volumes_picture

    return volumes_picture(network, wishes.name, depth=wishes.depth)


_STYLES: Mapping[str, Callable[[Network, Wishes], Picture]] = {"graph": _graph, "volumes": _volumes}

STYLES = tuple(_STYLES)
"""The styles of a picture."""


def picture_of(network: Network, style: str = "graph", wishes: Wishes = Wishes()) -> Picture:  # noqa: B008
    """Return the picture of a network in one of the `STYLES`."""
    return _STYLES[style](network, wishes)
