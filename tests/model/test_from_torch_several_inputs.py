"""Modules with several inputs as specs: what they are given, how they are written, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc.commands.cli import run
from tests.model.test_several_inputs import Fusion, Siamese, every_network


def back(network: cnncalc.Network) -> str:
    """Return what the built network is imported as, given each volume by the name of its argument."""
    built = cnncalc.build(network, seed=0)
    arguments = [node.target for node in built.graph.nodes if node.op == "placeholder"]
    return cnncalc.from_torch(built, dict(zip(arguments, network.inputs, strict=True)))


@every_network
def test_it_comes_back_from_pytorch(text: str) -> None:
    """The same network, and a second round gives the same text."""
    network = cnncalc.load(text)
    spec = back(network)
    again = cnncalc.load(spec)
    assert (again.input_names, again.inputs, again.outputs) == (network.input_names, network.inputs, network.outputs)
    assert (again.params, again.macs) == (network.params, network.macs)
    assert back(again) == spec


def test_modules_take_volumes_by_name_or_in_order_and_example_tensors() -> None:
    spec = (
        "input image 24x24x3\ninput table 1x1x12\n\n"
        "concat( @image - conv 3x3x8 p1 - relu - gap | @table - fc 16 - relu ) - fc 5\n"
    )
    assert cnncalc.from_torch(Fusion(), {"image": "24x24x3", "table": "1x1x12"}) == spec
    assert cnncalc.from_torch(Fusion(), ["24x24x3", (1, 1, 12)]) == spec
    assert cnncalc.from_torch(Fusion(), [torch.zeros(1, 3, 24, 24), torch.zeros(1, 12)]) == spec
    swapped = cnncalc.from_torch(Fusion(), {"table": torch.zeros(4, 12), "image": torch.zeros(4, 3, 24, 24)})
    assert swapped.startswith("input table 1x1x12\ninput image 24x24x3\n")


def test_a_tensor_of_two_dimensions_is_a_vector() -> None:
    """Also where it is the only input."""
    module = nn.Sequential(nn.Linear(12, 4), nn.ReLU(), nn.Linear(4, 2))
    assert cnncalc.from_torch(module, torch.zeros(1, 12)) == "input 1x1x12\n\nfc 4 - relu - fc 2\n"


class Generator(nn.Module):
    """A generator of images as people write it: from a random vector, N x 20."""

    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(20, 8 * 4 * 4)
        self.norm = nn.BatchNorm1d(8 * 4 * 4)
        self.up = nn.ConvTranspose2d(8, 3, 4, 2, 1)

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        out = torch.relu(self.norm(self.project(z)))
        made: torch.Tensor = self.up(out.view(out.shape[0], 8, 4, 4))
        return made


@pytest.mark.parametrize("given", ["20", "1x1x20", "1x20", (1, 1, 20)])
def test_a_volume_of_one_position_is_a_vector_for_a_module_that_takes_vectors(given: Any) -> None:
    """The command line has no tensors to show it with."""
    assert cnncalc.from_torch(Generator(), given) == (
        "input 1x1x20\n\nfc 128 - bn - relu - reshape 4x4x8 - deconv 4x4x3 s2 p1\n"
    )


def test_a_vector_beside_an_image_is_read_from_its_number_alone() -> None:
    class Table(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.image, self.row = nn.Conv2d(3, 8, 3), nn.Linear(12, 8)

        def forward(self, image: torch.Tensor, row: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.image(image).mean((2, 3)) + self.row(row)
            return made

    assert cnncalc.from_torch(Table(), {"image": "32x32x3", "row": "12"}) == (
        "input image 32x32x3\ninput row 1x1x12\n\nadd( @image - conv 3x3x8 - gap | @row - fc 8 )\n"
    )


def test_a_vector_of_the_wrong_length_and_a_tensor_with_positions_are_refused() -> None:
    """A tensor shows what the module is given, so that nothing else is tried."""
    hint = "\n  = the input volume must suit the module, and its steps must not depend on the values in it"
    for given in ("21", torch.zeros(1, 20, 1, 1)):
        said = refusal(Generator(), given)
        assert said.startswith("`project` (test_from_torch_several_inputs.py:") and said.endswith(hint)
        assert ") cannot be traced on an input of 1x1x2" in said


def test_what_a_vector_meets_later_is_the_reason_that_is_told() -> None:
    class Exponential(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.fc = nn.Linear(4, 4)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = self.fc(x)
            return made.exp()

    assert "a spec cannot express `exp`" in refusal(Exponential(), "4")


def test_one_trunk_for_two_images_shares_its_weights() -> None:
    spec = cnncalc.from_torch(Siamese(), ["32x32x3", "32x32x3"])
    assert cnncalc.load(spec).params == sum(parameter.numel() for parameter in Siamese().parameters())
    assert spec.count("weights=shared1") == 2


class Habits(nn.Module):
    """What people write between two inputs: sizes of one for the other, and an argument that is rarely given."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.mask = nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(1, 8, 1)
        self.fc = nn.Linear(8 * 12 * 12, 5)

    def forward(self, image: torch.Tensor, mask: torch.Tensor, scale: float = 1.0) -> torch.Tensor:
        batch = image.size(0)
        assert mask.shape[0] == batch
        seen = self.image(image)
        wide = nn.functional.interpolate(self.mask(mask), size=seen.shape[2:], mode="bilinear")
        both = seen.view(batch, 8, -1) * wide.view(mask.size(0), 8, -1)
        made: torch.Tensor = self.fc(both.reshape(batch, -1)) * scale
        return made


