"""Gradients as the lectures have them, their sums, and a step of learning, beside PyTorch's."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc import SpecError
from cnncalc.values import compute
from cnncalc.values.gradients import input_gradient_sum, tensor_gradient_sum
from cnncalc.values.learning import after, cross_entropy, descend, perceptron_step, squared_error
from tests.values.oracle import as_tensor

IMAGE = [[1, 2, 0, 1], [0, 1, 1, 3], [2, 1, 3, 0]]
GRADIENT = [[1, 0, 2], [-1, 2, 1]]
CONV = "conv 2x2x1 kernel=[1 2; 3 4] bias=0"


def test_a_convolutions_gradients_are_convolutions() -> None:
    """dW: the input under the gradient as a filter. dX: the gradient, padded by F − 1, under the turned filter."""
    network = cnncalc.load(CONV, input="3x4x1")
    found = compute(network, IMAGE, gradient=GRADIENT)
    as_filter = "conv 2x3x1 nobias kernel=[1 0 2; -1 2 1]"
    assert (
        found.layers[0].state_gradients["weight"].flat
        == compute(cnncalc.load(as_filter, input="3x4x1"), IMAGE).output.flat
    )
    turned = cnncalc.load("conv 2x2x1 p1 nobias kernel=[4 3; 2 1]", input="2x3x1")
    assert found.input_gradient == compute(turned, GRADIENT).output
    assert found.layers[0].state_gradients["bias"].flat == (1 + 0 + 2 - 1 + 2 + 1,)


def test_it_is_the_transposed_convolution() -> None:
    found = compute(cnncalc.load(CONV, input="3x4x1"), IMAGE, gradient=GRADIENT)
    back = cnncalc.load("deconv 2x2x1 nobias kernel=[1 2; 3 4]", input="2x3x1")
    assert found.input_gradient == compute(back, GRADIENT).output


def test_the_sum_of_an_inputs_gradient() -> None:
    """Every window that reads it, times the weight that stood over it."""
    found = compute(cnncalc.load(CONV, input="3x4x1"), IMAGE, gradient=GRADIENT)
    one = input_gradient_sum(found, "conv1", (1, 1))
    assert one.products == ((1, 4), (0, 3), (-1, 2), (2, 1))
    assert one.result == 4 - 2 + 2


def test_the_sum_of_a_weights_gradient() -> None:
    """Every window, times the value that stood under it."""
    found = compute(cnncalc.load(CONV, input="3x4x1"), IMAGE, gradient=GRADIENT)
    one = tensor_gradient_sum(found, "conv1", "weight", (0, 0, 0, 1))
    assert one.products == ((1, 2), (0, 0), (2, 1), (-1, 1), (2, 1), (1, 3))
    with pytest.raises(SpecError, match=r"`conv1\.weight` has no place 0,0,2,0"):
        tensor_gradient_sum(found, "conv1", "weight", (0, 0, 2, 0))


def test_gradients_of_branches_are_added() -> None:
    """A residual block passes the gradient on as it is, and once more through its layers."""
    found = compute(cnncalc.load("add( conv 1x1x1 nobias kernel=[-3] | )", input="1x2x1"), [5, 7], gradient=[1, 10])
    assert found.input_gradient is not None
    assert found.input_gradient.flat == (1 - 3, 10 - 30)


def test_weights_that_are_shared_have_one_gradient() -> None:
    found = compute(
        cnncalc.load("conv 1x1x1 nobias weights=w - conv 1x1x1 nobias weights=w\n", input="1x1x1"),
        5,
        tensors={"conv1.weight": 3},
        backward=True,
    )
    assert found.output.flat == (45,)
    assert found.layers[0].state_gradients["weight"].flat == (2 * 3 * 5,)


def test_several_inputs_have_gradients_each() -> None:
    """A Siamese network in PyTorch, with the same weights for both images."""
    text = (
        "input left 4x4x1\ninput right 4x4x1\n"
        "sub( @left - conv 3x3x2 weights=w - relu | @right - conv 3x3x2 weights=w - relu ) - mul( | ) - fc 1 nobias\n"
    )
    network = cnncalc.load(text)
    found = compute(network, seed=5, backward=True)
    module = cnncalc.build(network, inplace=False).double()
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            layer, _, tensor = name.rpartition(".")
            parameter.copy_(as_tensor(found.layer(layer).state[tensor]).reshape(parameter.shape))
    images = [as_tensor(found.layer(name).output)[None].requires_grad_() for name in ("left", "right")]
    made = module(*images)
    made.sum().backward()
    assert made.flatten().tolist() == list(found.output.flat)
    for name, image in zip(("left", "right"), images, strict=True):
        assert image.grad is not None
        own = found.layer(name).gradient
        assert own is not None
        assert image.grad.flatten().tolist() == list(own.flat)
    for name, parameter in module.named_parameters():
        layer, _, tensor = name.rpartition(".")
        assert parameter.grad is not None
        assert parameter.grad.flatten().tolist() == list(found.layer(layer).state_gradients[tensor].flat)


def test_a_step_of_gradient_descent_is_pytorchs() -> None:
    network = cnncalc.load("conv 2x2x2 - relu - fc 2\n", input="3x3x1")
    first = compute(network, seed=3)
    loss = squared_error(first, [4, -7])
    found = compute(network, seed=3, gradient=loss.gradient)
    step = descend(found, 0.01)
    assert step.rate == Fraction(1, 100)

    module = nn.Sequential(nn.Conv2d(1, 2, 2), nn.ReLU(), nn.Flatten(), nn.Linear(8, 2)).double()
    for name, parameter in module.named_parameters():
        layer, tensor = {"0": "conv1", "3": "fc1"}[name[0]], name[2:]
        numbers = list(map(float, found.layer(layer).state[tensor].flat))
        parameter.data = torch.tensor(numbers, dtype=torch.float64).reshape(parameter.shape)
    image = torch.tensor(list(map(float, found.input.flat)), dtype=torch.float64).reshape(1, 1, 3, 3)
    theirs = ((module(image) - torch.tensor([4.0, -7.0])) ** 2).sum() / 2
    assert float(loss.value) == pytest.approx(theirs.item(), rel=1e-12)
    theirs.backward()
    with torch.no_grad():
        for parameter in module.parameters():
            assert parameter.grad is not None
            parameter.sub_(0.01 * parameter.grad)
    for name, parameter in module.named_parameters():
        own = step.tensors[f"{({'0': 'conv1', '3': 'fc1'})[name[0]]}.{name[2:]}"]
        assert list(map(float, own.flat)) == pytest.approx(parameter.flatten().tolist(), rel=1e-12)
    assert list(map(float, after(found, step).output.flat)) == pytest.approx(module(image)[0].tolist(), rel=1e-9)


def test_cross_entropy_is_pytorchs() -> None:
    network = cnncalc.load("fc 3 - softmax\n", input="1x1x2")
    tensors = {"fc1.weight": [[1, 0], [0, -1], [1, 1]], "fc1.bias": 0}
    loss = cross_entropy(compute(network, [1, 2], tensors=tensors), 2)
    found = compute(network, [1, 2], tensors=tensors, gradient=loss.gradient)
    scores = torch.tensor([[1.0, -2.0, 3.0]], dtype=torch.float64, requires_grad=True)
    theirs = nn.functional.cross_entropy(scores, torch.tensor([2]))
    theirs.backward()
    assert float(loss.value) == pytest.approx(theirs.item(), rel=1e-12)
    assert scores.grad is not None
    own = found.layer("fc1").gradient
    assert own is not None
    assert list(own.flat) == pytest.approx(scores.grad[0].tolist(), rel=1e-12)


def test_a_perceptron_of_20x20_inputs_learns() -> None:
    """w_i ← w_i + α(d − y)x_i"""
    network = cnncalc.load("fc 1 - step\n", input="20x20x1")
    dark, bright = [0] * 399 + [1], [1] * 400
    tensors: dict[str, object] = {"fc1.weight": 0, "fc1.bias": 0}
    for _ in range(4):
        for image, wanted in ((dark, 0), (bright, 1)):
            step = perceptron_step(compute(network, image, tensors=tensors), wanted, 0.5)
            tensors = dict(step.tensors)
    assert compute(network, dark, tensors=tensors).output.flat == (0,)
    assert compute(network, bright, tensors=tensors).output.flat == (1,)


def test_the_rule_is_for_perceptrons() -> None:
    with pytest.raises(SpecError, match="the perceptron's rule is for a network that ends in fc and step"):
        perceptron_step(compute(cnncalc.load("fc 1", input="1x1x2")), 1, 0.5)
