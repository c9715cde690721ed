"""Modules that take images without a dimension for their one channel, as sensors and spectrograms come."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

import cnncalc
from cnncalc import SpecError
from cnncalc.model.from_torch import import_module
from tests.model.habits import compare, first_line


class Sensors(nn.Module):
    """Takes N x sensors x times, and looks along the times first and over all sensors then."""

    def __init__(self, *, times_first: bool) -> None:
        super().__init__()
        self.times_first = times_first
        kernels = [(5, 1), (1, 4)] if times_first else [(1, 5), (4, 1)]
        self.times, self.sensors = nn.Conv2d(1, 6, kernels[0]), nn.Conv2d(6, 8, kernels[1])
        self.head = nn.Linear(8, 2)

    def forward(self, x: Tensor) -> Tensor:
        x = x.permute(0, 2, 1).unsqueeze(1) if self.times_first else x[:, None]
        return self.head(self.sensors(self.times(x)).relu().mean((2, 3)))


class Wave(nn.Module):
    """Takes N x samples."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(1, 4, 9, stride=4)

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.unsqueeze(1)).relu()


class Bands(nn.Module):
    """Takes N x bands x H x W, and slides over the bands, too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv3d(1, 4, (5, 3, 3))

    def forward(self, x: Tensor) -> Tensor:
        return self.conv(x.unsqueeze(1))


class Logarithm(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return torch.log(self.conv(x.unsqueeze(1)))


TAIL = "conv 4x1x8 - relu\ngap - fc 2\n"


@pytest.mark.parametrize(
    ("module", "shape", "text"),
    [
        (Sensors(times_first=False), (1, 4, 20), f"input 4x20x1\n\nconv 1x5x6\n{TAIL}"),
        (
            Sensors(times_first=True),
            (1, 4, 20),
            "input 4x20x1\n\nflatten - shuffle 4 - reshape 20x4x1 - conv 5x1x6\nconv 1x4x8 - relu\ngap - fc 2\n",
        ),
        (Wave(), (1, 400), "input 400x1\nrounding floor\n\nconv 9x4 s4 - relu\n"),
        (Bands(), (1, 9, 8, 8), "input 9x8x8x1\n\nconv 5x3x3x4\n"),
    ],
)
def test_the_spec_has_the_channel_that_the_module_adds(module: nn.Module, shape: tuple[int, ...], text: str) -> None:
    """The same numbers as an image of one channel, with the same output."""
    imported = import_module(module.eval(), torch.zeros(shape))
    assert imported.text == text
    taken = " x ".join(["N", *map(str, shape[1:])])
    same = f"the module takes {taken}, and the spec the same numbers as {imported.network.input}"
    assert imported.notes == (same,)
    built = cnncalc.build(imported.network).eval()
    built.load_state_dict({name: module.state_dict()[path] for name, path in imported.tensors.items()})
    images = torch.randn(3, *shape[1:])
    torch.testing.assert_close(built(images[:, None]), module(images), rtol=1e-4, atol=1e-5)


def test_what_cannot_be_said_is_that_of_the_reading_that_comes_further() -> None:
    """The convolution suits the image of one channel, and the logarithm no spec."""
    with pytest.raises(SpecError) as caught:
        import_module(Logarithm(), torch.zeros(1, 8, 9))
    assert caught.value.message == (
        f"a spec cannot express `log` ({first_line(Logarithm)}): the language has no such activation"
    )


def test_a_module_that_takes_channels_is_read_as_before() -> None:
    assert import_module(nn.Conv1d(4, 8, 3), torch.zeros(1, 4, 20)).text == "input 20x4\n\nconv 3x8\n"


class Attention(nn.Module):
    """Looks along the channels of one number for each image, which is a signal of one position for the convolution."""

    def __init__(self) -> None:
        super().__init__()
        self.along = nn.Conv1d(1, 1, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        found = self.along(x.amax(1, keepdim=True).flatten(2)).unsqueeze(-1)
        return found.relu() * found.mean((2, 3), keepdim=True)


def test_a_single_position_is_merged_in_any_number_of_dimensions() -> None:
    """The convolution works on a signal and the mean on an image, both of one value."""
    assert compare(Attention(), "1x1x6") == "channelmax - conv 1x3x1 p0x1 - mul( relu | gap )"
