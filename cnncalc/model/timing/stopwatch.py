"""A stopwatch inside of a network: the same calls as before, and between two layers a look at the clock."""

from __future__ import annotations

from itertools import pairwise
from statistics import median
from typing import Any, NamedTuple

import torch
from torch import fx

from cnncalc.model.build import LAYER
from cnncalc.model.timing.clocks import Clock


class TimedPart(NamedTuple):
    """A part of a pass: ``forward`` or ``backward`` of a layer, by its index, or ``step`` and ``rest`` of none."""

    name: str
    layer: int = 0


REST = TimedPart("rest")
"""What belongs to no layer."""

_LOOKS = 200
"""How often the clock is looked at to find out what that takes."""


class Stopwatch:
    """Notes when which part of a pass begins."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.passes: list[list[tuple[str, int, Any]]] = []

    def start(self) -> None:
        """Begin another pass."""
        self.passes.append([(*REST, self.clock.now())])

    def begin(self, name: str, layer: int = 0) -> None:
        """Note that a part begins, and so that the one before is over."""
        self.passes[-1].append((name, layer, self.clock.now()))

    def follow(self, output: Any, layer: int) -> None:
        """Note later on when the backward pass of the layer begins that made this."""
        if isinstance(output, torch.Tensor) and output.requires_grad:
            output.register_hook(lambda gradient: self.begin("backward", layer))  # type: ignore[no-untyped-call]

    def cost(self) -> float:
        """Return the seconds that a look at the clock takes from what is timed."""
        if not self.clock.costs:
            return 0.0
        self.start()
        for _ in range(_LOOKS):
            self.begin(*REST)
        moments = [moment for _, _, moment in self.passes.pop()]
        return median([self.clock.between(*pair) for pair in pairwise(moments)])

    def means(self, last: int, cost: float = 0.0) -> dict[TimedPart, float]:
        """Return the mean seconds of every part in the last passes, each less what a look at the clock costs."""
        chosen, self.passes = self.passes[-last:], []
        found: dict[TimedPart, float] = {}
        for moments in chosen:
            for (name, layer, start), (_, _, end) in pairwise(moments):
                part = TimedPart(name, layer)
                seconds = max(0.0, self.clock.between(start, end) - cost)
                found[part] = found.get(part, 0.0) + seconds / len(chosen)
        return found


def with_stopwatch(module: fx.GraphModule, watch: Stopwatch, *, training: bool) -> fx.GraphModule:
    """Return a module with the same layers and weights that tells a stopwatch when each layer begins."""
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    end = graph.output(graph.graph_copy(module.graph, copies))
    before: fx.Node | None = None
    for call in [*[node for node in module.graph.nodes if _layer(node)], None]:
        layer = _layer(call)
        if layer != _layer(before):
            with graph.inserting_before(copies[call] if call is not None else end):
                if before is not None and training:
                    graph.call_function(watch.follow, (copies[before], _layer(before)))
                graph.call_function(watch.begin, ("forward", layer) if layer else tuple(REST))
        before = call
    return fx.GraphModule(module, graph, class_name="Watched")


def _layer(call: fx.Node | None) -> int:
    """Return the layer that a call belongs to; 0 for none, as of an input."""
    return 0 if call is None or call.op == "placeholder" else int(call.meta.get(LAYER, 0))
