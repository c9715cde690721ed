"""How people write PyTorch: each habit becomes the text of what it computes, and computes the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from cnncalc import SpecError
from cnncalc.model.from_torch import import_module
from tests.model.habits import Habit, check


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


# ---- channels as positions, and constants


def partial_convolution(m: Habit, x: Tensor) -> Tensor:
    """FasterNet's, which leaves most channels as they are."""
    x = x.clone()
    x[:, 2:4] = torch.relu(x[:, 2:4])
    return m.conv(x)  # type: ignore[no-any-return]


def test_channels_that_are_written_over() -> None:
    text = "conv 3x3x8 p1 - concat( slice 0:2 | slice 2:4 - relu | slice 4:8 ) - conv 1x1x8"
    assert check(partial_convolution) == text


def space_to_depth(m: Habit, x: Tensor) -> Tensor:
    """As timm's TResNet does: the channels of a block of positions stand together."""
    batch, channels, height, width = x.size()
    x = x.view(batch, channels, height // 2, 2, width // 2, 2)
    return x.permute(0, 3, 5, 1, 2, 4).contiguous().view(batch, 4 * channels, height // 2, width // 2)


def depth_to_space(m: Habit, x: Tensor) -> Tensor:
    x = x.view(-1, 2, 2, 2, 8, 8)
    return x.permute(0, 3, 4, 1, 5, 2).reshape(-1, 2, 16, 16)


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (space_to_depth, "pixelunshuffle 2 - shuffle 8"),
        (
            lambda m, x: x.unflatten(3, (4, 2)).unflatten(2, (4, 2)).permute(0, 1, 3, 5, 2, 4).flatten(1, 3),
            "pixelunshuffle 2",
        ),
        (depth_to_space, "shuffle 4 - pixelshuffle 2"),
        (lambda m, x: x.view(-1, 2, 2, 2, 8, 8).permute(0, 1, 4, 2, 5, 3).reshape(-1, 2, 16, 16), "pixelshuffle 2"),
        (lambda m, x: torch.cat([x, torch.zeros_like(x)], 1), "padchannels 0:8"),
        (lambda m, x: torch.cat([x.new_zeros(x.size(0), 2, 8, 8), x, torch.zeros(2, 3, 8, 8)], 1), "padchannels 2:3"),
        (lambda m, x: functional.pad(x, (1, 1, 1, 1), value=1.5), "plus -1.5 - pad 1 - plus 1.5"),
        (lambda m, x: x.view(-1, 2, 4, 8, 8).mean(1), "groupsum 2 - times 0.5"),
        (lambda m, x: x.relu().square(), "relu - mul( | )"),
        (lambda m, x: x**3, "mul( |  | )"),
        (lambda m, x: x.abs(), "max( | times -1 )"),
        (
            lambda m, x: (x[:, :2] - torch.tensor([0.5, 0.25]).view(1, 2, 1, 1)) / torch.tensor([[[2.0]], [[4.0]]]),
            "slice 0:2 - dwconv 1x1 fixed kernel=[1] bias=[-0.5 -0.25] - scale fixed kernel=[0.5 0.25]",
        ),
    ],
)
def test_other_words_for_the_same(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


# ---- modules around modules, and functions that cannot be seen into


def gated_add(x: Tensor, y: Tensor) -> Tensor:
    return torch.relu(x + y) * torch.sigmoid(y)


@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_a_scripted_function_is_seen_by_export() -> None:
    """What `torch.fx` cannot trace, `torch.export` does; the layers know their modules and lines all the same."""
    scripted = torch.jit.script(gated_add)
    habit = lambda m, x: scripted(x, m.conv(x))  # noqa: E731
    assert check(habit) == "conv 3x3x8 p1 - mul( add( | skip1: conv 1x1x8 ) - relu | @skip1 - sigmoid )"


def net() -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU6(inplace=True), nn.MaxPool2d(2), nn.Dropout())


