"""Networks with several inputs: `input left 64x64x3`, in PyTorch both ways, in files, and in memory."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory, saved_bytes
from cnncalc.commands.cli import run
from cnncalc.model.checkpointing import checkpointed
from cnncalc.model.export import onnx, pt2
from cnncalc.model.python import python_source
from cnncalc.model.verify import verify
from tests.oracle.torch_memory import autograd_bytes, fake_mode, inference_peak, tracked_peak, with_memory

SIAMESE = """\
# one trunk for two images
input left 32x32x3
input right 32x32x3

block trunk()
  conv 3x3x8 p1 - relu - pool 2x2 s2
  conv 3x3x16 p1 - bn - relu - gap
end

sub( @left - trunk() weights=trunk | @right - trunk() weights=trunk )
fc 8 - relu - fc 2
"""

TWO_STREAMS = """\
# an image, and the flow between two images at half the size
input rgb 32x32x3
input flow 16x16x2
@rgb - conv 3x3x16 s2 same - relu
conv 3x3x16 p1 - seen: relu
add( @seen | @flow - conv 3x3x16 p1 - relu )
relu - conv 3x3x8 - flatten - fc 10
"""

FUSION = """\
# an image, and a row of a table
input image 24x24x3
input table 1x1x12
concat( @image - conv 3x3x8 p1 - relu - gap | @table - fc 16 - relu )
fc 5
"""

THREE = """\
# an input that is read twice, one that is read late, and an output that is an activation of one of them
input a 8x8x4
input b 8x8x4
input class 1x1x4
x: add( @a - conv 3x3x4 p1 | @b )
mul( @x | @class )
y: add( | @a ) - relu - gap - fc 3
"""

NETWORKS = {"siamese": SIAMESE, "two streams": TWO_STREAMS, "fusion": FUSION, "three inputs": THREE}
every_network = pytest.mark.parametrize("text", NETWORKS.values(), ids=NETWORKS)


class Siamese(nn.Module):
    """The first of the networks, as a person writes it."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(
            *(nn.Conv2d(3, 8, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(8, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        )
        self.head = nn.Sequential(nn.Linear(16, 8), nn.ReLU(), nn.Linear(8, 2))

    def forward(self, left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        made: torch.Tensor = self.head(self.trunk(left) - self.trunk(right))
        return made


class TwoStreams(nn.Module):
    """The second."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(3, 16, 3, 2), nn.Conv2d(16, 16, 3, padding=1)
        self.flow, self.last = nn.Conv2d(2, 16, 3, padding=1), nn.Conv2d(16, 8, 3)
        self.fc = nn.Linear(14 * 14 * 8, 10)

    def forward(self, rgb: torch.Tensor, flow: torch.Tensor) -> torch.Tensor:
        seen = self.second(self.first(nn.functional.pad(rgb, (0, 1, 0, 1))).relu()).relu()
        both = (seen + self.flow(flow).relu()).relu()
        made: torch.Tensor = self.fc(self.last(both).flatten(1))
        return made


class Fusion(nn.Module):
    """The third."""

    def __init__(self) -> None:
        super().__init__()
        self.image, self.table = nn.Conv2d(3, 8, 3, padding=1), nn.Linear(12, 16)
        self.fc = nn.Linear(24, 5)

    def forward(self, image: torch.Tensor, table: torch.Tensor) -> torch.Tensor:
        seen = self.image(image).relu().mean((2, 3))
        made: torch.Tensor = self.fc(torch.cat([seen, self.table(table.flatten(1)).relu()], 1))
        return made


def given(network: cnncalc.Network, batch: int = 2) -> list[torch.Tensor]:
    """Return a tensor of random values for every input."""
    torch.manual_seed(3)
    return [torch.rand(batch, volume.channels, *volume.spatial) for volume in network.inputs]


@pytest.mark.parametrize(
    ("text", "by_hand"), [(SIAMESE, Siamese), (TWO_STREAMS, TwoStreams), (FUSION, Fusion)], ids=list(NETWORKS)[:3]
)
def test_values_are_those_of_the_module_that_a_person_writes(text: str, by_hand: type[nn.Module]) -> None:
    """Its parameters, in their order, make the same numbers; weights that two share are there once."""
    network = cnncalc.load(text)
    theirs, ours = by_hand().eval(), cnncalc.build(network, seed=0).eval()
    pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
    with torch.no_grad():
        for parameter, other in pairs:
            parameter.copy_(other.reshape(parameter.shape))
    assert network.params == sum(parameter.numel() for parameter in theirs.parameters())
    seen = given(network)
    torch.testing.assert_close(ours(*seen), theirs(*seen))


@every_network
def test_pytorch_takes_the_inputs_in_order_or_by_name(text: str) -> None:
    """PyTorch's shapes are the volumes, the written Python makes the same values, and so does checkpointing."""
    network = cnncalc.load(text)
    assert [check for check in verify(network) if not check.holds] == []
    built = cnncalc.build(network, seed=0).eval()
    names: dict[str, Any] = {}
    exec(compile(python_source(network), "model.py", "exec"), names)
    written = names["Network"]().eval()
    written.load_state_dict(built.state_dict())
    seen = given(network)
    made = built(*seen)
    arguments = [node.target for node in built.graph.nodes if node.op == "placeholder"]
    named = dict(zip(arguments, seen, strict=True))
    for other in (written, checkpointed(built, network)):
        torch.testing.assert_close(made, other(*seen), rtol=0, atol=0)
        torch.testing.assert_close(made, other(**named), rtol=0, atol=0)
    torch.testing.assert_close(made, built(**dict(reversed(named.items()))), rtol=0, atol=0)


def test_names_that_python_keeps_for_itself_get_an_underscore() -> None:
    network = cnncalc.load(THREE)
    built = cnncalc.build(network)
    assert [node.target for node in built.graph.nodes if node.op == "placeholder"] == ["a", "b", "class_"]
    head = "def forward(\n        self, a: torch.Tensor, b: torch.Tensor, class_: torch.Tensor\n"
    assert head in python_source(network)


def test_checkpointing_gives_the_same_gradients() -> None:
    """Segments are cut where an input enters."""
    network = cnncalc.load(SIAMESE)
    built, again = cnncalc.build(network, seed=0), cnncalc.build(network, seed=0)
    seen = given(network)
    built(*seen).sum().backward()
    checkpointed(again, network)(*seen).sum().backward()
    for one, two in zip(built.parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one.grad, two.grad, rtol=0, atol=0)


# ---- memory


@every_network
def test_autograd_keeps_what_is_predicted(text: str) -> None:
    """To the byte; an input that is kept counts with its own size."""
    network = cnncalc.load(text)
    setup = TrainingSetup(batch=3, device="cpu")
    kept = autograd_bytes(cnncalc.build(network, seed=0), *given(network, 3))
    assert sum(saved_bytes(network, setup)) == kept


@every_network
@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
def test_the_tracker_finds_the_peak_that_is_predicted(text: str, optimizer: str) -> None:
    network = cnncalc.load(text)
    with fake_mode():
        expected = tracked_peak(with_memory(cnncalc.build(network, device="meta")), network, 3, optimizer)
    setup = TrainingSetup(batch=3, optimizer=optimizer, device="cpu", ema=False)
    assert predict_memory(network, setup).peak_bytes == expected


@every_network
def test_the_tracker_finds_the_peak_of_an_inference(text: str) -> None:
    network = cnncalc.load(text)
    with fake_mode():
        expected = inference_peak(with_memory(cnncalc.build(network, device="meta")), network, 3)
    assert predict_memory(network, TrainingSetup(batch=3, device="cpu", inference=True)).peak_bytes == expected


def test_the_tracker_finds_the_peak_of_checkpointing() -> None:
    network = cnncalc.load(SIAMESE.replace("bn - ", ""))
    with fake_mode():
        module = checkpointed(with_memory(cnncalc.build(network, device="meta")), network)
        expected = tracked_peak(module, network, 3)
    setup = TrainingSetup(batch=3, device="cpu", ema=False, checkpointing=True)
    assert predict_memory(network, setup).peak_bytes == expected


# ---- files


@pytest.mark.slow
def test_exported_files_take_every_input() -> None:
    """ONNX by its name; a program of torch.export makes what the module makes."""
    onnx_module = pytest.importorskip("onnx")
    network = cnncalc.load(TWO_STREAMS)
    graph = onnx_module.load_from_string(onnx(network, seed=0)).graph
    sizes = {each.name: [side.dim_value for side in each.type.tensor_type.shape.dim[1:]] for each in graph.input}
    assert sizes == {"rgb": [3, 32, 32], "flow": [2, 16, 16]}
    program = torch.export.load(io.BytesIO(pt2(network, seed=0))).module()
    seen = given(network, 3)
    torch.testing.assert_close(program(*seen), cnncalc.build(network, seed=0).eval()(*seen))


# ---- the way back


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
