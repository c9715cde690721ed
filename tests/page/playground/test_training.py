"""Training in the page of the playground: the steps of PyTorch, on digits and on files, with what it shows."""

from __future__ import annotations

import gzip
import json
import re
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cnncalc.optimizers import OPTIMIZERS
from cnncalc.playground.answers import answer
from tests.page.playground.conftest import DIGITS, LIBRARY, totals, write

pytestmark = pytest.mark.slow


@pytest.fixture
def trained(page: Any) -> Any:
    """The page with a small network for the digits, at its panel for training."""
    if not (LIBRARY / "tfjs-backend-wasm").is_dir():
        pytest.skip("there is no TensorFlow.js")
    write(page, DIGITS)
    totals(page, "8x8x1 → 1x1x10")
    page.click("#tab-training")
    return page


def status(page: Any, containing: str) -> str:
    """Wait until the status of training has a text, and return it."""
    page.wait_for_selector(f"#train-status:has-text('{containing}')", timeout=180_000)
    text: str = page.text_content("#train-status")
    return text


def test_digits_are_learned_and_predict_reads_the_weights(trained: Any, tmp_path: Path) -> None:
    """At least 97 % of the test images; the saved weights classify as many of them right in PyTorch.

    One of the convolutions is one in groups, which TensorFlow.js does not have.
    """
    write(trained, DIGITS.replace("maxpool", "conv 3x3x16 p1 g4 - relu - maxpool"))
    trained.wait_for_selector("#totals:has-text('(11,690)')", state="attached")
    trained.fill("#train-epochs", "8")
    trained.click("#train-begin")
    text = status(trained, "Done")
    accuracy = float(re.search(r"([\d.]+) % of the test images after epoch 8", text)[1])
    assert accuracy >= 97
    assert trained.locator("#train-curves svg").count() == 2
    assert trained.locator(".maps canvas").count() > 30
    with trained.expect_download() as saved:
        trained.click("#train-save")
    path = tmp_path / "digits.safetensors"
    saved.value.save_as(path)

    from cnncalc.train.data.digits import load_digits
    from cnncalc.train.run.file_predicting import file_predictor

    test = load_digits().test
    import torch

    [(images, labels)] = list(test.batches([torch.arange(len(test))]))
    found = file_predictor(str(path), None, torch.device("cpu")).results(images).argmax(1)
    assert float((found == labels).float().mean()) == pytest.approx(accuracy / 100, abs=0.0051)


def test_pause_step_and_another_rate(trained: Any) -> None:
    """A step is one batch; the slider multiplies the rate of the recipe."""
    trained.fill("#train-epochs", "500")
    trained.click("#train-begin")
    status(trained, "epoch 1.")
    trained.click("#train-go")
    assert trained.text_content("#train-go") == "Go on"
    trained.wait_for_timeout(1500)
    before = int(re.search(r"step (\d+)", trained.text_content("#train-status"))[1])
    trained.evaluate(
        "() => { const slider = document.getElementById('train-factor'); slider.value = -1; "
        "slider.dispatchEvent(new Event('input')); }"
    )
    trained.click("#train-step")
    text = status(trained, f"step {before + 1},")
    assert trained.text_content("#train-factored") == "0.10"
    assert re.search(r"rate ([\d.e-]+)", text)


def test_what_has_no_gradient_is_said_before_it_starts(trained: Any) -> None:
    """With the layer; nothing of it is trained."""
    write(trained, "input 4x8x8x1\nconv 3x3x3x8 p1\nfc 10\n")
    trained.click("#train-begin")
    assert "has no gradient for `conv 3x3x3x8 p1`" in status(trained, "gradient")


def test_a_network_of_signals_reads_the_digits_row_by_row(trained: Any) -> None:
    """Each image is a signal of 64 values; what it sees is shown as strips."""
    write(trained, "input 64x1\nconv 8x16 s4 - gn 2 - relu\nconv 3x32 - relu - fc 10\n")
    trained.wait_for_selector("#totals:has-text('64x1 → 1x10')", state="attached")
    trained.fill("#train-epochs", "4")
    trained.click("#train-begin")
    assert float(re.search(r"([\d.]+) % of the test images after epoch 4", status(trained, "Done"))[1]) > 60
    assert trained.locator("#train-views canvas[height='1']").count() > 30


def test_images_of_another_size_are_refused(trained: Any) -> None:
    """The digits are 8x8x1."""
    write(trained, "input 32x32x1\nconv 3x3x8\nfc 10\n")
    trained.click("#train-begin")
    said = "the images are 8x8x1, and the network's input is 32x32x1; the example “A network for the digits” takes them"
    assert status(trained, "images are") == said


def idx(values: Any) -> bytes:
    """Return an IDX file of bytes."""
    return bytes([0, 0, 8, values.ndim]) + struct.pack(f">{values.ndim}I", *values.shape) + values.tobytes()


