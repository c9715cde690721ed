"""Blocks as classes: what is alike in all calls of a block is a class, what differs its arguments."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cnncalc.layers.steps import OwnModule
from cnncalc.model.blocks.numbers import Hole, Parameter
from cnncalc.model.plan import Planned, attribute, placeholders, plan
from cnncalc.model.python.arguments import Solver, is_constant, literal_of, unused
from cnncalc.model.python.calls import (
    Argument,
    Body,
    BodyItem,
    PythonCall,
    SharedWork,
    Work,
    filled,
    holes,
    layer_work,
    skeleton,
)
from cnncalc.model.python.loops import FEWEST, with_loops
from cnncalc.model.python.own import own_modules
from cnncalc.network import Network


class Class(NamedTuple):
    """A class of the source.

    Attributes:
        name: its name.
        block: the block that it stands for; empty for the network.
        parameters: its arguments.
        made: what it does, with numbers as ``__init__`` knows them: ``width``.
        run: the same with numbers as ``forward`` knows them: ``self.width``.
        kept: for every argument the attribute that holds it, where ``forward`` needs it.
        ties: lines that let layers have the weights of others.
        inputs: the names of several inputs, in their order; () for one.
    """

    name: str
    block: str
    parameters: tuple[Parameter, ...]
    made: Body
    run: Body
    kept: Mapping[str, str]
    ties: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def takes(self) -> tuple[str, ...]:
        """The names of what its forward takes."""
        return self.inputs or ("x",)

    @property
    def returns(self) -> str:
        """The type of what it returns."""
        outputs = len(self.run.outputs) or 2 * self.run.places
        if outputs > _WRITTEN_OUT:
            return "tuple[torch.Tensor, ...]"
        return f"tuple[{', '.join(['torch.Tensor'] * outputs)}]" if outputs else "torch.Tensor"


_WRITTEN_OUT = 2
"""Outputs whose types are written out; more would not fit on the line."""


class _BlockCall(NamedTuple):
    """A call of a block (or the whole network): its layers and the calls inside, in order."""

    path: str
    parts: list[Planned | _BlockCall]


class _Use(NamedTuple):
    """A scope whose own calls are known: what it does, and the names it has for numbers."""

    body: Body
    known: Mapping[str, int]


def classes(network: Network) -> list[Class]:
    """Return the classes of a network, each behind those that it needs; the last one is the network."""
    return _Classes(network).all()


class _Classes:
    """The classes found so far, innermost blocks first."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.planned = plan(network)
        self.last_readers = self._last_readers()
        self.last_unpools = {n.inputs[1]: n.index for n in network.layers if n.layer.reads_places}
        self.works: dict[tuple[int, bool], SharedWork] = {}
        self.calls: dict[str, SharedWork] = {}
        self.names = {"Fixed", "Network", "Scale", *own_modules(), *keyword.kwlist}
        self.numbers: dict[str, int] = {}
        self.found: list[Class] = []

    def all(self) -> list[Class]:
        root = _scopes(self.planned)
        levels: list[list[_BlockCall]] = []
        _sort_by_height(root, levels)
        for scopes in levels[:-1]:
            self._make_classes(scopes)
        body = self._body(root)
        literal = filled(body, iter([literal_of(hole.value) for hole in holes(body)]))
        inputs = tuple(placeholders(self.network).values()) if self.network.inputs_at else ()
        return [*self.found, Class("Network", "", (), literal, literal, {}, tuple(self._ties()), inputs)]

    def _ties(self) -> Iterator[str]:
        """Yield lines that let layers have the weights of others: the module, or with other settings its tensors."""
        if any(layer.tied for layer in self.planned):
            yield "        # layers that have the weights of others"
        for layer in self.planned:
            if layer.tied:
                shifts = layer.node.layer.biases(layer.node.sources)
                factors = any("scale" in step.kwargs for step in layer.steps if isinstance(step, OwnModule))
                tensors = [".weight", *[".bias"][: shifts > 0], *[".gain"][:factors]]
                tensors = [""] if layer.same else tensors
                yield from [f"        self.{layer.name}{tensor} = self.{layer.tied}{tensor}" for tensor in tensors]

    def _last_readers(self) -> dict[int, int]:
        """Return for every layer the last one that reads it; the network's output is read at the end."""
        last = {source: layer.node.index for layer in self.planned for source in layer.node.inputs}
        last |= dict.fromkeys(self.network.ends, len(self.planned) + 1)
        return last

    # ---- bodies

    def _body(self, scope: _BlockCall, fewest: int = FEWEST) -> Body:
        """Return what a scope does, with its calls and loops."""
        if not scope.parts:
            return Body((), 0)
        first, end = _first(scope).node.index, _last(scope).node.index
        places: dict[int, int] = {}
        items = []
        output = 0 if not scope.path and not self.network.output_index else len(scope.parts)
        returns = any(self.last_unpools.get(index, 0) > end for index in range(first, end + 1))
        given = self._given(scope)
        for place, part in enumerate(scope.parts, 1):
            inputs = tuple([places[index] if index >= first else 0 for index in _inputs(part)])
            item = self._item(part, inputs)._replace(places=_places(part, places))
            items.append(item._replace(name=given[place], inputs=()) if place in given else item)
            for index in range(_first(part).node.index, _last(part).node.index + 1):
                places[index] = place
                if self.last_readers.get(index, 0) > end:
                    output = place
        if not scope.path and self.network.outputs_at:
            outputs = tuple([places[index] if index else 0 for index in self.network.outputs_at])
            return Body(tuple(items), outputs[-1], outputs)
        return with_loops(items, output, fewest)._replace(places=returns)

    def _given(self, scope: _BlockCall) -> dict[int, str]:
        """Return the names of a network's several inputs by the places of their layers."""
        if scope.path or not self.network.inputs_at:
            return {}
        own = placeholders(self.network)
        indices = [(place, _first(part).node.index) for place, part in enumerate(scope.parts, 1)]
        return {place: own[index] for place, index in indices if index in own}

    def _item(self, part: Planned | _BlockCall, inputs: tuple[int, ...]) -> BodyItem:
        if isinstance(part, Planned):
            return BodyItem(part.name.rpartition(".")[2], self._work(part), inputs, part.node.origin)
        name = _first(part).name.split(".")[part.path.count(".")]
        return BodyItem(name, self.calls[part.path], inputs)

    def _work(self, planned: Planned) -> SharedWork:
        key = planned.alike, planned.overwrite
        if key not in self.works:
            self.works[key] = SharedWork(layer_work(planned))
        return self.works[key]

    # ---- classes

    def _make_classes(self, scopes: Sequence[_BlockCall]) -> None:
        """Make the classes of a level: for each block one for every different thing that it does."""
        blocks: dict[str, list[_BlockCall]] = {}
        for scope in scopes:
            blocks.setdefault(self._block(scope), []).append(scope)
        for block, members in blocks.items():
            groups = self._grouped(members, FEWEST)
            if len(groups) > 1:  # calls with a repeat may be alike if each has it as a loop
                groups = min(groups, self._grouped(members, FEWEST - 1), key=len)
            for group in groups:
                self._make_class(block, group)

    def _grouped(self, scopes: Sequence[_BlockCall], fewest: int) -> list[list[tuple[_BlockCall, _Use]]]:
        groups: dict[Any, list[tuple[_BlockCall, _Use]]] = {}
        for scope in scopes:
            use = _Use(self._body(scope, fewest), self._known(scope))
            groups.setdefault(skeleton(use.body), []).append((scope, use))
        return list(groups.values())

    def _make_class(self, block: str, members: list[tuple[_BlockCall, _Use]]) -> None:
        different, places = _different([use for _, use in members])
        columns = list(zip(*[[hole.value for hole in holes(use.body)] for use in different], strict=True))
        roles = [hole.role for hole in holes(different[0].body)]
        solver = Solver([use.known for use in different])
        written = [solver.expression(role, values) for role, values in zip(roles, columns, strict=True)]
        body = different[0].body
        name = self._class_name(block)
        parameters = solver.used()
        kept = _attributes(parameters, body)
        run = [
            _kept(text, kept) if not is_constant(values) else text
            for text, values in zip(written, columns, strict=True)
        ]
        self.found.append(Class(name, block, parameters, filled(body, iter(written)), filled(body, iter(run)), kept))
        calls = [_call(name, parameters, place, body.places) for place in range(len(different))]
        for place, (scope, _) in zip(places, members, strict=True):
            self.calls[scope.path] = calls[place]

    def _block(self, scope: _BlockCall) -> str:
        return self.network.blocks[scope.path].partition("(")[0]

    def _known(self, scope: _BlockCall) -> Mapping[str, int]:
        """Return what the numbers of a call are called: the block's parameters, and the channels that arrive."""
        channels = _first(scope).node.sources[0].channels
        return {**self.network.arguments[scope.path], "channels": channels}

    def _class_name(self, block: str) -> str:
        stem = "".join([word.capitalize() for word in block.split("_")])
        stem = stem if stem.isidentifier() else f"Block{stem}"  # `_`, and `_2` whose first word is a number
        return unused(stem, self.names, self.numbers)


