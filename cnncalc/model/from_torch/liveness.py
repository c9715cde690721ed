"""What a module's output depends on: its calls, and the operations that they are read as."""

from __future__ import annotations

from typing import Any

import torch
from torch import fx

from cnncalc.model.from_torch.operations import Readout
from cnncalc.model.from_torch.trace import Traced


def live_calls(traced: Traced) -> set[fx.Node]:
    """Return the calls that the output depends on, also by what they write over."""
    alive: set[fx.Node] = set()
    memory: set[int] = set()
    for node in reversed(traced.graph.nodes):
        writes = any(memory.intersection(memory_of(target.meta["value"])) for target in node.meta.get("writes", ()))
        if node.op in ("output", "placeholder") or node in alive or writes:
            alive.add(node)
            alive.update(node.all_input_nodes)
            memory.update(*[memory_of(source.meta.get("value")) for source in node.all_input_nodes])
    return alive


def memory_of(value: Any) -> set[int]:
    """Return which memory a value lies in; views of a tensor lie in the memory of the tensor."""
    if isinstance(value, tuple | list):
        return set().union(*map(memory_of, value))
    return {value.untyped_storage()._cdata} if isinstance(value, torch.Tensor) else set()


def live_operations(readout: Readout) -> Readout:
    """Leave out the operations that the output does not depend on."""
    wanted = set(readout.ends)
    for index in range(len(readout.operations), 0, -1):
        if index in wanted:
            wanted.update(readout.operations[index - 1].inputs)
    places = [0] * (len(readout.operations) + 1)
    for place, index in enumerate(sorted(wanted | {0})):
        places[index] = place
    kept = [
        operation._replace(inputs=tuple([places[source] for source in operation.inputs]))
        for index, operation in enumerate(readout.operations, 1)
        if index in wanted
    ]
    return readout._replace(operations=tuple(kept)).at(places)