def test_sizes_of_one_input_serve_the_other() -> None:
    """`x.size(0)` and `x.shape[2:]`."""
    assert cnncalc.from_torch(Habits(), {"image": "12x12x3", "mask": "6x6x1"}) == (
        "input image 12x12x3\ninput mask 6x6x1\n\n"
        "mul( @image - conv 3x3x8 p1 | @mask - conv 1x1x8 - upsample x2 bilinear ) - fc 5\n"
    )


def refusal(module: nn.Module, given: Any) -> str:
    """Return why a module is not imported."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.from_torch(module, given)
    return str(caught.value)


def test_inputs_that_a_module_has_not_are_named() -> None:
    assert refusal(Fusion(), "24x24x3") == (
        "the module takes 2 inputs (image, table), and 1 is given\n"
        "  = give the volume of each, by its name: image=64x64x3 table=64x64x3"
    )
    assert refusal(Fusion(), {"image": "24x24x3"}) == refusal(Fusion(), "24x24x3")
    assert refusal(Fusion(), {"picture": "24x24x3", "table": "1x1x12"}) == (
        "the module has no input `picture`\n  = its forward takes image, table"
    )
    assert refusal(nn.ReLU(), torch.zeros(3)) == (
        "an input has two dimensions or more, and this tensor has 1\n  = give one with images first: N x C x H x W"
    )
    assert refusal(nn.ReLU(), 5.5) == (
        "the input, a float, is not a volume\n  = give volumes such as 224x224x3, or tensors"
    )


def test_an_argument_that_holds_several_tensors_is_refused() -> None:
    class Batch(nn.Module):
        def forward(self, batch: Any) -> torch.Tensor:
            made: torch.Tensor = batch[0] + batch[1]
            return made

    said = (
        "an argument that holds several tensors is not read: each input of a spec is a tensor\n"
        "  = let `forward` take each as an argument of its own"
    )
    assert refusal(Batch(), [["8x8x3", "8x8x3"]]) == said
    assert refusal(Batch(), {"batch": {0: torch.zeros(1, 3, 8, 8), 1: torch.zeros(1, 3, 8, 8)}}) == said


def test_an_input_that_the_output_does_not_depend_on_is_refused() -> None:
    class First(nn.Module):
        def forward(self, one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
            return one.relu()

    assert refusal(First(), ["8x8x3", "8x8x3"]) == (
        "a spec cannot express the input `other`: the output does not depend on it"
    )


def test_the_command_takes_an_input_by_its_name(capsys: pytest.CaptureFixture[str]) -> None:
    named = ["--input", "image=24x24x3", "--input", "table=1x1x12"]
    assert run(["import", "tests.model.test_several_inputs:Fusion", *named]) == 0
    assert capsys.readouterr().out.splitlines()[1:3] == ["input image 24x24x3", "input table 1x1x12"]


class Noise(nn.Module):
    """Gives a vector rows and columns, as generators do, and takes it in beside an image."""

    def __init__(self, channels: int, *, gates: bool) -> None:
        super().__init__()
        self.shape, self.gates = (channels, 8, 8), gates
        self.spread = nn.Linear(10, channels * 64)

    def forward(self, x: torch.Tensor, z: torch.Tensor) -> torch.Tensor:
        noise = self.spread(z).view(-1, *self.shape)
        return x * noise.sigmoid() if self.gates else torch.cat((x, noise), 1)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        (Noise(2, gates=False), "concat( @x | @z - fc 128 - reshape 8x8x2 )"),
        (Noise(1, gates=True), "mul( @x | @z - fc 64 - sigmoid - reshape 8x8x1 )"),
    ],
)
def test_a_vector_that_is_given_rows_and_columns_is_merged_as_a_volume(module: nn.Module, text: str) -> None:
    spec = cnncalc.from_torch(module, {"x": "8x8x3", "z": torch.zeros(1, 10)})
    assert spec == f"input x 8x8x3\ninput z 1x1x10\n\n{text}\n"
