"""From a network to TensorFlow Lite: what TensorFlow's converter makes of the model of Keras that `export` writes.

The model has images N x H x W x C with a batch of 1, and is quantised to int8 throughout, inputs and outputs too. The
converter leaves out what does nothing after training, folds a batch norm into the convolution in front of it, and fuses
an activation with the operator in front of it. What is folded runs in the place of the last of its layers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten
from cnncalc.microcontrollers.graph import Graph, Operator, TfliteTensor
from cnncalc.microcontrollers.order import CHAINED, tensorflow_order
from cnncalc.to_foreign.keras_model import KerasCall, KerasModel

Shape = tuple[int, ...]

Convert = Callable[..., TfliteTensor]
"""Adds the operators of a layer of Keras to a conversion, given what it reads, and returns what it makes."""

WHAT = "the interpreter for microcontrollers"

_TWO_DIMENSIONS = {
    "1D": "its kernels have two dimensions: write a signal of 16000x1 as 16000x1x1, and `conv 80x8` as `conv 80x1x8`",
    "3D": "its kernels have two dimensions; it runs no layer on volumes of three",
}


class Conversion:
    """Puts the graph together.

    Attributes:
        graph: what there is so far.
        made: what each layer of Keras makes, by its name.
        readers: how often what a layer makes is read.

    """

    def __init__(self, model: KerasModel, outputs: Sequence[str], table: Mapping[str, Any]) -> None:
        """Convert a model of Keras; raise `SpecError` for a layer that the interpreter has no kernel for."""
        self.model = model
        self.graph = Graph()
        self.made: dict[str, TfliteTensor] = {}
        self.readers = Counter([*outputs, *(name for call in model.layers for name in call.inputs)])
        self._settings: dict[object, TfliteTensor] = {}
        self._learned: dict[tuple[str, str], TfliteTensor] = {}
        self._computed: dict[tuple[object, ...], list[TfliteTensor]] = {}
        for name, volume in model.inputs.items():
            self.made[name] = TfliteTensor(name, (1, *volume))
            self.graph.inputs.append(self.made[name])
        for call, step in tensorflow_order(model, outputs):
            convert = table.get(call.kind)
            if convert is None:
                hints = [hint for ending, hint in _TWO_DIMENSIONS.items() if call.kind.endswith(ending)]
                raise self.fault(call, f"{WHAT} has no int8 kernel for `{shorten(call.node.written)}`", *hints)
            names = call.inputs
            if step or (call.kind in CHAINED and len(names) > 2):  # of several volumes, two at a time
                names = (call.name if step else names[0], names[step + 1])
            sources = [self.made[name] for name in names]
            self.made[call.name] = convert(self, call, *sources)
        self.graph.outputs = [self.made[name] for name in outputs]
        drop_biases(self.graph)

    def add(
        self,
        call: KerasCall,
        kind: str,
        inputs: Iterable[TfliteTensor],
        shape: Shape,
        *,
        bytes_each: int = 1,
        activation: str = "",
        window: tuple[tuple[int, int], ...] = (),
    ) -> TfliteTensor:
        """Add an operator, and return what it makes; what is computed already is not computed again."""
        inputs = tuple(inputs)
        key = (kind, *map(id, inputs))
        for each in self._computed.get(key, ()):
            if not activation and any(each is other.output and not other.activation for other in self.graph.operators):
                return each
        made = TfliteTensor(call.node.name, shape, bytes_each, scales=1 if bytes_each == 1 else 0)
        self.graph.operators.append(Operator(kind, call.node.name, inputs, made, activation, window))
        self._computed.setdefault(key, []).append(made)
        return made

    def producer(self, tensor: TfliteTensor) -> Operator | None:
        """Return the operator that makes a tensor; None for an input."""
        return next((each for each in reversed(self.graph.operators) if each.output is tensor), None)

    def instead(self, operator: Operator, **changes: Any) -> TfliteTensor:
        """Put another operator in the place of one, behind all others, and return what it makes."""
        self.graph.operators.remove(operator)
        self.graph.operators.append(operator._replace(**changes))
        return self.graph.operators[-1].output

    def past(self, call: KerasCall, operator: Operator) -> TfliteTensor:
        """Return what an operator reads, for a layer that takes it in; its last reader takes it away."""
        name = next(name for name in call.inputs if self.made[name] is operator.output)
        self.readers[name] -= 1
        if not self.readers[name]:
            self.graph.operators.remove(operator)
        return operator.inputs[0]

    def alone(self, call: KerasCall) -> bool:
        """Say whether a layer is the only reader of what it reads."""
        return all(self.readers[name] == 1 for name in call.inputs)

    def setting(self, values: object, shape: Shape) -> TfliteTensor:
        """Return a constant of int32, such as a shape: equal ones are one."""
        if values not in self._settings:
            self._settings[values] = TfliteTensor("setting", shape, 4, scales=0, constant=True, content=values)
        return self._settings[values]

    def number(self, value: float) -> TfliteTensor:
        """Return a constant that is one number; equal ones are one."""
        if value not in self._settings:
            self._settings[value] = TfliteTensor("number", (), constant=True)
        return self._settings[value]

    def learned(
        self, call: KerasCall, what: str, shape: Shape, *, bytes_each: int = 1, scales: int = 1
    ) -> TfliteTensor:
        """Return a constant that is made of parameters; layers that share weights have it in common.

        Not a bias, whose scale depends on that of what is read.
        """
        key = (call.name if what == "bias" else call.owner or call.name, what)
        if key not in self._learned:
            self._learned[key] = TfliteTensor(what, shape, bytes_each, scales, constant=True, learned=True)
        return self._learned[key]

    def fault(self, call: KerasCall, message: str, *hints: str) -> SpecError:
        """Make the error for a layer that the interpreter cannot run, at its place in the spec."""
        text = f"`{call.node.name}`: {message}"
        return SpecError("not-in-format", text, span=call.node.span, source=self.model.network.source, hints=hints)


def drop_biases(graph: Graph) -> None:
    """Take the bias of a fully connected layer into the next one's, where nothing stands between them."""
    readers = Counter([id(tensor) for operator in graph.operators for tensor in operator.inputs])
    readers.update(id(tensor) for tensor in graph.outputs)
    made = {id(operator.output): index for index, operator in enumerate(graph.operators)}
    for operator in reversed(graph.operators):
        index = made.get(id(operator.inputs[0]), -1)
        before = graph.operators[index]
        if index < 0 or {operator.kind, before.kind} != {"FULLY_CONNECTED"} or before.activation:
            continue
        if len(graph.operators[made[id(operator.output)]].inputs) == 3 and readers[id(before.output)] == 1:
            graph.operators[index] = before._replace(inputs=before.inputs[:2])
