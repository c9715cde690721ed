"""How fast `cnncalc train` is next to Lightning and Keras on the same networks, and whether it trains as well.

    python benchmarks/frameworks.py [--rounds 3] [--spec vgg] [--lightning] [--keras] [--accuracy]

Each trains the same network on the same images with the same batches, AdamW at a constant rate and without
augmentation, in its usual way and its usual settings:

- ours: the run of `cnncalc train`, with losses, signals and checkpoints, in the way that it chooses by itself;
- Lightning: a `LightningModule` of the module that `cnncalc.build` makes, and its `Trainer` without logs and bars;
- Keras: the model that `cnncalc export -o net_keras.py` writes, with the backend torch, and `model.fit` on arrays.

Each epoch is timed where it is in the middle of a run: one before it warms up. It prints images a second and the ratio
of the medians. With ``--accuracy`` five seeds of each train on scikit-learn's digits, and the mean and the
standard deviation of the accuracy on its test images are printed.

Lightning and Keras are not packages of this project: pip install lightning keras
"""

from __future__ import annotations

import argparse
import logging
import os
import platform
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

os.environ.setdefault("KERAS_BACKEND", "torch")

import numpy as np
import torch
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset
from training import IMAGES, SPECS

import cnncalc
from cnncalc.network import Network, SpecSettings
from cnncalc.to_foreign.keras_source import KerasSource
from cnncalc.train.data import DataRequest, load_dataset
from cnncalc.train.events import Observer
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run.choosing import TrainRequest
from cnncalc.train.run.planning import train
from cnncalc.train.run.signals import Signals

RATE, DECAY, SMOOTHING = 1e-3, 0.05, 0.1
DIGITS = "input 8x8x1, (conv 3x3x16 p1 - relu)*2 - pool2 - conv 3x3x32 p1 - relu - gap - fc 10"
DIGITS_EPOCHS, SEEDS = 20, 5


class Task(NamedTuple):
    """What is trained: a network on images.

    Attributes:
        text: the spec.
        network: the same, loaded.
        data: the name of the images.
        images, labels: float32 [N x C x H x W], normalised, and int64 [N].
        tested, answers: the same of the images that are tested; None where only speed is measured.
        batch: images of a step.
        epochs: how many times each image is seen.

    """

    text: str
    network: Network
    data: DataRequest
    images: torch.Tensor
    labels: torch.Tensor
    tested: torch.Tensor | None
    answers: torch.Tensor | None
    batch: int
    epochs: int


class Trained(NamedTuple):
    """What a training came to: images a second in its last epoch, and the accuracy on the tested images."""

    speed: float
    accuracy: float | None


def task_of(text: str, data: str, batch: int, epochs: int) -> Task:
    """Return what is trained, with images that are normalised as `cnncalc train` does."""
    network = cnncalc.load(text)
    request = DataRequest(data, limit=IMAGES if data == "synthetic" else None)
    dataset = load_dataset(request, network.input, classes=10)
    pixels = dataset.train.pixels.float() / 255
    mean, deviation = (value(pixels, (0, 2, 3), keepdim=True) for value in (torch.mean, torch.std))
    tested = (dataset.test.pixels.float() / 255 - mean) / deviation if data != "synthetic" else None
    answers = dataset.test.labels if data != "synthetic" else None
    images = (pixels - mean) / deviation
    return Task(text, network, request, images, dataset.train.labels, tested, answers, batch, epochs)


# ---- the three


class Epochs(Observer):
    """Remembers the epochs of a run."""

    def __init__(self) -> None:
        self.rows: list[EpochMetrics] = []

    def epoch(self, row: EpochMetrics) -> None:
        """Remember one."""
        self.rows.append(row)


def with_ours(task: Task, seed: int) -> Trained:
    """Train as `cnncalc train` does."""
    changes = {"epochs": task.epochs, "batch": task.batch, "learning_rate": RATE, "weight_decay": DECAY}
    changes |= {"schedule": "constant", "flip": "none", "shift": 0, "label_smoothing": SMOOTHING, "seed": seed}
    heard = Epochs()
    with tempfile.TemporaryDirectory() as folder:
        recipe = load_recipe("default", changes)
        request = TrainRequest(task.text, SpecSettings(), recipe, task.data, "cpu", f"{folder}/run")
        train(request, lambda processes: heard, Signals())
    last = heard.rows[-1]
    return Trained(last.images_per_second, last.score if task.tested is not None else None)


