"""The oracle of computed values: PyTorch in float64, with the same numbers."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn

import cnncalc
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


def torch_results(computation: Computation, gradient: Numbers | None = None) -> dict[str, torch.Tensor]:
    """Return what PyTorch makes of the same numbers: the output, and the gradients by their names."""
    module = module_of(computation)
    image = as_tensor(computation.input)[None].requires_grad_()
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


def assert_same(computation: Computation, gradient: Numbers | None = None, tolerance: float = 1e-9) -> None:
    """Compare with PyTorch: to the digit where all numbers are whole, since float64 has these exactly."""
    theirs, ours = torch_results(computation, gradient), own_results(computation)
    whole = all(isinstance(number, int) for layer in computation.layers for number in layer.output.flat)
    for name, tensor in theirs.items():
        numbers = ours[name]
        assert len(numbers) == len(tensor)
        for own, other in zip(numbers, tensor.tolist(), strict=True):
            if whole and isinstance(own, int) and abs(own) < 2**53:
                assert own == other, name
            else:
                assert abs(float(own) - other) <= tolerance * max(1, abs(other)), (name, own, other)
