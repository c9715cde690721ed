"""Devices, signals, and the processes of a run: what is asked of the machine."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch

import cnncalc
from cnncalc.train.engine.devices import choose_device, configure, describe, peak_memory_bytes
from cnncalc.train.engine.distributed import Processes, joined_processes
from cnncalc.train.progress import EpochMetrics, Progress, progress_from
from cnncalc.train.recipe.settings import Recipe
from cnncalc.train.run.signals import Signals

Complaint = Callable[..., str]

# ---- devices


def test_auto_is_the_cpu_where_there_is_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    assert choose_device("auto") == choose_device("cpu") == torch.device("cpu")
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto") == torch.device("mps")


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A machine that says it has two GPUs; the list holds those that were chosen."""
    chosen: list[int] = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    monkeypatch.delenv("LOCAL_RANK", raising=False)
    return chosen


def test_a_gpu_has_a_number(two_gpus: list[int], complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one it is the first, and under torchrun each process has its own."""
    assert choose_device("cuda") == choose_device("auto") == torch.device("cuda", 0)
    assert choose_device("cuda:1") == torch.device("cuda", 1)
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert choose_device("cuda") == torch.device("cuda", 1)
    assert two_gpus == [0, 0, 1, 1]
    assert complaint(choose_device, "cuda:2") == (
        "error[no-device]: there is no cuda:2: PyTorch finds 2 here\n  = GPUs are cuda:0 to cuda:1"
    )


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:-1", "cpu:0", "mps:1", "CUDA", "", "cuda:99999"])
def test_a_name_that_is_none(complaint: Complaint, name: str) -> None:
    assert complaint(choose_device, name) == (
        f"error[bad-device]: there is no device `{name}`\n  = devices are auto, cpu, cuda, cuda:0, mps"
    )


@pytest.mark.parametrize(
    ("version", "reason"), [(None, "this PyTorch was built without CUDA"), ("13.0", "PyTorch finds no CUDA GPU here")]
)
def test_why_there_is_no_gpu(
    complaint: Complaint, monkeypatch: pytest.MonkeyPatch, version: str | None, reason: str
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.version, "cuda", version)
    assert complaint(choose_device, "cuda") == (
        f"error[no-device]: {reason}\n  = leave out --device, or say --device cpu"
    )


def test_the_cpu_says_how_many_threads_it_has() -> None:
    assert describe(torch.device("cpu")) == "cpu (1 thread)"
    assert peak_memory_bytes(torch.device("cpu")) > 50 * 2**20  # PyTorch alone takes more


@pytest.mark.parametrize(
    "layer", ["upsample x2 bilinear", "adaptivemaxpool 2x2", "adaptiveavgpool 2x2", "pad 1 reflect"]
)
def test_what_does_not_repeat_on_cuda_is_refused_before_the_first_step(complaint: Complaint, layer: str) -> None:
    """PyTorch's page on `use_deterministic_algorithms` lists them: it would raise in the first backward pass."""
    network = cnncalc.load(f"input 8x8x4\nconv 3x3x4 p1\n{layer}\ngap - fc 2")
    recipe = replace(Recipe(), deterministic=True)
    assert complaint(configure, recipe, torch.device("cuda"), network) == (
        f"error[not-deterministic]: {layer.split()[0]}1: `{layer}` has no deterministic algorithm on CUDA\n"
        "  --> text:3:1\n"
        "   |\n"
        f" 3 | {layer}\n"
        f"   | {'^' * len(layer)}\n"
        "   |\n"
        "   = leave out --deterministic, or train on the CPU"
    )


@pytest.fixture
def as_it_was() -> Iterator[None]:
    """Leave PyTorch as it was found."""
    yield
    configure(Recipe(), torch.device("cpu"), cnncalc.load("input 4x4x1\nfc 2"))


@pytest.mark.usefixtures("as_it_was")
@pytest.mark.parametrize("precision", ["float32", "tf32", "bf16"])
@pytest.mark.parametrize("deterministic", [True, False])
def test_what_is_asked_of_pytorch(precision: str, deterministic: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", "")
    network = cnncalc.load("input 4x4x1\nfc 2")
    configure(replace(Recipe(), precision=precision, deterministic=deterministic), torch.device("cpu"), network)
    assert torch.are_deterministic_algorithms_enabled() == deterministic
    assert torch.backends.cuda.matmul.fp32_precision == ("tf32" if precision == "tf32" else "ieee")


# ---- signals


def test_a_signal_is_remembered_and_the_handlers_come_back() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    signals = Signals()
    with signals.listening():
        assert not signals.asked
        signal.raise_signal(signal.SIGTERM)
        assert (signals.asked, signals.number) == (True, 15)
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)) == before


