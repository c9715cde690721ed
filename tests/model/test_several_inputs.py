"""Networks with several inputs: `input left 64x64x3`, in PyTorch both ways, in files, and in memory."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from torch import nn

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory, saved_bytes
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
    seen = given(network, 3)
    built = cnncalc.build(network, seed=0).eval()
    runtime = pytest.importorskip("onnxruntime").InferenceSession(onnx(network, seed=0))
    made = runtime.run(None, dict(zip(network.input_names, [tensor.numpy() for tensor in seen], strict=True)))
    torch.testing.assert_close(torch.from_numpy(made[0]), built(*seen), rtol=1e-4, atol=1e-5)
    program = torch.export.load(io.BytesIO(pt2(network, seed=0))).module()
    torch.testing.assert_close(program(*seen), built(*seen))
