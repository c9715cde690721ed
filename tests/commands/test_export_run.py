"""``cnncalc export RUN``: a file that takes the pixels of a photo and returns what ``cnncalc predict`` says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from cnncalc.commands.cli import run as cnncalc_run
from cnncalc.train.run.trained import load_trained
from tests.commands.conftest import Cnncalc

pytestmark = pytest.mark.slow

NOTE = "note: the input is pixels, uint8 N x 1 x 8 x 8, and the output is probabilities of the classes\n"
COLOUR = "input 12x10x3\nconv 3x3x6 - bn - relu - gap - fc 4"


def predicted(cnncalc: Cnncalc, run: str, photo: str) -> dict[str, float]:
    """Return the probability of each class that ``cnncalc predict`` shows."""
    done = cnncalc("predict", run, photo, "--top", "100", "--views", "1", "--device", "cpu", "--format", "json")
    (image,) = json.loads(done.out)["predictions"]
    return {one["class"]: one["probability"] for one in image["classes"]}


def computed(path: str, pixels: np.ndarray[Any, Any]) -> dict[str, float]:
    """Return what ONNX Runtime makes of pixels, by the names of the classes that the file has."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (probabilities,) = session.run(["probabilities"], {"images": pixels})
    names = json.loads(session.get_modelmeta().custom_metadata_map["classes"])
    return dict(zip(names, probabilities[0].tolist(), strict=True))


def metadata(path: str) -> dict[str, str]:
    return {entry.key: entry.value for entry in onnx.load(path).metadata_props}


