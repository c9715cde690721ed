"""The styles of a picture: from a network, and the options of its picture, to the picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.draw.shapes import Picture
from cnncalc.network import Network


class DrawingOptions(NamedTuple):
    """The options of a picture.

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
    """How a picture is made, and which options it takes beside the name."""

    make: Callable[[Network, DrawingOptions], Picture]
    takes: frozenset[str]


def _graph(network: Network, options: DrawingOptions) -> Picture:
    from cnncalc.draw.graph.page import graph_picture  # each style is loaded only where it is wanted

    return graph_picture(network, options.name, show=options.show, depth=options.depth)


def _volumes(network: Network, options: DrawingOptions) -> Picture:
    from cnncalc.draw.volumes.page import volumes_picture

    return volumes_picture(network, options.name, depth=options.depth)


def _field(network: Network, options: DrawingOptions) -> Picture:
    from cnncalc.draw.layer.field import field_picture

    return field_picture(network, options.name, options.layer, photo=options.photo)


def _window(network: Network, options: DrawingOptions) -> Picture:
    from cnncalc.draw.layer.window import window_picture

    return window_picture(network, options.name, options.layer, misfit=options.misfit)


STYLES: Mapping[str, Style] = {
    "graph": Style(_graph, frozenset({"show", "depth"})),
    "volumes": Style(_volumes, frozenset({"depth"})),
    "field": Style(_field, frozenset({"layer", "photo"})),
    "window": Style(_window, frozenset({"layer"})),
}
"""The styles of a picture, by name."""


def not_for(style: str, option: str) -> str:
    """Return the styles that take a option, where this one does not: ``field and window``; "" where it does."""
    if option in STYLES[style].takes:
        return ""
    return " and ".join([name for name in STYLES if option in STYLES[name].takes])


def picture_of(network: Network, style: str = "graph", options: DrawingOptions = DrawingOptions()) -> Picture:  # noqa: B008
    """Return the picture of a network in one of the `STYLES`."""
    return STYLES[style].make(network, options)
