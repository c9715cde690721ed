"""What PyTorch is called for by the module of a network, as other tools see it: modules and functions with shapes.

A module is a call, and the functions that it calls inside are calls of their own behind it, since some tools count
modules, some functions and one of them both. Shapes are those for one image, which comes first: (1, C, H, W).
Nothing here imports torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.words import listed
from cnncalc.counters.inside import functions_inside
from cnncalc.counters.settings import learned_tensors, settings_of
from cnncalc.counters.shapes import made_by
from cnncalc.counters.tensor_call import Shape, TensorCall
from cnncalc.layers.steps import Factor, Fixed, Function, OwnModule, Preset, Step
from cnncalc.model.plan import Planned, check_dimensions, plan
from cnncalc.network import Network, Node


class LayerCalls(NamedTuple):
    """A layer of a network, with what PyTorch is called for.

    Attributes:
        node: the layer.
        calls: in their order; layers that are alike have the very same tuple.
        behind: the kind of the layer whose output it reads; "" for the input.

    """

    node: Node
    calls: tuple[TensorCall, ...]
    behind: str = ""


def calls_of(network: Network) -> Iterator[LayerCalls]:
    """Yield the calls of every layer, as the Python has them that ``cnncalc export`` writes.

    Raises:
        SpecError: for a network for whose layers PyTorch has no modules, and for a layer whose calls are not known.

    """
    check_dimensions(network)
    shapes = {index: _shape(volume, vector=False) for index, volume in zip(network.starts, network.inputs, strict=True)}
    shapes.setdefault(0, _shape(network.input, vector=False))
    known: dict[tuple[int, bool, bool], tuple[TensorCall, ...]] = {}  # what layers that are alike share
    for planned in plan(network, inplace=False):
        node = planned.node
        shapes[node.index] = _shape(node.output, vector=planned.vector)
        key = planned.alike, planned.same, bool(planned.tied)
        if key not in known:
            arriving = tuple([shapes[index] for index in node.inputs])
            known[key] = tuple(_calls(planned, arriving, shapes[node.index]))
            _check(network, node, known[key], shapes[node.index])
        source = node.inputs[0] if node.inputs else 0
        yield LayerCalls(node, known[key], network.layers[source - 1].layer.kind if source else "")


def _shape(volume: Any, *, vector: bool) -> Shape:
    return (1, volume.channels) if vector else (1, volume.channels, *volume.spatial)


def _check(network: Network, node: Node, calls: Sequence[TensorCall], made: Shape) -> None:
    """Refuse a layer whose calls do not come to its own size and parameters: a step of it has no rule here."""
    own = [call for call in calls if not call.is_inside]
    if not own or (own[-1].made == made and sum([call.params for call in own]) == node.layer.params(node.sources)):
        return
    names = listed(dict.fromkeys(call.name for call in own))
    message = f"it is not known what other tools count of `{node.layer.kind}`, which PyTorch computes with {names}"
    hints = ["leave the layer out; its own parameters and MACs are known: leave out --count"]
    raise SpecError("no-count", message, span=node.span, source=network.source, hints=hints)


def _calls(planned: Planned, arriving: tuple[Shape, ...], made: Shape) -> Iterator[TensorCall]:
    """Yield the calls of one layer."""
    first = arriving[0]
    for steps, shape in zip(planned.prepare, arriving, strict=True):
        for step in steps:
            made_here = made_by("unflatten", settings_of(step), shape, made)
            yield TensorCall("unflatten", shape, made_here)
            first = made_here if shape is arriving[0] else first
    steps = planned.steps
    if planned.node.layer.merges and steps:
        first = made  # what comes behind a merge leaves its size
        yield TensorCall(_name(steps[0]), arriving[0], first)
        steps = steps[1:]
    for step in steps:
        call = _call(step, first, made)._replace(again=planned.same, tied=bool(planned.tied))
        yield call
        yield from functions_inside(call)
        first = call.made


def _call(step: Step, arriving: Shape, made: Shape) -> TensorCall:
    name, settings = _name(step), settings_of(step)
    shape = made_by(name, settings, arriving, made)
    if isinstance(step, (Function, Fixed)):
        return TensorCall(name, arriving, shape, settings)
    if isinstance(step, Factor):
        return TensorCall(name, arriving, shape, settings, {"weight": step.shape}, is_module=True, is_own=True)
    tensors = learned_tensors(name, settings)
    learned = {} if isinstance(step, Preset) and not step.learned else tensors
    return TensorCall(name, arriving, shape, settings, learned, is_module=True, is_own=isinstance(step, OwnModule))


def _name(step: Step) -> str:
    if isinstance(step, Factor):
        return "LearnedFactor"
    return step.module.name if isinstance(step, Preset) else step.name
