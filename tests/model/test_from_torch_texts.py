"""Imported texts as a person would write them: cells with labels, parallel streams, stages, shared branches."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from cnncalc.model.from_torch.convert import import_module


def text_of(module: nn.Module, input: str) -> str:
    """Return the text of a module, which has been compared with the module layer by layer."""
    return import_module(module, input).text


def conv(channels: int, filters: int, kernel: int = 3, stride: int = 1) -> nn.Sequential:
    weights = nn.Conv2d(channels, filters, kernel, stride, kernel // 2, bias=False)
    return nn.Sequential(weights, nn.BatchNorm2d(filters))


class Cell(nn.Module):
    """A dual path: part of what the cell makes is added, part of it is concatenated."""

    def __init__(self, channels: int, kept: int, grown: int) -> None:
        super().__init__()
        self.kept = kept
        self.first, self.second = conv(channels, 32, 1), conv(32, kept + grown)

    def forward(self, x: Tensor) -> Tensor:
        made = self.second(torch.relu(self.first(x)))
        added = x[:, : self.kept] + made[:, : self.kept]
        return torch.cat([added, x[:, self.kept :], made[:, self.kept :]], 1)


def test_cells_with_labels_are_blocks() -> None:
    """A label that is set and taken up in one module is the block's own."""
    module = nn.Sequential(nn.Conv2d(3, 48, 3), Cell(48, 32, 8), Cell(56, 32, 8), Cell(64, 32, 8))
    assert text_of(module, "16x16x3") == (
        "input 16x16x3\n\n"
        "block cell\n"
        "  concat(\n"
        "    add(\n"
        "      conv 1x1x32 nobias - bn - relu\n"
        "      conv 3x3x40 p1 nobias - skip1: bn\n"
        "      slice 0:32\n"
        "    | slice 0:32\n"
        "    )\n"
        "  | slice 32:{C}\n"
        "  | @skip1 - slice 32:40\n"
        "  )\n"
        "end\n\n"
        "conv 3x3x48\n"
        "cell*3\n"
    )


class Residual(nn.Module):
    def __init__(self, channels: int, width: int, stride: int = 1) -> None:
        super().__init__()
        self.one, self.two = conv(channels, width, 3, stride), conv(width, width)
        changes = channels != width or stride > 1
        self.shortcut = conv(channels, width, 1, stride) if changes else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.two(torch.relu(self.one(x))) + self.shortcut(x))