def test_a_second_ctrl_c_ends_at_once() -> None:
    signals = Signals()
    with signals.listening():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)  # another one is no second one
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_in_a_thread_no_signal_is_heard() -> None:
    """Python allows it in the main thread alone; a notebook may train in another."""
    failed: list[BaseException] = []

    def make_observer() -> None:
        try:
            with Signals().listening():
                pass
        except ValueError as error:
            failed.append(error)

    thread = threading.Thread(target=make_observer)
    thread.start()
    thread.join()
    assert failed == []


def test_names_of_signals() -> None:
    assert (Signals.name(2), Signals.name(15)) == ("interrupted with Ctrl-C", "stopped by SIGTERM")


# ---- processes


def test_a_process_alone_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    values = torch.arange(3)
    with joined_processes(torch.device("cpu")) as processes:
        assert processes == Processes(0, 1, 0)
        assert (processes.writes, processes.shared) == (True, False)
        assert torch.equal(processes.total(values), values)
        assert torch.equal(processes.largest(values), values)
        assert processes.agree_on("runs/a-1") == "runs/a-1"
        processes.wait()


def test_processes_that_do_not_find_each_other(complaint: Complaint, monkeypatch: pytest.MonkeyPatch) -> None:
    """WORLD_SIZE says that there are two, and nothing says where."""
    monkeypatch.setenv("WORLD_SIZE", "2")
    for name in ("RANK", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)

    def join() -> None:
        with joined_processes(torch.device("cpu")):
            pass

    first, hint = complaint(join).splitlines()
    assert first.startswith("error[no-world]: the processes of torchrun do not find each other: ")
    assert hint == "  = start them with: torchrun --nproc-per-node 2 -m cnncalc train …"


# ---- progress

ROW = EpochMetrics(1, 7, 0.1, 2.0, 0.3, 1.9, {"accuracy": 0.4, "top5_accuracy": None}, 900.0, 1.5)


def test_progress_comes_back_from_its_facts() -> None:
    progress = Progress(step=9, loss_sum=3.5, loss_images=64, seconds=2.0)
    assert progress.close_epoch(ROW)
    assert progress_from(progress.facts()) == progress
    assert (progress.epoch, progress.best_epoch, progress.stale_epochs, progress.loss_images) == (1, 1, 0, 0)


def test_only_a_better_accuracy_is_the_best() -> None:
    """An equal one is not; where nothing is tested, nothing is the best."""
    progress = Progress()
    accuracies = (0.4, 0.4, 0.3, 0.5)
    found = [progress.close_epoch(replace(ROW, epoch=n, metrics={"accuracy": a})) for n, a in enumerate(accuracies, 1)]
    assert found == [True, False, False, True]
    assert not Progress().close_epoch(replace(ROW, metrics={"accuracy": None}))


@pytest.mark.parametrize("facts", [None, {}, [], "text", {"step": 3}, {**Progress().facts(), "step": -1}])
def test_facts_that_are_no_progress(complaint: Complaint, facts: object) -> None:
    assert complaint(progress_from, facts) == (
        "error[bad-checkpoint]: a checkpoint does not say how far the run had come"
    )
