"""Standardised weights: what they compute, against PyTorch and timm's way of writing them; and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

import cnncalc
from tests.layers.helpers import hints, layer, load, told


class Standardised(nn.Conv2d):
    """Weight standardisation (Qiao et al., 2019), as people write it."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        weight = self.weight
        mean = weight.mean(dim=(1, 2, 3), keepdim=True)
        variance = weight.var(dim=(1, 2, 3), keepdim=True, unbiased=False)
        weight = (weight - mean) / torch.sqrt(variance + 1e-4)
        return functional.conv2d(input, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


class Scaled(nn.Conv2d):
    """With a gain (Brock, De, Smith, 2021), by a batch norm over the weights, as timm writes it."""

    def __init__(self, *args: int, **settings: int) -> None:
        super().__init__(*args, **settings)  # type: ignore[arg-type]  # what a convolution takes
        self.gain = nn.Parameter(torch.ones(self.out_channels, 1, 1, 1))
        self.scale = 1.5 * self.weight[0].numel() ** -0.5

    def forward(self, input: torch.Tensor) -> torch.Tensor:
        flat, gain = self.weight.reshape(1, self.out_channels, -1), (self.gain * self.scale).view(-1)
        weight = functional.batch_norm(flat, None, None, weight=gain, training=True, momentum=0.0, eps=1e-6)
        weight = weight.reshape_as(self.weight)
        return functional.conv2d(input, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


@pytest.mark.parametrize(
    ("module", "spec"),
    [
        (Standardised(3, 4, 3, padding=1), "conv 3x3x4 p1 standardised eps=0.0001"),
        (Scaled(4, 6, 3, stride=2, groups=2, bias=False), "conv 3x3x6 s2 g2 nobias standardised gain=1.5"),
    ],
)
def test_modules_that_standardise_are_read(module: nn.Conv2d, spec: str) -> None:
    """The import proves that both compute the same; the parameters are those of the module."""
    text = cnncalc.from_torch(nn.Sequential(module, nn.ReLU()), (8, 8, module.in_channels))
    assert f"{spec} - relu" in text.replace("\n", " ").replace("  ", " ")
    assert cnncalc.load(text).params == sum(tensor.numel() for tensor in module.parameters())


def test_it_computes_what_the_module_computes() -> None:
    theirs, ours = Standardised(3, 4, 3), cnncalc.build(load("conv 3x3x4 standardised eps=1e-4", "8x8x3"))
    ours.conv1.load_state_dict({**theirs.state_dict(), "gain": torch.ones(0)}, strict=False)
    seen = torch.randn(2, 3, 8, 8)
    with torch.no_grad():
        torch.testing.assert_close(ours(seen), theirs(seen))


def test_what_it_counts() -> None:
    """27 weights, a factor and a bias for each of 4 filters; the multiplications are those of any convolution."""
    plain, scaled = layer("conv 3x3x4 standardised", "8x8x3"), layer("conv 3x3x4 standardised gain=1", "8x8x3")
    assert (plain.params, scaled.params) == ((27 + 1) * 4, (27 + 2) * 4)
    assert plain.macs == scaled.macs == 6 * 6 * 4 * 27


@pytest.mark.parametrize(
    ("text", "code", "message", "hint"),
    [
        (
            "conv 3x3x4 standardised fixed kernel=box",
            "bad-option",
            "`standardised` is for weights that are learned and begin at random",
            "leave out `standardised`, or leave out the numbers",
        ),
        ("conv 3x3x4 standardised eps=-1", "out-of-range", "eps is at least 0, not -1", ""),
        (
            "conv 3x3x4 gain=1",
            "unknown-option",
            "conv has no option `gain=1`",
            "conv takes s2 (stride=2), p1 (pad=1), d2 (dilation=2), g2 (groups=2), same, valid, strict, floor, ceil, "
            "nobias, kernel, bias, fixed, standardised, standardized",
        ),
    ],
)
def test_what_is_refused(text: str, code: str, message: str, hint: str) -> None:
    assert told(text, "8x8x3") == (code, message)
    assert sorted(hints(text, "8x8x3").replace("conv takes ", "").split(", ")) == sorted(
        hint.replace("conv takes ", "").split(", ")
    )
