"""How fast the training loop is, next to a loop written by hand and to a DataLoader with transforms for each image.

    python benchmarks/training.py [--device cuda] [--rounds 5]

Three loops train the same network on the same images in turn, round after round, in one process:

- ours: the run of `cnncalc train` in the way that it chooses by itself, with its losses, signals, checkpoints, seeds;
- by hand: the same model, optimizer and augmentation of a whole batch, and nothing else, as PyTorch computes by
  itself; and in each of the ways that ours chooses from (memory layouts, threads), of which the fastest is compared;
- DataLoader: the usual way, two workers that crop, mirror and normalise an image at a time.

It prints images per second and the ratio of the medians, first for the images alone, without a network. On a GPU it
also prints the share of the peak arithmetic.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
import torchvision
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset
from torchvision.transforms import v2

import cnncalc
from cnncalc.network import Network, SpecSettings
from cnncalc.train.data import DataRequest, MemorySplit, load_dataset
from cnncalc.train.engine.augment import PixelNormalisation
from cnncalc.train.engine.devices import configure, finish
from cnncalc.train.engine.plan import Place, RunPlan, plan_of
from cnncalc.train.engine.schedule import rate_factor
from cnncalc.train.engine.session import Session
from cnncalc.train.engine.speed import fastest_way, plain_way, use_threads
from cnncalc.train.engine.splits import RunSplits
from cnncalc.train.events import Observer
from cnncalc.train.progress import EpochMetrics
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.facts import RunFacts, versions
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.loop import Trainer
from cnncalc.train.run.signals import Signals
from cnncalc.train.tasks import Classes

SPECS = {
    "mnist": (Path(__file__).parents[1] / "examples" / "mnist.txt").read_text(encoding="utf-8"),
    "resnet20": "resnet20",
    "small": "input 32x32x3, conv 3x3x16 p1 - relu - pool2 - conv 3x3x32 p1 - relu - pool2 - fc 10",
    "lenet": "input 32x32x3, (conv 5x5x6 - relu - pool2) - conv 5x5x16 - relu - pool2 - (fc 120 - relu)*2 - fc 10",
    "vgg": "input 32x32x3, ((conv 3x3x32 p1 nobias - bn - relu)*2 - pool2)*3 - gap - fc 10",
}
IMAGES = 12_800
BF16_PEAK = {"H100": 989e12, "H200": 989e12, "A100": 312e12}
"""Dense bf16 operations a second, from the vendor's data sheets."""


class Listener(Observer):
    """Keeps the rows of the epochs."""

    def __init__(self) -> None:
        self.rows: list[EpochMetrics] = []

    def epoch(self, row: EpochMetrics) -> None:
        """Keep it."""
        self.rows.append(row)


class Images(Dataset):  # type: ignore[type-arg]
    """Images in memory, changed one at a time, as torchvision's data sets do it."""

    def __init__(self, split: MemorySplit) -> None:
        self.images = [v2.functional.to_pil_image(image) for image in split.pixels.cpu()]
        self.labels = split.labels.tolist()
        self.change = v2.Compose(
            [
                v2.RandomCrop(32, padding=4),
                v2.RandomHorizontalFlip(),
                v2.ToImage(),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize([0.5] * 3, [0.25] * 3),
            ]
        )

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, place: int) -> tuple[torch.Tensor, int]:
        return self.change(self.images[place]), self.labels[place]


def synthetic(network: Network, device: torch.device) -> MemorySplit:
    split = load_dataset(DataRequest("synthetic", limit=IMAGES), network.input, classes=10).train.to(device)
    assert isinstance(split, MemorySplit)
    return split


def plan_for(network: Network, split: MemorySplit, device: torch.device, arguments: argparse.Namespace) -> RunPlan:
    """Return the plan of a run of a minute or more, so that choosing the fastest way pays."""
    changes = {
        "epochs": arguments.epochs,
        "batch": arguments.batch_size,
        "precision": arguments.precision,
        "compile": arguments.compile,
        "learning_rate": 1e-3,
        "weight_decay": 0.05,
        "flip": "random" if network.input.channels == 3 else "none",
        "shift": 4,
        "checkpoint_every": "1h",
    }
    recipe = load_recipe("default", changes)
    configure(recipe, device, network)
    classes = tuple(map(str, range(10)))
    channels = network.input.channels
    splits = RunSplits(split, None, None, classes, PixelNormalisation((0.5,) * channels, (0.25,) * channels))
    return plan_of(network, Classes(classes), recipe, splits, Place(device))


