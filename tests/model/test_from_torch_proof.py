"""An import computes what the module computes, or is refused: nothing that a module does is lost without a word."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn
from torch.nn import functional

import cnncalc
from cnncalc.model.from_torch import import_module, proof
from tests.model.does import Does, layers, refusal

# ---- in place


def written_through_a_view(m: Does, x: torch.Tensor) -> torch.Tensor:
    y = m.a(x)
    y.flatten(2).relu_()
    return y


def multiplied_in_place(m: Does, x: torch.Tensor) -> torch.Tensor:
    y = m.a(x)
    s = y
    y *= torch.sigmoid(y.mean((2, 3), keepdim=True))
    return m.b(y) + s  # type: ignore[no-any-return]


def in_place_by_position(m: Does, x: torch.Tensor) -> torch.Tensor:
    y = m.a(x)
    functional.relu(y, True)
    return y


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (written_through_a_view, "conv 3x3x8 p1 - relu"),
        (multiplied_in_place, "conv 3x3x8 p1 - mul( | gap - sigmoid ) - add( conv 3x3x8 p1 | )"),
        (in_place_by_position, "conv 3x3x8 p1 - relu"),
    ],
)
def test_what_is_written_over_is_seen_through_every_name_and_view(
    function: Callable[[Does, torch.Tensor], object], text: str
) -> None:
    assert layers(Does(function)) == text


def test_writing_over_a_part_of_what_is_read_later_is_refused() -> None:
    """No layer of a spec changes some channels and keeps the others."""

    def partly(m: Does, x: torch.Tensor) -> torch.Tensor:
        y = m.a(x)
        y[:, :4].relu_()
        return m.b(y)  # type: ignore[no-any-return]

    assert refusal(Does(partly)) == (
        "a spec cannot express nn.Conv2d in `b` (LINE): `relu_` (LINE) has written over a part of it, "
        "and a spec has no layer for that"
    )


def test_writing_over_a_part_that_nobody_reads_again_is_a_layer() -> None:
    assert layers(Does(lambda m, x: m.a(x)[:, :4].relu_())) == "conv 3x3x8 p1 - slice 0:4 - relu"


# ---- tensors


def test_weights_that_are_computed_are_plain_weights_and_a_note_says_so() -> None:
    """They would train in another way; what they are now is what the built network is given."""
    module = Does(lambda m, x: functional.conv2d(x, m.a.weight - m.a.weight.mean((1, 2, 3), keepdim=True)))
    imported = import_module(module, "8x8x3")
    assert imported.text.endswith("\nconv 3x3x8 nobias\n")
    assert imported.notes == ("`a.weight` is computed in the module (mean, sub), and is a plain weight in the spec",)
    weight = module.a.weight.detach()
    expected = weight - weight.mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(imported.computed["conv1.weight"](), expected)


def test_a_reshaped_parameter_is_a_factor_per_channel() -> None:
    """ConvNeXt's layer scale."""
    assert layers(Does(lambda m, x: m.a(x) * m.gamma.reshape(1, -1, 1, 1))) == "conv 3x3x8 p1 - scale"


# ---- ways of writing


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda m, x: functional.relu(torch.split(m.a(x), 4, 1)[-1]), "conv 3x3x8 p1 - slice 4:8 - relu"),
        (lambda m, x: torch.cat(torch.chunk(m.a(x), 2, 1)[::-1], 1), "conv 3x3x8 p1 - concat( slice 4:8 | slice 0:4 )"),
        (lambda m, x: nn.ReLU()(m.a(x)), "conv 3x3x8 p1 - relu"),
        (lambda m, x: functional.relu(input=m.a(x)), "conv 3x3x8 p1 - relu"),
        (lambda m, x: m.a(x) if isinstance(x, torch.Tensor) else x, "conv 3x3x8 p1"),
        (lambda m, x: m.a(x).mean((2, 3))[:, :1].squeeze(1), "conv 3x3x8 p1 - gap - slice 0:1"),
        (lambda m, x: m.a(x)[:, ::2], "conv 3x3x8 p1 - slice 0:8:2"),
        (lambda m, x: functional.pad(m.a(x), (0, 0, 0, 0, 4, 4)), "conv 3x3x8 p1 - padchannels 4"),
        (lambda m, x: functional.pad(m.a(x), (1, 1, 1, 1), mode="circular"), "conv 3x3x8 p1 - pad 1 circular"),
        (lambda m, x: m.a(x).mean((2, 3)).view(-1, 2, 2, 2), "conv 3x3x8 p1 - gap - reshape 2x2x2"),
        (lambda m, x: functional.pixel_unshuffle(m.a(x), 2), "conv 3x3x8 p1 - pixelunshuffle 2"),
        (
            lambda m, x: m.a(x).view(-1, 8, 4, 2, 4, 2).permute(0, 1, 3, 5, 2, 4).reshape(-1, 32, 4, 4),
            "conv 3x3x8 p1 - pixelunshuffle 2",
        ),
        (
            lambda m, x: m.a(x).view(-1, 8, 4, 2, 4, 2).permute(0, 3, 5, 1, 2, 4).reshape(-1, 32, 4, 4),
            "conv 3x3x8 p1 - pixelunshuffle 2 - shuffle 8",
        ),
        (
            lambda m, x: m.a(x).view(-1, 2, 2, 2, 8, 8).permute(0, 1, 4, 2, 5, 3).reshape(-1, 2, 16, 16),
            "conv 3x3x8 p1 - pixelshuffle 2",
        ),
        (lambda m, x: 2 * m.a(x) / 8, "conv 3x3x8 p1 - times 2 - times 0.125"),
        (lambda m, x: 3 + m.a(x) - 0.5, "conv 3x3x8 p1 - plus 3 - plus -0.5"),
        (lambda m, x: 1 - m.a(x), "conv 3x3x8 p1 - times -1 - plus 1"),
        (lambda m, x: -m.a(x), "conv 3x3x8 p1 - times -1"),
        (lambda m, x: torch.max(m.a(x), 1, keepdim=True)[0], "conv 3x3x8 p1 - channelmax"),
        (lambda m, x: m.a(x).permute(0, 2, 3, 1).mean(-1, True), "conv 3x3x8 p1 - channelmean"),
        (lambda m, x: functional.normalize(m.a(x).sum(1, keepdim=True)), "conv 3x3x8 p1 - channelsum - l2norm"),
    ],
)
def test_ways_of_writing(function: Callable[[Does, torch.Tensor], object], text: str) -> None:
    assert layers(Does(function)) == text