def _call(name: str, parameters: Iterable[Parameter], place: int, places: bool) -> SharedWork:
    """Return the call of a class with the arguments that it has in one of its different uses."""
    arguments = [Argument("", Hole(p.values[place], p.name.rstrip("_"))) for p in parameters]
    made = PythonCall(name, tuple(arguments))
    return SharedWork(Work(made, ((),), "", ("",), quiet=False, returns_places=places))


def _attributes(parameters: Iterable[Parameter], body: Body) -> dict[str, str]:
    """Return for every argument an attribute that is no module's name."""
    taken = {item.name for item in body.items if isinstance(item, BodyItem)}
    kept = {}
    for parameter in parameters:
        name = attribute(parameter.name)
        while name in taken:
            name += "_"
        taken.add(name)
        kept[parameter.name] = name
    return kept


def _kept(expression: str, kept: Mapping[str, str]) -> str:
    """Write an expression of arguments as one of attributes."""
    return _WORD.sub(lambda match: f"self.{kept[match[0]]}", expression)


_WORD = re.compile(r"[^\W\d]\w*")


def _different(uses: Sequence[_Use]) -> tuple[list[_Use], list[int]]:
    """Return the uses that differ, and for each use which of them it is like."""
    known: dict[Any, int] = {}
    different: list[_Use] = []
    places = []
    for use in uses:
        key = tuple([(type(hole.value), hole.value) for hole in holes(use.body)]), tuple(use.known.items())
        if key not in known:
            known[key] = len(different)
            different.append(use)
        places.append(known[key])
    return different, places