def session(plan: RunPlan, recipe: Recipe) -> Session:
    """Return the living parts of a run of one epoch."""
    use_threads(recipe)
    return Session(plan._replace(recipe=replace(recipe, epochs=1)))


def ours(live: Session) -> float:
    listener = Listener()
    with tempfile.TemporaryDirectory() as folder:
        Trainer(live, begun(live, folder), listener, Signals()).fit([])
    return listener.rows[0].images_per_second


def begun(live: Session, path: str) -> RunFolder:
    """Return the folder of a run as it is before the first step."""
    plan, splits = live.plan, live.splits
    facts = RunFacts(
        spec_name=plan.network.source.name,
        spec=SpecSettings(),
        data=DataRequest("synthetic", limit=len(splits.train))._asdict(),
        data_name="synthetic",
        classes=splits.classes,
        mean=splits.normalisation.mean,
        deviation=splits.normalisation.deviation,
        images=len(splits.train),
        job="",
        versions=versions(),
        command=(),
        fingerprints={},
    )
    folder = RunFolder(path)
    folder.create(plan.network, live.recipe, facts)
    return folder


def by_hand(live: Session) -> float:
    """Train an epoch with nothing but what is necessary."""
    data, recipe = live.splits.train, live.recipe
    assert isinstance(data, MemorySplit)
    pixels, labels = data.pixels, data.labels.to(live.device)
    generator = torch.Generator(live.device).manual_seed(0)
    model, optimizer = live.forward, live.optimizer
    model.train()
    finish(live.device)
    started = time.perf_counter()
    order = torch.randperm(len(data)).to(live.device)
    for step, chosen in enumerate(order.split(recipe.batch)):
        images, targets = live.augmenter.train(pixels[chosen], labels[chosen], chosen, 0, generator)
        for group in optimizer.param_groups:
            group["lr"] = recipe.learning_rate * rate_factor(recipe, step, live.steps, live.steps_per_epoch)
        with live.cast():
            loss = functional.cross_entropy(
                model(images).flatten(1), targets.labels, label_smoothing=recipe.label_smoothing
            )
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    finish(live.device)
    return len(data) / (time.perf_counter() - started)


def data_loader(live: Session, images: Images) -> float:
    """Train an epoch with workers that change an image at a time; their start is not counted."""
    model, optimizer = live.forward, live.optimizer
    loader = DataLoader(images, live.recipe.batch, shuffle=True, num_workers=2, persistent_workers=True)
    next(iter(loader))
    model.train()
    started = time.perf_counter()
    for pixels, targets in loader:
        with live.cast():
            logits = model(pixels.to(live.device)).flatten(1)
            loss = functional.cross_entropy(logits, targets.to(live.device), label_smoothing=0.1)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    finish(live.device)
    return len(images) / (time.perf_counter() - started)


def feeding(live: Session, images: Images) -> None:
    """Print how fast images come, changed and normalised, when nobody trains on them."""
    data = live.splits.train
    generator = torch.Generator(live.device).manual_seed(0)
    speeds: dict[str, list[float]] = {"ours": [], "DataLoader": []}
    for _ in range(3):
        started = time.perf_counter()
        order = torch.randperm(len(data)).split(live.recipe.batch)
        for indices, (pixels, labels) in zip(order, data.batches(order), strict=True):
            live.augmenter.train(pixels, labels, indices, 0, generator)
        finish(live.device)
        speeds["ours"].append(len(data) / (time.perf_counter() - started))
        loader = DataLoader(images, live.recipe.batch, shuffle=True, num_workers=2, persistent_workers=True)
        next(iter(loader))
        started = time.perf_counter()
        seen = sum(len(labels) for _, labels in loader)
        speeds["DataLoader"].append(seen / (time.perf_counter() - started))
    middle = {name: statistics.median(values) for name, values in speeds.items()}
    print(f"images alone: ours {middle['ours']:,.0f} a second, DataLoader {middle['DataLoader']:,.0f}: ", end="")
    print(f"{middle['ours'] / middle['DataLoader']:.1f} times")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--epochs", type=int, default=50, help="length of the run that choosing is done for")
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--spec", choices=SPECS, action="append")
    arguments = parser.parse_args()
    device = torch.device(arguments.device)
    packages = f"Python {platform.python_version()}, torch {torch.__version__}, torchvision {torchvision.__version__}"
    name = torch.cuda.get_device_name() if device.type == "cuda" else f"{torch.get_num_threads()} threads"
    print(f"{device} ({name}), {packages}, batches of {arguments.batch_size}, {arguments.precision}")
    network = cnncalc.load(SPECS["lenet"])
    split = synthetic(network, device)
    plan = plan_for(network, split, device, arguments)
    feeding(session(plan, plain_way(plan.recipe)), Images(split))
    for spec in arguments.spec or SPECS:
        measure(spec, device, arguments)