class Own(torch.autograd.Function):
    """Has a gradient of its own, and computes what no layer does."""

    @staticmethod
    def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
        return torch.round(x)

    @staticmethod
    def backward(ctx: object, *gradients: torch.Tensor) -> torch.Tensor:
        return gradients[0]


kept_apply = Own.apply


def with_part(x: torch.Tensor, value: object) -> torch.Tensor:
    """Write into the first channel, as ``x[:, 0] = value`` does."""
    x[:, 0] = value
    return x


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (
            lambda m, x: Own.apply(m.a(x)),
            "torch.autograd.Function `Own` (LINE): it has a gradient of its own, and computes no layer of a spec",
        ),
        (
            lambda m, x: kept_apply(m.a(x)),
            "torch.autograd.Function `Own` (LINE): it has a gradient of its own, and computes no layer of a spec",
        ),
        (
            lambda m, x: nn.Conv2d(3, 8, 3)(x),
            "nn.Conv2d (LINE): it is made in forward, with new weights at every call",
        ),
        (lambda m, x: x.__setitem__((slice(None), 0), 0), "an output that is not a tensor"),
        (lambda m, x: with_part(m.a(x), 0), "`x[…] = …` (LINE): it writes into a part of a tensor"),
        (
            lambda m, x: with_part(torch.zeros(2, 3, 8, 8), x[:, 0]),
            "`x[…] = …` (LINE): it writes into a tensor that does not come from the input",
        ),
        (lambda m, x: torch.add(x, x, out=x), "`add` (LINE): its argument `out` is not known here"),
    ],
)
def test_refusals_name_the_operation_and_the_line(function: Callable[[Does, torch.Tensor], object], said: str) -> None:
    assert refusal(Does(function)) == f"a spec cannot express {said}"


def test_a_power_pool_whose_last_windows_are_cut_off_is_refused() -> None:
    """With ceil_mode, PyTorch weighs them by the whole window; where all windows fit it makes no difference."""
    pool = nn.LPPool2d(2, 2, ceil_mode=True)
    assert refusal(pool, "7x7x3") == (
        "a spec cannot express nn.LPPool2d: with ceil_mode, its last windows weigh more than the others"
    )
    assert layers(pool) == "lppool 2x2 s2"


def test_what_is_large_is_proved_in_float32(monkeypatch: pytest.MonkeyPatch) -> None:
    """A module that computes something else in float64 shows which of them it was asked for."""

    def rounded(m: Does, x: torch.Tensor) -> torch.Tensor:
        return m.a(x) if x.dtype == torch.float32 else functional.relu(m.a(x))

    module = Does(rounded)
    assert "differs from" in refusal(module)
    monkeypatch.setattr(proof, "LARGE", 0)
    assert layers(module) == "conv 3x3x8 p1"


# ---- text


class Unit(nn.Module):
    """BagNet's unit: the same layer twice, on other channels each time."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        convs = [nn.Conv2d(channels, inner, 1), nn.ReLU(), nn.Conv2d(inner, inner, 1), nn.ReLU()]
        self.layers = nn.Sequential(*convs, nn.Conv2d(inner, channels, 1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.layers(x) + x)


def test_a_repeat_in_a_block_does_not_count_from_the_channels_that_change() -> None:
    widths = [64, 128, 256, 320, 384, 448]
    convs = [nn.Conv2d(before, after, 1) for before, after in pairwise([3, *widths])]
    units = [Unit(width) for width in widths]
    text = cnncalc.from_torch(
        nn.Sequential(*[part for pair in zip(convs, units, strict=True) for part in pair]), "4x4x3"
    )
    assert "  add( (conv 1x1x{inner} - relu)*2 - conv 1x1x{4*inner} | ) - relu\n" in text


def test_nests_that_share_branches_take_time_in_proportion() -> None:
    """NASNet's cells read the two before them: there are 2^60 ways through 60 of them."""

    def cells(m: Does, x: torch.Tensor) -> torch.Tensor:
        before, last = x, functional.relu(x)
        for _ in range(60):
            before, last = last, torch.sigmoid(last) + torch.tanh(before)
        return last

    assert len(cnncalc.load(cnncalc.from_torch(Does(cells), "2x2x3", prove=False))) > 180
