"""Layers that a module writes out by hand: a GELU of `erf`, a layer norm of means, a function with its own gradient.

Where a call cannot be read on its own, the calls around it may be a layer together. What they compute of random
numbers is compared with what the layers of the language compute of them: activations and normalisations.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from itertools import permutations
from typing import Any, NamedTuple

import torch
from torch import fx, nn

from cnncalc.core.errors import CnncalcError
from cnncalc.core.volume import Volume
from cnncalc.layers import layers
from cnncalc.layers.written import Token, Words, short, written
from cnncalc.loading import load
from cnncalc.model.build import build
from cnncalc.model.from_torch.axes import FIRST, LAST, VECTOR
from cnncalc.model.from_torch.computed import evaluated, numbers_of
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.own_gradients import OwnGradient
from cnncalc.model.from_torch.trace import Traced
from cnncalc.model.from_torch.traced_values import function_name
from cnncalc.model.from_torch.values import Tensor, View

MOST = 30
"""Most calls that a layer is written out as."""

REACH = 40
"""How far behind the call that cannot be read its layer may end."""

MOST_COMPARED = 2_000_000_000
"""Most numbers that are computed for comparisons in one import, which takes some ten seconds."""

TOLERANCE = 1e-6

ROLES = ("activation", "normalisation")


class Region(NamedTuple):
    """Calls that compute one value of another and of tensors of the module: in order, with the last one's result."""

    entry: fx.Node
    calls: tuple[fx.Node, ...]

    @property
    def exit(self) -> fx.Node:
        """The call that returns what the others read."""
        return self.calls[-1]


class FoundLayer(NamedTuple):
    """What a region is: a layer, and which parameter is which of its tensors."""

    words: Words
    tensors: Mapping[str, str]


class Recognition:
    """Finds layers in the calls of a trace."""

    def __init__(self, traced: Traced, emitter: Emitter, views: Mapping[fx.Node, Any], live: set[fx.Node]) -> None:
        self.traced = traced
        self.emitter = emitter
        self.views = views
        self.live = live
        self.nodes = list(traced.graph.nodes)
        self.places = {node: place for place, node in enumerate(self.nodes)}
        self.left = MOST_COMPARED
        self.known: dict[tuple[Any, ...], Words | None] = {}

    def around(self, call: fx.Node) -> tuple[Region, View] | None:
        """Return the layer that a call is a part of, which is emitted, or None."""
        start = self.places[call]
        exits = [node for node in self.nodes[start : start + REACH] if node in self.live and node.op != "output"]
        for last in reversed(exits):
            for entry in self._entries(call):
                region = self.between(entry, last)
                if region is not None and call in region.calls and (view := self.emitted(region)):
                    return region, view
        return None

    def whole(self, function: OwnGradient) -> tuple[Region, View] | None:
        """Return the layer that all calls of a function with a gradient of its own are together, or None."""
        calls = [node for node in self.live if node.meta.get("function") == function]
        entries = {source for node in calls for source in node.all_input_nodes if source not in calls}
        volumes = [entry for entry in entries if isinstance(self.views.get(entry), View)]
        region = self.between(volumes[0], max(calls, key=self.places.__getitem__)) if len(volumes) == 1 else None
        view = self.emitted(region) if region is not None else None
        return None if region is None or view is None else (region, view)

    def _entries(self, call: fx.Node) -> list[fx.Node]:
        """Return the volumes that a call may have been computed from, the nearest first."""
        found: dict[fx.Node, None] = {}
        waiting = list(call.all_input_nodes)
        while waiting and len(found) < MOST:
            at = waiting.pop(0)
            if at not in found and isinstance(self.views.get(at), View):
                found[at] = None
                waiting += at.all_input_nodes
        return list(found)

    def between(self, entry: fx.Node, last: fx.Node) -> Region | None:
        """Return all that leads from one value to another, if nothing else goes in or is read by others."""
        found: set[fx.Node] = set()
        waiting = [last]
        while waiting:
            at = waiting.pop()
            if at is entry or at in found or isinstance(self.views.get(at), Tensor) or at.op == "get_attr":
                continue
            if at.op == "call_module" and self.traced.modules[str(at.target)].state_dict():
                return None  # what it learns, or keeps of images, would be taken for constants
            if at.op == "placeholder" or not at.all_input_nodes or len(found) == MOST:
                return None
            found.add(at)
            waiting += at.all_input_nodes
        if any(user in self.live and user not in found for node in found - {last} for user in node.users):
            return None
        return Region(entry, tuple(sorted(found, key=self.places.__getitem__))) if found else None

    # ---- what a region computes

    def emitted(self, region: Region) -> View | None:
        """Return the view of the layer that a region is, or None where it is none."""
        source = self.views[region.entry]
        layout = self.emitter.layout(source) if isinstance(source, View) and source.pads is None else None
        if layout not in (FIRST, LAST, VECTOR) or source.negated or region.exit.meta["value"].__class__ is tuple:
            return None
        if getattr(region.exit.meta["value"], "shape", None) != region.entry.meta["value"].shape:
            return None
        found = self._layer(region, self.emitter.volume(source), layout)
        if found is None:
            return None
        self.emitter.node = region.exit
        parameters = self._parameters(region)
        self.emitter.weights.release(parameters.values())
        for role, path in found.tensors.items():
            value = parameters[path]
            self.emitter.weights.learn(Tensor(path, value, tuple(value.shape), (), {path: value}), role)
        return self.emitter.kept(found.words, source)

    def _layer(self, region: Region, volume: Volume, layout: str) -> FoundLayer | None:
        parameters = self._parameters(region)
        key = (volume, layout, *[(function_name(call), str(numbers_of(call))) for call in region.calls])
        words = [known] if (known := self.known.get(key)) else list(_candidates(_all_numbers(region)))
        if key in self.known and not known:
            return None
        computed = _computed(region, self.traced, parameters, layout)
        self.known[key] = None
        if computed is None:
            return None
        for each in words:
            self.left -= computed.given.numel()
            if self.left < 0:
                return None
            roles = _same(each, volume, computed)
            if roles is not None:
                self.known[key] = each
                return FoundLayer(each, roles)
        return None

    def _parameters(self, region: Region) -> dict[str, nn.Parameter]:
        values = [self.views.get(node) for call in region.calls for node in call.all_input_nodes]
        learned = [value.learned for value in values if isinstance(value, Tensor)]
        paths = [str(n.target) for call in region.calls for n in call.all_input_nodes if n.op == "get_attr"]
        more = [{path: self.traced.tensors(path)} for path in paths]
        found = {path: value for each in [*learned, *more] for path, value in each.items()}
        return {path: value for path, value in found.items() if isinstance(value, nn.Parameter)}


