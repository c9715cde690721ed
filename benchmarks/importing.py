"""Imports networks of others, and compares what the built spec computes with what the network computes.

    pip install timm segmentation-models-pytorch
    python benchmarks/importing.py [--of timm] [--seconds 120] [--texts FOLDER] [--list] [NAME …]
    python benchmarks/importing.py --of smp
    python benchmarks/importing.py --of torchvision

Of every convolutional module of timm, each family counts once: models whose names differ in numbers and in words
for a size are one family, and its first model, with numbers in their natural order, stands for it. Networks of more
than 100 million parameters are left out. They are made without weights, for images of 96x96 where they take those,
and else of their own size. Every import runs in a process of its own with a limit on its processor time, which is also
the time that is printed: that of making the network, importing it, and comparing what both compute.

Of segmentation-models-pytorch, every decoder stands on ResNet-18, and a U-Net on one encoder of every family. Of
torchvision, the convolutional networks for segmentation and for video are imported; its classifiers are in the tests.

``--texts`` keeps the specs that were written, and how many lines each has is in the table.

The comparison is independent of the proof that an import makes itself: normalisations get random statistics, scales
and shifts, the built spec gets the network's tensors by name, and both compute in float64 in eval mode.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import re
import resource
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import reduce
from importlib.metadata import version
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import nn

import cnncalc
from cnncalc.model.from_torch import Imported, import_module

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
    parser.add_argument("names", nargs="*", metavar="NAME", help="models of the collection; all without any")
    parser.add_argument("--of", choices=COLLECTIONS, default="timm", help="the collection (default: timm)")
    parser.add_argument("--seconds", type=float, default=120, help="processor time for one import (default: 120)")
    parser.add_argument("--texts", type=Path, metavar="FOLDER", help="a folder for the specs that are written")
    parser.add_argument("--list", action="store_true", help="only list the networks")
    given = parser.parse_args()
    collection = COLLECTIONS[given.of]
    names = given.names or list(collection.names())
    if given.list:
        print("\n".join(names))
        return
    print(f"torch {torch.__version__}, {collection.package} {version(collection.package)}", flush=True)
    results = {}
    for name in names:
        results[name] = watched(collection, name, given.seconds)
        print(f"{name:<34}{results[name]}", flush=True)
        if given.texts and results[name].text:
            given.texts.mkdir(parents=True, exist_ok=True)
            (given.texts / f"{name}.txt").write_text(results[name].text, encoding="utf-8")
    outcomes = [result.outcome for result in results.values()]
    count = {outcome: outcomes.count(outcome) for outcome in set(outcomes)}
    equal, tried = count.get("equal", 0), len(names) - count.get("left out", 0)
    print(f"{equal + count.get('differs', 0)} of {tried} imported, {equal} outputs equal")


def families() -> Iterator[str]:
    """Return one model of every family of timm's convolutional networks."""
    import timm

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


