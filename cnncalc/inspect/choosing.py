"""The layers that are shown by default."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.draw.layer.choosing import layer_named
from cnncalc.network import Network, Node

MOST = 14
"""Most layers that are shown where none is named."""

_SHOWN = ("convolution", "enlarging", "pooling", "activation", "merge", "linear")
"""Roles of the layers whose maps are worth a look; a norm or a dropout makes much the same as the layer before it."""


def chosen_layers(network: Network, named: Sequence[str] = ()) -> list[Node]:
    """Return the layers that are meant, or a sensible few: all of a short network, of a long one those below.

    Of a long network, the layers that are shown are the first, and the last at each size of the maps.

    Raises:
        ArgumentError: where a layer that is named is not there.

    """
    if named:
        return list({node.index: node for node in (layer_named(network, name) for name in named)}.values())
    shown = [node for node in network.layers if node.layer.role in _SHOWN and node.output.values > 1]
    if len(shown) <= MOST:
        return shown
    lasts = {tuple(node.output.spatial): node for node in shown}
    ends = {node.index: node for node in (shown[0], *lasts.values())}
    few = [ends[index] for index in sorted(ends)]
    return [few[place * len(few) // MOST] for place in range(MOST)] if len(few) > MOST else few


def mapped_layers(nodes: Sequence[Node]) -> list[Node]:
    """Return the layers whose output has a height and a width."""
    return [node for node in nodes if node.output.dimensions == 2 and max(node.output.spatial) > 1]


MOST_EXCITING = 5
"""Most layers whose patches are shown where none is named."""


def exciting_layers(network: Network, nodes: Sequence[Node], named: Sequence[str]) -> list[Node]:
    """Return the layers whose patches are shown: those that are named, or a few of those that are shown.

    Of those the units behind an activation or a merge are shown, and the output: what comes before an activation may
    be turned around by a norm, and what comes behind it by a pool is the same again.
    """
    if named:
        return list(nodes)
    telling = [node for node in nodes if node.layer.role in ("activation", "merge")] or list(nodes)
    found = [node for node in telling if node.index != network.output_index]
    few = [found[place * len(found) // (MOST_EXCITING - 1)] for place in range(MOST_EXCITING - 1)]
    ends = [*(few if len(found) >= MOST_EXCITING else found), *network.layers[network.output_index - 1 :][:1]]
    return list({node.index: node for node in ends}.values())