@pytest.fixture(scope="module")
def colour_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run on images in colour whose channels differ."""
    folder = tmp_path_factory.mktemp("colour")
    images = np.random.default_rng(0).integers(0, 256, (40, 12, 10, 3), dtype=np.uint8)
    labels = np.arange(40) % 4
    images[..., 0] //= (1 + labels)[:, None, None].astype(np.uint8)
    np.savez(folder / "colours.npz", x_train=images, y_train=labels, x_test=images, y_test=labels)
    Image.fromarray(images[3]).save(folder / "photo.png")
    arguments = ["--data", str(folder / "colours.npz"), "--epochs", "3", "--batch", "8", "--speed", "plain", "--quiet"]
    assert cnncalc_run(["train", COLOUR, *arguments, "--device", "cpu", "--out", str(folder / "run")]) == 0
    return folder


def test_onnx_runtime_gives_a_raw_photo_the_scores_of_predict(cnncalc: Cnncalc, first: Path) -> None:
    """Nothing is done to the photo but reading it."""
    done = cnncalc("export", "first", "-o", "model.onnx")
    assert (done.status, done.out, done.err) == (0, "", NOTE)
    photo = np.asarray(Image.open("seven.png"))[None, None]
    assert photo.dtype == np.uint8
    assert computed("model.onnx", photo) == pytest.approx(predicted(cnncalc, "first", "seven.png"), abs=1e-5)


def test_torch_gives_a_raw_photo_the_scores_of_predict(cnncalc: Cnncalc, first: Path) -> None:
    assert cnncalc("export", "first", "-o", "model.pt2").status == 0
    extra = {"metadata.json": ""}
    module = torch.export.load("model.pt2", extra_files=extra).module()
    (probabilities,) = module(torch.from_numpy(np.array(Image.open("seven.png")))[None, None]).tolist()
    names = json.loads(json.loads(extra["metadata.json"])["classes"])
    found = dict(zip(names, probabilities, strict=True))
    assert found == pytest.approx(predicted(cnncalc, "first", "seven.png"), abs=1e-5)


@pytest.mark.parametrize("order", ["rgb", "bgr"])
def test_colours_arrive_in_the_order_that_was_asked_for(
    cnncalc: Cnncalc, colour_run: Path, tmp_path: Path, order: str
) -> None:
    """Pillow reads red first, and OpenCV blue."""
    target = str(tmp_path / "model.onnx")
    assert cnncalc("export", str(colour_run / "run"), "-o", target, "--colour-order", order).status == 0
    photo = np.asarray(Image.open(colour_run / "photo.png")).transpose(2, 0, 1)[None]
    found = computed(target, photo if order == "rgb" else photo[:, ::-1].copy())
    assert found == pytest.approx(predicted(cnncalc, str(colour_run / "run"), str(colour_run / "photo.png")), abs=1e-5)
    assert json.loads(metadata(target)["input"])["colours"] == order.upper()


def test_grey_of_colours_is_computed_in_the_file(cnncalc: Cnncalc, colour_run: Path, tmp_path: Path) -> None:
    """A run with --colour grey sees the grey of Pillow in three channels, and so does the file."""
    run, target = str(tmp_path / "grey"), str(tmp_path / "model.onnx")
    data = ["--data", str(colour_run / "colours.npz"), "--colour", "grey", "--device", "cpu", "--speed", "plain"]
    assert cnncalc("train", COLOUR, *data, "--epochs", "2", "--batch", "8", "--out", run, "--quiet").status == 0
    assert cnncalc("export", run, "-o", target).status == 0
    photo = np.asarray(Image.open(colour_run / "photo.png")).transpose(2, 0, 1)[None]
    assert computed(target, photo) == pytest.approx(predicted(cnncalc, run, str(colour_run / "photo.png")), abs=1e-5)


def test_a_file_says_what_it_is(cnncalc: Cnncalc, first: Path) -> None:
    """Classes, input, preprocessing, recipe and spec, without any path of this machine."""
    assert cnncalc("export", "first", "-o", "model.onnx").status == 0
    found = metadata("model.onnx")
    assert json.loads(found["classes"]) == [str(digit) for digit in range(10)]
    assert json.loads(found["input"]) == {
        "name": "images",
        "axes": ["batch", "channels", "height", "width"],
        "sizes": [None, 1, 8, 8],
        "type": "uint8",
        "range": [0, 255],
        "colours": "grey",
        "resize": "none",
    }
    facts = json.loads((first / "first" / "run.json").read_text())
    assert json.loads(found["preprocessing"]) == {
        "inside": True,
        "how": "(pixel / 255 - mean) / deviation, for each channel",
        "mean": facts["mean"],
        "deviation": facts["deviation"],
    }
    assert json.loads(found["output"]) == "probabilities"
    assert found["recipe"] == (first / "first" / "recipe.toml").read_text()
    assert found["spec"] == (first / "first" / "spec.txt").read_text()
    assert (found["data"], found["cnncalc"]) == ("digits", facts["versions"]["cnncalc"])
    assert str(first).encode() not in (first / "model.onnx").read_bytes()


def test_without_preprocessing_it_is_the_network_alone(cnncalc: Cnncalc, first: Path) -> None:
    """It takes normalised floats, and its weights have the names of the run's."""
    for name in ("model.onnx", "model.pt2"):
        done = cnncalc("export", "first", "-o", name, "--without-preprocessing")
        assert (done.status, done.out, done.err) == (0, "", "")
    stored = load_file("first/best.safetensors")
    assert torch.export.load("model.pt2").state_dict.keys() == stored.keys()
    found = metadata("model.onnx")
    pixels = np.asarray(Image.open("seven.png"), dtype=np.float32)[None, None]
    normalisation = json.loads(found["preprocessing"])
    assert normalisation["inside"] is False
    images = (pixels / 255 - np.float32(normalisation["mean"][0])) / np.float32(normalisation["deviation"][0])
    (scores,) = onnxruntime.InferenceSession("model.onnx").run(["output"], {"images": images})
    expected = list(predicted(cnncalc, "first", "seven.png").items())
    names = json.loads(found["classes"])
    assert dict(zip(names, scores.reshape(-1).tolist(), strict=True)) == pytest.approx(dict(expected), abs=1e-5)


