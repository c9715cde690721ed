"""From a trace to layers: what every call means in the language.

The walk goes through the calls in execution order. Each value is one of the network's volumes in some
layout (`View`); calls that only change the layout make no layer.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from torch import fx, nn

from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.words import shorten
from cnncalc.layers.inputs import InputLayer
from cnncalc.layers.torch_calls import Signature
from cnncalc.layers.written import Unsayable, Words
from cnncalc.model.from_torch.axes import (
    FIRST,
    LAST,
    TOKENS,
    VECTOR,
    axes_of,
    axis_sizes,
    cut_up,
    layout_of,
    same_order,
)
from cnncalc.model.from_torch.call import Call
from cnncalc.model.from_torch.computed import computed, typed_as
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.given import BATCH, GivenInput
from cnncalc.model.from_torch.liveness import live_calls, live_operations, memory_of
from cnncalc.model.from_torch.operations import Readout
from cnncalc.model.from_torch.readers import Reader, Readers
from cnncalc.model.from_torch.recognition import Recognition, Region
from cnncalc.model.from_torch.refusals import cannot_say, no_layer, own_gradient
from cnncalc.model.from_torch.trace import Traced
from cnncalc.model.from_torch.traced_modules import MADE, flat_outputs, own_tensors
from cnncalc.model.from_torch.traced_values import function_name
from cnncalc.model.from_torch.values import Inside, Overwritten, Stack, Tensor, View

FIRST_NAMES = frozenset(("input", "self", "tensor", "tensors", "x"))
"""What PyTorch calls the argument that comes first."""


class TraceWalk:
    """The state of a walk through a trace: what every value is."""

    def __init__(self, traced: Traced, emitter: Emitter, given: tuple[GivenInput, ...], readers: Readers) -> None:
        self.traced = traced
        self.given = given
        self.emitter = emitter
        self.readers = readers
        self.live = live_calls(traced)
        self.own = own_tensors(traced.root)
        self.views: dict[fx.Node, Any] = {}
        self.recognition = Recognition(traced, emitter, self.views, self.live)

    @property
    def node(self) -> fx.Node:
        """The call that is being read."""
        return self.emitter.node

    def readout(self) -> Readout:
        """Read all calls that the output depends on."""
        emitter = self.emitter
        ends = [(0, FIRST)]
        waiting = iter(self.given)
        for node in self.traced.graph.nodes:
            emitter.node = node
            if node.op == "placeholder":
                self.views[node] = self._input(next(waiting))
            elif node.op == "output":
                ends = self._guarded(self._outputs)
            elif node in self.live and node not in self.views:
                self.views[node] = result = self._read(node)
                emitter.settle(result, emitter.layout(result) if isinstance(result, View) else None)
        unused, notes = emitter.weights.unused(), emitter.weights.all_notes()
        (output, layout), *others = ends
        readout = Readout(self.given, tuple(emitter.operations), output, unused, layout, notes)
        if others:
            outputs, layouts = zip(*ends, strict=True)
            readout = readout._replace(outputs=outputs, layouts=layouts)
        return self._without_unread(live_operations(readout))

    def _input(self, given: GivenInput) -> View:
        """Return what an input is: of several each is an operation."""
        axes = axes_of(given.volume, BATCH, VECTOR if given.vector else FIRST)
        if given.taken:
            axes = (axes[0], *axes[2:])  # without the dimension of its one channel
        if len(self.given) == 1:
            return View(0, axes)
        index = self.emitter.emit(Words(InputLayer.kind), (0,), given.volume)
        self.emitter.operations[-1] = self.emitter.operations[-1]._replace(name=given.name)
        return View(index, axes)

    def _without_unread(self, readout: Readout) -> Readout:
        """Return what is read where the output depends on every input, or raise `SpecError`."""
        found = {operation.name for operation in readout.operations if operation.is_input}
        for given in self.given if len(self.given) > 1 else ():
            if given.name not in found:
                raise cannot_say("", f"the input `{given.name}`", "the output does not depend on it")
        return readout

    def _read(self, node: fx.Node) -> Any:
        """Read a call, or the layer that it is a part of where it says nothing by itself."""
        if node.meta.get("function"):
            return self._known_as(node, *self._function_with_own_gradient(node))
        mark = self.emitter.mark()
        try:
            return self._guarded(self._call)
        except SpecError:
            self.emitter.back_to(mark)
            found = self.recognition.around(node)
            if found is None:
                raise
        return self._known_as(node, *found)

    def _known_as(self, node: fx.Node, region: Region, view: View) -> Any:
        """Note that some calls are one layer, and return what one of them returns."""
        for call in region.calls:
            self.views[call] = Inside()
        self.views[region.exit] = view
        return self.views[node]

    def _function_with_own_gradient(self, node: fx.Node) -> tuple[Region, View]:
        """Read a call of a `torch.autograd.Function`: an activation, if it computes what one does."""
        function = node.meta["function"]
        found = self.recognition.whole(function)
        word = self.emitter.operations[-1].word if found is not None else ""
        if found is None or word == "identity":
            raise own_gradient(self.emitter.path, function)
        at = f" ({function.line})" if function.line else ""
        self.emitter.weights.notes.append(
            f"`{function.name}`{at} has a gradient of its own; the spec has that of `{word}`"
        )
        return found

    def _guarded(self, read: Callable[[], Any]) -> Any:
        """Read a call; for arguments that no reader expects, the error names the call."""
        try:
            return read()
        except Unsayable as error:
            raise self._cannot(str(error)) from None
        except CnncalcError:
            raise
        except Exception as error:
            why = f"it is called in a way that is not known here ({type(error).__name__}: {shorten(str(error), 100)})"
            raise self._cannot(why) from error

    def _cannot(self, why: str) -> SpecError:
        """Make the error for the call that is being read."""
        target, line = str(self.node.target), self.emitter.line
        if self.node.op == "call_module":
            path = self.node.meta["scopes"][-2].path if target.startswith(MADE) else target
            return cannot_say(path, f"nn.{self._called}", why, line=line)
        return cannot_say(self.emitter.path, f"`{self._called}`", why, line=line)

    @property
    def _called(self) -> str:
        """What the function or the module is called that is read."""
        if self.node.op == "call_module":
            return type(self.traced.modules[str(self.node.target)]).__name__
        return str(self.node.meta.get("written") or function_name(self.node))

    # ---- calls

    def _call(self) -> Any:
        node = self.node
        if node.op == "get_attr":
            path = str(node.target)
            value = self.traced.tensors(path)
            learned = {path: value} if isinstance(value, nn.Parameter) else {}
            return Tensor(path if path in self.own else "", value, tuple(value.shape), (node,), learned)
        given = [self.views[source] for source in node.all_input_nodes]
        if given and all(isinstance(value, Tensor) for value in given):
            if node.op == "call_module" and any(True for _ in self.traced.modules[str(node.target)].parameters()):
                raise Unsayable("it is given a constant, and not a volume")
            return computed(node, given, self.traced)
        result = self._module(self.traced.modules[str(node.target)]) if node.op == "call_module" else self._function()
        for target in node.meta.get("writes", ()):
            self._overwrite(target, result)
        return result

    def _module(self, module: nn.Module) -> Any:
        self.emitter.weights.learn_module(module, str(self.node.target))
        given = [*self.node.args, *self.node.kwargs.values()]
        source = self._resolved(given[0])
        if not isinstance(source, View):
            raise Unsayable("it takes one tensor, and nothing else")
        more = self._beside(module) if len(given) > 1 else {}
        return self._first_of(
            self.readers.of_module(module), lambda s: Call(self.emitter, s, source, self._known(s, more), module)
        )

    def _beside(self, module: nn.Module) -> dict[str, Any]:
        """Return what a module is given beside its input, by the names of its ``forward``."""
        names = list(inspect.signature(module.forward).parameters)[1:]
        given = dict(zip(names, self.node.args[1:], strict=False)) | self.node.kwargs
        return {name: self._resolved(value) for name, value in given.items()}

    def _known(self, signature: Signature, more: dict[str, Any]) -> dict[str, Any]:
        """Return what a module is given beside its input, if its layer knows that."""
        if not more.keys() <= set(signature.arguments):
            raise Unsayable("it takes one tensor, and nothing else")
        return more

    def _function(self) -> Any:
        name = function_name(self.node)
        args = [self._resolved(argument) for argument in self.node.args]
        if name in ("to", "type_as") and args and isinstance(args[0], Tensor):
            return typed_as(self.node, args[0])
        named = {key: self._resolved(value) for key, value in self.node.kwargs.items()}
        return self._first_of(self.readers.of_function(name), lambda signature: self._given(signature, args, named))

    def _first_of(self, readers: Sequence[Reader], call: Callable[[Signature], Call]) -> Any:
        """Read the call by the first reader that can; if none can, the first one that knows why says so."""
        refused: list[Unsayable] = []
        for reader in readers:
            mark = self.emitter.mark()
            try:
                result = reader.read(call(reader.signature))
            except Unsayable as error:
                refused.append(error)
                result = None
            if result is not None:
                return result
            self.emitter.back_to(mark)
        raise refused[0] if refused else Unsayable(no_layer(self._called))

    def _given(self, signature: Signature, args: Sequence[Any], named: Mapping[str, Any]) -> Call:
        """Return a function's call with its arguments by PyTorch's names."""
        names = ("", *signature.arguments)
        spread = names[-1].startswith("*")
        given = dict(zip(names[:-1] if spread else names, args, strict=False))
        if spread and len(args) >= len(names):
            given[names[-1][1:]] = args[len(names) - 1 :]
        elif len(args) > len(names):
            raise Unsayable("it has arguments that are not known here")
        known = {name.lstrip("*") for name in names}
        for key, value in named.items():
            name = key if key in known else "dim" if key == "axis" else "" if key in FIRST_NAMES else key
            if name not in known:
                raise Unsayable(f"its argument `{key}` is not known here")
            given[name] = value
        first = given.pop("")
        if isinstance(first, Stack):
            given["dim"] = 0  # whatever axis they are stacked along, it is that of the list
        if isinstance(first, Tensor):
            first, given = self._of_tensor(signature, first, given)
        return Call(self.emitter, signature, first, given)

    def _of_tensor(self, signature: Signature, tensor: Tensor, given: dict[str, Any]) -> tuple[View, dict[str, Any]]:
        """Return the arguments of a product with a learned tensor in front; nothing else computes with one."""
        other = given.get("other")
        if signature.name not in ("mul", "add", "imul", "iadd") or not isinstance(other, View):
            raise Unsayable(f"it computes with {tensor.name}, and what a spec learns is used as it is")
        return other, {**given, "other": tensor}

    def _resolved(self, argument: Any) -> Any:
        """Return what an argument stands for: views and tensors in the place of the trace's nodes."""
        if isinstance(argument, fx.Node):
            view = self.views[argument]
            if isinstance(view, Overwritten):
                raise Unsayable(f"{view.by} has written over a part of it, and a spec has no layer for that")
            return view
        if isinstance(argument, tuple | list):
            return type(argument)([self._resolved(part) for part in argument])
        if isinstance(argument, dict):
            return {key: self._resolved(part) for key, part in argument.items()}
        return argument

    # ---- what is written over

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
        if view is before or (isinstance(view, View) and view == before):
            return result
        same = isinstance(view, View) and isinstance(before, View) and view.index == before.index
        plain = same and view.pads is before.pads is None and not view.negated and not before.negated
        if plain and result.axes == before.axes and self.emitter.volume(result) == self.emitter.volume(before):
            return View(result.index, view.axes)
        line = f" ({self.emitter.line})" if self.emitter.line else ""
        return Overwritten(f"`{function_name(self.node)}`{line}")

    # ---- the output

    def _outputs(self) -> list[tuple[int, str]]:
        """Return the operations that make the outputs, each with its layout."""
        found = [self._output(value) for value in flat_outputs(self._resolved(self.node.args[0])) or (None,)]
        places = [index for index, _ in found]
        if len(found) > 1 and (0 in places or len(set(places)) < len(places)):
            why = "one of them is the input" if 0 in places else "two of them are the same volume"
            raise cannot_say("", f"{len(found)} outputs", why)
        return found

    def _output(self, value: Any) -> tuple[int, str]:
        if not isinstance(value, View):
            raise cannot_say("", "an output that is not a tensor")
        view = self.emitter.sized(value)
        layout = self._order(view)
        if layout is None:
            view = self.emitter.reformed(view, axis_sizes(view.axes)) or view
            layout = self._order(view) or cut_up(view.axes, self.emitter.volume(view), BATCH)
        if layout not in (FIRST, VECTOR, LAST, TOKENS):
            raise cannot_say("", "the order in which the output holds its numbers")
        return view.index, layout

    def _order(self, view: View) -> str | None:
        """Return in which order an output holds the numbers of its volume."""
        volume = self.emitter.volume(view)
        return layout_of(view.axes, volume, BATCH) or same_order(view.axes, volume, BATCH)
