"""From a trace to layers: what every call means in the language.

The reader goes through the calls in execution order. Each value is one of the network's volumes in some
layout (`View`); calls that only change the layout make no layer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isinf, prod
from typing import Any

import torch
from torch import fx, nn

from cnncalc.errors import SpecError
from cnncalc.layers.window import Windowed
from cnncalc.loading import load
from cnncalc.model.importing import wording
from cnncalc.model.importing.layout import (
    FIRST,
    FLAT,
    LAST,
    TOKENS,
    VECTOR,
    Axes,
    axes_of,
    layout_of,
    reshaped,
    shuffled,
)
from cnncalc.model.importing.operations import Operation, Readout, Token, sides, size, written
from cnncalc.model.importing.tracing import BATCH, Scope, Traced, cannot_say, module_path, trace
from cnncalc.model.importing.wording import Pairs, Unsayable, Wording
from cnncalc.volume import Volume

MODULES: dict[type[nn.Module], Callable[[Reader, Any, View], View]] = {}
"""What reads a module of ``torch.nn``, by its class; filled by ``cnncalc.model.importing.reading_modules``."""

FUNCTIONS: dict[str, tuple[tuple[str, ...], Callable[[Reader, Given], Any]]] = {}
"""What reads a function or a method, with the names of its arguments; filled by ``reading_functions``."""

BY_NAME: dict[str, Callable[[Reader, Any, View], View]] = {}
"""What reads a module that is known by the name of its class alone, as other packages have their own."""


@dataclass(frozen=True)
class View:
    """A tensor of the trace: the volume behind an operation, in a layout.

    Attributes:
        index: the operation; 0 is the input.
        axes: which of the volume's numbers each dimension runs over.
        pads: padding that has been added and is not yet a layer, since the next window may take it over.
        fill: what it is filled with.
        negated: whether the numbers are those of the volume with the opposite sign.
    """

    index: int
    axes: Axes
    pads: Pairs | None = None
    fill: float = 0.0
    negated: bool = False


@dataclass(frozen=True)
class Tensor:
    """A learned tensor, or a buffer, that a call reads by itself."""

    path: str
    value: torch.Tensor


@dataclass(frozen=True)
class Given:
    """A call's arguments by name, and the shape of what it returns."""

    name: str
    values: Mapping[str, Any]
    shape: tuple[int, ...]

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def get(self, name: str, usual: Any = None) -> Any:
        """Return an argument, or what holds without it."""
        value = self.values.get(name)
        return usual if value is None else value


def read(module: nn.Module, volume: Volume) -> Readout:
    """Trace a module and read it.

    Raises:
        SpecError: for what the language cannot say, with the module's path and the operation.
    """
    from cnncalc.model.importing import reading_functions, reading_modules  # noqa: F401  # they fill the tables above

    traced = trace(module, volume, is_layer)
    return Reader(traced, module, volume).readout()


def is_layer(module: nn.Module) -> bool:
    """Say whether a module is read as one layer."""
    return reader_of(module) is not None


def reader_of(module: nn.Module) -> Callable[[Reader, Any, View], View] | None:
    """Return what reads a module: by its class, or by one that it only renames."""
    for kind in type(module).__mro__:
        if kind in MODULES:
            return MODULES[kind] if _does_the_same(type(module), kind) else None
    return BY_NAME.get(type(module).__name__)


def _does_the_same(kind: type, base: type) -> bool:
    methods = ("forward", "_conv_forward")
    return all(getattr(kind, name, None) is getattr(base, name, None) for name in methods)