def measure(spec: str, device: torch.device, arguments: argparse.Namespace) -> None:
    network = cnncalc.load(SPECS[spec])
    split = synthetic(network, device)
    plan = plan_for(network, split, device, arguments)
    started = time.perf_counter()
    chosen, said = fastest_way(plan)
    choosing = time.perf_counter() - started
    plain, threads = plain_way(plan.recipe), sorted({torch.get_num_threads(), 1})
    ways = [replace(plain, channels_last=last, threads=count) for count in threads for last in (False, True)]
    loops: dict[str, Callable[[], float]] = {
        "ours": lambda: ours(session(plan, chosen)),
        "by hand": lambda: by_hand(session(plan, replace(plain, threads=threads[-1]))),
        **{_named(way): lambda way=way: by_hand(session(plan, way)) for way in ways},  # type: ignore[misc]
    }
    if network.input == (32, 32, 3):
        images = Images(split)
        loops["DataLoader"] = lambda: data_loader(session(plan, replace(plain, threads=threads[-1])), images)
    speeds: dict[str, list[float]] = {name: [] for name in loops}
    for round_ in range(arguments.rounds + 1):  # the first one warms up
        for name, loop in loops.items():
            speed = loop()
            if round_:
                speeds[name].append(speed)
    print(f"\n{spec}: {network.params:,} parameters, {network.macs:,} MACs an image")
    print(f"  chosen in {choosing:.1f} s: {said or 'nothing was timed'}")
    report(network, speeds, list(map(_named, ways)), choosing, arguments)


def report(
    network: Network,
    speeds: dict[str, list[float]],
    ways: list[str],
    choosing: float,
    arguments: argparse.Namespace,
) -> None:
    """Print the medians and their ratios."""
    middle = {name: statistics.median(values) for name, values in speeds.items()}
    pairs = [a / b for a, b in zip(speeds["ours"], speeds["by hand"], strict=True)]
    for name, value in middle.items():
        print(f"  {name:<28} {value:10,.0f} images/s  {value / arguments.batch_size:8.1f} steps/s")
    spread = f"median of {arguments.rounds} pairs, {min(pairs):.3f} to {max(pairs):.3f}"
    best = max(ways, key=lambda name: middle[name])
    print(f"  ours / by hand             {statistics.median(pairs):.3f} ({spread})")
    print(f"  ours / fastest by hand     {middle['ours'] / middle[best]:.3f} ({best})")
    print(
        f"  the same, choosing counted in a run of a minute  {middle['ours'] / middle[best] * 60 / (60 + choosing):.3f}"
    )
    if "DataLoader" in middle:
        print(f"  ours / DataLoader          {middle['ours'] / middle['DataLoader']:.2f}")
    if arguments.device.startswith("cuda"):
        peak = next((peak for card, peak in BF16_PEAK.items() if card in torch.cuda.get_device_name()), None)
        if peak:
            done = 6 * network.macs * middle["ours"]  # two operations a MAC; a backward pass is two forward passes
            print(f"  share of the card's bf16 peak  {done / peak:.1%}")


def _named(recipe: Recipe) -> str:
    layout = "channels last" if recipe.channels_last else "channels first"
    return f"by hand, {layout}, {recipe.threads} threads"


if __name__ == "__main__":
    main()
