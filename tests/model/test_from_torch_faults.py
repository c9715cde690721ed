"""Small modules that imports once got wrong or could not say, one of each kind: equal now, or refused by name."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnncalc
from cnncalc.model.from_torch import import_module
from tests.model.habits import compare


class Base(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.m = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(8, 1, 1)
        self.g8, self.g1 = nn.Parameter(torch.ones(8)), nn.Parameter(torch.zeros(1))
        self.register_buffer("blur", torch.ones(8, 1, 3, 3) / 9)


class ParameterReshaped(Base):
    """The gain of ConvNeXt."""

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x) * self.g8.reshape(1, -1, 1, 1)


class StandardisedWeights(Base):
    """Normaliser-free networks and BiT."""

    def forward(self, x: Tensor) -> Tensor:
        w = self.a.weight
        w = (w - w.mean((1, 2, 3), keepdim=True)) / w.std((1, 2, 3), keepdim=True)
        return functional.conv2d(x, w, self.a.bias, padding=1)


class LastOfSplit(Base):
    """Res2Net."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(torch.split(self.a(x), 4, 1)[-1])


class CornersAligned(Base):
    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(self.a(x), scale_factor=2, mode="bilinear", align_corners=True)


class ScaledResidual(Base):
    """Inception-ResNet."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return y + 0.1 * self.b(y)


class MapGate(Base):
    """Attention U-Net."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return y * torch.sigmoid(self.m(y))


class EcaConv1d(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.c = nn.Conv2d(3, 8, 3), nn.Conv1d(1, 1, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        x = self.a(x)
        y = x.mean((2, 3)).view(x.shape[0], 1, -1)
        return x * torch.sigmoid(self.c(y)).view(x.shape[0], -1, 1, 1)


class SplitAttention(Base):
    def forward(self, x: Tensor) -> Tensor:
        z = self.a(x)
        return torch.stack([z, self.b(z)], 1).sum(1)


class SharedConv(Base):
    def forward(self, x: Tensor) -> Tensor:
        return self.b(self.b(self.a(x)))


class FractionalResize(Base):
    def forward(self, x: Tensor) -> Tensor:
        return functional.interpolate(functional.avg_pool2d(self.a(x), 3, 2), size=x.shape[2:])


class ModuleMadeInForward(Base):
    def forward(self, x: Tensor) -> Tensor:
        return nn.ReLU()(self.a(x))


class SubtractInput(Base):
    """PoolFormer."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return functional.avg_pool2d(y, 3, 1, 1, count_include_pad=False) - y


class ScalarFactor(Base):
    """ReZero."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        return y + self.g1 * self.b(y)


class Negative(Base):
    def forward(self, x: Tensor) -> Tensor:
        return -self.a(x)


class FullyConnectedByConv(nn.Module):
    """DCGAN's discriminator."""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Conv2d(3, 1, 16)

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x).view(-1, 1).squeeze(1)


class WeightNorm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a = nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 8, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x)


class Silu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        return x * torch.sigmoid(x)

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        return gradients[0]


class CustomFunction(Base):
    """The process once died of it."""

    def forward(self, x: Tensor) -> Tensor:
        return Silu.apply(self.a(x))


class BlurBuffer(Base):
    """Its filter was counted as learned."""

    def forward(self, x: Tensor) -> Tensor:
        return functional.conv2d(self.a(x), self.blur, stride=2, padding=1, groups=8)


class InplaceOnView(Base):
    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        y.flatten(2).relu_()
        return y


class AugmentedAlias(Base):
    """What is written over is seen under its other name."""

    def forward(self, x: Tensor) -> Tensor:
        y = self.a(x)
        s = y
        y *= torch.sigmoid(y.mean((2, 3), keepdim=True))
        return self.b(y) + s


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (ParameterReshaped, "conv 3x3x8 p1 - scale"),
        (StandardisedWeights, "conv 3x3x8 p1"),
        (LastOfSplit, "conv 3x3x8 p1 - slice 4:8 - relu"),
        (CornersAligned, "conv 3x3x8 p1 - upsample x2 bilinear aligncorners"),
        (ScaledResidual, "conv 3x3x8 p1 - add( | conv 3x3x8 p1 - times 0.1 )"),
        (MapGate, "conv 3x3x8 p1 - mul( | conv 1x1x1 - sigmoid )"),
        (EcaConv1d, "conv 3x3x8 - mul( | gap - channelconv 3 nobias - sigmoid )"),
        (SplitAttention, "conv 3x3x8 p1 - add( | conv 3x3x8 p1 )"),
        (SharedConv, "conv 3x3x8 p1 - conv 3x3x8 p1 weights=shared1*2"),
        (FractionalResize, "conv 3x3x8 p1 - avgpool 3x3 s2 - upsample 16x16"),
        (ModuleMadeInForward, "conv 3x3x8 p1 - relu"),
        (SubtractInput, "conv 3x3x8 p1 - sub( avgpool 3x3 s1 p1 nopad | )"),
        (ScalarFactor, "conv 3x3x8 p1 - add( | conv 3x3x8 p1 - scale 0 one )"),
        (Negative, "conv 3x3x8 p1 - times -1"),
        (FullyConnectedByConv, "conv 16x16x1"),
        (WeightNorm, "conv 3x3x8"),
        (CustomFunction, "conv 3x3x8 p1 - silu"),
        (BlurBuffer, "conv 3x3x8 p1 - dwconv 3x3 s2 p1 nobias fixed kernel=box"),
        (InplaceOnView, "conv 3x3x8 p1 - relu"),
        (AugmentedAlias, "conv 3x3x8 p1 - mul( | gap - sigmoid ) - add( conv 3x3x8 p1 | )"),
    ],
)
def test_it_computes_what_the_module_does(kind: type[nn.Module], text: str) -> None:
    torch.manual_seed(0)
    assert compare(kind(), "16x16x3") == text


@pytest.mark.parametrize(
    ("kind", "how"), [(StandardisedWeights, "mean, sub, std, truediv"), (WeightNorm, "WeightNorm")]
)
def test_weights_that_are_computed_are_plain_ones_and_a_note_says_so(kind: type[nn.Module], how: str) -> None:
    assert import_module(kind(), "16x16x3").notes == (
        f"`a.weight` is computed in the module ({how}), and is a plain weight in the spec",
    )


class TwoOutputs(Base):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y = self.a(x)
        return y, self.b(y)


def test_two_outputs() -> None:
    text = import_module(TwoOutputs(), "16x16x3").text
    assert text.endswith("\nout1: conv 3x3x8 p1\nout2: conv 3x3x8 p1\noutput @out1 @out2\n")


class Unit(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = channels // 4
        widths = [channels, inner, inner, channels]
        convs = [nn.Conv2d(one, other, 1) for one, other in pairwise(widths)]
        self.n = nn.Sequential(convs[0], nn.ReLU(), convs[1], nn.ReLU(), convs[2])

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.n(x) + x)


def test_a_repeat_inside_of_a_block() -> None:
    """BagNet: three blocks that differ in their width, each with the same two layers twice."""
    convs = [nn.Conv2d(one, other, 1) for one, other in ((3, 64), (64, 128), (128, 256))]
    module = nn.Sequential(convs[0], Unit(64), convs[1], Unit(128), convs[2], Unit(256))
    compare(module, "8x8x3")
    assert "(conv 1x1x" in cnncalc.from_torch(module, "8x8x3")
