"""Unpooling: what it puts where, against PyTorch; and what it refuses."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc.model.python import python_source
from tests.layers.helpers import hints, load, marked, told

SEGNET = """
block down(width)
  conv 3x3x{width} p1 - relu - pool 2x2 ceil
end
a: down(4) - b: down(6)
conv 3x3x6 p1 - relu - unpool @b
conv 3x3x4 p1 - relu - unpool @a
conv 1x1x2
"""


class SegNet(nn.Module):
    """The same, as PyTorch's users write it."""

    def __init__(self) -> None:
        super().__init__()
        self.enc1, self.enc2 = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)
        self.dec2, self.dec1 = nn.Conv2d(6, 6, 3, padding=1), nn.Conv2d(6, 4, 3, padding=1)
        self.head = nn.Conv2d(4, 2, 1)
        self.pool = nn.MaxPool2d(2, 2, return_indices=True, ceil_mode=True)
        self.unpool = nn.MaxUnpool2d(2, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.enc1(x))
        first = x.size()
        x, places1 = self.pool(x)
        x = torch.relu(self.enc2(x))
        second = x.size()
        x, places2 = self.pool(x)
        x = self.unpool(torch.relu(self.dec2(x)), places2, output_size=second)
        return self.head(self.unpool(torch.relu(self.dec1(x)), places1, output_size=first))


def test_it_computes_what_pytorch_s_module_computes() -> None:
    """With the weights of one in the other, on sizes that the pools do not divide."""
    theirs, ours = SegNet().eval(), cnncalc.build(load(SEGNET, "11x14x3")).eval()
    ours.load_state_dict(dict(zip(ours.state_dict(), theirs.state_dict().values(), strict=True)))
    seen = torch.randn(2, 3, 11, 14)
    with torch.no_grad():
        torch.testing.assert_close(ours(seen), theirs(seen))


def test_a_module_that_unpools_is_read() -> None:
    assert cnncalc.from_torch(SegNet(), (11, 14, 3)).splitlines()[2:] == [
        "conv 3x3x4 p1 - relu - pool1: maxpool 2x2 s2 ceil",
        "conv 3x3x6 p1 - relu - pool2: maxpool 2x2 s2 ceil",
        "conv 3x3x6 p1 - relu - unpool @pool2",
        "conv 3x3x4 p1 - relu - unpool @pool1",
        "conv 1x1x2",
    ]


def test_written_python_hands_the_places_out_of_a_block() -> None:
    source = python_source(load(SEGNET, "11x14x3"))
    assert "x, pool1_places = self.pool1(x)\n        return x, pool1_places" in source
    assert "x = nn.functional.max_unpool2d(x, b_places, 2, 2, output_size=(6, 7))" in source


def test_without_the_size_of_the_input_the_module_is_refused() -> None:
    """PyTorch would make 10x14 of what was 11x14, with the places of another size."""
    module = SegNet()
    module.pool, module.unpool = nn.MaxPool2d(2, 2, return_indices=True), nn.MaxUnpool2d(2, 2)
    with pytest.raises(cnncalc.SpecError) as raised:
        cnncalc.from_torch(nn.Sequential(_Both(module.pool, module.unpool)), (11, 14, 3))
    assert "it makes 10x14x3, and the max pool was given 11x14x3; give it `output_size`" in raised.value.message


class _Both(nn.Module):
    def __init__(self, pool: nn.Module, unpool: nn.Module) -> None:
        super().__init__()
        self.pool, self.unpool = pool, unpool

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x, places = self.pool(x)
        made: torch.Tensor = self.unpool(x, places)
        return made


@pytest.mark.parametrize(
    ("text", "code", "message", "hint"),
    [
        (
            "unpool 2x2",
            "missing-size",
            "unpool needs the label of a max pool",
            "label the pool, `pool1: pool 2x2`, and write `unpool @pool1`",
        ),
        (
            "a: conv 3x3x4 - unpool @a",
            "bad-option",
            "unpool takes the label of a max pool, and `@a` is `conv`",
            "write the label in front of the pool: `pool1: pool 2x2`",
        ),
        (
            "a: pool 2x2 - conv 1x1x5 - unpool @a",
            "bad-size",
            "the pool `a` made 4x4x3, and 4x4x5 arrives at its unpool",
            "`conv 1x1x3` in front of it fits the channels",
        ),
        (
            "a: pool 2x2 - pool 2x2 - unpool @a",
            "bad-size",
            "the pool `a` made 4x4x3, and 2x2x3 arrives at its unpool",
            "unpool what has the size that the pool made",
        ),
    ],
)
def test_what_it_refuses(text: str, code: str, message: str, hint: str) -> None:
    assert (told(text, "8x8x3"), hints(text, "8x8x3")) == ((code, message), hint)


def test_the_caret_stands_under_the_label() -> None:
    assert marked("a: conv 3x3x4 - unpool @a", "8x8x3") == "@a"


def test_each_output_sees_what_its_pool_and_what_arrives_see() -> None:
    """A 2x2 pool behind a 3x3 convolution sees 4x4, of the positions that every second unit of it looks at."""
    network = load("conv 3x3x3 p1 - a: pool 2x2 - unpool @a", "8x8x3")
    assert [field.size for field in cnncalc.count(network).rows[-1].field if field] == [4, 4]
