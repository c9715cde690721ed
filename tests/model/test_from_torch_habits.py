"""How people write PyTorch: each habit becomes the text of what it computes, and computes the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnncalc
from cnncalc.model.from_torch import import_module


class Habit(nn.Module):
    """A function of a module with parts of every kind, behind a convolution to eight channels."""

    def __init__(self, does: Callable[[Habit, Tensor], object]) -> None:
        super().__init__()
        self.does = does
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.conv = nn.Conv2d(8, 8, 1)
        self.gate = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8), nn.Sigmoid())

    def forward(self, x: Tensor) -> object:
        return self.does(self, self.first(x))


def check(habit: Callable[[Habit, Tensor], object], input: str = "8x8x3") -> str:
    """Import a habit, compare what the built text computes with what it does, and return the text of its layers."""
    torch.manual_seed(0)
    module = Habit(habit).eval()
    imported = import_module(module, input)
    built = cnncalc.build(cnncalc.load(imported.text)).eval()
    state = module.state_dict()
    shapes = {name: value.shape for name, value in built.state_dict().items()}
    built.load_state_dict({name: state[path].reshape(shapes[name]) for name, path in imported.tensors.items()})
    volume = cnncalc.load(imported.text).input
    images = torch.randn(2, volume.channels, *volume.spatial)
    expected = module(images)
    torch.testing.assert_close(built(images).reshape(expected.shape), expected)
    lines = imported.text.strip().split("\n\n")[-1].split("\n")
    return " - ".join([line.strip() for line in lines])


def gated(m: Habit, x: Tensor) -> Tensor:
    batch, channels, _, _ = x.size()
    y = functional.adaptive_avg_pool2d(x, 1).view(batch, channels)
    return x * m.gate(y).view(batch, channels, 1, 1).expand_as(x)


GATE = "conv 3x3x8 p1 - mul( | gap - fc 2 - relu - fc 8 - sigmoid )"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (gated, GATE),
        (lambda m, x: x * m.gate(x.mean((2, 3)))[:, :, None, None], GATE),
        (lambda m, x: x * m.gate(x.mean((2, 3)))[..., None, None].expand(-1, -1, 8, 8), GATE),
        (lambda m, x: x * m.gate(x.mean((2, 3))).view(-1, 8, 1, 1).repeat(1, 1, 8, 8), GATE),
    ],
)
def test_a_gate_reads_the_same_however_it_is_spread(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """A merge repeats by itself what is one value for all positions."""
    assert check(habit) == text


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: torch.cat([x, x.mean((2, 3), keepdim=True).expand_as(x)], 1), "concat( | gap - upsample x8 )"),
        (lambda m, x: m.conv(x.mean((2, 3), keepdim=True).repeat(1, 1, 4, 2)), "gap - upsample x4x2 - conv 1x1x8"),
        (lambda m, x: x[:, :4].repeat(1, 2, 1, 1), "slice 0:4 - concat( | )"),
    ],
)
def test_what_is_repeated_becomes_a_layer_where_something_else_reads_it(
    habit: Callable[[Habit, Tensor], object], text: str
) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: x.chunk(2, 1)[-1], "slice 4:8"),
        (lambda m, x: torch.split(x, [2, 5, 1], dim=1)[1], "slice 2:7"),
        (lambda m, x: x.split(2, 1)[-1].relu(), "slice 6:8 - relu"),
        (lambda m, x: x[:, 1].unsqueeze(1), "slice 1:2"),
        (lambda m, x: x.select(1, -1)[:, None], "slice 7:8"),
        (lambda m, x: x.view(x.size(0), 2, 4, 8, 8).unbind(1)[-1], "slice 4:8"),
        (lambda m, x: x.view(x.size(0), 2, 4, 8, 8)[:, 0], "slice 0:4"),
        (lambda m, x: x.view(x.size(0), 4, 2, 8, 8)[:, :, 1], "shuffle 4 - slice 4:8"),
        (lambda m, x: x.view(x.size(0), 2, 2, 2, 8, 8)[:, :, 0].flatten(1, 2), "shuffle 2 - slice 0:4 - shuffle 2"),
        (lambda m, x: sum(x.unflatten(1, (2, 4)).unbind(1)), "add( slice 0:4 | slice 4:8 )"),
    ],
)
def test_a_part_of_the_channels(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """By any index, also of channels that are split into two dimensions."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: x[:, :, ::2, ::2], "maxpool 1x1 s2"),
        (lambda m, x: x[..., 1::2, ::2], "crop 1:0x0:0 - maxpool 1x1 s2"),
        (lambda m, x: x[:, :, 1:4:3], "crop 1:6x0:0"),
        (lambda m, x: x[:, :, 1:6:2], "crop 1:2x0:0 - maxpool 1x1 s2x1"),
        (lambda m, x: x[:, :, 0, 0], "crop 0:7"),
        (lambda m, x: x[:, :, -1:, 2], "crop 7:0x2:5"),
    ],
)
def test_a_part_of_the_positions(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """A step is a pool of one value."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"