class Halves(nn.Module):
    """Calls ranges of a Sequential, each of which is a module that is made in `forward`."""

    def __init__(self) -> None:
        super().__init__()
        self.whole = net()

    def forward(self, x: Tensor) -> Tensor:
        return self.whole[2:](self.whole[:2](x))  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "module",
    [
        nn.DataParallel(net()),
        nn.Sequential(nn.DataParallel(net())),
        Halves(),
        torch.export.export(net().eval(), (torch.zeros(2, 3, 8, 8),)).module(),
    ],
    ids=["parallel", "inner", "range", "exported"],
)
def test_what_only_holds_a_module_is_that_module(module: nn.Module) -> None:
    text = import_module(module, "8x8x3").text.removesuffix(" - dropout 0.5\n").removesuffix("\n")
    assert text == "input 8x8x3\n\nconv 3x3x8 - bn - relu6 - maxpool 2x2 s2"


@pytest.mark.filterwarnings("ignore:.torch.jit")
def test_torchscript_is_refused_by_its_name() -> None:
    with pytest.raises(SpecError) as raised:
        import_module(nn.Sequential(torch.jit.script(net())), "8x8x3")
    assert str(raised.value) == (
        "a spec cannot express a torch.jit.ScriptModule in `0`: its code is TorchScript, which says nothing of "
        "modules: import what it was made from"
    )


# ---- sums and products


def selective_kernel(m: Habit, x: Tensor) -> Tensor:
    """Two branches, and how much of each for every channel (Li et al., 2019)."""
    both = torch.stack([x, m.conv(x)], dim=1)
    squeezed = m.gate(both.sum(1).mean((2, 3)))
    shares = torch.softmax(torch.cat([squeezed, x.mean((2, 3))], 1).view(-1, 2, 8), dim=1)
    return (both * shares[..., None, None]).sum(dim=1)


def context(m: Habit, x: Tensor) -> Tensor:
    """A sum of all positions, weighted by a map (GCNet, 2019)."""
    weights = torch.softmax(x[:, :1].flatten(2), dim=-1)
    return x + torch.matmul(x.flatten(2), weights.transpose(1, 2)).unsqueeze(-1)


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: torch.stack([x, m.conv(x)]).sum(0), "add( | conv 1x1x8 )"),
        (lambda m, x: torch.stack([x, m.conv(x)], 1).sum(1), "add( | conv 1x1x8 )"),
        (lambda m, x: torch.stack([x, m.conv(x)], -1).mean(dim=-1), "mean( | conv 1x1x8 )"),
        (lambda m, x: torch.stack([m.conv(x)]).mean(0), "conv 1x1x8"),
        (lambda m, x: torch.stack([x, m.conv(x)], 1).amax(1), "concat( | conv 1x1x8 ) - groupmax 2"),
        (lambda m, x: torch.add(x, m.conv(x), alpha=0.2), "add( | conv 1x1x8 - times 0.2 )"),
        (lambda m, x: torch.sub(x, m.conv(x), alpha=2), "sub( | conv 1x1x8 - times 2 )"),
        (lambda m, x: x.sum((2, 3)), "gap - times 64"),
        (lambda m, x: x.view(-1, 8, 64).max(2)[0], "gmp"),
        (lambda m, x: x * m.factor.view(1, -1, 1, 1) + m.shift.view(1, -1, 1, 1), "dwconv 1x1"),
        (lambda m, x: x.mean((2, 3)) @ m.gate[0].weight.t() + m.gate[0].bias, "gap - fc 2"),
        (context, "add( | mul( | slice 0:1 - softmax over=positions ) - gap - times 64 )"),
    ],
)
def test_sums_and_products(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


def test_a_stack_that_is_weighted_becomes_channels_behind_each_other() -> None:
    """Split attention and selective kernels work across its parts."""
    text = check(selective_kernel)
    assert "softmax g2" in text
    assert text.endswith(" - groupsum 2")


def test_tiles_of_an_image_are_space_to_depth() -> None:
    def tiles(m: Habit, x: Tensor) -> Tensor:
        return x.unfold(2, 2, 2).unfold(3, 2, 2).permute(0, 1, 4, 5, 2, 3).reshape(-1, 32, 4, 4)

    assert check(tiles) == "conv 3x3x8 p1 - pixelunshuffle 2"
    with pytest.raises(SpecError) as caught:
        check(lambda m, x: x.unfold(2, 3, 1))
    assert caught.value.message.endswith("it takes tiles that overlap, or leave something out")