@dataclass
class Reader:
    """The state of a walk through a trace: the operations so far, and what every value is."""

    traced: Traced
    module: nn.Module
    input: Volume
    operations: list[Operation] = field(default_factory=list)
    views: dict[fx.Node, Any] = field(default_factory=dict)
    reads: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.live = _live(self.traced)
        self.node: fx.Node = next(iter(self.traced.graph.nodes))
        self.learned = 0

    # ---- the walk

    def readout(self) -> Readout:
        """Read all calls that the output depends on."""
        output = 0
        for node in self.traced.graph.nodes:
            self.node = node
            if node.op == "placeholder":
                self.views[node] = View(0, axes_of(self.input, BATCH))
            elif node.op == "output":
                output = self._output(self._resolved(node.args[0]))
            elif node in self.live:
                self.views[node] = self._call()
                self._settle_learned()
        unused = tuple([path for path, tensor in self.module.named_parameters() if id(tensor) not in self.reads])
        return _alive(Readout(self.input, tuple(self.operations), output, unused))

    def _call(self) -> Any:
        node = self.node
        try:
            if node.op == "get_attr":
                return Tensor(str(node.target), self.traced.tensors(str(node.target)))
            if node.op == "call_module":
                return self._module(self.traced.modules[str(node.target)])
            return self._function()
        except Unsayable as error:
            raise self.cannot(str(error)) from None

    def _settle_learned(self) -> None:
        """Give what a call has learned to its last operation: in front of a layer stands at most its padding."""
        if self.learned:
            self.operations[-1] = self.operations[-1]._replace(params=self.learned)
            self.learned = 0

    def _module(self, module: nn.Module) -> View:
        for name, _ in module.named_parameters():
            self.learn(f"{self.node.target}.{name}")
        read = reader_of(module)
        assert read is not None  # the trace makes a call of no other modules
        given = [*self.node.args, *self.node.kwargs.values()]
        source = self._resolved(given[0])
        if not isinstance(source, View) or len(given) > 1:
            raise Unsayable("it takes one tensor, and nothing else")
        view = read(self, module, source)
        if getattr(module, "inplace", False):
            self._overwrite(given[0], view)
        return view

    def _function(self) -> Any:
        name = function_name(self.node)
        known = FUNCTIONS.get(name) or FUNCTIONS.get(name.rstrip("_"))
        if known is None:
            raise self.cannot()
        names, read = known
        args = [self._resolved(argument) for argument in self.node.args]
        spread = names[-1].startswith("*")
        given = dict(zip(names[:-1] if spread else names, args, strict=False))
        if spread:
            given[names[-1][1:]] = args[len(names) - 1 :]
        elif len(args) > len(names):
            raise Unsayable("it has arguments that are not known here")
        given |= {key: self._resolved(value) for key, value in self.node.kwargs.items()}
        result = read(self, Given(name, given, _shape(self.node.meta["value"])))
        if name.endswith("_") or name in _IN_PLACE or given.get("inplace"):
            self._overwrite(self.node.args[0], result)
        return result

    def _overwrite(self, target: Any, result: Any) -> None:
        """Let those who read a value later see what has been written over it."""
        while isinstance(target, fx.Node) and isinstance(self.views.get(target), View):
            before = self.views[target]
            self.views[target] = result
            # what a module that does nothing handed on is the same tensor
            source: Any = target.args[0] if target.op == "call_module" and target.args else None
            target = source if source is not None and self.views.get(source) == before else None

    def _resolved(self, argument: Any) -> Any:
        """Return what an argument stands for: views and tensors in the place of the trace's nodes."""
        if isinstance(argument, fx.Node):
            return self.views[argument]
        if isinstance(argument, tuple | list):
            return type(argument)([self._resolved(part) for part in argument])
        if isinstance(argument, dict):
            return {key: self._resolved(part) for key, part in argument.items()}
        return argument

    def _output(self, value: Any) -> int:
        values = list(value.values()) if isinstance(value, dict) else value
        while isinstance(values, tuple | list) and len(values) == 1:
            values = values[0]
        if not isinstance(values, View):
            count = len(values) if isinstance(values, tuple | list) else 0
            what = f"{count} outputs" if count else "an output that is no tensor"
            raise cannot_say("", what, "a spec has one", ("import the part that makes the one you want",))
        view = self.sized(values)
        if layout_of(view.axes, self.volume(view), BATCH) not in (FIRST, VECTOR, LAST, TOKENS):
            raise cannot_say("", "the order in which the output holds its numbers")
        return view.index

    # ---- what layers are read with

    def volume(self, view: View) -> Volume:
        """Return the volume that a view looks at."""
        return self.operations[view.index - 1].output if view.index else self.input

    def emit(self, words: Wording, inputs: Iterable[int], volume: Volume) -> int:
        """Add an operation, and return its index."""
        scopes = self.node.meta.get("scopes", ())  # none where the output is brought into order
        if self.node.op == "call_module":
            scopes = scopes[:-1] if scopes[-1].path == self.node.target else scopes
            scopes = self._of_path(str(self.node.target)) if self._flat(scopes) else scopes
        scopes = None if self._flat(scopes) else scopes
        self.operations.append(Operation(words.word, words.tokens, tuple(inputs), volume, self.path, scopes, 0))
        return len(self.operations)

    @property
    def path(self) -> str:
        """Where the call that is being read stands."""
        scopes = self.node.meta.get("scopes", ())
        return module_path(scopes[-1].path) if scopes else ""

    def _flat(self, scopes: Any) -> bool:
        return scopes is not None and any(not scope.kind for scope in scopes)

    def _of_path(self, path: str) -> tuple[Scope, ...]:
        """Return the scopes that a dotted path goes through, for a module whose code is all in one place."""
        owners = path.split(".")[:-1]
        places = [".".join(owners[: count + 1]) for count in range(1, len(owners))]
        return tuple([Scope(place, type(self.traced.modules[place]).__name__) for place in places])

    def learn(self, path: str) -> None:
        """Note that a layer reads a parameter; the language has none that two layers share."""
        tensor = self.traced.tensors(path)
        if id(tensor) in self.reads:
            raise self.cannot(f"it uses `{module_path(path)}` again, and layers of a spec share no weights")
        self.reads.add(id(tensor))
        self.learned += tensor.numel()

    def cannot(self, why: str = "") -> SpecError:
        """Make the error for the call that is being read."""
        target = self.node.target
        if self.node.op == "call_module":
            module = self.traced.modules[str(target)]
            return cannot_say(str(target), f"nn.{type(module).__name__}", why)
        return cannot_say(self.path, f"`{function_name(self.node)}`", why)

    def settled(self, view: View) -> View:
        """Return a view without anything pending: padding that no window has taken over becomes a layer."""
        if view.negated:
            raise Unsayable("it has no word for the opposite sign")
        if view.pads is None:
            return view
        if isinf(view.fill):
            raise Unsayable("it pads with zeros")
        at, volume = view.index, self.volume(view)
        for word, sign in (("pad", 1), ("crop", -1)):
            pairs = tuple([(max(0, sign * before), max(0, sign * after)) for before, after in view.pads])
            if any(map(any, pairs)):
                spatial = [size + sign * sum(pair) for size, pair in zip(volume.spatial, pairs, strict=True)]
                volume = Volume.of(spatial, volume.channels)
                at = self.emit(Wording(word, sides("", pairs)), (at,), volume)
        return View(at, axes_of(volume, BATCH))

    def sized(self, view: View) -> View:
        """Return a view whose positions are not stretched into a vector: there, stretching is a layer."""
        view = self.settled(view)
        volume, ones = self.volume(view), view.axes[2:]
        known = layout_of(view.axes, volume, BATCH) not in (None, FLAT)
        if known or any(ones) or layout_of(view.axes[:2], volume, BATCH) != FLAT:
            return view
        vector = Volume((*(1,) * volume.dimensions, prod(volume)))
        axes = (*axes_of(vector, BATCH, VECTOR), *ones)
        return View(self.emit(Wording("flatten"), (view.index,), vector), axes)

    def layout(self, view: View) -> str | None:
        """Return the layout of a view."""
        return layout_of(view.axes, self.volume(view), BATCH)

    def elementwise(self, view: View, words: Wording) -> View:
        """Read a layer that works on every value alone, whatever the layout."""
        view = self.sized(view)
        return View(self.emit(words, (view.index,), self.volume(view)), view.axes)

    def channelwise(self, view: View, words: Wording) -> View:
        """Read a layer that treats channels differently and keeps the volume; channels come first."""
        view = self.sized(view)
        if self.layout(view) not in (FIRST, VECTOR):
            raise Unsayable("the channels are not where it looks for them")
        return View(self.emit(words, (view.index,), self.volume(view)), view.axes)

    def over_channels(self, view: View, words: Wording, axis: int) -> View:
        """Read a layer that works over the channels, which must lie along an axis."""
        view = self.sized(view)
        if axis % len(view.axes) != self.channel_axis(view):
            raise Unsayable("it works over the channels alone")
        return View(self.emit(words, (view.index,), self.volume(view)), view.axes)

    def channel_axis(self, view: View) -> int | None:
        """Return the axis along which the channels lie."""
        last = len(view.axes) - 1
        return {FIRST: 1, VECTOR: 1, LAST: last, TOKENS: last}.get(self.layout(view) or "")

    def positions(self, view: View) -> View:
        """Return a view for a layer that slides over positions: N x C x H x W."""
        view = self.sized(view)
        if self.layout(view) != FIRST:
            raise Unsayable("what arrives are no images with channels first")
        return view

    def sliding(self, view: View, words: Wording, shape: Sequence[int]) -> View:
        """Read a layer that makes a volume of another size of images."""
        view = self.positions(view)
        volume = Volume.of(shape[2:], shape[1])
        return View(self.emit(words, (view.index,), volume), axes_of(volume, BATCH))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what the call that is being read returns."""
        return _shape(self.node.meta["value"])

    def window(
        self, view: View, word: Callable[[Pairs], Wording], pads: Pairs, takes: float | None, shape: tuple[int, ...]
    ) -> View:
        """Read a window; padding in front of it becomes its own where it ``takes`` what that is filled with."""
        own = None if any(map(any, pads)) or view.fill != takes else self._own_padding(view, word, shape)
        if own is None:
            return self.sliding(view, word(pads), shape)
        volume = Volume.of(shape[2:], shape[1])
        return View(self.emit(own, (view.index,), volume), axes_of(volume, BATCH))

    def _own_padding(self, view: View, word: Callable[[Pairs], Wording], shape: tuple[int, ...]) -> Wording | None:
        """Return a window with the padding in front of it as its own, if that is the same; None if not.

        Zeros that are alike on both sides stay a layer, as the module has them.
        """
        if view.pads is None or any(before < 0 for before, _ in view.pads):
            return None
        pads = tuple([(before, max(0, after)) for before, after in view.pads])
        words = word(pads)
        if _plain(pads) and not isinf(view.fill) and words.word != "lppool":
            return None
        same = words._replace(tokens=tuple([Token("same") if t.prefix == "p" else t for t in words.tokens]))
        wanted = Volume.of(shape[2:], shape[1])
        return next((each for each in (words, same) if _makes(each, self.volume(view), pads, wanted)), None)

    def reshape(self, view: View, shape: Sequence[int]) -> View:
        """Read a change of shape, which is no layer unless it shuffles channels."""
        axes = reshaped(self.settled(view).axes, shape)
        if axes is None:
            raise Unsayable(f"it cuts across channels and positions: → {'x'.join(map(str, shape))}")
        return self.arranged(replace(self.settled(view), axes=axes))

    def arranged(self, view: View) -> View:
        """Return a view whose channels are in order: a shuffle is a layer."""
        groups = shuffled(view.axes, self.volume(view), BATCH)
        if groups is None:
            return view
        words = Wording("shuffle", (size((groups,), "groups"),))
        volume = self.volume(view)
        layout = VECTOR if len(view.axes) == 2 else FIRST
        return View(self.emit(words, (view.index,), volume), axes_of(volume, BATCH, layout))

    def linear(self, view: View, outputs: int, bias: bool) -> View:
        """Read a linear layer: fully connected on a vector, a 1x1 convolution at every position."""
        if view.pads is not None or view.negated:
            view = self.settled(view)
        volume, layout = self.volume(view), self.layout(view)
        if layout in (VECTOR, FLAT):
            vector = Volume((*(1,) * volume.dimensions, outputs))
            words = wording.fully_connected(outputs, bias)
            return View(self.emit(words, (view.index,), vector), axes_of(vector, BATCH, VECTOR))
        if layout not in (LAST, TOKENS):
            raise Unsayable("it mixes positions, or channels and positions in another order")
        result = Volume.of(volume.spatial, outputs)
        words = wording.pointwise(volume.channels, outputs, bias, volume.dimensions)
        return View(self.emit(words, (view.index,), result), axes_of(result, BATCH, layout))

    def merge(self, word: str, views: Sequence[View]) -> View:
        """Read a merge of views of the same layout."""
        views = [self.sized(view) for view in views]
        found = {self.layout(view) for view in views}
        if any(max(self.volume(view).spatial) > 1 for view in views):
            found = {self.layout(view) for view in views if max(self.volume(view).spatial) > 1}
        if len(found) > 1 or None in found or len({len(view.axes) for view in views}) > 1:
            raise Unsayable("its inputs hold channels and positions in different orders")
        volumes = [self.volume(view) for view in views]
        volume = _merged(word, volumes)
        index = self.emit(Wording(word), [view.index for view in views], volume)
        return View(index, axes_of(volume, BATCH, found.pop() or FIRST))


def _makes(words: Wording, source: Volume, pads: Pairs, wanted: Volume) -> bool:
    """Say whether a window with this padding makes a volume; some paddings may only be written as ``same``."""
    try:
        (node,) = load(written(words.word, words.tokens) + "\n", input=tuple(source), rounding="floor")
    except SpecError:
        return False
    assert isinstance(node.layer, Windowed)  # nothing else has padding of its own
    return node.output == wanted and tuple([(window.before, window.after) for window in node.layer.windows]) == pads


def _merged(word: str, volumes: Sequence[Volume]) -> Volume:
    """Return the volume that a merge makes; what the language cannot merge is refused."""
    largest = max(volumes, key=prod)
    if word == "concat":
        return Volume.of(largest.spatial, sum(volume.channels for volume in volumes))
    vector = (*(1,) * largest.dimensions, largest.channels)
    fitting = (largest, vector) if word == "mul" else (largest,)
    if any(volume not in fitting for volume in volumes):
        raise Unsayable(f"{' and '.join(map(str, volumes))} are not merged by `{word}`")
    return largest


_IN_PLACE = frozenset(("iadd", "imul", "isub"))


def function_name(node: fx.Node) -> str:
    """Return what a function or a method is called."""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()


def _plain(pads: Pairs | None) -> bool:
    return all(before == after for before, after in pads or ())


def _live(traced: Traced) -> set[fx.Node]:
    """Return the calls that the output depends on, also by what they write over."""
    alive: set[fx.Node] = set()
    for node in reversed(traced.graph.nodes):
        writes = _overwrites(node, traced) and node.all_input_nodes[0] in alive
        if node.op in ("output", "placeholder") or node in alive or writes:
            alive.add(node)
            alive.update(node.all_input_nodes)
    return alive


def _overwrites(node: fx.Node, traced: Traced) -> bool:
    """Say whether a call writes over its input, for others to see."""
    if node.op == "call_module":
        return bool(getattr(traced.modules[str(node.target)], "inplace", False))
    name = function_name(node)
    by_name = (name.endswith("_") and not name.endswith("__")) or name in _IN_PLACE
    return bool(node.all_input_nodes) and (by_name or bool(node.kwargs.get("inplace")))


def _alive(readout: Readout) -> Readout:
    """Leave out the operations that the output does not depend on."""
    wanted = {readout.output}
    for index in range(len(readout.operations), 0, -1):
        if index in wanted:
            wanted.update(readout.operations[index - 1].inputs)
    places = {index: place for place, index in enumerate(sorted(wanted | {0}))}
    kept = [
        operation._replace(inputs=tuple([places[source] for source in operation.inputs]))
        for index, operation in enumerate(readout.operations, 1)
        if index in wanted
    ]
    return readout._replace(operations=tuple(kept), output=places[readout.output])
