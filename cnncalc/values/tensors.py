"""The numbers that a network begins with: its input and its tensors, given, as the spec says, or drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from cnncalc.core.errors import ArgumentError, ArgumentTypeError
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, listed, shorten
from cnncalc.layers.operations import Number, StateTensor
from cnncalc.network import Network, Node
from cnncalc.values.arrays import flattened

_INPUTS, _KERNELS, _SMALL = (0, 9), (-2, 2), (-1, 1)
"""The whole numbers that are drawn, whose sums a person can follow: the smallest for matrices and biases."""


def inputs_numbers(network: Network, given: Any, seed: int) -> dict[int, list[Number]]:
    """Return the values of every input by its index, channels first; that of a single one is 0.

    Raises:
        ArgumentError: for an input that there is not, and for another number of values than an input has.
        ArgumentTypeError: for what is no number.

    """
    if not network.inputs_at:
        return {0: _input("input", "values", network.input, given, seed)}
    if given is not None and not isinstance(given, Mapping):
        names = ", ".join(network.input_names)
        raise ArgumentTypeError("bad-argument", f"values are those of several inputs, by their names: {names}")
    named = dict(zip(network.input_names, network.inputs_at, strict=True))
    for name in given or {}:
        if name not in named:
            hints = [*did_you_mean(name, named), f"there are {listed(named)}"]
            raise ArgumentError("unknown-name", f"there is no input `{shorten(name)}`", hints=hints)
    volumes = zip(named.items(), network.inputs, strict=True)
    return {
        index: _input(f"input {name}", name, volume, (given or {}).get(name), seed) for (name, index), volume in volumes
    }


def _input(key: str, name: str, volume: Volume, given: Any, seed: int) -> list[Number]:
    return _drawn(seed, key, volume.values, _INPUTS) if given is None else checked(name, given, volume)


def checked(name: str, given: Any, volume: Volume) -> list[Number]:
    """Return the numbers that are given for a volume, channels first."""
    numbers = _flat(name, given)
    if len(numbers) == 1:
        return numbers * volume.values
    if len(numbers) != volume.values:
        hints = [
            f"give them channel by channel, row by row: {volume.channels} x {' x '.join(map(str, volume.spatial))}"
        ]
        message = f"{name} has {len(numbers):,} numbers, and the volume {volume} has {volume.values:,}"
        raise ArgumentError("bad-size", message, hints=hints)
    return numbers


def _flat(name: str, given: Any) -> list[Number]:
    try:
        return flattened(given)
    except TypeError as error:
        raise ArgumentTypeError("bad-argument", f"{name} are numbers: {shorten(str(error))}") from None


def states(network: Network, given: Mapping[str, Any], seed: int) -> dict[int, dict[str, list[Number]]]:
    """Return the values of the tensors of every layer that has its own, by the layer's index.

    Args:
        network: the layers.
        given: numbers for tensors by their names, such as ``conv1.weight``, in PyTorch's order; one for all.
        seed: what the others are drawn from that the spec says nothing of.

    Raises:
        ArgumentError: for a name that no tensor has, and for another number of values than it has.

    """
    owners = [node for node in network.layers if node.index not in network.weights_of]
    tensors = {f"{node.name}.{tensor.name}": tensor for node in owners for tensor in node.layer.state(node.sources)}
    for name in given:
        if name not in tensors:
            known = f"there are {listed(tensors)}" if tensors else "the network has no tensors"
            message = f"there is no tensor `{shorten(name)}`"
            raise ArgumentError("unknown-name", message, hints=[*did_you_mean(name, tensors), known])
    return {node.index: _state(node, given, seed) for node in owners}


def _state(node: Node, given: Mapping[str, Any], seed: int) -> dict[str, list[Number]]:
    found = {}
    for tensor in node.layer.state(node.sources):
        name = f"{node.name}.{tensor.name}"
        if name in given:
            found[tensor.name] = _tensor(name, tensor, _flat(name, given[name]))
        elif tensor.start:
            found[tensor.name] = _tensor(name, tensor, tensor.start)
        else:
            small = tensor.name == "bias" or len(tensor.shape) == 2
            found[tensor.name] = _drawn(seed, name, tensor.size, _SMALL if small else _KERNELS)
    return found


def _tensor(name: str, tensor: StateTensor, numbers: Sequence[Number]) -> list[Number]:
    if len(numbers) == 1:
        return list(numbers) * tensor.size
    if len(numbers) != tensor.size:
        shape = " x ".join(map(str, tensor.shape))
        raise ArgumentError("bad-size", f"`{name}` has {tensor.size:,} numbers ({shape}), not {len(numbers):,}")
    return list(numbers)


def is_drawn(network: Network, given: Mapping[str, Any]) -> list[str]:
    """Return the names of the tensors that are drawn."""
    return [
        f"{node.name}.{tensor.name}"
        for node in network.layers
        if node.index not in network.weights_of
        for tensor in node.layer.state(node.sources)
        if not tensor.start and f"{node.name}.{tensor.name}" not in given
    ]


def _drawn(seed: int, name: str, count: int, between: tuple[int, int]) -> list[Number]:
    """Draw whole numbers; what a tensor gets depends on its own name, not on those before it."""
    drawn = Random(f"{seed} {name}")
    return [drawn.randint(*between) for _ in range(count)]
