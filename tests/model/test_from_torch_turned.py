"""Positions as channels, rows as columns: each order becomes reshapes and shuffles, and computes the same."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from cnncalc import SpecError
from cnncalc.model.from_torch import import_module
from tests.model.habits import Habit, check, compare


def rows_as_channels(m: Habit, x: Tensor) -> Tensor:
    """One arm of triplet attention: what is best among the rows decides on channels and columns."""
    turned = x.transpose(1, 2).contiguous()
    best = torch.cat([turned.max(1)[0].unsqueeze(1), turned.mean(1).unsqueeze(1)], 1)
    return (turned * best.mean(1, keepdim=True).sigmoid()).transpose(1, 2)


COLUMNS = "flatten - shuffle 64 - reshape 1x8x64 - shuffle 8 - reshape 8x8x8"
"""Rows as columns: the columns to the front, and then the channels in front of them."""

BEST = "concat( adaptivemaxpool 1x8 - reshape 8x8x1 | adaptiveavgpool 1x8 - reshape 8x8x1 )"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: m.conv(x.permute(0, 3, 1, 2)), "flatten - shuffle 64 - reshape 8x8x8 - conv 1x1x8"),
        (lambda m, x: m.conv(x.transpose(2, 3)), f"{COLUMNS} - conv 1x1x8"),
        (lambda m, x: x * x.transpose(2, 3), f"mul( | {COLUMNS} )"),
        (lambda m, x: torch.cat([x, x.transpose(2, 3)], 1), f"concat( | {COLUMNS} )"),
        (lambda m, x: torch.cat([x, x.relu()], 2), "add( relu - pad 8:0x0:0 | pad 0:8x0:0 )"),
        (rows_as_channels, f"mul( - | {BEST} - channelmean - sigmoid - reshape 1x8x8 - )"),
    ],
)
def test_another_order(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


class TokenMixer(nn.Module):
    """A linear layer over the positions of each channel, as MLP-Mixer has it, and one over rows."""

    def __init__(self) -> None:
        super().__init__()
        self.patches, self.norm = nn.Conv2d(3, 8, 4, 4), nn.LayerNorm(8)
        self.over_positions, self.over_rows = nn.Linear(12, 12), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x)
        x = x + self.over_rows(x.transpose(2, 3)).transpose(2, 3)
        tokens = x.flatten(2).transpose(1, 2)
        tokens = tokens + self.over_positions(self.norm(tokens).transpose(1, 2)).transpose(1, 2)
        return tokens.mean(1)


def test_a_linear_layer_over_positions_is_a_convolution_with_the_positions_as_channels() -> None:
    rows = "reshape 1x4x24 - shuffle 8 - reshape 8x4x3 - conv 1x1x3 - reshape 1x4x24 - shuffle 3 - reshape 3x4x8"
    positions = "ln - flatten - shuffle 8 - reshape 8x1x12 - conv 1x1x12 - flatten - shuffle 12 - reshape 3x4x8"
    assert compare(TokenMixer(), "12x16x3") == f"conv 4x4x8 s4 - add( - | {rows} - ) - add( - | {positions} - ) - gap"


class LastChannels(nn.Module):
    """A linear layer whose inputs were flattened with the channels last, as networks of other libraries have it."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = nn.Conv2d(3, 8, 3), nn.Linear(72, 10)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.first(x).permute(0, 2, 3, 1).flatten(1))


def test_a_linear_layer_behind_channels_that_were_put_last() -> None:
    assert compare(LastChannels(), "5x5x3") == "conv 3x3x8 - flatten - shuffle 8 - fc 10"


def test_an_output_with_channels_last_that_are_cut_up_is_proved_in_its_own_order() -> None:
    """The boxes of a detector: the class scores of each box, position after position."""
    module = Habit(lambda m, x: x.permute(0, 2, 3, 1).reshape(len(x), -1, 4))
    assert import_module(module, "8x8x3").text == "input 8x8x3\n\nconv 3x3x8 p1\n"


