"""Factors for groups of channels, products of volumes as matrices, channels in another order, values in a row."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnncalc
from tests.model.habits import Habit, check, compare, first_line


def per_group(m: Habit, x: Tensor) -> Tensor:
    """Weigh every group of channels, as spatial group-wise enhancement does."""
    groups = x.view(-1, 4, 2, 8, 8)
    return (groups * groups.mean(2, keepdim=True).sigmoid()).view(-1, 8, 8, 8)


def per_place(m: Habit, x: Tensor) -> Tensor:
    """Weigh every place within the groups alike."""
    groups = x.view(-1, 4, 2, 8, 8)
    return (groups * groups.mean(1, keepdim=True).sigmoid()).view(-1, 8, 8, 8)


def one_per_group(m: Habit, x: Tensor) -> Tensor:
    """Weigh groups of channels by one number each, the same at all positions."""
    factors = x[:, :4].mean((2, 3)).view(-1, 4, 1, 1, 1)
    return (x.view(-1, 4, 2, 8, 8) * factors).flatten(1, 2)


def the_middle(m: Habit, x: Tensor) -> Tensor:
    """Weigh the channels by where they stand in the middle one of three parts."""
    return (x.view(-1, 2, 2, 2, 8, 8) * x[:, :2].view(-1, 1, 2, 1, 8, 8)).flatten(1, 3)


def both_sides(m: Habit, x: Tensor) -> Tensor:
    """Weigh the channels by where they stand in the first and the last of three parts."""
    return (x.view(-1, 2, 2, 2, 8, 8) * x[:, :4].view(-1, 2, 1, 2, 8, 8)).flatten(1, 3)


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (per_group, "mul( | shuffle 4 - groupsum 2 - times 0.5 - sigmoid - concat( | ) - shuffle 2 )"),
        (per_place, "mul( | groupsum 4 - times 0.25 - sigmoid - concat( |  |  | ) )"),
        (one_per_group, "mul( | slice 0:4 - gap - concat( | ) - shuffle 2 )"),
        (the_middle, "mul( | slice 0:2 - concat( | ) - shuffle 2 - concat( | ) )"),
    ],
)
def test_a_factor_for_several_channels(habit: Callable[[Habit, Tensor], Tensor], text: str) -> None:
    """PyTorch repeats it by itself, and a spec repeats the channels: behind each other, or in a row."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


def test_a_factor_for_the_parts_around_another_is_refused() -> None:
    with pytest.raises(cnncalc.SpecError, match="its inputs hold channels and positions in different orders"):
        check(both_sides)


def polarised_channels(m: Habit, x: Tensor) -> Tensor:
    """Polarised self-attention: values are summed over the positions, weighted by one map."""
    return m.conv(x).flatten(2) @ x[:, :1].flatten(2).softmax(2).transpose(1, 2)


def polarised_positions(m: Habit, x: Tensor) -> Tensor:
    """Polarised self-attention: values are summed over the channels, weighted by one vector."""
    return (x.mean((2, 3)).unsqueeze(1).softmax(2) @ m.conv(x).flatten(2)).view(-1, 1, 8, 8)


def positions_by_a_vector(m: Habit, x: Tensor) -> Tensor:
    return (x.flatten(2).transpose(1, 2) @ x.mean((2, 3)).unsqueeze(2)).view(-1, 1, 8, 8)


def column_by_row(m: Habit, x: Tensor) -> Tensor:
    return torch.bmm(x.mean((2, 3)).unsqueeze(2), x.mean(1).view(-1, 1, 64)).view(-1, 8, 8, 8)


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (polarised_channels, "mul( conv 1x1x8 | slice 0:1 - softmax over=positions ) - gap - times 64"),
        (polarised_positions, "mul( gap - softmax | conv 1x1x8 ) - channelsum"),
        (positions_by_a_vector, "mul( gap | ) - channelsum"),
        (column_by_row, "mul( gap | channelmean )"),
    ],
)
def test_products_of_volumes_as_matrices(habit: Callable[[Habit, Tensor], Tensor], text: str) -> None:
    """They are products position by position where what is summed is all positions, all channels, or nothing."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: x[:, [2, 1, 0]], "concat( slice 2:3 | slice 1:2 | slice 0:1 )"),
        (lambda m, x: x[:, [4, 5, 6, 0, 1, -1], :, :], "concat( slice 4:7 | slice 0:2 | slice 7:8 )"),
        (lambda m, x: x[:, torch.tensor([4, 5, 0])], "concat( slice 4:6 | slice 0:1 )"),
        (lambda m, x: x.index_select(1, torch.tensor([4, 5, 0])), "concat( slice 4:6 | slice 0:1 )"),
        (lambda m, x: x.movedim(1, 3)[..., [3, 4, 5]].movedim(3, 1), "slice 3:6"),
        (lambda m, x: x[:, :3].flip(1), "slice 0:3 - concat( slice 2:3 | slice 1:2 | slice 0:1 )"),
        (lambda m, x: torch.flip(x[:, :2], dims=[1]), "slice 0:2 - concat( slice 1:2 | slice 0:1 )"),
    ],
)
def test_channels_in_another_order(habit: Callable[[Habit, Tensor], Tensor], text: str) -> None:
    """Red and blue change places in front of networks that were trained with Caffe."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