def _scopes(planned: Iterable[Planned]) -> _BlockCall:
    """Return the whole network as calls inside calls."""
    root = _BlockCall("", [])
    open_scopes = [root]
    for layer in planned:
        path = layer.node.name.split(".")[:-1]
        prefixes = [".".join(path[: depth + 1]) for depth in range(len(path))]
        while len(open_scopes) > len(path) + 1 or (
            len(open_scopes) > 1 and open_scopes[-1].path != prefixes[len(open_scopes) - 2]
        ):
            open_scopes.pop()
        for prefix in prefixes[len(open_scopes) - 1 :]:
            scope = _BlockCall(prefix, [])
            open_scopes[-1].parts.append(scope)
            open_scopes.append(scope)
        open_scopes[-1].parts.append(layer)
    return root


def _sort_by_height(scope: _BlockCall, levels: list[list[_BlockCall]]) -> int:
    """Put scopes into levels, so that each lies above all those that it holds."""
    inner = [_sort_by_height(part, levels) for part in scope.parts if isinstance(part, _BlockCall)]
    height = max(inner, default=-1) + 1
    levels.extend([] for _ in range(height + 1 - len(levels)))
    levels[height].append(scope)
    return height


def _first(part: Planned | _BlockCall) -> Planned:
    return part if isinstance(part, Planned) else _first(part.parts[0])


def _last(part: Planned | _BlockCall) -> Planned:
    return part if isinstance(part, Planned) else _last(part.parts[-1])


def _inputs(part: Planned | _BlockCall) -> tuple[int, ...]:
    """Return the layers whose values a part reads; a call reads one, which its first layer starts from."""
    whole = isinstance(part, Planned) and not part.node.layer.reads_places
    return _first(part).node.inputs[: None if whole else 1]


def _places(part: Planned | _BlockCall, places: Mapping[int, int]) -> int:
    """Return the item whose places a part reads; 0 for none."""
    reads = isinstance(part, Planned) and part.node.layer.reads_places
    return places[_first(part).node.inputs[1]] if reads else 0