class Stages(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = conv(3, 16)
        self.layer1 = nn.Sequential(Residual(16, 16), Residual(16, 16))
        self.layer2 = nn.Sequential(Residual(16, 32, 2), Residual(32, 32))
        self.layer3 = nn.Sequential(Residual(32, 64, 2), Residual(64, 64))
        self.layer4 = nn.Sequential(Residual(64, 128, 2), Residual(128, 128))

    def forward(self, x: Tensor) -> Tensor:
        return self.layer4(self.layer3(self.layer2(self.layer1(torch.relu(self.stem(x))))))


def test_stages_and_what_residual_blocks_share() -> None:
    """The long branch, with and without a shortcut beside it, is one block, and equal stages are another."""
    assert text_of(Stages(), "32x32x3") == (
        "input 32x32x3\n"
        "rounding floor\n\n"
        "block path(width, stride=1)\n"
        "  conv 3x3x{width} s{stride} p1 nobias - bn - relu\n"
        "  conv 3x3x{width} p1 nobias - bn\n"
        "end\n\n"
        "block stage(width)\n"
        "  add( path(width, stride=2) | conv 1x1x{width} s2 nobias - bn ) - relu\n"
        "  add( path(width) | ) - relu\n"
        "end\n\n"
        "conv 3x3x16 p1 nobias - bn - relu\n"
        "(add( path(16) | ) - relu)*2\n"
        "stage(32)\n"
        "stage(64)\n"
        "stage(128)\n"
    )


class Fuse(nn.Module):
    """Two streams, each of which gets the other one's part, as in HRNet."""

    def __init__(self, high: int, low: int) -> None:
        super().__init__()
        self.high, self.low = Residual(high, high), Residual(low, low)
        self.up = nn.Sequential(*conv(low, high, 1), nn.Upsample(scale_factor=2))
        self.down = conv(high, low, 3, 2)

    def forward(self, streams: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor]:
        high, low = self.high(streams[0]), self.low(streams[1])
        return torch.relu(high + self.up(low)), torch.relu(low + self.down(high))


class Streams(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.begin, self.other, self.last = conv(3, 8), conv(8, 16, 3, 2), conv(16, 8, 1)
        self.fusions = nn.ModuleList(Fuse(8, 16) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.begin(x))
        streams = x, torch.relu(self.other(x))
        for fusion in self.fusions:
            streams = fusion(streams)
        return streams[0] + nn.functional.interpolate(self.last(streams[1]), scale_factor=2)


def test_streams_follow_one_another_with_labels() -> None:
    """Sums that would stand in each other four deep are statements, one for each stream and fusion."""
    main = text_of(Streams(), "32x32x3").partition("conv 3x3x8 p1 nobias - bn - ")[2]
    assert main == (
        "x1: relu - x2: residual\n"
        "@x1 - conv 3x3x16 s2 p1 nobias - bn - relu - x3: residual\n"
        "add( @x2 | @x3 - conv 1x1x8 nobias - bn - upsample x2 ) - relu - x4: residual\n"
        "add( @x3 | @x2 - conv 3x3x16 s2 p1 nobias - bn ) - relu - x5: residual\n"
        "add( @x4 | @x5 - conv 1x1x8 nobias - bn - upsample x2 ) - relu - x6: residual\n"
        "add( @x5 | @x4 - conv 3x3x16 s2 p1 nobias - bn ) - relu - x7: residual\n"
        "add( @x6 | @x7 - conv 1x1x8 nobias - bn - upsample x2 ) - relu - x8: residual\n"
        "add( @x7 | @x6 - conv 3x3x16 s2 p1 nobias - bn ) - relu - x9: residual\n"
        "add(\n"
        "  add( @x8 | @x9 - conv 1x1x8 nobias - bn - upsample x2 ) - relu\n"
        "| add( @x9 | @x8 - conv 3x3x16 s2 p1 nobias - bn ) - relu\n"
        "  conv 1x1x8 nobias - bn - upsample x2\n"
        ")\n"
    )


def test_what_follows_from_the_channels_that_arrive_is_a_default() -> None:
    """A gate's second convolution makes as many channels as arrived, which nobody wants to write at every call."""

    class Gate(nn.Module):
        def __init__(self, channels: int, inner: int) -> None:
            super().__init__()
            self.reduce, self.expand = nn.Conv2d(channels, inner, 1), nn.Conv2d(inner, channels, 1)

        def forward(self, x: Tensor) -> Tensor:
            mean = x.mean((2, 3), keepdim=True)
            return x * torch.sigmoid(self.expand(torch.relu(self.reduce(mean))))

    sizes = [(32, 12), (64, 12), (96, 5), (128, 12), (160, 12), (192, 12), (224, 12), (256, 12)]
    convs = [nn.Conv2d(before, after, 1) for before, after in pairwise([3, *[width for width, _ in sizes]])]
    layers = [layer for conv, size in zip(convs, sizes, strict=True) for layer in (conv, Gate(*size))]
    text = text_of(nn.Sequential(*layers), "16x16x3")
    assert "block gate(squeezed, channels=C)\n" in text
    assert "gate(5)\n" in text


class DoubleConv(nn.Sequential):
    def __init__(self, channels: int, width: int) -> None:
        super().__init__(conv(channels, width), nn.ReLU(), conv(width, width), nn.ReLU())


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first, self.last = DoubleConv(3, 16), nn.Conv2d(16, 2, 1)
        self.downs = nn.ModuleList([nn.Sequential(nn.MaxPool2d(2), DoubleConv(w, 2 * w)) for w in (16, 32, 64)])
        self.ups = nn.ModuleList([nn.ConvTranspose2d(2 * w, w, 2, 2) for w in (64, 32, 16)])
        self.convs = nn.ModuleList([DoubleConv(2 * w, w) for w in (64, 32, 16)])

    def forward(self, x: Tensor) -> Tensor:
        skips = [self.first(x)]
        for down in self.downs:
            skips.append(down(skips[-1]))
        x = skips.pop()
        for up, convs in zip(self.ups, self.convs, strict=True):
            x = convs(torch.cat([skips.pop(), up(x)], 1))
        return self.last(x)


def test_a_unet_has_a_line_for_every_level() -> None:
    assert text_of(UNet(), "32x32x3") == (
        "input 32x32x3\n\n"
        "skip1: (conv 3x3x16 p1 nobias - bn - relu)*2 - maxpool 2x2 s2\n"
        "skip2: (conv 3x3x32 p1 nobias - bn - relu)*2 - maxpool 2x2 s2\n"
        "skip3: (conv 3x3x64 p1 nobias - bn - relu)*2 - maxpool 2x2 s2\n"
        "(conv 3x3x128 p1 nobias - bn - relu)*2\n"
        "deconv 2x2x64 s2 - concat( @skip3 | ) - (conv 3x3x64 p1 nobias - bn - relu)*2\n"
        "deconv 2x2x32 s2 - concat( @skip2 | ) - (conv 3x3x32 p1 nobias - bn - relu)*2\n"
        "deconv 2x2x16 s2 - concat( @skip1 | ) - (conv 3x3x16 p1 nobias - bn - relu)*2\n"
        "conv 1x1x2\n"
    )


class Same(nn.Module):
    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = conv(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.conv(x))


class Deep(nn.Module):
    def __init__(self, depths: list[int]) -> None:
        super().__init__()
        widths = [3, *[8 * place for place in range(1, len(depths) + 1)]]
        stages = [
            nn.Sequential(conv(before, after, 3, 2), nn.ReLU(), *[Same(after) for _ in range(depth)])
            for (before, after), depth in zip(pairwise(widths), depths, strict=True)
        ]
        self.stages, self.drop = nn.Sequential(*stages), nn.Dropout(0.0)

    def forward(self, x: Tensor) -> Tensor:
        return self.drop(self.stages(x))


def test_stages_of_any_depth_are_one_block_and_a_rate_of_0_is_nothing() -> None:
    """The third stage has no block behind its first convolution: it is repeated 0 times."""
    assert text_of(Deep([2, 3, 0, 1, 2, 4]), "64x64x3") == (
        "input 64x64x3\n"
        "rounding floor\n\n"
        "block stage(width, depth)\n"
        "  conv 3x3x{width} s2 p1 nobias - bn - relu\n"
        "  (add( | conv 3x3x{width} p1 nobias - bn ) - relu)*{depth}\n"
        "end\n\n"
        "stage(8, 2)\n"
        "stage(16, 3)\n"
        "stage(24, 0)\n"
        "stage(32, 1)\n"
        "stage(40, 2)\n"
        "stage(48, 4)\n"
    )
