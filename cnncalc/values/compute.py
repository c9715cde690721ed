"""The values of a network, layer by layer, and its gradients on the way back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnncalc.core.errors import Fault, SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.layers import Layer
from cnncalc.layers.operations import Box, Number, Operations
from cnncalc.network import Network, Node
from cnncalc.values.arrays import Numbers
from cnncalc.values.limits import check_size
from cnncalc.values.tape import Cell, Copied, Tape
from cnncalc.values.tensors import checked, inputs_numbers, states


@dataclass(frozen=True)
class ComputedLayer:
    """A layer with its numbers.

    Attributes:
        node: the layer.
        output: the values that it makes.
        state: its tensors by their names in PyTorch: ``weight``, ``bias``, ``running_mean``, …
        gradient: that of its output; None without a way back.
        state_gradients: those of the tensors that are learned; empty without a way back.

    """

    node: Node
    output: Numbers
    state: Mapping[str, Numbers] = field(default_factory=dict)
    gradient: Numbers | None = None
    state_gradients: Mapping[str, Numbers] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Its name in the network."""
        return self.node.name


@dataclass(frozen=True)
class Computation:
    """What was computed of a network.

    Attributes:
        network: the network.
        input: the values that went in; of several inputs each is a layer, and this is empty.
        layers: every layer with its values, in execution order.
        input_gradient: the gradient of the input; None without a way back.
        cells: the values that know how they came about: those of the input, then those of every layer.
        tensors: the same for the tensors of every layer that has its own, by its index.
        tape: all cells, in the order in which they were made.

    """

    network: Network
    input: Numbers
    layers: tuple[ComputedLayer, ...]
    input_gradient: Numbers | None
    cells: tuple[Box, ...] = field(repr=False)
    tensors: Mapping[int, Mapping[str, Box]] = field(repr=False)
    tape: Tape = field(repr=False)

    @property
    def output(self) -> Numbers:
        """The values that come out; of several outputs those of the first."""
        index = self.network.output_index
        return self.layers[index - 1].output if index else self.input

    def layer(self, wanted: str | int) -> ComputedLayer:
        """Return a layer by its name or its number, from 1.

        Raises:
            SpecError: where there is none.

        """
        for found in self.layers:
            if str(wanted).lower() in (found.name, str(found.node.index)):
                return found
        hints = did_you_mean(str(wanted), [layer.name for layer in self.layers])
        raise SpecError("unknown-name", f"there is no layer `{shorten(str(wanted))}`", hints=hints)

    def reading_layer(self, wanted: str | int) -> ComputedLayer:
        """Return a layer that reads something, which one of several inputs does not.

        Raises:
            SpecError: where there is none, and for an input.

        """
        found = self.layer(wanted)
        if found.node.index in self.network.inputs_at:
            raise SpecError("bad-option", f"`{found.name}` is an input, which reads no other volume")
        return found


def compute(
    network: Network,
    values: Any = None,
    *,
    tensors: Mapping[str, Any] | None = None,
    seed: int = 0,
    backward: bool = False,
    gradient: Any = None,
) -> Computation:
    """Compute the values of all layers as when the network is tested, and the gradients if they are wanted.

    Args:
        network: the layers; a small network, since this is plain Python.
        values: the input, channel by channel and row by row, nested or flat; of several inputs a dictionary by their
            names. None for whole numbers from the seed.
        tensors: numbers for tensors by their names in PyTorch (``{"conv1.weight": …}``), one for all or all.
        seed: what the input and the tensors are drawn from that nothing is said of.
        backward: whether gradients are computed too.
        gradient: the gradient of the output, in the order of `values`; None for ones.

    Raises:
        SpecError: for a network that is too large, and for a layer whose values are not known.
        ArgumentError: for numbers that do not fit.

    """
    check_size(network)
    check_computes(network)
    start = inputs_numbers(network, values, seed)
    begun = states(network, tensors or {}, seed)
    tape = Tape()
    cells: list[Box] = [list(map(Cell, start.get(0, ())))]
    kept = {index: {name: list(map(Cell, box)) for name, box in state.items()} for index, state in begun.items()}
    for node in network.layers:
        if node.index in start:
            cells.append(list(map(Cell, start[node.index])))
            continue
        mark = len(tape.cells)
        state = kept[network.weights_of.get(node.index, node.index)]
        made = values_of(network, node, tuple([cells[index] for index in node.inputs]), state, tape)
        cells.append(_own(made, tape, mark))
    if backward or gradient is not None:
        _start_back(network, cells, gradient)
        _walk_back(tape)
        return _computation(network, cells, kept, tape, back=True)
    return _computation(network, cells, kept, tape, back=False)


