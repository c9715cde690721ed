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

from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.layers.window import Windowed
from cnncalc.loading import load
from cnncalc.model.importing import wording
from cnncalc.model.importing.layout import (
    FIRST,
    FLAT,
    LAST,
    TOKENS,
    VECTOR,
    axes_of,
    layout_of,
    reshaped,
    shuffled,
)
from cnncalc.model.importing.learning import Weights
from cnncalc.model.importing.liveness import live_calls, live_operations, memory_of
from cnncalc.model.importing.operations import Operation, Readout, Token, sides, size, written
from cnncalc.model.importing.tracing import BATCH, MADE, Scope, Traced, cannot_say, module_path
from cnncalc.model.importing.values import Given, Overwritten, Tensor, View
from cnncalc.model.importing.wording import Pairs, Unsayable, Wording

MODULES: dict[type[nn.Module], Callable[[Reader, Any, View], View]] = {}
"""What reads a module of ``torch.nn``, by its class; filled by ``cnncalc.model.importing.reading_modules``."""

FUNCTIONS: dict[str, tuple[tuple[str, ...], Callable[[Reader, Given], Any]]] = {}
"""What reads a function or a method, with the names of its arguments; filled by ``reading_functions``."""

BY_NAME: dict[str, Callable[[Reader, Any, View], View]] = {}
"""What reads a module that is known by the name of its class alone, as other packages have their own."""