def test_int8_is_calibrated_with_the_runs_images_and_says_its_accuracy(cnncalc: Cnncalc, first: Path) -> None:
    """The accuracies are those that ONNX Runtime reaches on the digits; convolutions compute in whole numbers."""
    done = cnncalc("export", "first", "-o", "model.onnx", "--precision", "int8")
    assert (done.status, done.err) == (0, NOTE)
    found = json.loads(metadata("model.onnx")["accuracy"])
    assert (found["images"], found["of"]) == (360, "the test images of digits")
    evaluated = json.loads(cnncalc("evaluate", "first", "--device", "cpu", "--format", "json").out)
    assert found["float32"] == pytest.approx(evaluated["accuracy"])
    assert found["int8"] == pytest.approx(found["float32"], abs=0.02)
    said = done.out.splitlines()[0]
    assert said.startswith("accuracy  ") and said.endswith(" in float32, on the test images of digits (360)")
    kinds = {node.op_type for node in onnx.load("model.onnx").graph.node}
    assert {"QuantizeLinear", "DequantizeLinear"} <= kinds
    weights = {tensor.name: tensor.data_type for tensor in onnx.load("model.onnx").graph.initializer}
    assert onnx.TensorProto.INT8 in weights.values()
    photo = np.asarray(Image.open("seven.png"))[None, None]
    assert computed("model.onnx", photo) == pytest.approx(predicted(cnncalc, "first", "seven.png"), abs=0.1)


def test_int8_needs_images(cnncalc: Cnncalc, colour_run: Path, folder: Path) -> None:
    """A run whose images are gone is refused, and other images may be named."""
    moved = folder / "moved.npz"
    data = np.load(colour_run / "colours.npz")
    np.savez(folder / "here.npz", **data)
    arguments = ["--epochs", "1", "--batch", "8", "--speed", "plain", "--quiet", "--device", "cpu", "--out", "run"]
    assert cnncalc("train", COLOUR, "--data", "here.npz", *arguments).status == 0
    (folder / "here.npz").rename(moved)
    done = cnncalc("export", "run", "-o", "model.onnx", "--precision", "int8")
    assert (done.status, done.out) == (1, "")
    assert done.err.splitlines()[0].startswith("error[")
    assert "here.npz" in done.err
    assert not (folder / "model.onnx").exists()
    assert cnncalc("export", "run", "-o", "model.onnx", "--precision", "int8", "--data", "moved.npz").status == 0


def test_predict_takes_the_file(cnncalc: Cnncalc, colour_run: Path, folder: Path) -> None:
    """A photo of another size is resized as asked, colours arrive as the file wants them."""
    photo, run = str(folder / "photo.png"), str(colour_run / "run")
    Image.open(colour_run / "photo.png").resize((30, 36)).save(photo)
    assert cnncalc("export", run, "-o", "model.onnx", "--colour-order", "bgr").status == 0
    shown = ["--top", "4", "--resize", "crop", "--format", "csv"]
    of_the_file, of_the_run = (
        [line.split(",") for line in cnncalc("predict", model, photo, *shown).out.splitlines()[1:]]
        for model in ("model.onnx", run)
    )
    assert [row[:2] for row in of_the_file] == [row[:2] for row in of_the_run]
    assert [float(row[2]) for row in of_the_file] == pytest.approx([float(row[2]) for row in of_the_run], abs=1e-5)


