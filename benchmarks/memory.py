"""How near the predicted memory comes to what PyTorch measures, and what the prediction costs.

    python benchmarks/memory.py tracker [NAME …]   # every network of the zoo against PyTorch's own tracker, on the CPU
    python benchmarks/memory.py cost               # the time of `cnncalc memory` against that of `cnncalc shapes`
    python benchmarks/memory.py cuda [NAME …]      # against the peak on a graphics card, and the largest batch

Random networks are in benchmarks/random_memory.py.

``tracker`` runs a training step of each network under fake tensors in 12 ways: batch 2 and 32, SGD and AdamW, each
in its three implementations. Beside it stands what torchinfo estimates. ``cuda`` also writes its table to
benchmarks/results, with the card and the versions.
"""

from __future__ import annotations

import itertools
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import torch
import torchinfo
from torch import nn

import cnncalc
from benchmarks.speed import interleaved
from cnncalc import zoo
from tests.oracle.torch_memory import OPTIMIZERS, fake_mode, images, labels, tracked_peak, with_memory

MIB = 1024 * 1024
WAYS = list(itertools.product((2, 32), ("sgd", "adamw"), ("foreach", "fused", "loop")))
ON_A_CARD = (
    *("alexnet", "convnext_tiny", "convnext_base", "densenet121", "densenet201", "efficientnet_b0", "efficientnet_b4"),
    *("efficientnet_v2_s", "googlenet", "inception_v3", "mnasnet1_0", "mobilenet_v2", "mobilenet_v3_large"),
    *("regnet_x_8gf", "regnet_y_3_2gf", "resnet18", "resnet50", "resnet152", "resnext50_32x4d", "shufflenet_v2_x1_0"),
    *("squeezenet1_1", "unet", "vgg16", "vgg19_bn", "wide_resnet50_2"),
)
RESULTS = Path(__file__).resolve().parent / "results"


def main() -> None:
    chosen, *names = sys.argv[1:] or ["tracker"]
    print(f"torch {torch.__version__}, torchinfo {torchinfo.__version__}, Python {platform.python_version()}")
    {"tracker": tracker, "cost": cost, "cuda": cuda}[chosen](names)


# ---- against PyTorch's own tracker


def tracker(names: list[str]) -> None:
    """Print for each network the peak of a step of SGD at batch 32, and the largest error of all ways to step."""
    heads = ("network", "tracker", "cnncalc", "error", "worst of 12", "torchinfo", "error")
    print("{:20} {:>12} {:>12} {:>9} {:>12} {:>12} {:>7}".format(*heads))
    all_errors = []
    for name in names or zoo.names():
        network = cnncalc.load(name)
        module = cnncalc.build(network, device="meta")
        estimate = torchinfo_bytes(module, network)
        with fake_mode():
            measured = [tracked_peak(with_memory(module), network, *way) for way in WAYS]
        predicted = [
            cnncalc.predict_memory(
                network, batch=batch, optimizer=optimizer, implementation=way, device="cpu"
            ).peak_bytes
            for batch, optimizer, way in WAYS
        ]
        errors = [ours / theirs - 1 for ours, theirs in zip(predicted, measured, strict=True)]
        all_errors += [abs(error) for error in errors]
        place = WAYS.index((32, "sgd", "foreach"))
        theirs = estimate / measured[place] - 1
        print(
            f"{name:20} {measured[place] / MIB:>8.1f} MiB {predicted[place] / MIB:>8.1f} MiB {errors[place]:>9.4%} "
            f"{max(errors, key=abs):>12.4%} {estimate / MIB:>8.1f} MiB {theirs:>7.1%}",
            flush=True,
        )
    print(f"{len(all_errors)} steps: median {statistics.median(all_errors):.4%}, worst {max(all_errors):.4%}")


def torchinfo_bytes(module: nn.Module, network: cnncalc.Network) -> int:
    """Return torchinfo's estimate of the total size at batch 32."""
    seen = (32, network.input.channels, *network.input.spatial)
    stats = torchinfo.summary(module, input_size=seen, device="meta", verbose=0)
    return int(stats.total_input + stats.total_output_bytes + stats.total_param_bytes)


# ---- what it costs


