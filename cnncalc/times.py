"""What a program asks about time: the bound of a network on a card, and what it takes here. Loads no torch itself."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from cnncalc.analysis.validation import check_choice, check_flag, check_network, check_path, check_whole
from cnncalc.core.errors import ArgumentError, ArgumentTypeError, SpecError
from cnncalc.core.needs import optional_packages
from cnncalc.core.numbers import bytes_text, counted
from cnncalc.core.precision import AUTOCAST
from cnncalc.core.words import joined_by_and, shorten, type_text
from cnncalc.network import Network

if TYPE_CHECKING:
    from cnncalc.analysis.roofline import Bound, Machine, Measured, TimeSetup

MOST_THREADS, MOST_ROUNDS = 1024, 10_000
"""How many may be asked for."""


def bound_time(
    network: Network,
    gpu: str | Machine,
    *,
    batch: int = 1,
    precision: str = "float32",
    training: bool = False,
    optimizer: str = "sgd",
    momentum: float | None = None,
    cards: str | os.PathLike[str] | None = None,
) -> Bound:
    """Bound the time of every layer: the larger of its arithmetic and its traffic (roofline). Imports no torch.

    Args:
        network: what is run.
        gpu: the name of a graphics card, ``"h100"``, or the machine of what was measured, ``measured.machine``.
        batch: images of one pass.
        precision: of the layers: ``float32``, ``tf32``, ``bf16``, ``fp16`` or, for inference, ``int8``.
        training: whether it is a training step: forward, backward, and the optimizer's.
        optimizer: that of the step.
        momentum: that of the optimizer; None for its usual one.
        cards: a CSV table of cards in place of the built-in one.

    Returns:
        The least ``seconds`` of one pass, ``images_per_second`` at most, and a row for each layer.

    Raises:
        ArgumentError: for a value that an argument does not take; ArgumentTypeError where its type is wrong.
        SpecError: for a card without a peak in that precision, a table that cannot be read, and nothing to train.

    """
    from cnncalc.analysis.roofline import TimeSetup, bound

    check_network(network)
    setup = TimeSetup(batch, precision, training, optimizer, momentum)
    return bound(network, setup, _machine(gpu, setup, cards))


def _machine(gpu: str | Machine, setup: TimeSetup, cards: str | os.PathLike[str] | None) -> Machine:
    """Return the machine that is meant: one that was measured, or a card of a table by its name."""
    from cnncalc.analysis.memory.gpus import GPUS, closest_gpus, gpu_named, read_cards
    from cnncalc.analysis.roofline import Machine, machine_of_card

    if isinstance(gpu, Machine):
        return gpu
    known = GPUS if cards is None else read_cards(check_path("cards", cards))
    name = gpu_named(gpu, known) if isinstance(gpu, str) else None
    if name is None and isinstance(gpu, str) and (near := closest_gpus(gpu, known)):
        hints = [f"did you mean {' or '.join(near)}?"]
        raise ArgumentError("bad-option", f"there is no gpu `{shorten(gpu)}`", hints=hints)
    check_choice("gpu", name or gpu, known)
    return machine_of_card(str(name), known[str(name)], setup.precision)


def measure_time(
    network: Network,
    *,
    batch: int = 1,
    precision: str = "float32",
    training: bool = False,
    optimizer: str = "sgd",
    momentum: float | None = None,
    device: str = "cpu",
    threads: int | None = None,
    rounds: int | None = None,
    processor_time: bool = False,
) -> Measured:
    """Measure the time of every layer here, and the peak and the bandwidth of this machine. Imports torch.

    Memory that PyTorch frees on the CPU stays with the process from then on, as passes would differ without that.

    Args:
        network: what is run.
        batch: as in `bound_time`, like all up to the momentum.
        precision: ``float32``, ``bf16`` or ``fp16``, and ``tf32`` on ``cuda``.
        training: whether it is a training step.
        optimizer: that of the step.
        momentum: that of the optimizer.
        device: ``cpu`` or ``cuda``.
        threads: of PyTorch on the CPU while it measures; None for as many as it has now.
        rounds: how often whole and layers are measured; None for about 3 seconds.
        processor_time: whether only the time counts in which the thread itself ran; for one thread of the CPU.

    Returns:
        The seconds of the ``whole`` pass and those of its ``layers``, and the ``machine`` for `bound_time`.

    Raises:
        ArgumentError: for a value that an argument does not take; ArgumentTypeError where its type is wrong.
        SpecError: without torch, for a network that does not run, a device that is not there, and too little memory.

    """
    from cnncalc.analysis.roofline import TimeSetup

    check_network(network)
    check_flag("processor_time", processor_time)
    for name, value, most in (("threads", threads, MOST_THREADS), ("rounds", rounds, MOST_ROUNDS)):
        if value is not None:
            check_whole(name, value, 1, most)
    if not isinstance(device, str):
        raise ArgumentTypeError("bad-argument", f'device is "cpu" or "cuda", not {type_text(device)}')
    setup = TimeSetup(batch, precision, training, optimizer, momentum)
    where = Where(device, threads, rounds, processor_time)
    where.check(setup.precision)
    return measure_here(network, setup, where)[0]


class Where(NamedTuple):
    """On what is measured, and how: the arguments of `measure_time`."""

    device: str = "cpu"
    threads: int | None = None
    rounds: int | None = None
    processor_time: bool = False

    def check(self, precision: str) -> None:
        """Refuse what is not measured, in words of programs and of the command line.

        Raises:
            ArgumentError: with the code ``bad-option``.

        """
        cuda = self.device.startswith("cuda")
        known = ("float32", "tf32", "bf16", "fp16") if cuda else ("float32", "bf16", "fp16")
        if self.device.startswith("mps"):
            raise ArgumentError("bad-option", "time is measured on cpu and cuda, not on mps")
        if precision not in known:
            message = f"time is measured in {joined_by_and(known)} on {self.device}, not in {precision}"
            raise ArgumentError("bad-option", message)
        if self.processor_time and (cuda or self.threads != 1):
            message = "processor time is that of one thread of the CPU: give device cpu and threads 1"
            raise ArgumentError("bad-option", message)


def measure_here(network: Network, setup: TimeSetup, where: Where) -> tuple[Measured, str]:
    """Measure a network, and return with it what it was measured on, in words.

    Raises:
        SpecError: for a device that is not there, a network that does not run, and one that does not fit into memory.

    """
    setup.check_network(network)
    with optional_packages():
        import torch

        from cnncalc.model.timing import MeasureOptions, keep_freed_memory, measure
        from cnncalc.train.engine.devices import choose_device, hardware
        from cnncalc.train.engine.step_memory import free_bytes
    device = choose_device(where.device)
    _check_memory(network, setup, device.type, free_bytes(device))
    threads = where.threads or torch.get_num_threads()
    keep_freed_memory()
    measured = measure(network, setup, MeasureOptions(str(device), threads, where.rounds, where.processor_time))
    clock = ", processor time" if where.processor_time else ""
    how = f"median of {counted(measured.rounds, 'round')}{clock}"
    return measured, f"{hardware(device, 1, threads)}; PyTorch {torch.__version__}; {how}"


def _check_memory(network: Network, setup: TimeSetup, device: str, free: int) -> None:
    """Refuse what does not fit into memory, before a system that has none left ends other programs."""
    from cnncalc.analysis.memory import TrainingSetup, predict_memory

    precision = setup.precision if setup.precision in AUTOCAST else "float32"
    wanted = TrainingSetup(
        batch=setup.batch,
        precision=precision,
        inference=not setup.training,
        optimizer=setup.optimizer,
        momentum=setup.momentum,
        device=device,
    )
    peak = predict_memory(network, wanted).peak_bytes
    if peak > free:
        images = "1 image takes" if setup.batch == 1 else f"{setup.batch:,} images take"
        message = f"{images} {bytes_text(peak)} by prediction, and {bytes_text(free)} are free"
        hint = "make the network or its input smaller" if setup.batch == 1 else "give a smaller batch"
        raise SpecError("out-of-memory", message, hints=[hint])
