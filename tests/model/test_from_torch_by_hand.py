"""Layers that people write out by hand, or as functions with a gradient of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

from cnncalc import SpecError
from cnncalc.model.from_torch import import_module
from tests.model.habits import Habit, check, first_line


class Silu(torch.autograd.Function):
    """Keeps its input rather than what its product needs, as implementations that save memory do."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)  # type: ignore[attr-defined]
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return gradients[0]


class Reverses(torch.autograd.Function):
    """Passes its input on, and turns its gradient round."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return -gradients[0]


kept_apply = Silu.apply


# ---- what is written out by hand


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: 0.5 * x * (1 + torch.erf(x / 2**0.5)), "gelu"),
        (lambda m, x: functional.gelu(x, approximate="tanh"), "gelutanh"),
        (lambda m, x: torch.where(x > 0, x, 0.2 * x), "leakyrelu 0.2"),
        (lambda m, x: torch.maximum(x, torch.zeros_like(x)), "relu"),
        (lambda m, x: torch.log(1 + torch.exp(x)), "softplus"),
        (lambda m, x: torch.log(functional.softmax(x, 1)), "logsoftmax"),
        (lambda m, x: x / (x.norm(dim=1, keepdim=True) + 1e-12), "l2norm"),
        (lambda m, x: (x - x.mean((2, 3), True)) / (x.var((2, 3), False, keepdim=True) + 1e-3).sqrt(), "instancenorm"),
    ],
)
def test_an_activation_or_a_normalisation_by_hand(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """Calls that say nothing alone are a layer together, if they compute what one does."""
    assert check(habit).replace(" eps=0.001", "") == f"conv 3x3x8 p1 - {text}"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: functional.relu6(x + 3) / 6, "hardsigmoid"),
        (lambda m, x: functional.relu6(3 + x) * (1 / 6), "hardsigmoid"),
        (lambda m, x: x * (functional.relu6(x + 3) / 6), "hardswish"),
        (lambda m, x: functional.relu6(x + 3) / 6 * x, "hardswish"),
        (lambda m, x: x * functional.relu6(x + 3) / 6, "hardswish"),
        (lambda m, x: torch.tanh(x * functional.relu6(x + 3) / 6), "hardswish - tanh"),
        (lambda m, x: functional.relu6(x + 2) / 6, "plus 2 - relu6 - times 0.1666666667"),
        (lambda m, x: functional.relu6(x + 3) / 5, "plus 3 - relu6 - times 0.2"),
        (lambda m, x: functional.relu(x + 3) / 6, "plus 3 - relu - times 0.1666666667"),
    ],
)
def test_a_hard_sigmoid_or_a_hard_swish_by_hand(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """As MobileNetV3 is written by many; with other numbers they are none."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


def test_a_hard_swish_whose_part_something_else_reads_is_written_out() -> None:
    def does(m: Habit, x: Tensor) -> Tensor:
        bent = functional.relu6(x + 3)
        return x * (bent / 6) + bent

    assert check(does) == ("conv 3x3x8 p1 - add( mul( | plus 3 - skip1: relu6 - times 0.1666666667 ) | @skip1 )")


def test_a_hard_sigmoid_that_two_layers_read_is_kept_beside_its_product() -> None:
    def does(m: Habit, x: Tensor) -> Tensor:
        gate = functional.relu6(x + 3) / 6
        return x * gate + gate

    assert check(does) == "conv 3x3x8 p1 - add( mul( | skip1: hardsigmoid ) | @skip1 )"


def norm_by_hand(m: Habit, x: Tensor) -> Tensor:
    """ConvNeXt's, for images with their channels first."""
    mean = x.mean(1, keepdim=True)
    variance = (x - mean).pow(2).mean(1, keepdim=True)
    x = (x - mean) / torch.sqrt(variance + 1e-6)
    return m.factor[:, None, None] * x + m.shift[:, None, None]


def root_mean_square_by_hand(m: Habit, x: Tensor) -> Tensor:
    x = x.permute(0, 2, 3, 1)
    return (m.factor * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))).permute(0, 3, 1, 2)


def response_by_hand(m: Habit, x: Tensor) -> Tensor:
    """ConvNeXt v2's, for images with their channels last."""
    x = x.permute(0, 2, 3, 1)
    norm = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
    share = norm / (norm.mean(dim=-1, keepdim=True) + 1e-6)
    return (m.factor * (x * share) + m.shift + x).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("habit", "text"),
    [(norm_by_hand, "ln eps=1e-6"), (root_mean_square_by_hand, "rmsnorm"), (response_by_hand, "grn")],
)
def test_a_normalisation_by_hand_that_learns(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """Which parameter is the factor and which the shift is found by what they do."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


@pytest.mark.parametrize("habit", [lambda m, x: Silu.apply(x), lambda m, x: kept_apply(x)])
def test_a_function_with_a_gradient_of_its_own_is_the_activation_that_it_computes(
    habit: Callable[[Habit, Tensor], object],
) -> None:
    """And a note says that the gradient is another."""
    assert check(habit) == "conv 3x3x8 p1 - silu"
    (note,) = import_module(Habit(habit), "8x8x3").notes
    assert re.sub(r"[(].*:\d+[)]", "(LINE)", note) == (
        "`Silu` (LINE) has a gradient of its own; the spec has that of `silu`"
    )


def test_a_function_that_only_changes_the_gradient_is_refused() -> None:
    with pytest.raises(SpecError, match=r"`Reverses` .*: it has a gradient of its own"):
        import_module(Habit(lambda m, x: Reverses.apply(x)), "8x8x3")


@pytest.mark.parametrize("reentrant", [True, False])
def test_parts_that_are_computed_again_are_what_they_compute(reentrant: bool) -> None:
    habit = lambda m, x: checkpoint(m.conv, x, use_reentrant=reentrant)  # noqa: E731
    assert check(habit) == "conv 3x3x8 p1 - conv 1x1x8"


class Binary(torch.autograd.Function):
    """The signs of weights, with the gradient that they would have themselves."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor) -> Tensor:
        return weight.sign()


def test_a_function_of_weights_with_its_own_gradient_is_refused_before_the_first_layer() -> None:
    class BinaryWeights(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.randn(8, 3, 3, 3))

        def forward(self, x: Tensor) -> Tensor:
            return functional.conv2d(x, Binary.apply(self.weight))

    with pytest.raises(SpecError) as raised:
        import_module(BinaryWeights(), "8x8x3")
    assert raised.value.message == (
        f"a spec cannot express torch.autograd.Function `Binary` ({first_line(BinaryWeights)}): "
        "it has a gradient of its own, and computes no layer of a spec"
    )