def _own(made: Box, tape: Tape, mark: int) -> Box:
    """Return the values of a layer, each in a cell of its own; what it only passes on is copied."""
    fresh = set(map(id, tape.cells[mark:]))
    return [value if id(value) in fresh else tape.keep(Copied(value)) for value in made]


def check_computes(network: Network) -> None:
    """Refuse a network with a layer that does not say what its values are.

    Raises:
        SpecError: it names the layer and its place.

    """
    for node in network.layers:
        if type(node.layer).compute is Layer.compute and node.index not in network.inputs_at:
            message = f"the values of `{node.name}` cannot be computed: `{node.layer.kind}` does not say what they are"
            hints = ["leave the layer out; sizes, parameters and MACs are known nevertheless: `cnncalc shapes`"]
            raise SpecError("no-values", message, span=node.span, source=network.source, hints=hints)


def values_of(
    network: Network, node: Node, arriving: tuple[Box, ...], state: Mapping[str, Box], use: Operations
) -> Box:
    """Return the values of a layer from those that arrive.

    Raises:
        SpecError: where one does not exist.

    """
    try:
        made = node.layer.compute(node.sources, arriving, state, use)
    except Fault as fault:
        message = f"`{node.name}` has no values here: {fault.message}"
        raise SpecError(fault.code, message, span=node.span, source=network.source, hints=fault.hints) from None
    except OverflowError:
        message = f"the values of `{node.name}` are too large for a computer"
        raise SpecError("out-of-range", message, span=node.span, source=network.source) from None
    if any(map(is_too_long, map(use.number, made))):
        message = f"the values of `{node.name}` have more than {MOST_BITS // 4:,} digits"
        raise SpecError("out-of-range", message, span=node.span, source=network.source)
    return made


MOST_BITS = 4000
"""Most binary digits above and below the line of an exact number."""


def is_too_long(number: Number) -> bool:
    """Say whether an exact number has more digits than are computed with."""
    if isinstance(number, float):
        return False
    return number.numerator.bit_length() > MOST_BITS or number.denominator.bit_length() > MOST_BITS


def _start_back(network: Network, cells: list[Box], gradient: Any) -> None:
    """Give the cells of the output their gradient."""
    numbers = [1] * network.output.values if gradient is None else checked("gradient", gradient, network.output)
    for cell, number in zip(cells[network.output_index], numbers, strict=True):
        cell.gradient = number


def _walk_back(tape: Tape) -> None:
    try:
        tape.walk_back()
    except Fault as fault:
        raise SpecError(fault.code, f"a gradient does not exist: {fault.message}", hints=fault.hints) from None
    except OverflowError:
        raise SpecError("out-of-range", "a gradient is too large for a computer") from None
    if any(is_too_long(cell.gradient) for cell in tape.cells):
        raise SpecError("out-of-range", f"a gradient has more than {MOST_BITS // 4:,} digits")


def _computation(
    network: Network, cells: list[Box], kept: dict[int, dict[str, Box]], tape: Tape, *, back: bool
) -> Computation:
    layers = []
    for node in network.layers:
        tensors = node.layer.state(node.sources)
        box = kept[network.weights_of.get(node.index, node.index)]
        shapes = {tensor.name: tensor.shape for tensor in tensors}
        learned = [tensor.name for tensor in tensors if tensor.learned and back]
        layers.append(
            ComputedLayer(
                node,
                _values(cells[node.index], shape_of(node.output)),
                {name: _values(box[name], shape) for name, shape in shapes.items()},
                _gradients(cells[node.index], shape_of(node.output)) if back else None,
                {name: _gradients(box[name], shapes[name]) for name in learned},
            )
        )
    shape = (0,) if network.inputs_at else shape_of(network.input)
    first = _gradients(cells[0], shape) if back else None
    return Computation(network, _values(cells[0], shape), tuple(layers), first, tuple(cells), kept, tape)


def shape_of(volume: Volume) -> tuple[int, ...]:
    """Return the shape of a volume's values: channels first."""
    return (volume.channels, *volume.spatial)


def _values(box: Box, shape: tuple[int, ...]) -> Numbers:
    return Numbers.of(shape, [cell.value for cell in box])


def _gradients(box: Box, shape: tuple[int, ...]) -> Numbers:
    return Numbers.of(shape, [cell.gradient for cell in box])
