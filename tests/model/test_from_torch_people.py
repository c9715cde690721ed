"""Habits of public collections: sizes that a call asks for, outputs along a new axis, branches from the input again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnncalc
from cnncalc.model.from_torch import import_module
from tests.model.does import refusal
from tests.model.habits import Habit, check, compare


class Enlarging(nn.Module):
    """ENet's end: a transposed convolution that is told what size to make."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(3, 4, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(4, 2, 3, stride=2, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.up(self.down(x), output_size=x.size())  # type: ignore[no-any-return]


def test_a_transposed_convolution_to_a_size() -> None:
    """The output padding follows from it: 1 for an even side, 0 for an odd one."""
    assert compare(Enlarging(), "8x9x3") == "conv 3x3x4 s2 p1 - deconv 3x3x2 s2 p1 op1x0 nobias"


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: x.unsqueeze(dim=1).squeeze(dim=1).relu(), "relu"),
        (lambda m, x: x.mean(3).mean(2), "gap"),
        (lambda m, x: x.max(3)[0].max(2)[0], "gmp"),
        (lambda m, x: functional.layer_norm(x, x.shape[1:]), "gn 1 noaffine"),
        (lambda m, x: torch.stack([m.conv(x), x], 1), "concat( conv 1x1x8 | )"),
        (lambda m, x: x.view(2, 2, 4, 8, 8).sigmoid(), "sigmoid"),
    ],
)
def test_habits(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


def one_by_one(m: Habit, x: Tensor) -> Tensor:
    """Put volumes along a new axis, as selective kernels do."""
    volumes = m.conv(x).unsqueeze_(dim=1)
    for made in (x.relu(), x.tanh()):
        volumes = torch.cat([volumes, made.unsqueeze_(dim=1)], dim=1)
    return volumes.sum(dim=1)


def test_volumes_along_a_new_axis_one_after_the_other() -> None:
    assert check(one_by_one) == "conv 3x3x8 p1 - concat( concat( conv 1x1x8 | relu ) | tanh ) - groupsum 3"


def test_a_layer_norm_over_all_of_an_image() -> None:
    """Over channels at the one position that there is, as context blocks have it; over positions it is refused."""
    module = nn.Sequential(nn.Conv2d(3, 4, 8), nn.LayerNorm([4, 1, 1]), nn.ReLU())
    assert compare(module, "8x8x3") == "conv 8x8x4 - ln - relu"
    assert refusal(nn.Sequential(nn.Conv2d(3, 4, 7), nn.LayerNorm([4, 2, 2]))) == (
        "a spec cannot express nn.LayerNorm in `1`: its `ln` works over the channels at each position, "
        "and this over positions too"
    )


class Pyramid(nn.Module):
    """An image enlarged step by step, and returned at each (LapSRN): the second output begins at the image again."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 3, 3, padding=1), nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        first = self.first(x).relu()
        return first, self.second(x) + first


def test_an_output_that_begins_at_the_input_again() -> None:
    """The input gets a label, on a layer that computes nothing."""
    module = Pyramid()
    imported = import_module(module, "8x8x3")
    built = cnncalc.build(cnncalc.load(imported.text))
    state = {name: module.get_parameter(path) for name, path in imported.tensors.items()}
    built.load_state_dict(state)
    images = torch.rand(2, 3, 8, 8)
    for one, other in zip(built(images), module(images), strict=True):
        torch.testing.assert_close(one, other)
    assert imported.text.endswith(
        "\nskip1: identity - conv 3x3x3 p1 - out2: relu\n@skip1 - out3: add( @out2 | conv 1x1x3 )\noutput @out2 @out3\n"
    )


@pytest.mark.filterwarnings("ignore:.*weight_norm. is deprecated")
def test_weights_that_a_hook_computes_are_those_of_the_next_call() -> None:
    """`weight_norm` sets the weight before each call; what the attribute holds until then is old."""
    conv = nn.utils.weight_norm(nn.Conv1d(2, 3, 3))
    module = nn.Sequential(conv)
    with torch.no_grad():
        conv.weight_g.mul_(2)
    imported = import_module(module, "8x2")
    weight = imported.computed["conv1.weight"]()
    norms = conv.weight_v.norm(dim=(1, 2), keepdim=True)
    torch.testing.assert_close(weight, conv.weight_g * conv.weight_v / norms)