def test_an_order_of_many_ranges_is_refused() -> None:
    order = torch.arange(80).view(2, 40).t().flatten()
    module = Reordered(order)
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.from_torch(module, "4x4x80")
    assert caught.value.message == (
        f"a spec cannot express `getitem` ({first_line(Reordered)}): "
        "it takes 80 ranges of channels, and at most 32 are written out"
    )


class Reordered(nn.Module):
    def __init__(self, order: Tensor) -> None:
        super().__init__()
        self.register_buffer("order", order)

    def forward(self, x: Tensor) -> Tensor:
        return x[:, self.order]


def for_groups(m: Habit, x: Tensor) -> Tensor:
    """Repeat the factors of groups, and let them change places with their copies (MLFN)."""
    factors = x[:, :2].mean((2, 3), keepdim=True).repeat(1, 4, 1, 1)
    return factors.view(-1, 4, 2, 1, 1).permute(0, 2, 1, 3, 4).reshape(-1, 8, 1, 1) * x


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (for_groups, "mul( slice 0:2 - gap - concat( |  |  | ) - shuffle 4 | )"),
        (lambda m, x: x.repeat_interleave(2, dim=2), "upsample x2x1"),
        (lambda m, x: x.repeat_interleave(2, 2).repeat_interleave(3, -1), "upsample x2x1 - upsample x1x3"),
        (lambda m, x: torch.repeat_interleave(x, 3, dim=1), "concat( |  | ) - shuffle 3"),
        (lambda m, x: x.movedim(1, 3).repeat_interleave(2, 3).movedim(3, 1), "concat( | ) - shuffle 2"),
        (lambda m, x: x.mean((2, 3), keepdim=True).repeat_interleave(8, 2) * x, "mul( gap | )"),
    ],
)
def test_values_several_times_in_a_row(habit: Callable[[Habit, Tensor], Tensor], text: str) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


class TypedConstants(nn.Module):
    """Constants that get the type of a volume before more is computed of them."""

    def __init__(self) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.rand(3) + 1)
        self.register_buffer("means", torch.tensor([1.0, 2.0, 4.0]))

    def forward(self, x: Tensor) -> Tensor:
        x = x - self.means.view(1, 3, 1, 1).type_as(x) / 2
        return x * (self.factor.type_as(x) * 2).view(1, 3, 1, 1)


def test_constants_that_get_the_type_of_a_volume() -> None:
    assert compare(TypedConstants(), "4x4x3") == "dwconv 1x1 fixed kernel=[1] bias=[-0.5 -1 -2] - scale"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: x + x.new_full((1, 8, 1, 1), 0.5) * 2, "dwconv 1x1 fixed kernel=[1] bias=[1 1 1 1 1 1 1 1]"),
        (lambda m, x: x + torch.full_like(x, 0.5), "plus 0.5"),
        (lambda m, x: x[:, :2] * x.new_tensor([3.0, 2.0]).view(1, 2, 1, 1), "slice 0:2 - scale fixed kernel=[3 2]"),
    ],
)
def test_constants_that_forward_makes(habit: Callable[[Habit, Tensor], Tensor], text: str) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


class Traceless(nn.Module):
    """A scripted function, which `torch.export` sees through, in front of what no spec says."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.grid_sample(self.twice(self.conv(x)), torch.zeros(x.shape[0], 8, 8, 2))


def twice(x: Tensor) -> Tensor:
    return x * 2


def test_what_is_refused_behind_a_scripted_function_is_named() -> None:
    """It was said that the function cannot be traced, which is not what is in the way."""
    module = Traceless()
    with pytest.warns(FutureWarning, match="torch.jit.script"):
        module.twice = torch.jit.script(twice)
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.from_torch(module, "8x8x3")
    assert caught.value.message == (
        f"a spec cannot express `grid_sampler` ({first_line(Traceless)}): "
        "it reads at places that are computed, and the windows of a spec lie in a grid"
    )


class Tried(nn.Module):
    """Calls its parts in the one way or the other, as parts of networks for speech take lengths or not."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU()), nn.Sequential(nn.Conv1d(4, 2, 3))])

    def forward(self, x: Tensor) -> Tensor:
        return self.called(self.parts[1], self.called(self.parts[0], x))

    def called(self, part: nn.Module, x: Tensor) -> Tensor:
        try:
            return part(x, lengths=None)
        except TypeError:
            return part(x)


def test_a_call_that_fails_may_be_caught() -> None:
    assert compare(Tried(), "9x3") == "conv 3x4 - relu - conv 3x2"