class CoordinateAttention(nn.Module):
    """Means over rows and over columns go through one convolution, one beside the other."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.shared = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 4, 1)
        self.by_row, self.by_column = nn.Conv2d(4, 8, 1), nn.Conv2d(4, 8, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        rows, columns = x.mean(3, keepdim=True), x.mean(2, keepdim=True).permute(0, 1, 3, 2)
        both = self.shared(torch.cat([rows, columns], 2)).relu()
        rows, columns = torch.split(both, [x.shape[2], x.shape[3]], 2)
        return x * self.by_row(rows).sigmoid() * self.by_column(columns.permute(0, 1, 3, 2)).sigmoid()


def test_coordinate_attention() -> None:
    beside = "add( adaptiveavgpool 6x1 - pad 0:5x0:0 | adaptiveavgpool 1x5 - reshape 5x1x8 - pad 6:0x0:0 )"
    by_row = "crop 0:5x0:0 - conv 1x1x8 - sigmoid"
    by_column = "@skip1 - crop 6:0x0:0 - reshape 1x5x4 - conv 1x1x8 - sigmoid"
    text = f"conv 3x3x8 p1 - mul( - | {beside} - conv 1x1x4 - skip1: relu - {by_row} - | {by_column} - )"
    assert compare(CoordinateAttention(), "6x5x3") == text


def radix_softmax(m: Habit, x: Tensor) -> Tensor:
    """Split attention with two groups of two parts: the shares of the parts lie between the groups."""
    shares = x.mean((2, 3)).view(len(x), 2, 2, -1).transpose(1, 2).softmax(1).reshape(len(x), -1, 1, 1)
    first, second = shares.split(4, 1)
    return first * x[:, :4] + second * x[:, 4:]


def summed_up(m: Habit, x: Tensor) -> Tensor:
    """A sum that begins with zeros."""
    total = torch.zeros_like(x).to(x.device)
    for part in (x, m.conv(x)):
        total += part
    return total


SHARES = "shuffle 4 - reshape 1x2x4 - shuffle 2 - flatten"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: x.view(len(x), 4, 2, 8, 8).mean(2), "shuffle 4 - groupsum 2 - times 0.5"),
        (lambda m, x: x.view(len(x), 4, 2, 8, 8).softmax(2).flatten(1, 2), "shuffle 4 - softmax g2 - shuffle 2"),
        (lambda m, x: x.view(len(x), 2, 2, 2, 8, 8).sum(2).flatten(1, 2), "shuffle 2 - groupsum 2 - shuffle 2"),
        (
            radix_softmax,
            f"add( - mul( - gap - shuffle 2 - skip1: softmax g2 - {SHARES} - slice 0:4 - | slice 0:4 - ) - "
            f"| mul( @skip1 - {SHARES} - slice 4:8 | slice 4:8 ) - )",
        ),
        (summed_up, "add( | conv 1x1x8 )"),
    ],
)
def test_parts_of_the_channels_that_lie_between_others(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


class TwoHeads(NamedTuple):
    """What a module returns by name."""

    features: Tensor
    head: Tensor


def test_outputs_that_are_a_named_tuple() -> None:
    text = import_module(Habit(lambda m, x: TwoHeads(x, m.conv(x))), "8x8x3").text
    assert text == "input 8x8x3\n\nout1: conv 3x3x8 p1\nout2: conv 1x1x8\noutput @out1 @out2\n"


def test_a_layer_of_a_constant_is_refused() -> None:
    with pytest.raises(SpecError) as raised:
        import_module(Habit(lambda m, x: m.conv(torch.zeros_like(x)) + x), "8x8x3")
    message = re.sub(r":\d+", "", raised.value.message)
    where = "a spec cannot express nn.Conv2d in `conv` (test_from_torch_turned.py)"
    assert message == f"{where}: it is given a constant, and not a volume"
