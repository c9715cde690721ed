"""TensorFlow.js: the model is loaded and run by TensorFlow.js itself, where Node has it, and read back as a spec."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

import cnncalc
from cnncalc.to_foreign.tensorflowjs import TensorFlowJS
from tests.commands.conftest import Cnncalc
from tests.to_foreign.test_keras import SHARED, SMALL, TWO_INPUTS, assert_near, module_of

MODULES = Path(os.environ.get("CNNCALC_TFJS", "build/tfjs/node_modules")).absolute()
"""Where `.ci/browser` puts TensorFlow.js."""


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", ["lenet5", "convnetjs_cifar10", SMALL.replace(" op1", " op1 - identity"), SHARED, TWO_INPUTS]
)
def test_tensorflow_js_computes_the_same(text: str, tmp_path: Path) -> None:
    import torch

    node = shutil.which("node")
    if node is None or not (MODULES / "@tensorflow" / "tfjs-layers").is_dir():
        pytest.skip("there is no TensorFlow.js")
    net = cnncalc.load(text)
    module = module_of(net)
    written = TensorFlowJS(net)
    (tmp_path / "model.json").write_text(written.text("model.bin"))
    values = {name: value.numpy() for name, value in module.state_dict().items()}
    (tmp_path / "model.bin").write_bytes(written.weights_file(values))
    generator = torch.Generator().manual_seed(0)
    given = [torch.randn(2, volume.channels, *volume.spatial, generator=generator) for volume in net.inputs]
    last = [tensor.movedim(1, -1) for tensor in given]
    asked = [{"shape": [*tensor.shape], "values": tensor.flatten().tolist()} for tensor in last]
    script = Path(__file__).with_name("predict.js")
    call = [node, str(script), str(MODULES), str(tmp_path / "model.json")]
    done = subprocess.run(call, input=json.dumps(asked), capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout.splitlines()[-1])
    ours = module(*given)
    for one, (shape, values_of) in zip(ours if net.outputs_at else [ours], answer["outputs"], strict=True):
        theirs = torch.tensor(values_of).reshape(shape).movedim(-1, 1)
        assert_near(theirs.reshape(one.shape), one.detach(), 1e-5)
    statistics = sum(value.size for name, value in values.items() if "running" in name)
    assert answer["parameters"] == net.params + statistics


def test_several_inputs_have_their_names_and_their_order() -> None:
    config = json.loads(TensorFlowJS(cnncalc.load(TWO_INPUTS)).text())["modelTopology"]["model_config"]["config"]
    assert config["input_layers"] == [["left", 0, 0], ["table", 0, 0], ["right", 0, 0]]
    made = [layer for layer in config["layers"] if layer["class_name"] == "InputLayer"]
    assert [layer["config"]["batch_input_shape"] for layer in made] == [
        [None, 16, 16, 3],
        [None, 1, 1, 6],
        [None, 16, 16, 3],
    ]
    conv = next(layer for layer in config["layers"] if layer["class_name"] == "Conv2D")
    assert conv["inbound_nodes"] == [[["left", 0, 0, {}]], [["right", 0, 0, {}]]]


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "googlenet", "mobilenet_v2", "densenet121"])
def test_it_is_read_back_as_the_same_network(name: str) -> None:
    """As the JSON of a Keras model: the same volumes in the end, and the same parameters and multiplications."""
    net = cnncalc.load(name)
    model = json.loads(TensorFlowJS(net).text())["modelTopology"]["model_config"]
    back = cnncalc.load(json.dumps(model, indent=1))
    assert (back.input, back.output, back.params, back.macs) == (net.input, net.output, net.params, net.macs)


def test_weights_stand_one_after_the_other(cnncalc: Cnncalc, folder: Path) -> None:
    """Kernels have their filters last, as TensorFlow has them; four bytes for each number."""
    spec = "conv 3x3x4 - bn - fc 5 nobias"
    done = cnncalc("export", spec, "--input", "8x8x3", "--seed", "0", "-o", "model.json")
    assert done == (0, "", "note: the weights are in model.bin\n")
    [group] = json.loads((folder / "model.json").read_text())["weightsManifest"]
    assert group["paths"] == ["model.bin"]
    assert {weight["name"]: weight["shape"] for weight in group["weights"]} == {
        "conv1/kernel": [3, 3, 3, 4],
        "conv1/bias": [4],
        "bn1/gamma": [4],
        "bn1/beta": [4],
        "bn1/moving_mean": [4],
        "bn1/moving_variance": [4],
        "fc1/kernel": [6 * 6 * 4, 5],
    }
    assert (folder / "model.bin").stat().st_size == 4 * (3 * 3 * 3 * 4 + 4 + 4 * 4 + 6 * 6 * 4 * 5)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("conv 3x3x4 g2", "`conv1`: TensorFlow.js has no convolution in groups; a depthwise one it has"),
        ("upsample x2 bilinear", "`upsample1`: TensorFlow.js enlarges bilinearly at other positions than PyTorch"),
        ("dwconv 3x3 d2", "`dwconv1`: TensorFlow.js has no dilation of a depthwise convolution"),
        ("hardswish", "`hardswish1`: TensorFlow.js has no activation `hardswish`"),
        ("gn 2", "`gn1`: TensorFlow.js has no GroupNormalization, which `gn 2` needs"),
        ("droppath 0.1", "`droppath1`: TensorFlow.js drops single values alone"),
        ("lrn 5", "`lrn1`: TensorFlow.js has no layer for `lrn 5`"),
    ],
)
def test_what_cannot_be_said(text: str, said: str) -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        TensorFlowJS(cnncalc.load(text, input="8x8x4"))
    assert (caught.value.message, caught.value.line) == (said, 1)
