"""What the counter of another tool makes of a network: a number for every layer, and what it consists of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from cnncalc.counters.calls import LayerCalls, calls_of
from cnncalc.counters.counter import ForeignCounter
from cnncalc.counters.tensor_call import TensorCall
from cnncalc.counters.torchvision import CodeHabit, as_torchvision
from cnncalc.network import Network, Node


class CountPart(NamedTuple):
    """What calls of one kind count together, by which rule.

    Attributes:
        name: of the module or the function.
        says: the rule in words.
        calls: how many there are.
        number: what they count together.
        is_function: whether it is a function, and not a module.

    """

    name: str
    says: str
    calls: int
    number: int
    is_function: bool


class CountedLayer(NamedTuple):
    """A layer with what a counter finds: its number, and the parameters."""

    node: Node
    number: int
    params: int
    parts: tuple[CountPart, ...]


class ForeignCount(NamedTuple):
    """A network as a counter of another tool counts it, for one image."""

    counter: ForeignCounter
    network: Network
    layers: tuple[CountedLayer, ...]

    @property
    def total(self) -> int:
        """The number of the whole network."""
        return sum([layer.number for layer in self.layers])

    @property
    def params(self) -> int:
        """The parameters that it finds."""
        return sum([layer.params for layer in self.layers])

    @property
    def parts(self) -> list[CountPart]:
        """What the total consists of, the most first."""
        return sorted(_together([part for layer in self.layers for part in layer.parts]), key=lambda part: -part.number)


def count_like(network: Network, counter: ForeignCounter, habits: Sequence[CodeHabit] = ()) -> ForeignCount:
    """Count a network as another tool counts the module that ``cnncalc export`` writes of it.

    Args:
        network: what is counted.
        counter: of the other tool.
        habits: of the code of torchvision, where its module is counted in place of that one.

    Raises:
        SpecError: for a network for whose layers PyTorch has no modules.

    """
    known: dict[int, tuple[int, int, tuple[CountPart, ...]]] = {}
    layers = []
    every = [*(as_torchvision(calls_of(network), habits) if habits else calls_of(network))]  # held for their numbers
    seen = _needed(network) if counter.traces else range(len(network) + 1)
    for layer in every:
        key = id(layer.calls)  # layers that are alike have the very same calls
        if key not in known:
            known[key] = _counted(counter, layer)
        number, params, parts = known[key]
        found = (number, params, parts) if layer.node.index in seen else (0, params, ())
        layers.append(CountedLayer(layer.node, *found))
    return ForeignCount(counter, network, tuple(layers))


def _needed(network: Network) -> set[int]:
    """Return the indices of the layers that an output depends on."""
    needed = set(network.ends)
    for node in reversed(network.layers):
        if node.index in needed:
            needed.update(node.inputs)
    return needed


def _counted(counter: ForeignCounter, layer: LayerCalls) -> tuple[int, int, tuple[CountPart, ...]]:
    parts = [_part(call, rule.said(call, count), count) for call, rule, count in counter.counted(layer.calls)]
    params = sum([counter.params(call) for call in layer.calls])
    return sum([part.number for part in parts]), params, tuple(_together(parts))


def _part(call: TensorCall, says: str, count: int) -> CountPart:
    return CountPart(call.name, says, 1, count, not call.is_module)


def _together(parts: Iterable[CountPart]) -> list[CountPart]:
    """Return parts with those of one name and rule as one."""
    found: dict[tuple[str, str], CountPart] = {}
    for part in parts:
        key = part.name, part.says
        before = found.get(key)
        found[key] = (
            part
            if before is None
            else part._replace(calls=before.calls + part.calls, number=before.number + part.number)
        )
    return list(found.values())