def test_predict_refuses_other_files(cnncalc: Cnncalc, first: Path) -> None:
    assert cnncalc("export", "first", "-o", "alone.onnx", "--without-preprocessing").status == 0
    assert cnncalc("predict", "alone.onnx", "seven.png").err == (
        "error[bad-weights]: `alone.onnx` is not a run that was exported with its preprocessing\n"
        "  = write one: cnncalc export RUN -o model.onnx\n"
    )
    (first / "text.onnx").write_text("no protobuf")
    done = cnncalc("predict", "text.onnx", "seven.png")
    assert done.err.startswith("error[bad-weights]: ONNX Runtime cannot read `text.onnx`: ")
    assert len(done.err.splitlines()) == 1
    assert cnncalc("predict", "alone.onnx", "seven.png", "--views", "6").err == (
        "error[usage]: an .onnx file has its weights and runs on the CPU; it takes --top and --resize alone\n"
        "  = see `cnncalc predict --help`\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["lenet5", "-o", "x.onnx", "--precision", "int8"],
            "--precision int8 is for a run: a spec has neither trained weights nor images",
        ),
        (
            ["lenet5", "-o", "x.onnx", "--without-preprocessing"],
            "--without-preprocessing is for a run: a spec has neither trained weights nor images",
        ),
        (
            ["first", "-o", "x.pt", "--colour-order", "bgr"],
            "--colour-order is for .onnx and .pt2, and not for state-dict",
        ),
        (
            ["first", "-o", "x.pt2", "--precision", "int8"],
            "--precision int8 is for .onnx: ONNX Runtime quantises the network",
        ),
        (
            ["first", "-o", "x.onnx", "--data", "digits"],
            "--data has no effect without --precision int8, which is calibrated with images",
        ),
        (
            ["first", "-o", "x.onnx", "--colour-order", "bgr", "--without-preprocessing"],
            "--colour-order has no effect with --without-preprocessing",
        ),
    ],
)
def test_options_without_effect_are_refused(cnncalc: Cnncalc, first: Path, arguments: list[str], message: str) -> None:
    done = cnncalc("export", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error[usage]: {message}\n  = see `cnncalc export --help`\n"


# ---- other tasks

TASKS = {
    "labels": ("input 8x8x1\nconv 3x3x4 p1 - relu - fc 3", lambda draw: draw.integers(0, 2, (24, 3)), (3,)),
    "regression": ("input 8x8x1\nconv 3x3x4 p1 - relu - fc 2", lambda draw: draw.normal(size=(24, 2)), (2,)),
    "masks": ("input 8x8x1\nconv 3x3x4 p1 - relu - conv 1x1x3", lambda draw: draw.integers(0, 3, (24, 8, 8)), (8, 8)),
}
"""For each task a network, targets of 24 images, and the shape of what is told of an image."""


@pytest.mark.parametrize("task", TASKS)
def test_every_task_comes_out_as_predict_shows_it(cnncalc: Cnncalc, folder: Path, task: str) -> None:
    """The file makes what the run's own network makes of the same pixels; int8 is refused."""
    spec, draw, shape = TASKS[task]
    random = np.random.default_rng(0)
    images, targets = random.integers(0, 256, (24, 8, 8), dtype=np.uint8), draw(random)
    np.savez("data.npz", x_train=images, y_train=targets, x_test=images, y_test=targets)
    options = ["--data", "data.npz", "--task", task, "--epochs", "2", "--batch", "8", "--speed", "plain", "--quiet"]
    trained = cnncalc("train", spec, *options, "--device", "cpu", "--out", "run")
    assert (trained.status, trained.err) == (0, "")
    assert cnncalc("export", "run", "-o", "model.onnx").status == 0
    session = onnxruntime.InferenceSession("model.onnx", providers=["CPUExecutionProvider"])
    (found,) = session.run(None, {"images": images[:, None]})
    assert found.shape[1:] == shape
    run = load_trained("run", "best", torch.device("cpu"))
    with torch.no_grad():
        outputs = run.module(run.augmenter.plain(torch.from_numpy(images[:, None].copy())))
    made = {"labels": lambda: outputs.flatten(1).sigmoid(), "regression": lambda: outputs.flatten(1)}
    expected = made.get(task, lambda: outputs.argmax(1))()
    np.testing.assert_allclose(found.astype(float), expected.numpy().astype(float), atol=1e-4)
    done = cnncalc("export", "run", "-o", "small.onnx", "--precision", "int8")
    assert (done.status, done.err.splitlines()[0][:20]) == (1, "error[not-in-int8]: ")
