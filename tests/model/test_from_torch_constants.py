"""Constants that a module computes with come into a spec as `fixed`: written out, or with the module's tensors."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional
from torchvision.ops import FrozenBatchNorm2d

import cnncalc
from cnncalc.model.from_torch import import_module
from tests.model.does import Does, layers, refusal


def test_constants_of_a_convolution_are_given_numbers() -> None:
    """A Sobel filter and a blur that is no plain mean: as functions, and as a module whose weight is a buffer."""
    edges = torch.tensor([[1.0, 0.0, -1.0]]) * torch.tensor([[1.0], [2.0], [1.0]])
    assert layers(Does(lambda m, x: functional.conv2d(m.a(x), edges.expand(8, 1, 3, 3), padding=1, groups=8))) == (
        "conv 3x3x8 p1 - dwconv 3x3 p1 nobias fixed kernel=[1 0 -1; 2 0 -2; 1 0 -1]"
    )
    conv = nn.Conv2d(3, 3, 3, bias=False, groups=3)
    del conv.weight
    conv.register_buffer("weight", torch.full((3, 1, 3, 3), 1 / 9))
    assert layers(nn.Sequential(conv)) == "dwconv 3x3 nobias fixed kernel=box"


def frozen(module: nn.Module) -> nn.Module:
    """Return a module whose parameters have become buffers."""
    for name, parameter in list(module.named_parameters()):
        delattr(module, name)
        module.register_buffer(name, parameter.detach())
    return module


def test_constants_that_are_too_many_to_write_come_with_the_tensors_of_the_module() -> None:
    """Drawn at random, and kept in buffers, by their names or as a function has them."""
    imported = import_module(
        nn.Sequential(frozen(nn.Conv2d(3, 8, 3)), nn.Flatten(), frozen(nn.Linear(288, 5))), "8x8x3"
    )
    assert imported.text.endswith("\nconv 3x3x8 fixed - fc 5 fixed\n")
    assert imported.tensors == {
        "conv1.weight": "0.weight",
        "conv1.bias": "0.bias",
        "fc1.weight": "2.weight",
        "fc1.bias": "2.bias",
    }
    assert imported.network.params == 0

    class Bank(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("bank", torch.rand(64, 1, 8, 8))
            self.register_buffer("gains", torch.rand(1, 64, 1, 1))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return functional.conv2d(x, self.bank, stride=8) * self.gains

    imported = import_module(Bank(), "16x16x1")
    assert imported.text.endswith("\nconv 8x8x64 s8 nobias fixed - scale fixed\n")
    assert imported.tensors == {"conv1.weight": "bank", "scale1.weight": "gains"}


def test_a_matrix_of_constants_is_written_out() -> None:
    """Behind a flattened volume, and at every position."""
    linear = frozen(nn.Linear(2, 2))
    linear.weight.copy_(torch.tensor([[1.0, 1.0], [0.5, -2.0]]))
    linear.bias.copy_(torch.tensor([-1.5, 0.25]))
    assert layers(nn.Sequential(nn.Flatten(), linear), "1x1x2") == "fc 2 fixed kernel=[1 1; 0.5 -2] bias=[-1.5 0.25]"
    at_positions = Does(lambda m, x: functional.linear(x.permute(0, 2, 3, 1), linear.weight).permute(0, 3, 1, 2))
    assert layers(at_positions, "8x8x2") == "conv 1x1x2 nobias fixed kernel=[1 | 1 || 0.5 | -2]"


def test_frozen_batch_norms_of_detection_networks() -> None:
    """torchvision's, with its four buffers; the state of the norm in front is what it computes with."""
    norm = FrozenBatchNorm2d(6)
    for values in norm.buffers():
        values.uniform_(0.5, 1.5)
    imported = import_module(nn.Sequential(nn.Conv2d(3, 6, 3), norm), "8x8x3")
    assert imported.text.endswith("\nconv 3x3x6 - bn fixed\n")
    roles = ("weight", "bias", "running_mean", "running_var")
    assert [imported.tensors[f"bn1.{role}"] for role in roles] == [f"1.{role}" for role in roles]
    assert imported.network.params == 6 * (27 + 1)


def shifting(weight: torch.Tensor | None) -> nn.BatchNorm2d:
    """Return a batch norm with this constant, or nothing, in the place of its scales."""
    norm = nn.BatchNorm2d(3, eps=1e-3)
    del norm.weight
    norm.register_buffer("weight", weight)
    return norm


class ScaleFree(nn.BatchNorm2d):
    """A batch norm whose own forward leaves out the scales, as ports of TF-slim have it."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, eps=1e-3)
        self.weight = None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.batch_norm(x, self.running_mean, self.running_var, None, self.bias, self.training, 0.1, 1e-3)


@pytest.mark.parametrize("norm", [shifting(None), shifting(torch.ones(3)), ScaleFree(3)])
def test_a_norm_that_learns_its_shift_alone(norm: nn.BatchNorm2d) -> None:
    """Without scales, or with scales that are a constant 1."""
    imported = import_module(nn.Sequential(nn.ReLU(), norm), "8x8x3")
    assert imported.text.endswith("\nrelu - bn eps=0.001 noscale\n")
    assert imported.tensors["bn1.bias"] == "1.bias"
    assert imported.network.params == 3


def test_a_norm_that_learns_its_scale_alone() -> None:
    """What ``bias=False`` makes in newer PyTorch."""
    norm = nn.BatchNorm2d(3)
    norm.register_parameter("bias", None)
    assert layers(nn.Sequential(nn.ReLU(), norm), "8x8x3") == "relu - bn noshift"


def test_a_norm_with_constant_scales_is_refused() -> None:
    norm = nn.BatchNorm2d(3)
    del norm.weight
    norm.register_buffer("weight", torch.rand(3))
    assert refusal(nn.Sequential(norm)) == (
        "a spec cannot express nn.BatchNorm2d in `0`: its `0.weight` is a constant of the module, "
        "and what a spec has is learned"
    )


def test_a_learned_shift_of_constants_is_refused() -> None:
    """All numbers of a convolution are learned, or all are constants."""

    def blurred(module: Does, x: torch.Tensor) -> torch.Tensor:
        return functional.conv2d(module.a(x), module.blur, groups=8) + module.gamma[:, None, None]

    assert refusal(Does(blurred)) == (
        "a spec cannot express `add` (LINE): it adds volumes, and `gamma` is not a bias of the layer before"
    )


def test_an_instance_norm_with_running_means_is_refused() -> None:
    """Also without weights, where nothing but its statistics tells it from constants."""
    module = nn.Sequential(nn.Conv2d(3, 4, 3), nn.InstanceNorm2d(4, track_running_stats=True))
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.from_torch(module, "8x8x3")
    why = "with running means it computes `bn` in tests and `instancenorm` in training, and a layer is one"
    assert caught.value.message == f"a spec cannot express nn.InstanceNorm2d in `1`: {why}"


class Shifted(nn.Module):
    """Takes a mean away that is no buffer, and keeps it in the type of the image."""

    def __init__(self) -> None:
        super().__init__()
        self.mean = torch.tensor([0.5, 0.25, 0.75]).view(1, 3, 1, 1)
        self.conv = nn.Conv2d(3, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.mean = self.mean.type_as(x)
        return self.conv((x - self.mean) * 255.0)


def test_a_constant_takes_over_the_type_of_the_image() -> None:
    text = "dwconv 1x1 fixed kernel=[1] bias=[-0.5 -0.25 -0.75] - times 255\nconv 3x3x4\n"
    assert cnncalc.from_torch(Shifted(), "8x8x3") == f"input 8x8x3\n\n{text}"