class _Computed(NamedTuple):
    """Numbers in, numbers out (with channels first), and the numbers of the parameters."""

    given: torch.Tensor
    made: torch.Tensor
    parameters: Mapping[str, torch.Tensor]


def _computed(region: Region, traced: Traced, parameters: Mapping[str, nn.Parameter], layout: str) -> _Computed | None:
    """Compute a region on random numbers; None where it cannot be computed, or writes over what it is given."""
    generator = torch.Generator().manual_seed(0)
    given = torch.randn(region.entry.meta["value"].shape, generator=generator, dtype=torch.float64) * 3
    drawn = {
        path: torch.rand(value.shape, generator=generator, dtype=torch.float64) + 0.5
        for path, value in parameters.items()
    }

    def tensor(path: str) -> Any:
        value = drawn.get(path, traced.tensors(path))
        return value.double() if isinstance(value, torch.Tensor) and value.is_floating_point() else value

    steps = _with_constants(region)
    before = given.clone()
    try:
        with torch.no_grad():
            made = evaluated(steps, tensor, traced.root, {region.entry: given})
    except Exception:  # whatever others' code does with numbers of our choice
        return None
    plain = isinstance(made, torch.Tensor) and made.dtype == torch.float64 and not made.is_meta
    if not plain or not torch.equal(before, given) or made.shape != given.shape:
        return None
    if layout == LAST:
        given, made = given.movedim(-1, 1), made.movedim(-1, 1)
    return _Computed(given, made, drawn)


def _with_constants(region: Region) -> list[fx.Node]:
    """Return the calls of a region with those that make the tensors that it reads."""
    order: dict[fx.Node, None] = {}

    def add(node: fx.Node) -> None:
        if node not in order and node is not region.entry:
            for source in node.all_input_nodes:
                add(source)
            order[node] = None

    add(region.exit)
    return list(order)


def _same(words: Words, volume: Volume, computed: _Computed) -> dict[str, str] | None:
    """Return which parameter is which tensor of a layer that computes the same; None where it computes another."""
    module = _module(written(*words), volume)
    if module is None or any(True for _ in module.buffers()):  # running statistics are no constants
        return None
    tensors = dict(module.named_parameters())
    if len(tensors) != len(computed.parameters):
        return None
    for paths in permutations(computed.parameters):
        pairs = dict(zip(tensors, paths, strict=True))
        if any(tensors[name].numel() != computed.parameters[path].numel() for name, path in pairs.items()):
            continue
        given = {name: computed.parameters[path].reshape(tensors[name].shape) for name, path in pairs.items()}
        made = torch.func.functional_call(
            module, given, (computed.given.reshape(-1, volume.channels, *volume.spatial),)
        )
        if made.numel() != computed.made.numel():  # an activation that makes fewer channels
            return None
        if torch.allclose(made.reshape(computed.made.shape), computed.made, rtol=TOLERANCE, atol=TOLERANCE):
            return {name.rpartition(".")[2]: path for name, path in pairs.items()}
    return None


@cache
def _module(text: str, volume: Volume) -> nn.Module | None:
    """Return a layer as PyTorch's, or None where there is no such layer that keeps the volume."""
    try:
        network = load(text, input=str(volume))
        same = network.output == volume
        return build(network).double().eval().requires_grad_(False) if same else None
    except CnncalcError:
        return None


def _candidates(numbers: Sequence[float]) -> Iterator[Words]:
    """Return the activations and normalisations, with each of some numbers as the one that they have of their own."""
    plain = list(_plain_words())
    yield from plain
    for words in plain:
        for number in numbers:
            yield words._replace(tokens=(*words.tokens, Token(f"eps={short(number)}")))
            yield words._replace(tokens=(Token(short(number)), *words.tokens))


@cache
def _plain_words() -> tuple[Words, ...]:
    """Return activations and normalisations as their examples write them, without numbers."""
    texts = [text.partition(": ")[2].split() for layer in layers() if layer.role in ROLES for text in layer.examples]
    flags = [(word, tuple([Token(part) for part in rest if part.isalpha()])) for word, *rest in texts]
    return tuple(dict.fromkeys([Words(word, tokens) for word, tokens in flags]))


def _all_numbers(region: Region) -> list[float]:
    """Return the numbers that a region computes with."""
    found = [number for call in region.calls for number in numbers_of(call)]
    return list(dict.fromkeys([abs(number) for number in found if number and abs(number) != float("inf")]))
