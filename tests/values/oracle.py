"""The oracle of computed values: PyTorch in float64, with the same numbers."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import torch
from torch import nn

import cnncalc
from cnncalc.layers.operations import Number
from cnncalc.model.plan import plan
from cnncalc.values import Computation, Numbers


def module_of(computation: Computation) -> nn.Module:
    """Return the network as a module of PyTorch in float64, with the tensors that were computed with."""
    module = cnncalc.build(computation.network, seed=0, inplace=False).double().eval()
    tensors = {**dict(module.named_parameters()), **dict(module.named_buffers())}
    names = {planned.node.index: planned.name for planned in plan(computation.network)}
    with torch.no_grad():
        for layer in computation.layers:
            if layer.node.index in computation.network.weights_of:
                continue
            for name, numbers in layer.state.items():
                tensor = tensor_of(tensors, names[layer.node.index], name)
                tensor.copy_(as_tensor(numbers).reshape(tensor.shape))
    return module


def tensor_of(tensors: dict[str, torch.Tensor], layer: str, name: str) -> torch.Tensor:
    """Return a tensor of a module by the names of its layer and its own."""
    return tensors[f"{layer}.{name}"]


def as_tensor(numbers: Numbers) -> torch.Tensor:
    return torch.tensor(list(map(float, numbers.flat)), dtype=torch.float64).reshape(numbers.shape)


def torch_results(
    computation: Computation, gradient: Numbers | None = None, nudge: float = 0
) -> dict[str, torch.Tensor]:
    """Return what PyTorch makes of the same numbers: the output, and the gradients by their names.

    With a ``nudge`` the input is larger by that share of itself.
    """
    module = module_of(computation)
    image = (as_tensor(computation.input)[None] * (1 + nudge)).requires_grad_()
    made = module(image)
    found = {"output": made.detach().flatten()}
    if gradient is not None and made.requires_grad:
        made.backward(as_tensor(gradient).reshape(made.shape))
        found["input"] = torch.zeros(image.shape) if image.grad is None else image.grad.flatten()
        for name, parameter in module.named_parameters():
            found[name] = (torch.zeros_like(parameter) if parameter.grad is None else parameter.grad).flatten()
    return found


def own_results(computation: Computation) -> dict[str, tuple[Any, ...]]:
    """Return the same of a computation."""
    network = computation.network
    names = {planned.node.index: planned.name for planned in plan(network)}
    found: dict[str, tuple[Any, ...]] = {"output": computation.output.flat}
    if computation.input_gradient is not None:
        found["input"] = computation.input_gradient.flat
        for layer in computation.layers:
            if layer.node.index not in network.weights_of:
                for name, numbers in layer.state_gradients.items():
                    found[f"{names[layer.node.index]}.{name}"] = numbers.flat
    return found


def is_exact_in_float64(number: Number) -> bool:
    """Say whether float64 has a number exactly: whole ones, halves, quarters, …"""
    divisor = number.denominator if isinstance(number, Fraction) else 1
    return not isinstance(number, float) and divisor & (divisor - 1) == 0 and abs(number) < 2**50


def assert_equal(computation: Computation, gradient: Numbers | None = None) -> None:
    """Compare with PyTorch to the digit, or closely where a gradient is shared by three: float64 has no thirds."""
    ours = own_results(computation)
    if not all(is_exact_in_float64(number) for numbers in ours.values() for number in numbers):
        assert_close(computation, gradient, 1e-14)
        return
    for name, tensor in torch_results(computation, gradient).items():
        assert list(map(float, ours[name])) == tensor.tolist(), (computation.network.source.text, name)


def assert_close(computation: Computation, gradient: Numbers | None = None, tolerance: float = 1e-9) -> None:
    """Compare with PyTorch as far as float64 goes, beside the largest number of a tensor."""
    ours = own_results(computation)
    for name, tensor in torch_results(computation, gradient).items():
        own = torch.tensor(list(map(float, ours[name])), dtype=torch.float64)
        most = tolerance * max(1.0, float(tensor.abs().max()))
        assert own.shape == tensor.shape
        assert float((own - tensor).abs().max()) <= most, (computation.network.source.text, name)


def is_sensitive(computation: Computation, gradient: Numbers) -> bool:
    """Say whether PyTorch's own results change by more than a rounding where the input does: two values are alike."""
    before = torch_results(computation, gradient)
    for nudge in (1e-13, -1e-13, 1e-11, -1e-11):
        after = torch_results(computation, gradient, nudge)
        for name, tensor in before.items():
            if float((after[name] - tensor).abs().max()) > 1e-9 * max(1.0, float(tensor.abs().max())):
                return True
    return False


def assert_same(computation: Computation, gradient: Numbers | None = None, tolerance: float = 1e-9) -> None:
    """Compare with PyTorch, to the digit where all numbers are whole."""
    if all(isinstance(number, int) for numbers in own_results(computation).values() for number in numbers):
        assert_equal(computation, gradient)
    else:
        assert_close(computation, gradient, tolerance)
