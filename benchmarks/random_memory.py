"""Predicted memory of networks nobody designed, to the byte, against autograd and PyTorch's tracker on the CPU.

    python benchmarks/random_memory.py --networks 500 --seed 0
    python benchmarks/random_memory.py --networks 100 --way checkpointing --batch 3 --optimizer adamw --inputs

Network n of a seed is drawn from seed + n, so that each can be drawn again: ``--networks 1 --seed SEED``. What has no
training step is passed over: nothing to learn, or a batch norm of a single value. Networks that keep or take other
bytes than PyTorch finds are printed.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from torch import nn

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory, saved_bytes
from cnncalc.model.checkpointing import checkpointed
from tests.oracle.random_specs import spec
from tests.oracle.several_inputs import several
from tests.oracle.torch_memory import (
    autograd_bytes,
    fake_mode,
    inference_peak,
    inputs,
    learns,
    tracked_peak,
    with_memory,
)

WAYS = {
    "training": {},
    "inference": {"inference": True},
    "checkpointing": {"checkpointing": True},
    "bf16": {"precision": "bf16"},
    "accumulate": {"accumulate": 2},
}
"""What is run: the settings of the prediction."""


class Pair(NamedTuple):
    """Bytes: ours, and those that PyTorch finds."""

    ours: int
    theirs: int

    @property
    def difference(self) -> float:
        """Ours against theirs, as a share of theirs."""
        return self.ours / self.theirs - 1 if self.theirs else float(self.ours > 0)


def compared(network: cnncalc.Network, setup: TrainingSetup) -> tuple[Pair, ...]:
    """Return what a network keeps, where it trains, and its peak.

    Where the tracker finds another peak with fake tensors, real ones are asked: in three dimensions fake tensors do not
    know that some layers leave the channels last, and real ones show what the CPU's plain kernels take besides.
    """
    ours = predict_memory(network, setup).peak_bytes
    with fake_mode():
        theirs = peak_of(network, setup)
    peak = Pair(ours, theirs if ours == theirs else peak_of(network, setup))
    if setup.inference or setup.checkpointing:  # a segment that is computed again keeps nothing of its own
        return (peak,)
    seen = inputs(network, setup.images)
    kept = autograd_bytes(module_of(network, setup), *seen, low=setup.precision != "float32")
    return Pair(sum(saved_bytes(network, setup)), kept), peak


def peak_of(network: cnncalc.Network, setup: TrainingSetup) -> int:
    """Return the peak that PyTorch's tracker finds."""
    module, low = module_of(network, setup), setup.precision != "float32"
    if setup.inference:
        return inference_peak(module, network, setup.batch)
    step = setup.optimizer, setup.implementation, setup.accumulate
    return tracked_peak(module, network, setup.images, *step, low=low)


def module_of(network: cnncalc.Network, setup: TrainingSetup) -> nn.Module:
    """Return the module with memory but without values."""
    module = cnncalc.build(network, device="meta")
    return with_memory(checkpointed(module, network) if setup.checkpointing else module)


def networks(first: int, *, several_inputs: bool) -> Iterator[tuple[int, str, cnncalc.Network]]:
    """Yield the seed, the text and the network of those that can be trained, without an end."""
    for seed in itertools.count(first):
        if several_inputs:
            text = several(Random(seed))
            yield seed, text, cnncalc.load(text)
        else:
            drawn = spec(Random(seed))
            yield seed, f"input {drawn.input}, {drawn.text}", drawn.load()


def main() -> None:
    """Compare as many networks as were asked for, and print those that differ."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=100, help="how many to compare")
    parser.add_argument("--seed", type=int, default=0, help="the seed of the first one")
    parser.add_argument("--batch", type=int, default=4, help="images of a step")
    parser.add_argument("--optimizer", default="sgd", help="the optimizer of a step")
    parser.add_argument("--way", default="training", choices=WAYS, help="what is run")
    parser.add_argument("--inputs", action="store_true", help="networks with one to three inputs")
    asked = parser.parse_args()
    setup = TrainingSetup(batch=asked.batch, optimizer=asked.optimizer, device="cpu", **WAYS[asked.way])
    found: list[tuple[Pair, ...]] = []
    for seed, text, network in networks(asked.seed, several_inputs=asked.inputs):
        if len(found) == asked.networks:
            break
        if not learns(network, setup.images):
            continue
        found.append(compared(network, setup))
        if any(pair.difference for pair in found[-1]):
            bytes_of = ", ".join(f"{pair.ours:,} for {pair.theirs:,} ({pair.difference:+.3%})" for pair in found[-1])
            print(f"{seed}: {bytes_of}: {text}", flush=True)
    what = f"torch {torch.__version__}, {asked.way}, batch {setup.batch}, {setup.optimizer}, from seed {asked.seed}"
    print(f"{what}: {summary(found)}")


def summary(found: list[tuple[Pair, ...]]) -> str:
    """Say how many networks are predicted exactly."""
    peaks = [abs(pairs[-1].difference) for pairs in found]
    kept = [not pairs[0].difference for pairs in found if len(pairs) > 1]
    saved = f"{sum(kept)} of {len(kept)} keep the same bytes; " if kept else ""
    within = sum(peak <= 0.01 for peak in peaks)
    return f"{saved}peaks: {peaks.count(0)} of {len(peaks)} exact, {within} within 1%, worst {max(peaks):.2%}"


if __name__ == "__main__":
    main()
