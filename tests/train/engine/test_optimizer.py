"""Optimizers: which weights decay, and Muon next to an exact decomposition and to PyTorch's own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn
from torchvision.ops._utils import split_normalization_params

import cnncalc
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.optimizers.groups import parameter_groups
from cnncalc.optimizers.orthogonal import OrthogonalMomentum, orthogonal
from cnncalc.train.engine.optimizer import make_optimizer
from cnncalc.train.recipe.settings import Recipe

EVERY_KIND = """
input 8x8x4
conv 3x3x8 p1 - bn - prelu
dwconv 3x3 p1 - gn 2
deconv 2x2x8 s2 - ln
flatten - fc 6 - relu - fc 3 nobias
"""
"""Convolutions of three kinds, norms of three kinds, a learned slope, layers with and without biases."""


def recipe(optimizer: str, **changes: Any) -> Recipe:
    return Recipe(**{"optimizer": optimizer, "learning_rate": 0.1, "weight_decay": 0.25, **changes})


def module(spec: str = EVERY_KIND) -> nn.Module:
    built: nn.Module = cnncalc.build(cnncalc.load(spec), seed=0)
    return built


# ---- which weights decay


def test_matrices_and_filters_decay_and_nothing_else() -> None:
    """The usual rule: what has one dimension (biases, norms, slopes) does not."""
    net = module()
    decaying, rest = parameter_groups(net, 0.25)
    assert (decaying["weight_decay"], rest["weight_decay"]) == (0.25, 0.0)

    names = {id(parameter): name for name, parameter in net.named_parameters()}
    ours = [sorted(names[id(parameter)] for parameter in group["params"]) for group in (decaying, rest)]
    wide = sorted(name for name, parameter in net.named_parameters() if parameter.dim() > 1 and "ln" not in name)
    assert ours == [wide, sorted({*names.values()} - {*wide})]
    assert len(wide) == 5


def test_torchvision_finds_the_same_norms() -> None:
    net = module()
    norms, _ = split_normalization_params(net)
    _, rest = parameter_groups(net, 0.25)
    assert norms
    assert {id(parameter) for parameter in norms} <= {id(parameter) for parameter in rest["params"]}


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_parameter_is_in_one_group(optimizer: str) -> None:
    net = module()
    groups = make_optimizer(net, recipe(optimizer)).param_groups
    placed = [id(parameter) for group in groups for parameter in group["params"]]
    assert sorted(placed) == sorted(id(parameter) for parameter in net.parameters())
    assert {(group["weight_decay"], group["lr"]) for group in groups} == {(0.25, 0.1), (0.0, 0.1)}


PYTORCH: dict[str, Callable[[list[nn.Parameter]], torch.optim.Optimizer]] = {
    "sgd": lambda weights: torch.optim.SGD(weights, 0.1, 0.8, nesterov=True, weight_decay=0.25),
    "adam": lambda weights: torch.optim.Adam(weights, 0.1, (0.8, 0.95), eps=1e-6, weight_decay=0.25),
    "adamw": lambda weights: torch.optim.AdamW(weights, 0.1, (0.8, 0.95), eps=1e-6, weight_decay=0.25),
    "adadelta": lambda weights: torch.optim.Adadelta(weights, 0.1, rho=0.7, eps=1e-6, weight_decay=0.25),
    "rmsprop": lambda weights: torch.optim.RMSprop(weights, 0.1, 0.7, 1e-6, 0.25, 0.8),
}


@pytest.mark.parametrize("optimizer", PYTORCH)
def test_settings_reach_pytorch_s_optimizers(optimizer: str) -> None:
    """Five steps on random gradients end where PyTorch's optimizer ends that was made by hand."""
    ours, theirs = module("input 6x6x1\nfc 4 nobias"), module("input 6x6x1\nfc 4 nobias")
    made = make_optimizer(ours, recipe(optimizer, momentum=0.8, beta2=0.95, rho=0.7, eps=1e-6))
    by_hand = PYTORCH[optimizer](list(theirs.parameters()))
    generator = torch.Generator().manual_seed(0)
    for _ in range(5):
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            mine.grad = torch.randn(mine.shape, generator=generator)
            other.grad = mine.grad.clone()
        made.step()
        by_hand.step()
    torch.testing.assert_close(list(ours.parameters()), list(theirs.parameters()))


