"""Which layer a picture of one layer is about."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.core.errors import ArgumentError
from cnncalc.core.words import closest, shorten
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
    raise ArgumentError("unknown-name", f"there is no layer `{shorten(wanted)}`", hints=near_names(network, name))


MOST_NAMED = 8
"""So many names are listed in a hint."""


def near_names(network: Network, name: str) -> list[str]:
    """Return hints: layers that are called so inside of blocks, or else alike, and what stands outside of blocks."""
    names = [node.name for node in network.layers]
    inside = [whole for whole in names if whole.endswith(f".{name}")]
    if not inside:
        lasts = closest(name, {whole.rpartition(".")[2] for whole in names})
        inside = closest(name, names) or [whole for whole in names if whole.rpartition(".")[2] in lasts]
    outside = list(dict.fromkeys([whole.partition(".")[0] for whole in names]))
    known = [f"layers and blocks are {_some(outside)}"]
    return [f"did you mean {_some([f'`{whole}`' for whole in inside])}?", *known] if inside else known


def _some(names: list[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")


def first_that(network: Network, holds: Callable[[Node], bool], what: str) -> Node:
    """Return the first layer of which something holds.

    Raises:
        ArgumentError: where it holds of none.

    """
    found = next(filter(holds, network.layers), None)
    if found is None:
        raise ArgumentError("no-such-layer", f"no layer of this network has {what}")
    return found
