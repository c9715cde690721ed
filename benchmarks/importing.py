"""Imports timm's convolutional networks, and compares what the built spec computes with what the network computes.

    pip install timm
    python benchmarks/importing.py [--seconds 120] [--texts FOLDER] [--list] [NAME …]

Of every convolutional module of timm, each family counts once: models whose names differ in numbers and in words
for a size are one family, and its first model, with numbers in their natural order, stands for it. Networks of more
than 100 million parameters are left out. They are made without weights, for images of 96x96 where they take those,
and else of their own size. Every import runs in a process of its own with a limit on its time.

``--texts`` keeps the specs that were written, and how many lines each has is in the table.

The comparison is independent of the proof that an import makes itself: normalisations get random statistics, scales
and shifts, the built spec gets the network's tensors by name, and both compute in float64 in eval mode.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import re
import time
import warnings
from collections.abc import Iterator
from functools import reduce
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import timm
import torch
from torch import nn

import cnncalc
from cnncalc.model.from_torch import import_module

MODULES = """
byobnet convmixer convnext cspnet cspnext densenet dla dpn efficientnet fasternet ghostnet hardcorenas hgnet hrnet
inception_next inception_resnet_v2 inception_v3 inception_v4 lcnetv2 mambaout mobilenetv3 nasnet nfnet pnasnet rdnet
regnet repghost repvit res2net resnest resnet resnetv2 rexnet selecsls senet sknet starnet tresnet vgg vovnet xception
xception_aligned
"""
"""Modules of timm whose networks are convolutional; single models with attention among them count too."""

SIZES = "zepto atto femto pico nano tiny small base large xlarge xxlarge huge giga giant t s m l x xl n p"
MOST_PARAMETERS = 100_000_000
SIDE = 96
TOLERANCE = 1e-5


class Result(NamedTuple):
    """How one import went: ``equal``, ``differs``, ``refused``, ``left out``, ``hangs`` or ``crashes``."""

    outcome: str
    said: str = ""
    text: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        lines = f"{self.text.count(chr(10))} lines" if self.text else ""
        return f"{self.outcome:<10}{self.seconds:6.1f} s {lines:>10}  {self.said}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="NAME", help="models of timm; all families without any")
    parser.add_argument("--seconds", type=float, default=120, help="the limit for one import (default: 120)")
    parser.add_argument("--texts", type=Path, metavar="FOLDER", help="a folder for the specs that are written")
    parser.add_argument("--list", action="store_true", help="only list the networks")
    given = parser.parse_args()
    names = given.names or list(families())
    if given.list:
        print("\n".join(names))
        return
    print(f"torch {torch.__version__}, timm {timm.__version__}", flush=True)
    results = {}
    for name in names:
        results[name] = watched(name, given.seconds)
        print(f"{name:<34}{results[name]}", flush=True)
        if given.texts and results[name].text:
            given.texts.mkdir(parents=True, exist_ok=True)
            (given.texts / f"{name}.txt").write_text(results[name].text, encoding="utf-8")
    outcomes = [result.outcome for result in results.values()]
    count = {outcome: outcomes.count(outcome) for outcome in set(outcomes)}
    equal, tried = count.get("equal", 0), len(names) - count.get("left out", 0)
    print(f"{equal + count.get('differs', 0)} of {tried} imported, {equal} outputs equal")


def families() -> Iterator[str]:
    """Return one model of every family of convolutional networks."""
    for module in MODULES.split():
        names = sorted(timm.list_models(module=module), key=_natural)
        for _, group in itertools.groupby(sorted(names, key=_family), key=_family):
            yield min(group, key=_natural)


def _natural(name: str) -> list[tuple[int, str]]:
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", name)]


def _family(name: str) -> str:
    """Return a name without its numbers and its words for a size."""
    words = re.sub(r"\d+", "#", name).split("_")
    return "_".join([word for word in words if word not in SIZES.split() and word.strip("#")])


def watched(name: str, seconds: float) -> Result:
    """Import a network in a process of its own."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=imported, args=(name, sender))
    start = time.perf_counter()
    child.start()
    sender.close()
    try:
        result = receiver.recv() if receiver.poll(seconds) else Result("hangs", f"not done after {seconds:g} s")
    except EOFError:
        child.join()
        result = Result("crashes", f"the process ended with {child.exitcode}")
    child.kill()
    child.join()
    return result._replace(seconds=time.perf_counter() - start)


def imported(name: str, sender: Connection) -> None:
    """Import a network, and send how it went."""
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model = timm.create_model(name, pretrained=False).eval()
    if sum(parameter.numel() for parameter in model.parameters()) > MOST_PARAMETERS:
        sender.send(Result("left out", "more than 100 million parameters"))
        return
    randomise(model)
    try:
        images = images_for(model)
        result = import_module(model, (*images.shape[2:], images.shape[1]))
        sender.send(compared(model, result.text, result.tensors, images)._replace(text=result.text))
    except cnncalc.SpecError as error:
        sender.send(
            Result("differs" if error.code == "import-differs" else "refused", f"{error.code}: {error.message}")
        )
    except Exception as error:
        sender.send(Result("crashes", f"{type(error).__name__}: {str(error)[:200]}"))


def randomise(model: nn.Module) -> None:
    """Give normalisations random statistics, and every vector random numbers, so that no branch is worth nothing."""
    with torch.no_grad():
        for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
            if name.endswith("running_var"):
                tensor.uniform_(0.5, 2)
            elif name.endswith("running_mean"):
                tensor.normal_(0, 0.3)
            elif isinstance(tensor, nn.Parameter) and tensor.numel() == max(tensor.shape, default=1):
                tensor.uniform_(0.5, 1.5)


def images_for(model: nn.Module) -> torch.Tensor:
    """Return random images of a small size, or of the network's own where it takes no others."""
    channels, *own = model.pretrained_cfg.get("input_size", (3, 224, 224))
    small = torch.randn(1, channels, SIDE, SIDE)
    try:
        with torch.no_grad():
            model(small)
    except Exception:
        return torch.randn(1, channels, *own)
    return small


def compared(model: nn.Module, text: str, tensors: Any, images: torch.Tensor) -> Result:
    """Compare what a network computes with what its spec does, given the network's tensors."""
    built = cnncalc.build(cnncalc.load(text), seed=0).eval()
    state = {name: reduce(getattr, path.split("."), model) for name, path in tensors.items()}
    shapes = {name: value.shape for name, value in built.state_dict().items()}
    built.load_state_dict({name: value.reshape(shapes[name]) for name, value in state.items()}, strict=False)
    missing = sorted(set(shapes) - set(state) - {name for name in shapes if name.endswith("num_batches_tracked")})
    if missing:
        return Result("differs", f"the network has no tensor for {missing[0]}")
    dtype = torch.float64
    try:
        with torch.no_grad():
            expected = model.double()(images.double())
    except RuntimeError:  # some modules insist on float32
        dtype = torch.float32
        with torch.no_grad():
            expected = model.to(dtype)(images)
    with torch.no_grad():
        computed = built.to(dtype)(images.to(dtype)).reshape(expected.shape)
    difference = float((computed - expected).abs().max() / expected.abs().max())
    return Result("equal" if difference <= TOLERANCE else "differs", f"difference {difference:.1e}")


if __name__ == "__main__":
    main()
