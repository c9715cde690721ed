"""Modules of PyTorch as they are printed: what is read has the parameters and the output of the module itself."""

from __future__ import annotations

import inspect

import pytest
import torch
from torch import nn

import cnncalc as package
from cnncalc.foreign.pytorch_layers import TextCall
from cnncalc.layers.torch_calls import TorchCall

MODULES = [
    nn.Conv2d(4, 6, 3, stride=2, padding=1, bias=False),
    nn.Conv2d(4, 8, (3, 1), padding=(1, 0), groups=2, dilation=(2, 1)),
    nn.Conv2d(4, 4, 5, padding=2, padding_mode="reflect"),
    nn.Conv2d(4, 4, 3, padding="same", groups=4),
    nn.ConvTranspose2d(4, 6, 3, stride=2, padding=1, output_padding=1),
    nn.MaxPool2d(3, 2, 1, ceil_mode=True),
    nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    nn.LPPool2d(2, 2),
    nn.AdaptiveAvgPool2d((3, 2)),
    nn.AdaptiveMaxPool2d(1),
    nn.BatchNorm2d(4, eps=1e-3, momentum=0.2),
    nn.BatchNorm2d(4, affine=False),
    nn.InstanceNorm2d(4, affine=True),
    nn.GroupNorm(2, 4),
    nn.LocalResponseNorm(5, alpha=1e-3, k=2.0),
    nn.PReLU(4),
    nn.LeakyReLU(0.2),
    nn.ELU(0.5),
    nn.ReLU(inplace=True),
    nn.ReLU6(),
    nn.GELU(),
    nn.SiLU(),
    nn.Mish(),
    nn.Hardswish(),
    nn.Sigmoid(),
    nn.Tanh(),
    nn.Softplus(2.0),
    nn.Softmax(dim=1),
    nn.LogSoftmax(dim=1),
    nn.Softsign(),
    nn.GLU(dim=1),
    nn.Dropout(0.3),
    nn.Dropout2d(0.3),
    nn.ZeroPad2d((1, 2, 3, 0)),
    nn.ReflectionPad2d(2),
    nn.Upsample(scale_factor=2, mode="bilinear"),
    nn.UpsamplingNearest2d(scale_factor=3),
    nn.PixelShuffle(2),
    nn.PixelUnshuffle(2),
    nn.ChannelShuffle(2),
    nn.Flatten(),
    nn.Identity(),
    nn.Sequential(nn.Flatten(), nn.Linear(4 * 8 * 6, 5, bias=False)),
]


@pytest.mark.parametrize("module", MODULES, ids=[" ".join(str(module).split()) for module in MODULES])
def test_a_printed_module_is_that_module(module: nn.Module) -> None:
    """PyTorch says how many parameters there are and what shape comes out."""
    whole = nn.Sequential(nn.Identity(), nn.ReLU(), module).eval()
    network = package.load(f"{whole}\n", input="8x6x4")
    made = whole(torch.rand(2, 4, 8, 6))
    assert network.params == sum(parameter.numel() for parameter in whole.parameters())
    assert network.output.values == made[0].numel()
    if made.dim() == 4:
        assert (*network.output.spatial, network.output.channels) == (*made.shape[2:], made.shape[1])


NOT_IN_A_TEXT = {
    "at_places",
    "factor",
    "joined",
    "merged",
    "merged_sum",
    "merged_with",
    "over_positions",
    "reduced",
    "shape",
    "turned",
    "with_number",
    "with_places",
    "without",
}


def test_a_call_of_a_text_answers_what_layers_ask() -> None:
    """What is added to `TorchCall` is added here too, or named above."""
    asked = {name for name, _ in inspect.getmembers(TorchCall, inspect.isfunction) if not name.startswith("_")}
    answered = {name for name in dir(TextCall) if not name.startswith("_")}
    assert asked - answered == NOT_IN_A_TEXT


@pytest.mark.parametrize(
    ("called", "written"),
    [
        ("BatchNorm2d(4)", "bn"),
        ("BatchNorm2d(4, bias=False)", "bn noshift"),
        ("BatchNorm2d(4, affine=False)", "bn noaffine"),
        ("LayerNorm(4)", "ln"),
        ("LayerNorm(4, bias=False)", "ln noshift"),
        ("LayerNorm(4, elementwise_affine=False)", "ln noaffine"),
    ],
)
def test_what_a_norm_of_a_text_learns(called: str, written: str) -> None:
    """Newer PyTorch has the option ``bias`` for norms."""
    network = package.load(f"nn.Conv2d(3, 4, 3)\nnn.{called}\n", input="8x8x3")
    assert [node.written for node in network] == ["conv 3x3x4", written]