def read(traced: Traced, module: nn.Module, volume: Volume) -> Readout:
    """Read the trace of a module.

    Raises:
        SpecError: for what the language cannot say, with the module's path and the operation.
    """
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

    def __post_init__(self) -> None:
        self.live = live_calls(self.traced)
        self.node: fx.Node = next(iter(self.traced.graph.nodes))
        self.weights = Weights(self.module)

    # ---- the walk

    def readout(self) -> Readout:
        """Read all calls that the output depends on."""
        output, layout = 0, FIRST
        for node in self.traced.graph.nodes:
            self.node = node
            if node.op == "placeholder":
                self.views[node] = View(0, axes_of(self.input, BATCH))
            elif node.op == "output":
                output, layout = self._guarded(self._output)
            elif node in self.live:
                self.views[node] = self._guarded(self._call)
                self._settle_learned(self.views[node])
        unused, notes = self.weights.unused(), self.weights.all_notes()
        readout = Readout(self.input, tuple(self.operations), output, unused, layout, notes)
        return live_operations(readout)

    def _guarded(self, read: Callable[[], Any]) -> Any:
        """Read a call; whatever it is given that nobody thought of, the error names the call."""
        try:
            return read()
        except Unsayable as error:
            raise self.cannot(str(error)) from None
        except CnncalcError:
            raise
        except Exception as error:
            why = f"it is called in a way that is not known here ({type(error).__name__}: {shorten(str(error), 100)})"
            raise self.cannot(why) from error

    def _call(self) -> Any:
        node = self.node
        if node.op == "get_attr":
            value = self.traced.tensors(str(node.target))
            return Tensor(str(node.target), value, tuple(value.shape))
        result = self._module(self.traced.modules[str(node.target)]) if node.op == "call_module" else self._function()
        for target in node.meta.get("writes", ()):
            self._overwrite(target, result)
        return result

    def _settle_learned(self, result: Any) -> None:
        """Give what a call has learned to its last operation: in front of a layer stands at most its padding."""
        tensors = self.weights.taken()
        if tensors:
            self._replace_last(tensors=tensors)
        settled = isinstance(result, View) and result.pads is None and not result.negated
        if settled and 0 < result.index == len(self.operations) and self.layout(result) in (FIRST, VECTOR):
            self._replace_last(node=self.node.name)

    def _replace_last(self, **facts: Any) -> None:
        self.operations[-1] = self.operations[-1]._replace(**facts)

    def _module(self, module: nn.Module) -> View:
        self.weights.learn_module(module, str(self.node.target))
        read = reader_of(module)
        assert read is not None  # the trace makes a call of no other modules
        given = [*self.node.args, *self.node.kwargs.values()]
        source = self._resolved(given[0])
        if not isinstance(source, View) or len(given) > 1:
            raise Unsayable("it takes one tensor, and nothing else")
        return read(self, module, source)

    def _function(self) -> Any:
        name = function_name(self.node)
        known = FUNCTIONS.get(name) or FUNCTIONS.get(name.rstrip("_"))
        if known is None:
            raise self.cannot()
        names, read = known
        args = [self._resolved(argument) for argument in self.node.args]
        spread = names[-1].startswith("*")
        given = dict(zip(names[:-1] if spread else names, args, strict=False))
        if spread and len(args) >= len(names):
            given[names[-1][1:]] = args[len(names) - 1 :]
        elif len(args) > len(names):
            raise Unsayable("it has arguments that are not known here")
        given |= self._by_name(names)
        if isinstance(given[names[0]], Tensor):
            return self._of_tensor(name, given[names[0]], given)
        return read(self, Given(name, given, _shape(self.node.meta["value"])))

    def _by_name(self, names: tuple[str, ...]) -> dict[str, Any]:
        """Return the arguments that are given by name, under the names that they have here."""
        usual = {"input": names[0], "tensors": names[0], "tensor": names[0], "self": names[0], **SYNONYMS}
        known = {name.lstrip("*") for name in names}
        given = {}
        for key, value in self.node.kwargs.items():
            name = key if key in known else usual.get(key, "")
            if name not in known:
                raise Unsayable(f"its argument `{key}` is not known here")
            given[name] = self._resolved(value)
        return given

    def _of_tensor(self, name: str, tensor: Tensor, given: Mapping[str, Any]) -> Any:
        """Read a function of a learned tensor: a change of shape, or a factor of a volume."""
        if name in RESHAPES:
            return replace(tensor, shape=self.shape)
        other = given.get("y")
        if name == "mul" and isinstance(other, View):
            return FUNCTIONS[name][1](self, Given(name, given, self.shape))
        raise Unsayable(f"it computes with {tensor.name}, and what a spec learns is used as it is")

    def _overwrite(self, target: fx.Node, result: Any) -> None:
        """Let those who read a value later see what has been written over it, also through other views of it."""
        if target is not self.node.args[0] or not isinstance(result, View):
            raise Unsayable("it writes over a tensor that is not its first argument")
        before = self.views[target]
        memory = memory_of(target.meta["value"])
        for node, view in self.views.items():
            if memory & memory_of(node.meta.get("value")):
                self.views[node] = self._written_over(view, before, result)

    def _written_over(self, view: Any, before: Any, result: View) -> Any:
        """Return what a view shows after a call has written ``result`` where ``before`` was."""
        if isinstance(view, tuple | list):
            return [self._written_over(part, before, result) for part in view]
        if view == before:
            return result
        same = isinstance(view, View) and isinstance(before, View) and view.index == before.index
        plain = same and view.pads is before.pads is None and not view.negated and not before.negated
        if plain and result.axes == before.axes and self.volume(result) == self.volume(before):
            return View(result.index, view.axes)
        return Overwritten(f"`{function_name(self.node)}`" + (f" ({self.line})" if self.line else ""))

    def _resolved(self, argument: Any) -> Any:
        """Return what an argument stands for: views and tensors in the place of the trace's nodes."""
        if isinstance(argument, fx.Node):
            return self._read(self.views[argument])
        if isinstance(argument, tuple | list):
            return type(argument)([self._resolved(part) for part in argument])
        if isinstance(argument, dict):
            return {key: self._resolved(part) for key, part in argument.items()}
        return argument

    def _read(self, view: Any) -> Any:
        """Return what an argument is, unless it is no longer there."""
        if isinstance(view, Overwritten):
            raise Unsayable(f"{view.by} has written over a part of it, and a spec has no layer for that")
        return view

    def _output(self) -> tuple[int, str]:
        value = self._resolved(self.node.args[0])
        values = list(value.values()) if isinstance(value, dict) else value
        while isinstance(values, tuple | list) and len(values) == 1:
            values = values[0]
        if not isinstance(values, View):
            count = len(values) if isinstance(values, tuple | list) else 0
            what = f"{count} outputs" if count else "an output that is not a tensor"
            raise cannot_say("", what, "a spec has one", ("import the part that makes the one you want",))
        if values.negated:
            raise cannot_say("", "`neg`", "it has no word for the opposite sign")
        view = self.sized(values)
        layout = layout_of(view.axes, self.volume(view), BATCH)
        if prod(self.volume(view)) == 1:
            layout = VECTOR  # one number for each image, with whatever dimensions of size 1
        if layout not in (FIRST, VECTOR, LAST, TOKENS):
            raise cannot_say("", "the order in which the output holds its numbers")
        return view.index, layout

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
        operation = Operation(words.word, words.tokens, tuple(inputs), volume, self.path, scopes, line=self.line)
        self.operations.append(operation)
        return len(self.operations)

    @property
    def line(self) -> str:
        """The line of the user's code that makes the call that is being read."""
        return str(self.node.meta.get("line", ""))

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

    def cannot(self, why: str = "") -> SpecError:
        """Make the error for the call that is being read."""
        target = self.node.target
        if self.node.op == "call_module":
            module = self.traced.modules[str(target)]
            path = self.node.meta["scopes"][-2].path if str(target).startswith(MADE) else str(target)
            return cannot_say(path, f"nn.{type(module).__name__}", why, line=self.line)
        return cannot_say(self.path, f"`{function_name(self.node)}`", why, line=self.line)

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
        single = self.volume(view).channels == 1 and not view.axes[axis]  # any axis of one value will do
        if not single and axis % len(view.axes) != self.channel_axis(view):
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
            raise Unsayable("the input is not a batch of images with channels first")
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


SYNONYMS = {"other": "y", "normalized_shape": "shape", "num_groups": "groups", "output_size": "size"} | {
    "split_size_or_sections": "sizes",
    "split_size": "sizes",
    "chunks": "sizes",
    "axis": "dim",
    "p": "p",
}
"""Names of arguments in PyTorch that have another one here."""

RESHAPES = frozenset(
    ("clone", "contiguous", "flatten", "float", "reshape", "squeeze", "to", "type", "unflatten", "unsqueeze", "view")
)
"""Functions that a learned tensor may go through and is still used as it is."""


def function_name(node: fx.Node) -> str:
    """Return what a function or a method is called."""
    return node.target if isinstance(node.target, str) else getattr(node.target, "__name__", str(node.target))


def _shape(value: Any) -> tuple[int, ...]:
    return tuple(value.shape) if isinstance(value, torch.Tensor) else ()


def _plain(pads: Pairs | None) -> bool:
    return all(before == after for before, after in pads or ())
