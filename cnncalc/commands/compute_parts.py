"""What ``cnncalc compute`` is asked to show, computed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import click

from cnncalc.core.errors import ArgumentError, SpecError
from cnncalc.layers.operations import Number
from cnncalc.network import Network, Node
from cnncalc.report.values_drawn import Learning, ShownValues
from cnncalc.values import Computation, Numbers, compute
from cnncalc.values.gradients import GradientSum, input_gradient_sum, tensor_gradient_sum
from cnncalc.values.learning import (
    LearningStep,
    Loss,
    after,
    cross_entropy,
    descend,
    ends_in_a_perceptron,
    perceptron_step,
    squared_error,
)
from cnncalc.values.matrices import matrices
from cnncalc.values.reading import fitted, read_numbers_text
from cnncalc.values.sums import flat_place, unit_sum
from cnncalc.values.windows import window_steps


class ComputeOptions(NamedTuple):
    """The options of the command, by their names."""

    values: Numbers | dict[str, Numbers] | None
    tensors: dict[str, Numbers]
    seed: int
    layer: str | None
    at: tuple[int, ...] | None
    steps: bool
    im2col: bool
    backward: bool
    gradient: str | None
    target: str | None
    label: int | None
    rate: Number | None


def shown_values(network: Network, options: ComputeOptions) -> ShownValues:
    """Compute what is asked for.

    Raises:
        SpecError: for what the network does not have or do.

    """
    _check_options(options)
    computation = compute(network, options.values, tensors=options.tensors, seed=options.seed)
    loss = _loss(computation, options)
    goes_back = options.backward or options.gradient is not None
    if (goes_back or options.rate is not None) and not _is_perceptrons(network, options):
        gradient = loss.gradient if loss else _numbers(options.gradient, network, "--gradient")
        tensors, seed = options.tensors, options.seed
        computation = compute(network, options.values, tensors=tensors, seed=seed, backward=True, gradient=gradient)
    shown = ShownValues(computation, loss=loss)
    if options.rate is not None:
        shown = shown._replace(learning=_learning(computation, options))
    if options.at is not None:
        place = _layer(network, options, lambda node: True)
        if computation.input_gradient is None:
            shown = shown._replace(sums=(unit_sum(computation, place, options.at),))
        else:  # of what the layer reads, whose places are others than those of its output
            shown = shown._replace(gradient_sums=tuple(_gradient_sums(computation, place, options.at)))
    if options.steps:
        place = _layer(network, options, lambda node: bool(node.operation.reaches))
        shown = shown._replace(windows=tuple(window_steps(computation, place)))
    if options.im2col:
        place = _layer(network, options, lambda node: node.layer.kind in ("conv", "dwconv"))
        shown = shown._replace(matrices=tuple(matrices(computation, place)))
    return shown


def _check_options(options: ComputeOptions) -> None:
    """Refuse options that exclude each other, or that say something of what is not asked for."""
    losses = [name for name in ("gradient", "target", "label") if getattr(options, name) is not None]
    if len(losses) > 1:
        raise click.UsageError(f"--{losses[0]} and --{losses[1]} exclude each other")
    if options.layer is not None and not (options.at or options.steps or options.im2col):
        raise click.UsageError("--layer is for --at, --steps or --im2col")


def _layer(network: Network, options: ComputeOptions, fits: Callable[[Node], bool]) -> str | int:
    """Return the layer that is asked for, else the last one that fits, else the last one."""
    if options.layer is not None:
        return options.layer
    fitting = [node.index for node in network.layers if fits(node)]
    return fitting[-1] if fitting else len(network)


def _numbers(text: str | None, network: Network, where: str) -> Numbers | None:
    return None if text is None else fitted(read_numbers_text(text, where), network.output, where)


def _loss(computation: Computation, options: ComputeOptions) -> Loss | None:
    if options.label is not None:
        return cross_entropy(computation, options.label)
    target = _numbers(options.target, computation.network, "--target")
    return None if target is None else squared_error(computation, target)


def _is_perceptrons(network: Network, options: ComputeOptions) -> bool:
    """Say whether the perceptron's rule is meant: a step has no gradient that could be gone down."""
    return options.rate is not None and options.target is not None and ends_in_a_perceptron(network)


def _learning(computation: Computation, options: ComputeOptions) -> Learning:
    assert options.rate is not None
    step: LearningStep
    if _is_perceptrons(computation.network, options):
        target = _numbers(options.target, computation.network, "--target")
        step = perceptron_step(computation, target, options.rate)
    else:
        step = descend(computation, options.rate)
        if not step.changes:
            hints = ["`cnncalc params` shows what a network learns"]
            raise SpecError("nothing-to-train", "the network has no weights that could be learned", hints=hints)
    made = after(computation, step)
    return Learning(step, made, _loss(made, options))


def _gradient_sums(computation: Computation, layer: str | int, at: tuple[int, ...]) -> Iterator[GradientSum]:
    """Yield the sums of the gradients at a place: of the input, and of the weight and bias that have such a place."""
    found = input_gradient_sum(computation, layer, at)
    yield found
    node = computation.layer(layer).node
    for name, numbers in computation.layer(layer).state_gradients.items():
        index = _beside(node, found.place, numbers.shape)
        try:
            yield tensor_gradient_sum(computation, layer, name, index)
        except ArgumentError:  # a place of the input that the kernel does not have
            continue


def _beside(node: Node, place: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return the place in a tensor that belongs to a place of the input: that of the first filter or output."""
    *spatial, channel = place
    if len(shape) == 1 or node.layer.role == "normalisation":
        own = channel if node.layer.role == "normalisation" and shape[0] > 1 else 0
        return (own, *[0] * (len(shape) - 1))
    if len(shape) == 2:
        return 0, flat_place(node.sources[0], place)
    return 0, channel, *spatial