def test_files_of_mnist_are_read(trained: Any, tmp_path: Path) -> None:
    """Four IDX files, packed or not; bright halves of images are two classes."""
    generator = np.random.default_rng(0)
    for part, count in (("train", 200), ("t10k", 50)):
        labels = generator.integers(0, 2, count).astype(np.uint8)
        images = generator.integers(0, 60, (count, 8, 8)).astype(np.uint8)
        for image, label in zip(images, labels, strict=True):
            image[:, 4 * label : 4 * label + 4] += 150
        (tmp_path / f"{part}-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx(images)))
        (tmp_path / f"{part}-labels-idx1-ubyte").write_bytes(idx(labels))
    trained.set_input_files("#train-files", [str(path) for path in sorted(tmp_path.iterdir())])
    trained.fill("#train-epochs", "3")
    trained.click("#train-begin")
    assert "100.0 % of the test images after epoch 3" in status(trained, "Done")
    damaged = tmp_path / "damaged" / "train-labels-idx1-ubyte"
    damaged.parent.mkdir()
    damaged.write_bytes(b"\x00\x00\x08\x01\x00\x00\x00\xc8cut off")
    trained.set_input_files("#train-files", str(damaged))
    trained.click("#train-begin")
    assert status(trained, "cut off") == "train-labels-idx1-ubyte is cut off or damaged"


def test_files_of_cifar_are_read(trained: Any, tmp_path: Path) -> None:
    """Binary batches: a label, then red, green and blue. Redness is a class."""
    generator = np.random.default_rng(0)
    for name, count in (("data_batch_1.bin", 120), ("test_batch.bin", 40)):
        labels = generator.integers(0, 2, (count, 1)).astype(np.uint8)
        images = generator.integers(0, 60, (count, 3, 1024)).astype(np.uint8)
        images[:, 0] += 150 * labels
        (tmp_path / name).write_bytes(np.concatenate([labels, images.reshape(count, -1)], 1).tobytes())
    write(trained, "input 32x32x3\nconv 3x3x4 s2 p1 floor - relu - gap - fc 10\n")
    trained.set_input_files("#train-files", [str(path) for path in sorted(tmp_path.iterdir())])
    trained.fill("#train-epochs", "8")
    trained.fill("#train-rate", "0.05")
    trained.click("#train-begin")
    assert "100.0 % of the test images after epoch 8" in status(trained, "Done")


CASES = [
    ("convnetjs_cifar10", {"batch": 16}, "lecture"),
    (
        "input 12x12x3\nconv 3x3x6 p1 - bn - relu - maxpool 2x2 s2\nconv 3x3x8 s2 p1 floor - tanh\nfc 20 - fc 10",
        {},
        "default",
    ),
    (
        "input 9x9x1\nconv 5x5x7 - sigmoid\nadd(conv 3x3x7 p1 | )\ngap - fc 10 - softmax",
        {"optimizer": "sgd"},
        "default",
    ),
    ("input 9x9x2\nconv 2x2x3 s2 p1 ceil - elu - avgpool 3x3 s1\nfc 10", {"optimizer": "adam"}, "default"),
    (
        "input 9x9x3\ndwconv 3x3 p1 - relu - dwconv 3x3 s2 floor nobias - bn - relu - conv 1x1x6\nfc 10",
        {"optimizer": "sgd"},
        "default",
    ),
    (
        "input 10x9x2\nconv 3x2x6 g2 p1 s2x1 floor - relu - dwconv 5x3 p2 nobias\nfc 10",
        {"optimizer": "sgd"},
        "default",
    ),
    (
        "input 10x9x4\nconv 3x3x8 p1 g2 - bn - relu - shuffle 2\n"
        "conv 1x1x8 g4 nobias - relu\nconv 3x2x6 g2 s2 floor\nfc 10",
        {"optimizer": "sgd"},
        "default",
    ),
    (
        "input 11x11x3\nconv 3x3x8 - relu - lrn 5 alpha=0.1 k=2 - pool 3x3 s2\n"
        "conv 3x3x8 p1 g2 - relu - lrn 4 beta=0.5\nfc 10",
        {},
        "default",
    ),
    ("input 11x10x6\nconv 3x3x9 g3 d2 p2 - relu - dwconv 3x2 d2x3 - relu - conv 3x3x12 g3 d2\nfc 10", {}, "default"),
    ("input 11x10x2\nconv 3x3x4 d2 p2 - relu - conv 3x2x5 d2x3\nfc 10", {}, "default"),
    (
        "input 9x8x4\nconv 3x3x8 p1 - gn 4 - relu\nconv 3x3x6 s2 p1 floor nobias - instancenorm affine - relu - gap\n"
        "fc 16 - ln noshift - fc 10",
        {"optimizer": "sgd"},
        "default",
    ),
    (
        "input 9x8x4\nconv 3x3x8 p1 - ln - relu\nconv 3x3x6 - rmsnorm - relu - gn 2 noaffine - instancenorm\nfc 10",
        {},
        "default",
    ),
    (
        "input 8x8x4\nbn noaffine - conv 3x3x6 - bn momentum=0.3 - adaptiveavgpool 3x3 - fc 20 - bn - relu - fc 10",
        {"optimizer": "sgd"},
        "default",
    ),
    ("input 9x8x4\nscale - prelu - conv 3x3x8 p1 - prelu perchannel - gmp - fc 10", {"optimizer": "sgd"}, "default"),
    (
        "input 24x3\nconv 5x8 p2 - bn - relu - maxpool 2\nconv 3x8 p1 - gn 2 - relu - avgpool 2\n"
        "conv 3x8 d2 - relu - gap - fc 10",
        {"optimizer": "sgd"},
        "default",
    ),
    (
        "input 25x2\nconv 4x8 s2 p1 floor - ln - relu\nadd(conv 3x8 p1 - bn - relu - conv 3x8 p1 | )\nflatten - fc 10",
        {},
        "default",
    ),
    ("input 8x8x2\nconv 3x3x4 s2 p1 floor - relu - deconv 2x2x3 s2 - relu - deconv 3x3x2 p1\nfc 10", {}, "default"),
]
RUN = """async ([plan, pixels, labels]) => {
  const worker = new Worker("trainer.js");
  const heard = (message, key, value) => new Promise((done, failed) => {
    const listen = ({ data }) => {
      if (data.failed) failed(new Error(data.failed));
      if (!(key in data) || (value && data[key] !== value)) return;
      worker.removeEventListener("message", listen);
      done(data[key]);
    };
    worker.addEventListener("message", listen);
    worker.postMessage(message);
  });
  const places = Object.entries(playground.libraries.tensorflow);
  const files = Object.fromEntries(places.map(([name, place]) => [name, new URL(place, location).href]));
  await heard({ load: files }, "done", "load");
  const part = { pixels: Uint8Array.from(pixels), labels: Int32Array.from(labels) };
  await heard({ begin: { plan, data: { train: part, test: part } } }, "done", "begin");
  for (let step = 0; step < 20; step += 1) await heard({ step: true }, "done", "step");
  const losses = await heard({ losses: true }, "losses");
  worker.terminate();
  return losses;
}"""


@pytest.mark.parametrize(("text", "changes", "recipe"), CASES)
def test_twenty_steps_have_the_losses_of_pytorch(trained: Any, text: str, changes: dict[str, Any], recipe: str) -> None:
    """The same first weights, order and recipe, from the seed alone: the losses of 20 steps are those of PyTorch."""
    changes = {"epochs": 1, "batch": 16, "shift": 0, "flip": "none", **changes}
    plan = json.loads(
        answer(json.dumps({"ask": "training", "text": text, "recipe": recipe, "changes": changes, "images": 320}))
    )
    generator = np.random.default_rng(0)
    pixels = generator.integers(0, 256, (320, *plan["input"])).astype(np.uint8)
    labels = generator.integers(0, 10, 320)
    ours = trained.evaluate(RUN, [plan, pixels.ravel().tolist(), labels.tolist()])
    assert ours == pytest.approx(losses_of_pytorch(text, recipe, changes, pixels, labels), abs=1e-3)


def losses_of_pytorch(text: str, recipe: str, changes: dict[str, Any], pixels: Any, labels: Any) -> list[float]:
    """Train with PyTorch, in a loop by hand."""
    import torch

    import cnncalc
    from cnncalc.train.ends import without_end
    from cnncalc.train.engine.optimizer import make_optimizer
    from cnncalc.train.engine.sampling import epoch_order
    from cnncalc.train.engine.schedule import rate_factor
    from cnncalc.train.recipe.presets import load_recipe

    settings = load_recipe(recipe, changes)
    chosen = OPTIMIZERS[settings.optimizer]
    rate = settings.learning_rate if settings.learning_rate > 0 else chosen.learning_rate
    decay = settings.weight_decay if settings.weight_decay >= 0 else chosen.weight_decay
    settings = replace(settings, learning_rate=rate, weight_decay=decay)
    module = cnncalc.build(without_end(cnncalc.load(text), ("softmax",)), seed=settings.seed).train()
    optimizer = make_optimizer(module, settings)
    images = torch.tensor(pixels).movedim(-1, 1) / 255
    around = (0, *range(2, images.dim()))
    mean, deviation = images.mean(around, keepdim=True), images.std(around, correction=0, keepdim=True)
    images = images - 0.5 if settings.normalise == "half" else (images - mean) / deviation
    losses = []
    for step, places in enumerate(epoch_order(len(labels), settings.seed, 0).split(settings.batch)):
        for group in optimizer.param_groups:
            group["lr"] = settings.learning_rate * rate_factor(settings, step, 20, 20)
        logits = module(images[places]).flatten(1)
        loss = torch.nn.functional.cross_entropy(
            logits, torch.tensor(labels)[places], label_smoothing=settings.label_smoothing
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
