"""The blocks of `use attention` compute what their papers write, with the same weights."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnncalc

KINDS = (nn.Conv1d, nn.Conv2d, nn.Linear, nn.BatchNorm1d, nn.BatchNorm2d)

Module = Callable[[Tensor], Tensor]
"""The layers of a block in the order of its text, one after the other."""


def gated(x: Tensor, first: Module, second: Module) -> Tensor:
    """Squeeze-and-excitation: two fully connected layers on the mean of every channel."""
    factors = second(first(x.mean((2, 3))).relu()).sigmoid()
    return x * factors[:, :, None, None]


def squeeze_excitation(x: Tensor, layers: list[Module]) -> Tensor:
    """SENet, equations 2 to 4."""
    return gated(x, *layers)


def eca(x: Tensor, layers: list[Module]) -> Tensor:
    """ECA-Net, equation 5: a convolution over the channels."""
    means = x.mean((2, 3))[:, None]
    return x * layers[0](means)[:, 0, :, None, None].sigmoid()


def cbam(x: Tensor, layers: list[Module]) -> Tensor:
    """CBAM, equations 2 and 3: one perceptron for means and maxima, then a convolution of both over positions."""
    first, second, convolution, norm = layers
    pooled = x.mean((2, 3), keepdim=True), x.amax((2, 3), keepdim=True)
    x = x * sum(second(first(each).relu()) for each in pooled).sigmoid()  # type: ignore[union-attr]
    both = torch.cat((x.amax(1, keepdim=True), x.mean(1, keepdim=True)), 1)
    return x * norm(convolution(both)).sigmoid()


def scse(x: Tensor, layers: list[Module]) -> Tensor:
    """The sum of both excitations, over channels and over positions."""
    return gated(x, layers[0], layers[1]) + x * layers[2](x).sigmoid()


def selective_kernels(x: Tensor, layers: list[Module]) -> Tensor:
    """SKNet, equations 1 to 6: a softmax says how much of each kernel a channel takes."""
    small, norm, large, other_norm, squeeze, squeezed_norm, select = layers
    branches = norm(small(x)).relu(), other_norm(large(x)).relu()
    chosen = select(squeezed_norm(squeeze((branches[0] + branches[1]).mean((2, 3)))).relu())
    shares = functional.softmax(chosen.unflatten(1, (2, -1)), 1)[..., None, None]
    return shares[:, 0] * branches[0] + shares[:, 1] * branches[1]


@pytest.mark.parametrize(
    ("call", "paper", "params"),
    [
        ("squeeze_excitation(4)", squeeze_excitation, 2 * 64 * 16 + 16 + 64),
        ("eca", eca, 3),
        ("cbam", cbam, (64 * 4 + 4) + (4 * 64 + 64) + 2 * 7 * 7 + 2),
        ("scse", scse, (64 * 32 + 32) + (32 * 64 + 64) + 65),
        ("selective_kernels(64)", selective_kernels, 2 * (9 * 2 * 64 + 128) + (64 * 32 + 64) + (32 * 128 + 128)),
    ],
)
def test_a_block_is_what_its_paper_writes(
    call: str, paper: Callable[[Tensor, list[Module]], Tensor], params: int
) -> None:
    network = cnncalc.load(f"use attention\n{call}\n", input="9x7x64")
    assert (network.params, network.output) == (params, (9, 7, 64))
    module = cnncalc.build(network, seed=0).eval()
    layers = [part for part in module.modules() if isinstance(part, KINDS)]
    x = torch.randn(2, 64, 9, 7)
    torch.testing.assert_close(module(x), paper(x, layers))  # type: ignore[arg-type]  # modules are functions