def of_timm(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    import timm

    model = timm.create_model(name, pretrained=False)
    return model, model.pretrained_cfg.get("input_size", (3, 224, 224))


ENCODERS = """
resnext50_32x4d dpn68 vgg11 vgg11_bn se_resnet50 se_resnext50_32x4d densenet121 inceptionresnetv2 inceptionv4
efficientnet-b0 mobilenet_v2 xception timm-efficientnet-b0 timm-tf_efficientnet_lite0 timm-skresnet18 mobileone_s0
"""


def of_every_kind() -> Iterator[str]:
    """Return every decoder of segmentation-models-pytorch on ResNet-18, and U-Nets on encoders of every family."""
    import segmentation_models_pytorch as smp

    yield from [f"{kind.__name__}-resnet18" for kind in smp.MODEL_ARCHITECTURES_MAPPING.values() if kind is not smp.DPT]
    yield from [f"Unet-{encoder}" for encoder in ENCODERS.split()]


def of_smp(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    import segmentation_models_pytorch as smp

    decoder, _, encoder = name.partition("-")
    return getattr(smp, decoder)(encoder, encoder_weights=None, classes=5), (3, 128, 128)


OF_TORCHVISION = """
deeplabv3_mobilenet_v3_large deeplabv3_resnet50 deeplabv3_resnet101 fcn_resnet50 fcn_resnet101
lraspp_mobilenet_v3_large mc3_18 r2plus1d_18 r3d_18 s3d
"""


def of_torchvision(name: str) -> tuple[nn.Module, tuple[int, ...]]:
    import torchvision

    video = "18" in name or name == "s3d"
    model = torchvision.models.get_model(name, weights=None, **({} if video else {"weights_backbone": None}))
    return model, (3, 16, *((224, 224) if name == "s3d" else (112, 112))) if video else (3, 128, 128)


class Collection(NamedTuple):
    """Networks of others: their package, their names, and what makes one with the shape of its images."""

    package: str
    names: Callable[[], Iterable[str]]
    make: Callable[[str], tuple[nn.Module, tuple[int, ...]]]


COLLECTIONS = {
    "timm": Collection("timm", families, of_timm),
    "smp": Collection("segmentation-models-pytorch", of_every_kind, of_smp),
    "torchvision": Collection("torchvision", OF_TORCHVISION.split, of_torchvision),
}


def watched(collection: Collection, name: str, seconds: float) -> Result:
    """Import a network in a process of its own."""
    context = multiprocessing.get_context("fork")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(target=imported, args=(collection, name, seconds, sender))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    child.start()
    sender.close()
    try:
        result = receiver.recv()
    except EOFError:
        child.join()
        hangs = child.exitcode == -signal.SIGXCPU
        result = Result(*("hangs", f"over {seconds:g} s") if hangs else ("crashes", f"ended with {child.exitcode}"))
    child.kill()
    child.join()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result._replace(seconds=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def imported(collection: Collection, name: str, seconds: float, sender: Connection) -> None:
    """Import a network within some processor time, and send how it went."""
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds), int(seconds) + 5))
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    model, own = collection.make(name)
    model.eval()
    if sum(parameter.numel() for parameter in model.parameters()) > MOST_PARAMETERS:
        sender.send(Result("left out", "more than 100 million parameters"))
        return
    randomise(model)
    try:
        images = images_for(model, own)
        result = import_module(model, (*images.shape[2:], images.shape[1]))
        sender.send(compared(model, result, images)._replace(text=result.text))
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


def images_for(model: nn.Module, own: tuple[int, ...]) -> torch.Tensor:
    """Return random images of a small size, or of the network's own where it takes no others."""
    small = torch.randn(1, own[0], SIDE, SIDE)
    try:
        with torch.no_grad():
            model(small)
    except Exception:
        return torch.randn(1, *own)
    return small


def compared(model: nn.Module, result: Imported, images: torch.Tensor) -> Result:
    """Compare what a network computes with what its spec does, given the network's tensors."""
    built = cnncalc.build(cnncalc.load(result.text), seed=0).eval()
    state = {name: reduce(getattr, path.split("."), model) for name, path in result.tensors.items()}
    state |= {name: value() for name, value in result.computed.items()}
    shapes = {name: value.shape for name, value in built.state_dict().items()}
    built.load_state_dict({name: value.reshape(shapes[name]) for name, value in state.items()}, strict=False)
    statistics = {name for name in shapes if name.endswith(("running_mean", "running_var"))}
    missing = sorted(({name for name, _ in built.named_parameters()} | statistics) - set(state))
    if missing:
        return Result("differs", f"the network has no tensor for {missing[0]}")
    dtype = torch.float64
    try:
        with torch.no_grad():
            expected = outputs(model.double()(images.double()))
    except RuntimeError:  # some modules insist on float32
        dtype = torch.float32
        with torch.no_grad():
            expected = outputs(model.to(dtype)(images))
    with torch.no_grad():
        computed = outputs(built.to(dtype)(images.to(dtype)))
    if len(expected) != len(computed):
        return Result("differs", f"{len(computed)} outputs instead of {len(expected)}")
    differences = [
        float((one.reshape(other.shape) - other).abs().max() / other.abs().max())
        for one, other in zip(computed, expected, strict=True)
    ]
    return Result("equal" if max(differences) <= TOLERANCE else "differs", f"difference {max(differences):.1e}")


def outputs(value: Any) -> list[torch.Tensor]:
    """Return the tensors that a network returns, alone or in tuples, lists and dictionaries."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [tensor for part in (value.values() if isinstance(value, dict) else value) for tensor in outputs(part)]


if __name__ == "__main__":
    main()
