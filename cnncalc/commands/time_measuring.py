"""What ``cnncalc time --measure`` does: measure a network on this machine, if it can be run here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from cnncalc.analysis.memory import TrainingSetup, predict_memory
from cnncalc.analysis.roofline import Measured, TimeSetup
from cnncalc.core.errors import SpecError
from cnncalc.core.needs import optional_packages
from cnncalc.core.numbers import bytes_text, counted
from cnncalc.core.precision import AUTOCAST
from cnncalc.network import Network


def measured_here(network: Network, setup: TimeSetup, wanted: Mapping[str, Any]) -> tuple[Measured, str]:
    """Measure a network, and return with it what it was measured on.

    Args:
        network: what is run.
        setup: how it is run.
        wanted: the options ``device``, ``threads``, ``rounds`` and ``processor_time``.

    Raises:
        SpecError: for a device that is not there, a network that does not run, and one that does not fit into memory.

    """
    _check(setup.precision, wanted)
    with optional_packages():
        import torch

        from cnncalc.model.timing import Wish, keep_freed_memory, measure
        from cnncalc.train.engine.devices import choose_device, hardware
        from cnncalc.train.engine.step_memory import free_bytes
    device = choose_device(wanted["device"])
    _check_memory(network, setup, device.type, free_bytes(device))
    threads = wanted["threads"] or torch.get_num_threads()
    alone = wanted["processor_time"]
    if alone and threads > 1:
        raise click.UsageError("--processor-time is for one thread: add --threads 1")
    torch.set_num_threads(threads)
    keep_freed_memory()
    measured = measure(network, setup, Wish(str(device), threads, wanted["rounds"], alone))
    clock = ", processor time" if alone else ""
    how = f"median of {counted(measured.rounds, 'round')}{clock}"
    return measured, f"{hardware(device, 1)}; PyTorch {torch.__version__}; {how}"


def _check(precision: str, wanted: Mapping[str, Any]) -> None:
    """Refuse what is not measured on a device."""
    device = wanted["device"]
    cuda = device.startswith("cuda")
    if device.startswith("mps"):
        raise click.UsageError("--measure is for --device cpu and cuda, not mps")
    if precision == "int8" or (precision == "tf32" and not cuda):
        known = "float32, tf32, bf16 and fp16" if cuda else "float32, bf16 and fp16"
        raise click.UsageError(f"--measure is for {known} on {device}, not {precision}")
    if wanted["processor_time"] and cuda:
        raise click.UsageError("--processor-time is for --device cpu")


def _check_memory(network: Network, setup: TimeSetup, device: str, free: int) -> None:
    """Refuse what does not fit into memory, before a system that has none left ends other programs."""
    precision = setup.precision if setup.precision in AUTOCAST else "float32"
    peak = predict_memory(
        network,
        TrainingSetup(
            batch=setup.batch,
            precision=precision,
            inference=not setup.training,
            optimizer=setup.optimizer,
            momentum=setup.momentum,
            device=device,
        ),
    ).peak_bytes
    if peak > free:
        images = counted(setup.batch, "image")
        message = f"{images} take {bytes_text(peak)} by prediction, and {bytes_text(free)} are free"
        raise SpecError("out-of-memory", message, hints=["give a smaller --batch"])
