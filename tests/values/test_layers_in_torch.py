"""The values of every layer, forwards and backwards, beside those of PyTorch in float64."""

from __future__ import annotations

from math import prod
from random import Random

import pytest

import cnncalc
from cnncalc.layers import Layer, layers
from cnncalc.values import Numbers, compute
from cnncalc.values.compute import shape_of
from tests.values.oracle import assert_same

EXAMPLES = [text for layer in layers() for text in layer.examples]


def drawn(shape: tuple[int, ...], seed: int, least: int = -3) -> Numbers:
    """Return whole numbers up to 3."""
    random = Random(seed)
    return Numbers.of(shape, [random.randint(least, 3) for _ in range(prod(shape))])


@pytest.mark.parametrize("text", EXAMPLES)
def test_every_layer_has_the_values_of_pytorch(text: str) -> None:
    volume, _, layer = text.partition(": ")
    network = cnncalc.load(layer + "\n", input=volume)
    least = 1 if "lppool" in text else -3  # the cube root of a number below 0 is NaN in PyTorch
    values = drawn(shape_of(network.input), 1, least)
    gradient = drawn(shape_of(network.output), 2)
    tensors = {
        f"{node.name}.{tensor.name}": drawn(tensor.shape, 3) if tensor.name != "running_var" else 4
        for node in network.layers
        for tensor in node.layer.state(node.sources)
        if not tensor.start or tensor.start in ((0,), (1,))
    }
    computation = compute(network, values, tensors=tensors, gradient=gradient)
    # PyTorch's own hardsigmoid has a slope of 1/6 in float32, also in float64
    assert_same(computation, gradient, 1e-6 if "hardsigmoid" in text else 1e-9)


@pytest.mark.parametrize("factor", ["1.6666666666666667", "2.3333333333333335", "1.1666666666666667"])
def test_a_factor_with_all_its_digits_repeats_the_values_of_pytorch(factor: str) -> None:
    """Cut to ten digits, 5/3 is a little larger, and the value at 5·3/5 = 3 would be the one before."""
    import torch

    network = cnncalc.load(f"upsample x{factor}", input="12x1")
    made = torch.nn.functional.interpolate(torch.arange(12.0).reshape(1, 1, 12), scale_factor=float(factor))
    assert compute(network, [list(range(12))]).output.nested() == made[0].tolist()


def test_every_layer_says_what_its_values_are() -> None:
    assert [layer.kind for layer in layers() if layer.compute is Layer.compute] == []