def cost(names: list[str]) -> None:
    """Time whole processes: `cnncalc memory resnet152` against `cnncalc shapes resnet152`."""
    program = shutil.which("cnncalc", path=Path(sys.executable).parent) or shutil.which("cnncalc")
    if program is None:
        sys.exit("cnncalc is not installed; run `pip install .` first")
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        memory = [program, "memory", "resnet152", "--batch", "64"]
        ours, baseline = interleaved(memory, [program, "shapes", "resnet152"], environment, 21)
        print(f"cost: memory resnet152 {ours:.0f} ms, shapes resnet152 {baseline:.0f} ms: {ours / baseline:.2f}x")
        budget, baseline = interleaved([*memory, "--gpu", "a100"], [program, "shapes", "resnet152"], environment, 21)
        print(f"cost: with the largest batch {budget:.0f} ms: {budget / baseline:.2f}x")


# ---- on a card


def cuda(names: list[str]) -> None:
    """Compare with ``torch.cuda.max_memory_allocated``, and try the largest batch; keep the table."""
    if not torch.cuda.is_available():
        sys.exit("there is no CUDA device here")
    card = torch.cuda.get_device_name()
    lines = [f"{card}, torch {torch.__version__}, CUDA {torch.version.cuda}, cuDNN {torch.backends.cudnn.version()}"]
    errors = []
    for name in names or ON_A_CARD:
        for line, error in rows_on_a_card(name):
            print(line, flush=True)
            lines.append(line)
            errors.append(abs(error))
    lines.append(f"{len(errors)} steps: median {statistics.median(errors):.2%}, worst {max(errors):.2%}")
    lines += list(largest_on_a_card("resnet50"))
    print(*lines[-4:], sep="\n")
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"memory-{card.replace(' ', '-').lower()}.txt").write_text("\n".join(lines) + "\n")


def rows_on_a_card(name: str) -> Iterator[tuple[str, float]]:
    """Yield a line and the error for each precision and optimizer."""
    network = cnncalc.load(name)
    batch = 32
    for precision, optimizer in itertools.product(("float32", "bf16"), ("sgd", "adamw")):
        measured = peak_on_a_card(network, batch, optimizer, precision)
        predicted = cnncalc.predict_memory(
            network, batch=batch, optimizer=optimizer, precision=precision, workspace_bytes=workspace()
        ).peak_bytes
        error = predicted / measured - 1
        yield (
            f"{name:20} {batch:>4} {precision:8} {optimizer:6} {measured / MIB:>9.1f} MiB "
            f"{predicted / MIB:>9.1f} MiB {error:>8.2%}",
            error,
        )


def workspace() -> int | None:
    """Return what cuBLAS takes on this card: 32 MiB from Hopper on, else the usual."""
    return 32 * MIB if torch.cuda.get_device_capability()[0] >= 9 else None


def peak_on_a_card(network: cnncalc.Network, batch: int, optimizer: str, precision: str) -> int:
    """Return the peak of the third step of training."""
    module = cnncalc.build(network, device="cuda", seed=0).train()
    kind, settings = OPTIMIZERS[optimizer]
    stepper = kind(module.parameters(), **settings, foreach=True)
    seen = images(network, batch).cuda()
    with torch.no_grad():
        wanted = labels(module(seen)).cuda()
    for step in range(3):
        if step == 2:
            torch.cuda.synchronize()
            torch.cuda.reset_peak_memory_stats()
        with torch.autocast("cuda", torch.bfloat16, enabled=precision == "bf16"):
            output = module(seen)
            loss = nn.functional.cross_entropy(output, wanted)
        loss.backward()
        stepper.step()
        stepper.zero_grad()
        del output, loss
    torch.cuda.synchronize()
    return torch.cuda.max_memory_allocated()


def largest_on_a_card(name: str) -> Iterator[str]:
    """Yield whether the largest batch that is named runs, and whether one 10% larger does not."""
    network = cnncalc.load(name)
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    batch = cnncalc.largest_batch(network, free, workspace_bytes=workspace()) or 0
    for images_, expected in ((batch, "runs"), (batch + batch // 10, "does not run")):
        torch.cuda.empty_cache()
        try:
            peak_on_a_card(network, images_, "sgd", "float32")
            found = "runs"
        except torch.cuda.OutOfMemoryError:
            found = "does not run"
        yield f"{name}, {free / MIB:.0f} MiB free: batch {images_} {found}, and should: {expected}"


if __name__ == "__main__":
    main()
