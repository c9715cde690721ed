"""What PyTorch is to do for a whole network, as data: what the builder calls and the exporter prints.

Most tensors are N x C x H x W. A fully connected layer makes N x C tensors, and layers that can work on
those do; in front of one that cannot, the vector is unflattened to N x C x 1 x 1. Nothing here imports
torch.
"""

from __future__ import annotations

import keyword
from collections import Counter
from typing import NamedTuple

from cnncalc.layers.steps import Function, Step, Steps
from cnncalc.network import Network, Node
from cnncalc.volume import Volume


class Planned(NamedTuple):
    """One layer with what PyTorch does for it.

    Attributes:
        node: the layer.
        name: its attribute in the module, dotted where it lies in a block; what its tensors are called.
        prepare: for each of its inputs, what is done to it first.
        steps: what is then done to the input, or to the inputs of a merge together.
        overwrite: whether its module may write over its input.
        vector: whether its output is N x C.
    """

    node: Node
    name: str
    prepare: tuple[Steps, ...]
    steps: Steps
    overwrite: bool
    vector: bool


def plan(network: Network, *, inplace: bool = True, taken: frozenset[str] = frozenset()) -> list[Planned]:
    """Return what PyTorch does for every layer, in execution order.

    Args:
        network: the layers.
        inplace: whether activations may write over their input where that is safe.
        taken: attributes that a module has already, which no layer may be called.
    """
    vectors = [False]
    free = _overwritable(network) if inplace else frozenset()
    planned = []
    for node in network.layers:
        layer = node.layer
        arriving = [vectors[index] for index in node.inputs]
        vector = layer.takes_vectors and all(arriving)
        prepare = tuple(
            [
                (_unflatten(source),) if is_vector and not vector else ()
                for source, is_vector in zip(node.sources, arriving, strict=True)
            ]
        )
        vectors.append(layer.makes_vectors or vector)
        name = ".".join(_attribute(part, taken) for part in node.name.split("."))
        steps = layer.torch_steps(node.sources, vector)
        planned.append(Planned(node, name, prepare, steps, node.index in free, vectors[-1]))
    return planned


def _overwritable(network: Network) -> frozenset[int]:
    """Return the layers that may write over their input.

    That is safe where nobody else reads the input, and where the layer that made it does not need it for
    its backward pass. The network's own input and output are never written over.
    """
    readers = Counter(index for node in network.layers for index in node.inputs)
    readers[network.output_index] += 1
    return frozenset(
        node.index
        for node in network.layers
        if node.layer.may_overwrite
        and node.inputs[0]
        and readers[node.inputs[0]] == 1
        and network.layers[node.inputs[0] - 1].layer.output_is_free
    )


def _unflatten(volume: Volume) -> Step:
    return Function("unflatten", (1, (volume.channels, *volume.spatial)))


def _attribute(part: str, taken: frozenset[str]) -> str:
    """Return a name that Python and a module allow: an underscore after what is taken."""
    return part + "_" if part in taken or keyword.iskeyword(part) else part