# ---- Muon


@given(rows=st.integers(1, 24), columns=st.integers(1, 24), seed=st.integers(0, 100))
def test_a_step_has_the_directions_of_the_matrix_and_equal_lengths(rows: int, columns: int, seed: int) -> None:
    """Next to U·Vᵀ of the singular value decomposition; Jordan's iteration leaves lengths between 0.7 and 1.2.

    Directions in which the matrix is almost flat are reached by more iterations than five.
    """
    matrix = torch.randn(rows, columns, generator=torch.Generator().manual_seed(seed))
    u, lengths, vt = torch.linalg.svd(matrix, full_matrices=False)
    made = orthogonal(matrix[None])[0] / max(1.0, rows / columns) ** 0.5

    along = u.T @ made @ vt.T  # what is made, seen along the directions of the matrix
    torch.testing.assert_close(along, torch.diag(along.diagonal()), atol=1e-3, rtol=0)
    steep = lengths / lengths.norm() > 0.01
    assert (along.diagonal()[steep] > 0.65).all()
    assert (along.diagonal() < 1.25).all()
    assert (along.diagonal() > 0).all()


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("shape", [(16, 16), (24, 8), (8, 24)])
def test_muon_is_pytorch_s_for_a_matrix(shape: tuple[int, int], nesterov: bool) -> None:
    """PyTorch computes in bfloat16, which has 8 bits; its momentum is a mean, which orthogonality does not see."""
    generator = torch.Generator().manual_seed(1)
    start = torch.randn(shape, generator=generator)
    mine, other = nn.Parameter(start.clone()), nn.Parameter(start.clone())
    ours = OrthogonalMomentum([{"params": [mine], "orthogonal": True}], 0.1, 0.9, nesterov, 0.2)
    theirs = torch.optim.Muon([other], 0.1, weight_decay=0.2, momentum=0.9, nesterov=nesterov)
    for _ in range(4):
        mine.grad = torch.randn(shape, generator=generator)
        other.grad = mine.grad.clone()
        ours.step()
        theirs.step()
    assert (mine - start).norm() > 0.5
    torch.testing.assert_close(mine, other, atol=0.01, rtol=0)


def test_what_is_no_matrix_takes_steps_of_sgd() -> None:
    """Biases and norms; the weights of the last layer too, since its rows are classes."""
    net = module()
    groups = make_optimizer(net, recipe("muon")).param_groups
    names = {id(parameter): name for name, parameter in net.named_parameters()}
    orthogonal_names = [
        names[id(parameter)] for group in groups if group["orthogonal"] for parameter in group["params"]
    ]
    weights = [name for name, parameter in net.named_parameters() if parameter.dim() > 1 and "ln" not in name]
    assert orthogonal_names == weights[:-1]

    plain, other = nn.Parameter(torch.ones(5)), nn.Parameter(torch.ones(5))
    ours, theirs = (
        OrthogonalMomentum([{"params": [plain]}], 0.1, 0.9),
        torch.optim.SGD([other], 0.1, 0.9, nesterov=True),
    )
    for step in range(4):
        for parameter, optimizer in ((plain, ours), (other, theirs)):
            parameter.grad = torch.arange(5.0) + step
            optimizer.step()
    torch.testing.assert_close(plain, other)


def test_filters_are_rows_of_a_matrix() -> None:
    """A convolution's step is that of its filters, flattened; steps of one shape are made together."""
    filters = [torch.randn(6, 3, 2, 2, generator=torch.Generator().manual_seed(seed)) for seed in range(2)]
    parameters = [nn.Parameter(torch.zeros(6, 3, 2, 2)) for _ in filters]
    for parameter, gradient in zip(parameters, filters, strict=True):
        parameter.grad = gradient.clone()
    OrthogonalMomentum([{"params": parameters, "orthogonal": True}], 1.0, 0.9, nesterov=False).step()
    for parameter, gradient in zip(parameters, filters, strict=True):
        wanted = -orthogonal(gradient.reshape(1, 6, 12))[0]
        torch.testing.assert_close(parameter.detach().reshape(6, 12), wanted)
