"""How people write PyTorch: each habit becomes the text of what it computes, and computes the same."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

import cnncalc
from cnncalc import SpecError
from cnncalc.model.from_torch import import_module


class Habit(nn.Module):
    """A function of a module with parts of every kind, behind a convolution to eight channels."""

    def __init__(self, does: Callable[[Habit, Tensor], object]) -> None:
        super().__init__()
        self.does = does
        self.first = nn.Conv2d(3, 8, 3, padding=1)
        self.conv = nn.Conv2d(8, 8, 1)
        self.factor, self.shift = nn.Parameter(torch.randn(8)), nn.Parameter(torch.randn(8))
        self.gate = nn.Sequential(nn.Linear(8, 2), nn.ReLU(), nn.Linear(2, 8), nn.Sigmoid())

    def forward(self, x: Tensor) -> object:
        return self.does(self, self.first(x))


class Silu(torch.autograd.Function):
    """Keeps its input rather than what its product needs, as implementations that save memory do."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        ctx.save_for_backward(x)  # type: ignore[attr-defined]
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return gradients[0]


class Reverses(torch.autograd.Function):
    """Passes its input on, and turns its gradient round."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x.view_as(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return -gradients[0]


kept_apply = Silu.apply


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
        "the language cannot say a torch.jit.ScriptModule in `0`: its code is TorchScript, which says nothing of "
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


# ---- what is written out by hand


@pytest.mark.parametrize(
    ("habit", "text"),
    [
        (lambda m, x: 0.5 * x * (1 + torch.erf(x / 2**0.5)), "gelu"),
        (lambda m, x: torch.where(x > 0, x, 0.2 * x), "leakyrelu 0.2"),
        (lambda m, x: torch.maximum(x, torch.zeros_like(x)), "relu"),
        (lambda m, x: torch.log(1 + torch.exp(x)), "softplus"),
        (lambda m, x: torch.log(functional.softmax(x, 1)), "logsoftmax"),
        (lambda m, x: x / (x.norm(dim=1, keepdim=True) + 1e-12), "l2norm"),
        (lambda m, x: (x - x.mean((2, 3), True)) / (x.var((2, 3), False, keepdim=True) + 1e-3).sqrt(), "instancenorm"),
    ],
)
def test_an_activation_or_a_normalisation_by_hand(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """Calls that say nothing alone are a layer together, if they compute what one does."""
    assert check(habit).replace(" eps=0.001", "") == f"conv 3x3x8 p1 - {text}"


def norm_by_hand(m: Habit, x: Tensor) -> Tensor:
    """ConvNeXt's, for images with their channels first."""
    mean = x.mean(1, keepdim=True)
    variance = (x - mean).pow(2).mean(1, keepdim=True)
    x = (x - mean) / torch.sqrt(variance + 1e-6)
    return m.factor[:, None, None] * x + m.shift[:, None, None]


def root_mean_square_by_hand(m: Habit, x: Tensor) -> Tensor:
    x = x.permute(0, 2, 3, 1)
    return (m.factor * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-6))).permute(0, 3, 1, 2)


def response_by_hand(m: Habit, x: Tensor) -> Tensor:
    """ConvNeXt v2's, for images with their channels last."""
    x = x.permute(0, 2, 3, 1)
    norm = torch.norm(x, p=2, dim=(1, 2), keepdim=True)
    share = norm / (norm.mean(dim=-1, keepdim=True) + 1e-6)
    return (m.factor * (x * share) + m.shift + x).permute(0, 3, 1, 2)


@pytest.mark.parametrize(
    ("habit", "text"),
    [(norm_by_hand, "ln eps=1e-6"), (root_mean_square_by_hand, "rmsnorm"), (response_by_hand, "grn")],
)
def test_a_normalisation_by_hand_that_learns(habit: Callable[[Habit, Tensor], object], text: str) -> None:
    """Which parameter is the factor and which the shift is found by what they do."""
    assert check(habit) == f"conv 3x3x8 p1 - {text}"


@pytest.mark.parametrize("habit", [lambda m, x: Silu.apply(x), lambda m, x: kept_apply(x)])
def test_a_function_with_a_gradient_of_its_own_is_the_activation_that_it_computes(
    habit: Callable[[Habit, Tensor], object],
) -> None:
    """And a note says that the gradient is another."""
    assert check(habit) == "conv 3x3x8 p1 - silu"
    (note,) = import_module(Habit(habit), "8x8x3").notes
    assert re.sub(r"[(].*:\d+[)]", "(LINE)", note) == (
        "`Silu` (LINE) has a gradient of its own; the spec has that of `silu`"
    )


def test_a_function_that_only_changes_the_gradient_is_refused() -> None:
    with pytest.raises(SpecError, match=r"`Reverses` .*: it has a gradient of its own"):
        import_module(Habit(lambda m, x: Reverses.apply(x)), "8x8x3")


@pytest.mark.parametrize("reentrant", [True, False])
def test_parts_that_are_computed_again_are_what_they_compute(reentrant: bool) -> None:
    habit = lambda m, x: checkpoint(m.conv, x, use_reentrant=reentrant)  # noqa: E731
    assert check(habit) == "conv 3x3x8 p1 - conv 1x1x8"
