"""Gradient checkpointing: blocks are computed again in the backward pass, and keep only what enters them.

Where a network is cut is said by `cnncalc.analysis.memory.segments`, which the prediction of memory reads too.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch.utils.checkpoint import checkpoint

from cnncalc.analysis.memory.segments import segments
from cnncalc.model.build import LAYER
from cnncalc.network import Network


class CheckpointedPart(NamedTuple):
    """A stretch of a module's graph.

    Attributes:
        run: takes and makes the tensors of these names, in order.
        reads, makes: the names of what it takes, and of what later parts or the output take of it.
        last: the names of what no later part takes.
        again: whether it is computed again in the backward pass.

    """

    run: fx.GraphModule
    reads: tuple[str, ...]
    makes: tuple[str, ...]
    last: tuple[str, ...]
    again: bool


class Checkpointed(nn.Module):
    """A built module that computes its segments again in the backward pass.

    It has the modules of the one it is made of, under their names: the same parameters, the same ``state_dict``.
    Values, gradients and running statistics are the same to the bit, also with dropout.
    """

    def __init__(
        self,
        module: fx.GraphModule,
        parts: Sequence[CheckpointedPart],
        sources: tuple[str, ...],
        outputs: str | tuple[str, ...],
    ) -> None:
        super().__init__()
        for name, child in module.named_children():
            self.add_module(name, child)
        self.training = module.training
        self._parts = tuple(parts)  # a tuple, so that their modules, which are those above, are not registered twice
        self._sources, self._outputs = sources, outputs

    def forward(self, *inputs: torch.Tensor, **named: torch.Tensor) -> Any:
        """Run the parts in order, and return what the module returns; inputs are given as the module takes them."""
        values = {**dict(zip(self._sources, inputs, strict=False)), **named}
        del inputs, named
        for part in self._parts:
            values.update(zip(part.makes, _run(part, [values[name] for name in part.reads]), strict=True))
            for name in part.last:
                del values[name]
        if isinstance(self._outputs, str):
            return values[self._outputs]
        return tuple([values[name] for name in self._outputs])


def checkpointed(module: fx.GraphModule, network: Network) -> Checkpointed:
    """Return a module that does what a built one does, with its blocks computed again in the backward pass.

    Args:
        module: what `cnncalc.build` made of the network. Its modules are shared, not copied.
        network: the network.

    Returns:
        The module. A network in which nothing would be gained is run as it is.

    """
    calls = [node for node in module.graph.nodes if node.op not in ("placeholder", "output")]
    sources = tuple([node.name for node in module.graph.nodes if node.op == "placeholder"])
    [result] = [node.args[0] for node in module.graph.nodes if node.op == "output"]
    readers = _last_readers(calls)
    outputs = tuple([each.name for each in result]) if isinstance(result, tuple) else result.name
    readers |= dict.fromkeys([outputs] if isinstance(outputs, str) else outputs, len(calls))
    parts = [
        _part(module, calls, stretch, readers, again=again) for stretch, again in _stretches(calls, segments(network))
    ]
    return Checkpointed(module, parts, sources, outputs)


def _run(part: CheckpointedPart, values: list[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """Run a part: its forward alone, as it is no module that anybody else may hook."""
    if part.again and torch.is_grad_enabled():
        contexts = partial(_contexts, part.run)
        made: tuple[torch.Tensor, ...] = checkpoint(part.run.forward, *values, use_reentrant=False, context_fn=contexts)
    else:
        made = part.run.forward(*values)
    return made


def _contexts(part: nn.Module) -> tuple[AbstractContextManager[Any], AbstractContextManager[Any]]:
    """Return what a segment is run in the first time, and again."""
    return nullcontext(), _unchanged_statistics(part)


@contextmanager
def _unchanged_statistics(part: nn.Module) -> Iterator[None]:
    """Let norms change copies of their running statistics: the first run has counted the batch already."""
    norms = [norm for norm in part.modules() if "running_mean" in norm._buffers]
    kept = [dict(norm._buffers) for norm in norms]
    for norm in norms:
        norm._buffers.update({name: None if value is None else value.clone() for name, value in norm._buffers.items()})
    try:
        yield
    finally:
        for norm, buffers in zip(norms, kept, strict=True):
            norm._buffers.update(buffers)


def _stretches(calls: Sequence[fx.Node], layers: Sequence[range]) -> Iterator[tuple[range, bool]]:
    """Yield stretches of the calls in order, and whether each is computed again."""
    of_layer = _layers_of(calls)
    at = 0
    for segment in layers:
        start, stop = bisect_left(of_layer, segment.start), bisect_left(of_layer, segment.stop)
        if at < start:
            yield range(at, start), False
        if start < stop:
            yield range(start, stop), True
        at = stop
    if at < len(calls):
        yield range(at, len(calls)), False


def _layers_of(calls: Sequence[fx.Node]) -> list[int]:
    """Return the layer of every call; of several calls for a merge only the last one says it."""
    layers: list[int] = []
    layer = 0
    for call in reversed(calls):
        layer = call.meta.get(LAYER, layer)
        layers.append(layer)
    return layers[::-1]


def _last_readers(calls: Sequence[fx.Node]) -> dict[str, int]:
    """Return for every tensor the place of the last call that reads it."""
    return {source.name: place for place, call in enumerate(calls) for source in call.all_input_nodes}


def _part(
    module: fx.GraphModule, calls: Sequence[fx.Node], stretch: range, readers: Mapping[str, int], *, again: bool
) -> CheckpointedPart:
    """Make a part of a stretch of calls."""
    graph = fx.Graph()
    copies: dict[fx.Node, fx.Node] = {}
    inside = {calls[place] for place in stretch}
    reads = dict.fromkeys(
        [source for place in stretch for source in calls[place].all_input_nodes if source not in inside]
    )
    for source in reads:
        copies[source] = graph.placeholder(source.name)
    for place in stretch:
        copies[calls[place]] = graph.node_copy(calls[place], copies.__getitem__)
    makes = [calls[place] for place in stretch if readers.get(calls[place].name, -1) >= stretch.stop]
    graph.output(tuple([copies[call] for call in makes]))
    last = tuple([source.name for source in reads if readers[source.name] < stretch.stop])
    names = tuple([source.name for source in reads])
    return CheckpointedPart(fx.GraphModule(module, graph), names, tuple([call.name for call in makes]), last, again)
