"""A network as layers of Keras: what its source and TensorFlow.js have in common.

Keras has its channels last, and so is everything here: N x H x W x C. Behind a fully connected layer and a global pool,
tensors are N x C, and a ``Reshape`` goes in front of what needs positions. Weights are those of the built module with
their dimensions in another order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten
from cnncalc.model.plan import MOST_DIMENSIONS, plan
from cnncalc.network import Network, Node
from cnncalc.to_foreign.writer import cannot_say, check_learned


class Rearranged(NamedTuple):
    """A weight of the built module, and how Keras has it: reshaped, its dimensions in another order, reshaped again.

    An empty shape or order leaves it as it is.
    """

    key: str
    first: tuple[int, ...] = ()
    order: tuple[int, ...] = ()
    last: tuple[int, ...] = ()

    def of(self, weights: Mapping[str, Any]) -> Any:
        """Return the weight as Keras has it, a NumPy array; ``weights`` are arrays by the module's names."""
        value = weights[self.key]
        value = value.reshape(self.first) if self.first else value
        value = value.transpose(self.order) if self.order else value
        return value.reshape(self.last) if self.last else value

    def shape_of(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape as Keras has it, of a weight that has this one in the built module."""
        shape = self.first or shape
        return self.last or (tuple([shape[axis] for axis in self.order]) if self.order else shape)


class KerasCall(NamedTuple):
    """One layer of Keras.

    Attributes:
        kind: its class, such as ``Conv2D``.
        name: unique in the model.
        config: what its class is called with, as far as it differs from the defaults of the class.
        inputs: the names of the layers that it reads.
        weights: in the order in which Keras has them.
        node: the layer of the spec that it belongs to.
        owner: the layer whose weights it has too, which is called once more for it; "" where it has its own.

    """

    kind: str
    name: str
    config: Mapping[str, Any]
    inputs: tuple[str, ...]
    weights: tuple[Rearranged, ...]
    node: Node
    owner: str = ""


class Made(NamedTuple):
    """What a layer of the spec makes.

    Attributes:
        name: the layer of Keras that makes it.
        flat: whether it is N x C.
        never_negative: whether no value is below 0, so that a max pool may pad it with zeros.

    """

    name: str
    flat: bool
    never_negative: bool


INPUT = "images"
"""The name of the model's input, where it is the only one."""

_NEVER_NEGATIVE = frozenset(("relu", "relu6", "sigmoid", "hardsigmoid", "softmax", "softplus"))
_KEEP_THE_SIGN = frozenset(
    (
        *("pool", "avgpool", "adaptiveavgpool", "adaptivemaxpool", "gap", "gmp", "dropout", "dropout2d", "droppath"),
        *("add", "concat", "mul", "max", "min", "mean", "identity", "flatten", "pad", "crop", "upsample", "slice"),
        *("shuffle", "reshape"),
    )
)


class KerasModel:
    """Puts layers of Keras together; the table of what each layer of a spec is stands in `keras_table`.

    Attributes:
        network: what is written.
        inputs: the names of the inputs, with their volumes.
        layers: the layers so far, in execution order.
        what: how errors call the format.

    """

    def __init__(self, network: Network, what: str) -> None:
        """Take a network, and how errors call the format; raise `SpecError` for one of too many dimensions."""
        dimensions = max([volume.dimensions for volume in network.inputs])
        if dimensions > MOST_DIMENSIONS:
            message = f"{what} has layers for {MOST_DIMENSIONS} spatial dimensions, not {dimensions}"
            raise SpecError("not-in-format", message)
        check_learned(network, what)
        self.network = network
        self.what = what
        self.layers: list[KerasCall] = []
        self.modules = {planned.node.index: planned.name for planned in plan(network)}
        self._taken: set[str] = set()
        names = [self._free(name) for name in network.input_names or (INPUT,)]
        self.inputs = dict(zip(names, network.inputs, strict=True))
        self._with_weights: dict[int, KerasCall] = {}

    def read(self, table: Mapping[str, Any]) -> list[str]:
        """Write every layer with the function that a table has for its kind, and return the names of the outputs."""
        given = dict(zip(self.network.starts, self.inputs, strict=True))
        made = [Made(given.get(0, ""), False, False)]
        for node in self.network.layers:
            if node.index in given:
                made.append(Made(given[node.index], False, False))
                continue
            write = table.get(node.layer.kind)
            if write is None:
                raise self.fault(node, f"{self.what} has no layer for `{shorten(node.written)}`")
            sources = [made[index] for index in node.inputs]
            result: Made = write(self, node, *sources)
            kind = node.layer.kind
            positive = kind in _NEVER_NEGATIVE or (
                kind in _KEEP_THE_SIGN and all(source.never_negative for source in sources)
            )
            made.append(result._replace(never_negative=positive))
        return [made[index].name for index in self.network.ends]

    def add(
        self,
        node: Node,
        kind: str,
        config: Mapping[str, Any],
        sources: Iterable[Made],
        weights: Iterable[Rearranged] = (),
        *,
        suffix: str = "",
        flat: bool = False,
    ) -> Made:
        """Add a layer, and return what it makes; ``suffix`` tells several layers of one node apart."""
        name = self._free(node.name, suffix)
        inputs = tuple(source.name for source in sources)
        call = KerasCall(kind, name, dict(config), inputs, tuple(weights), node)
        call = call._replace(owner=self.owner_of(call)) if call.weights else call
        self.layers.append(call)
        if call.weights:
            self._with_weights[node.index] = call
        return Made(name, flat, False)

    def _free(self, name: str, suffix: str = "") -> str:
        """Return a name that nothing else has, and take it."""
        base = name.replace(".", "_").lstrip("_") or "layer"
        free = base = f"{base}_{suffix}" if suffix else base
        number = 1
        while free in self._taken:
            number += 1
            free = f"{base}_{number}"
        self._taken.add(free)
        return free

    def owner_of(self, call: KerasCall) -> str:
        """Return the layer whose weights a call has too, or ""; Keras calls one layer several times for that."""
        first = self.network.weights_of.get(call.node.index)
        if first is None:
            return ""
        owner = self._with_weights[first]
        if (owner.kind, owner.config) != (call.kind, call.config):
            message = f"{self.what} shares weights between layers that are written alike only"
            raise self.fault(call.node, message, f"`{owner.node.name}` is `{shorten(owner.node.written)}`")
        return owner.name

    def weight(self, node: Node, name: str = "weight", **how: tuple[int, ...]) -> Rearranged:
        """Return a weight of a node's module."""
        return Rearranged(f"{self.modules[node.index]}.{name}", **how)

    def with_positions(self, node: Node, source: Made) -> Made:
        """Return a volume with positions: N x C becomes N x 1 x 1 x C."""
        if not source.flat:
            return source
        shape = tuple(node.sources[0].vector(node.sources[0].channels))
        made = self.add(node, "Reshape", {"target_shape": shape}, [source], suffix="reshape")
        return made._replace(never_negative=source.never_negative)

    def fault(self, node: Node, message: str, *hints: str) -> SpecError:
        """Make the error for a layer that cannot be said, at its place in the spec."""
        return cannot_say(self.network, node, message, hints)


def settings(node: Node) -> Any:
    """Return a node's layer, whose settings the table knows by its kind."""
    return node.layer


def named(kind: str, node: Node) -> str:
    """Return the class for a node's number of dimensions: ``Conv`` is ``Conv2D`` for images."""
    return f"{kind}{node.sources[0].dimensions}D"


def short(values: tuple[Any, ...]) -> Any:
    """Return one number where those of all dimensions are equal."""
    return values[0] if len(set(values)) == 1 else values