def with_lightning(task: Task, seed: int) -> Trained:
    """Train as Lightning's users do."""
    import lightning

    class Classifier(lightning.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.net = cnncalc.build(task.network, seed=seed)
            self.seconds: list[float] = []

        def training_step(self, batch: Any, number: int) -> torch.Tensor:
            images, labels = batch
            return functional.cross_entropy(self.net(images).flatten(1), labels, label_smoothing=SMOOTHING)

        def configure_optimizers(self) -> torch.optim.Optimizer:
            return torch.optim.AdamW(self.parameters(), RATE, weight_decay=DECAY)

        def on_train_epoch_start(self) -> None:
            self.started = time.perf_counter()

        def on_train_epoch_end(self) -> None:
            self.seconds.append(time.perf_counter() - self.started)

    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    torch.manual_seed(seed)
    loader = DataLoader(TensorDataset(task.images, task.labels), task.batch, shuffle=True)
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False, "barebones": False}
    trainer = lightning.Trainer(max_epochs=task.epochs, accelerator="cpu", enable_model_summary=False, **quiet)
    model = Classifier()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(model, loader)
    return Trained(len(task.labels) / model.seconds[-1], _accuracy(task, model.net.eval()))


def with_keras(task: Task, seed: int) -> Trained:
    """Train as the users of Keras do."""
    import keras

    keras.utils.set_random_seed(seed)
    names: dict[str, Any] = {}
    exec(compile(KerasSource(task.network).text(), "net_keras.py", "exec"), names)  # our own text
    model = names["build"]()
    logits = keras.Sequential([model, keras.layers.Flatten()])
    loss = keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=SMOOTHING)
    logits.compile(keras.optimizers.AdamW(RATE, weight_decay=DECAY), loss)
    images = task.images.permute(0, 2, 3, 1).contiguous().numpy()
    labels = np.eye(10, dtype=np.float32)[task.labels.numpy()]
    seconds: list[float] = []
    started = [0.0]
    clock = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: started.__setitem__(0, time.perf_counter()),
        on_epoch_end=lambda epoch, logs: seconds.append(time.perf_counter() - started[0]),
    )
    logits.fit(images, labels, batch_size=task.batch, epochs=task.epochs, verbose=0, callbacks=[clock])

    def predict(tested: torch.Tensor) -> torch.Tensor:
        return torch.from_numpy(logits.predict(tested.permute(0, 2, 3, 1).numpy(), verbose=0))

    return Trained(len(labels) / seconds[-1], _accuracy(task, predict))


def _accuracy(task: Task, predict: Callable[[torch.Tensor], torch.Tensor]) -> float | None:
    if task.tested is None or task.answers is None:
        return None
    with torch.no_grad():
        return float((predict(task.tested).flatten(1).argmax(1) == task.answers).float().mean())


# ---- what is printed


def speeds(task: Task, ways: Mapping[str, Callable[[Task, int], Trained]], rounds: int) -> None:
    """Train in all ways in turn, and print images a second and the ratio of ours to each."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    threads = torch.get_num_threads()
    for _ in range(rounds):
        for name, way in ways.items():
            torch.set_num_threads(threads)
            found[name].append(way(task, 0).speed)
    middle = {name: statistics.median(values) for name, values in found.items()}
    for name, value in middle.items():
        ratios = [ours / other for ours, other in zip(found["ours"], found[name], strict=True)]
        spread = f"{min(ratios):.2f} to {max(ratios):.2f}"
        ratio = f"  ours / {name} {statistics.median(ratios):.2f} ({spread})" if name != "ours" else ""
        print(f"  {name:<10} {value:10,.0f} images/s{ratio}")


def accuracies(ways: Mapping[str, Callable[[Task, int], Trained]]) -> None:
    """Print the accuracy of each over the seeds."""
    task = task_of(DIGITS, "digits", 64, DIGITS_EPOCHS)
    print(f"\ndigits, {DIGITS_EPOCHS} epochs: accuracy on the test images over {SEEDS} seeds")
    for name, way in ways.items():
        found = [100 * (way(task, seed).accuracy or 0.0) for seed in range(SEEDS)]
        print(f"  {name:<10} {statistics.mean(found):.2f}% ± {statistics.stdev(found):.2f}")


def main() -> None:
    """Read what is wanted, measure and print it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=2, help="epochs of a round, of which the last is timed")
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--spec", choices=SPECS, action="append")
    parser.add_argument("--lightning", action="store_true", help="compare with Lightning alone")
    parser.add_argument("--keras", action="store_true", help="compare with Keras alone")
    parser.add_argument("--accuracy", action="store_true", help="compare the accuracy on digits, not the speed")
    arguments = parser.parse_args()
    both = arguments.lightning == arguments.keras
    others = {"Lightning": (with_lightning, arguments.lightning), "Keras": (with_keras, arguments.keras)}
    ways = {"ours": with_ours, **{name: way for name, (way, wanted) in others.items() if both or wanted}}
    versions = ", ".join(f"{name} {_version(name)}" for name in ("torch", "lightning", "keras"))
    print(f"cpu ({torch.get_num_threads()} threads), Python {platform.python_version()}, {versions}")
    if arguments.accuracy:
        accuracies(ways)
        return
    for spec in arguments.spec or SPECS:
        task = task_of(SPECS[spec], "synthetic", arguments.batch_size, arguments.epochs)
        print(f"\n{spec}: {task.network.params:,} parameters, {task.network.macs:,} MACs an image")
        speeds(task, ways, arguments.rounds)


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return "(none)"


if __name__ == "__main__":
    main()
