"""The ends of a network: which output is the main one, and what the loss does in place of a last layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from cnncalc.network import MadeLayers, Network


class Heads(NamedTuple):
    """The outputs of a network, by their places among all.

    Attributes:
        main: the one that is tested and predicts: the one that is computed last.
        auxiliary: the others, which count in training alone.

    """

    main: int
    auxiliary: tuple[int, ...]


def heads_of(network: Network) -> Heads:
    """Return which of a network's outputs is the main one."""
    places = range(len(network.ends))
    main = max(places, key=lambda place: network.ends[place])
    return Heads(main, tuple(place for place in places if place != main))


def ends_in(network: Network, kinds: Sequence[str]) -> bool:
    """Say whether the main output is that of a plain layer of one of some kinds."""
    return _is_end(network, network.ends[heads_of(network).main], kinds)


def without_end(network: Network, kinds: Sequence[str]) -> Network:
    """Return the network without layers of some kinds at its ends, so that it makes what the loss takes.

    The cross-entropy takes logits and does the softmax itself, which keeps it exact where probabilities are
    tiny. These layers have no parameters: the weights of both networks are the same.
    """
    ends = tuple(_before(network, index, kinds) for index in network.ends)
    if ends == network.ends:
        return network
    layers = network.layers
    if len(layers) in network.ends and len(layers) not in ends:  # the last layer is that of an end
        layers = layers[:-1]
    made = MadeLayers.of(layers, network.made.calls())
    return replace(network, made=made, output_index=ends[0], outputs_at=ends if network.outputs_at else ())


def _before(network: Network, index: int, kinds: Sequence[str]) -> int:
    return network.layers[index - 1].inputs[0] if _is_end(network, index, kinds) else index


def _is_end(network: Network, index: int, kinds: Sequence[str]) -> bool:
    return bool(index) and network.layers[index - 1].written in kinds
