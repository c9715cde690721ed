"""Modules whose parts work in different numbers of dimensions: the spec has the largest one everywhere."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import cnncalc
from cnncalc.model.from_torch import import_module
from tests.model.habits import first_line


class SensorsThenTimes(nn.Module):
    """A 2-D convolution over all sensors, and 1-D layers along the times that are left."""

    def __init__(self) -> None:
        super().__init__()
        self.sensors, self.norm = nn.Conv2d(1, 8, (4, 1)), nn.BatchNorm1d(6)
        self.times = nn.Conv1d(8, 6, 5, stride=2, padding=2, dilation=2)
        self.pool, self.short, self.head = nn.MaxPool1d(2), nn.Conv1d(8, 6, 1, stride=4), nn.Linear(6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.sensors(x).squeeze(2)
        long = self.pool(functional.elu(self.norm(self.times(x))))
        return self.head((long + self.short(x)[:, :, : long.shape[2]])[:, :, -1])


class MapOfFeatures(nn.Module):
    """What a 1-D convolution has found, as an image."""

    def __init__(self) -> None:
        super().__init__()
        self.found, self.image = nn.Conv1d(4, 8, 3), nn.Conv2d(1, 5, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.image(self.found(x).relu().unsqueeze(1))


class Spectrogram(nn.Module):
    """Frequencies become channels, as in networks for speech."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.times = nn.Conv2d(1, 8, 3, stride=(2, 1), padding=1), nn.Conv1d(40, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.image(x)
        images, channels, rows, times = x.shape
        x = self.times(x.view(images, channels * rows, times))
        return functional.interpolate(x, scale_factor=2, mode="linear")


class Clip(nn.Module):
    """Frames become channels."""

    def __init__(self) -> None:
        super().__init__()
        self.clip, self.image = nn.Conv3d(3, 8, 3, padding=1), nn.Conv2d(32, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.image(functional.pad(self.clip(x).flatten(1, 2), (1, 0, 2, 0)))


@pytest.mark.parametrize(
    ("module", "shape", "text"),
    [
        (
            SensorsThenTimes(),
            (1, 1, 4, 50),
            "input 4x50x1\nrounding floor\n\nconv 4x1x8\n"
            "add( conv 1x5x6 s1x2 p0x2 d1x2 - bn - elu - maxpool 1x2 s1x2 | conv 1x1x6 s1x4 - crop 0:0x0:2 )\n"
            "crop 0:0x10:0 - fc 3\n",
        ),
        (MapOfFeatures(), (1, 4, 20), "input 1x20x4\n\nconv 1x3x8 - relu - reshape 8x18x1\nconv 3x3x5 p1\n"),
        (
            Spectrogram(),
            (1, 1, 10, 20),
            "input 10x20x1\nrounding floor\n\n"
            "conv 3x3x8 s2x1 p1 - reshape 1x20x40\nconv 1x3x6 - upsample x1x2 bilinear\n",
        ),
        (
            Clip(),
            (1, 3, 4, 8, 8),
            "input 4x8x8x3\n\nconv 3x3x3x8 p1 - reshape 1x8x8x32\nconv 1x3x3x6 p0:0x2:0x1:0\n",
        ),
    ],
)
def test_the_spec_has_as_many_dimensions_everywhere(module: nn.Module, shape: tuple[int, ...], text: str) -> None:
    """A dimension of one position is added in front, and all windows are 1 there."""
    imported = import_module(module.eval(), torch.zeros(shape))
    assert imported.text == text
    built = cnncalc.build(imported.network).eval()
    names = {name: module.state_dict()[path] for name, path in imported.tensors.items()}
    shapes = {name: value.shape for name, value in built.state_dict().items()}
    given = {name: value.reshape(shapes[name]) for name, value in names.items()}
    built.load_state_dict(given, strict=False)
    images = torch.randn(3, *shape[1:])
    volume = imported.network.input
    expected = module(images)
    computed = built(images.reshape(3, volume.channels, *volume.spatial))
    torch.testing.assert_close(computed.reshape(expected.shape), expected, rtol=1e-4, atol=1e-5)


def test_a_note_says_what_the_module_takes() -> None:
    assert import_module(MapOfFeatures(), torch.zeros(1, 4, 20)).notes == (
        "the module takes N x 4 x 20, and the spec the same numbers as 1x20x4",
    )


class ShuffledClip(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.clip = nn.Conv3d(1, 8, 3, padding=1)
        self.shuffle = nn.PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        return self.shuffle(self.clip(x).flatten(1, 2))


def test_a_layer_of_one_number_of_dimensions_is_refused() -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        import_module(ShuffledClip(), torch.zeros(1, 1, 4, 8, 8))
    assert caught.value.message == (
        f"a spec cannot express `pixelshuffle` in `shuffle` ({first_line(ShuffledClip)}): "
        "other parts of the network have 3 dimensions, and it has fewer"
    )


class Widened(nn.Module):
    """Option A of a residual network for signals, with the channels brought to the end for the padding."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x) + functional.pad(x.transpose(-1, -2), (1, 3)).transpose(-1, -2)


def test_channels_that_are_the_last_dimension_are_padded_as_channels() -> None:
    assert cnncalc.from_torch(Widened(), "30x4") == "input 30x4\n\nadd( conv 3x8 p1 | padchannels 1:3 )\n"
