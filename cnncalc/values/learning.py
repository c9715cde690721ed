"""One step of learning, written out: gradient descent, and the rule of the perceptron."""

from __future__ import annotations

from collections.abc import Mapping
from math import log
from typing import Any, NamedTuple

from cnncalc.core.errors import ArgumentError, SpecError
from cnncalc.layers.operations import Number, exact, quotient
from cnncalc.network import Network
from cnncalc.values.arrays import Numbers
from cnncalc.values.compute import Computation, compute
from cnncalc.values.tensors import checked


class Loss(NamedTuple):
    """How far an output is from what is wanted.

    Attributes:
        name: which one: ``squared error`` or ``cross-entropy``.
        value: its value.
        gradient: that with respect to the output, in the output's order.

    """

    name: str
    value: Number
    gradient: tuple[Number, ...]


class LearningStep(NamedTuple):
    """A step of learning.

    Attributes:
        rule: ``gradient descent`` or ``perceptron``.
        rate: the learning rate.
        changes: for every tensor that changes, by its name, what is taken away or added before the rate: its gradient,
            or (d − y)·x.
        tensors: all tensors after the step.

    """

    rule: str
    rate: Number
    changes: Mapping[str, Numbers]
    tensors: Mapping[str, Numbers]


def squared_error(computation: Computation, target: Any) -> Loss:
    """Return ½ Σ (y − d)², whose gradient is y − d.

    Raises:
        ArgumentError: for another number of values than the output has.

    """
    wanted = checked("target", target, computation.network.output)
    apart = [y - d for y, d in zip(computation.output.flat, wanted, strict=True)]
    return Loss("squared error", quotient(sum([number * number for number in apart]), 2), tuple(apart))


def cross_entropy(computation: Computation, label: int) -> Loss:
    """Return −ln p of the right class, for a network that ends in a softmax.

    Raises:
        SpecError: for a network that does not, and for a class that it does not have.

    """
    network = computation.network
    last = network.layers[network.output_index - 1] if network.output_index else None
    if last is None or last.layer.kind != "softmax" or max(network.output.spatial) > 1:
        hints = ["end it with `softmax`, or give the wanted values with --target"]
        raise SpecError("bad-option", "a label is for a network that ends in a softmax of one position", hints=hints)
    if not 0 <= label < network.output.channels:
        message = f"there is no class {label} among {network.output.channels}: they are counted from 0"
        raise ArgumentError("out-of-range", message)
    share = computation.output.flat[label]
    if share == 0:
        raise SpecError("not-real", f"the probability of class {label} is 0, and 0 has no logarithm")
    gradient = [0 if place != label else quotient(-1, share) for place in range(network.output.channels)]
    return Loss("cross-entropy", -log(share), tuple(gradient))


def descend(computation: Computation, rate: Number) -> LearningStep:
    """Take a step of gradient descent: w ← w − α·∂L/∂w for every tensor that is learned.

    Args:
        computation: what was computed, with a way back.
        rate: the learning rate α.

    """
    rate = exact(rate)
    changes, after = {}, {}
    for layer in computation.layers:
        if layer.node.index in computation.network.weights_of:
            continue
        for name, numbers in layer.state.items():
            whole = f"{layer.name}.{name}"
            change = layer.state_gradients.get(name)
            after[whole] = numbers if change is None else _moved(numbers, change, -rate)
            if change is not None:
                changes[whole] = change
    return LearningStep("gradient descent", rate, changes, after)


def perceptron_step(computation: Computation, target: Any, rate: Number) -> LearningStep:
    """Take a step by the perceptron's rule: w ← w + α(d − y)·x, and b ← b + α(d − y).

    Args:
        computation: what was computed of a network that ends in ``fc`` and ``step``.
        target: what is wanted of each output, 0 or 1.
        rate: the learning rate α.

    Raises:
        SpecError: for another network.

    """
    network, rate = computation.network, exact(rate)
    if not ends_in_a_perceptron(network):
        hints = ["end it with `fc 1 - step`"]
        raise SpecError("bad-option", "the perceptron's rule is for a network that ends in fc and step", hints=hints)
    layer = computation.layers[network.output_index - 2]
    wanted = checked("target", target, network.output)
    wrong = [d - y for d, y in zip(wanted, computation.output.flat, strict=True)]
    source = layer.node.inputs[0]
    xs = computation.layers[source - 1].output.flat if source else computation.input.flat
    changes = {"weight": [off * x for off in wrong for x in xs], "bias": wrong}
    after = {
        f"{each.name}.{name}": numbers
        for each in computation.layers
        for name, numbers in each.state.items()
        if each.node.index not in network.weights_of
    }
    found = {}
    for name, numbers in layer.state.items():
        change = found[f"{layer.name}.{name}"] = Numbers.of(numbers.shape, changes[name])
        after[f"{layer.name}.{name}"] = _moved(numbers, change, rate)
    return LearningStep("perceptron", rate, found, after)


def ends_in_a_perceptron(network: Network) -> bool:
    """Say whether the last layers are ``fc`` and ``step``, whose gradient is 0 everywhere."""
    last = network.layers[network.output_index - 1] if network.output_index else None
    if last is None or last.layer.kind != "step" or last.inputs[0] != network.output_index - 1 or not last.inputs[0]:
        return False
    return network.layers[last.inputs[0] - 1].layer.kind == "fc"


def _moved(numbers: Numbers, change: Numbers, rate: Number) -> Numbers:
    return Numbers.of(numbers.shape, [w + rate * by for w, by in zip(numbers.flat, change.flat, strict=True)])


def after(computation: Computation, step: LearningStep) -> Computation:
    """Return what the network makes of the same input after a step."""
    return compute(computation.network, computation.input, tensors=step.tensors)
