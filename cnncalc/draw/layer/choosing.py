"""Which layer a picture of one layer is about."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.core.errors import ArgumentError
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.network import Network, Node


def layer_named(network: Network, wanted: str) -> Node:
    """Return the layer of a name or a number; for the name of a block its last layer.

    Raises:
        ArgumentError: where there is none.

    """
    name = wanted.lower()
    for node in network.layers:
        if name in (node.name, str(node.index)):
            return node
    inside = [node for node in network.layers if node.name.startswith(f"{name}.")]
    if inside:
        return inside[-1]
    names = [node.name for node in network.layers]
    listed = "layers are " + ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
    hints = [*did_you_mean(name, names), listed]
    raise ArgumentError("unknown-name", f"there is no layer `{shorten(wanted)}`", hints=hints)


def first_that(network: Network, holds: Callable[[Node], bool], what: str) -> Node:
    """Return the first layer of which something holds.

    Raises:
        ArgumentError: where it holds of none.

    """
    found = next(filter(holds, network.layers), None)
    if found is None:
        raise ArgumentError("no-such-layer", f"no layer of this network has {what}")
    return found
