"""Where training happens: the CPU, a GPU, and what is asked of PyTorch there."""

from __future__ import annotations

import os
import platform
import re
import resource
import sys
from contextlib import suppress

import torch

from cnncalc.core.errors import DeviceError, SpecError
from cnncalc.network import Network
from cnncalc.train.launch import launched
from cnncalc.train.recipe.settings import Recipe


def choose_device(wanted: str) -> torch.device:
    """Return the device that is meant.

    Args:
        wanted: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``. Under torchrun, ``cuda`` is this process's own.

    Raises:
        DeviceError: where it is not there, or there is no such name.

    """
    if wanted == "auto":
        wanted = "cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"
    match = re.fullmatch(r"(cpu|cuda|mps)(?::(\d{1,4}))?", wanted)
    if match is None or (match[2] and match[1] != "cuda"):
        raise DeviceError(
            "bad-device", f"there is no device `{wanted}`", hints=["devices are auto, cpu, cuda, cuda:0, mps"]
        )
    if match[1] == "cuda":
        return _cuda(int(match[2]) if match[2] else None)
    if match[1] == "mps" and not torch.backends.mps.is_available():
        raise DeviceError(
            "no-device", "PyTorch finds no Apple GPU here", hints=["leave out --device, or say --device cpu"]
        )
    return torch.device(match[1])


def _cuda(number: int | None) -> torch.device:
    if not torch.cuda.is_available():
        reason = "PyTorch finds no CUDA GPU here"
        if torch.version.cuda is None:
            reason = "this PyTorch was built without CUDA"
        raise DeviceError("no-device", reason, hints=["leave out --device, or say --device cpu"])
    count = torch.cuda.device_count()
    place = launched().local_rank if number is None else number
    if place >= count:
        hints = [f"GPUs are cuda:0 to cuda:{count - 1}" if count > 1 else "the only GPU is cuda:0"]
        raise DeviceError("no-device", f"there is no cuda:{place}: PyTorch finds {count} here", hints=hints)
    torch.cuda.set_device(place)
    return torch.device("cuda", place)


def describe(device: torch.device, threads: int | None = None) -> str:
    """Return a device's name for people: ``cuda:0 (NVIDIA H100)``, ``cpu (2 threads)``; None is as many as now."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    if device.type == "cpu":
        threads = threads or torch.get_num_threads()
        return f"cpu ({threads} thread{'s' if threads > 1 else ''})"
    return str(device)


def hardware(device: torch.device, processes: int, threads: int | None = None) -> str:
    """Return what a run computes on, for people: the device, the processor, and how many processes there are."""
    together = f", {processes} processes" if processes > 1 else ""
    return f"{describe(device, threads)}{together}; {_processor()}, {os.cpu_count()} cores; {platform.system()}"


def _processor() -> str:
    """Return the processor's name, or its family where nothing says the name."""
    with suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
        for line in file:
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def resolved_precision(recipe: Recipe, device: torch.device) -> str:
    """Return the type of the arithmetic: ``auto`` is bf16 where a GPU has it, and float32 elsewhere."""
    if recipe.precision != "auto":
        return recipe.precision
    return "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "float32"


def configure(recipe: Recipe, device: torch.device, network: Network) -> None:
    """Ask of PyTorch what a recipe wants: how exact float32 is, and whether every run is the same.

    Raises:
        SpecError: for layers that have no deterministic algorithm, and for a precision that the device lacks.

    """
    # PyTorch's newer settings contradict its older ones, which torch.compile and torch.export still ask for
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = recipe.precision == "tf32"
    if recipe.precision == "fp16" and device.type == "cpu":
        hints = ["say --precision bf16, or float32"]
        raise SpecError("no-precision", "fp16 is for GPUs: on a CPU it is slow and saves nothing", hints=hints)
    if device.type == "cuda":
        torch.backends.cudnn.benchmark = not recipe.deterministic
    if recipe.deterministic:
        _check_deterministic(network, device)
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    torch.use_deterministic_algorithms(recipe.deterministic)


def _check_deterministic(network: Network, device: torch.device) -> None:
    """Refuse, before anything starts, what PyTorch would refuse in its first backward pass on CUDA."""
    if device.type != "cuda":
        return
    for node in network.layers:
        if not node.layer.repeats_exactly_on_cuda:
            message = f"{node.name}: `{node.written}` has no deterministic algorithm on CUDA"
            hints = ["leave out --deterministic, or train on the CPU"]
            raise SpecError("not-deterministic", message, span=node.span, source=network.source, hints=hints)


def peak_memory_bytes(device: torch.device) -> int:
    """Return the most memory that was in use: PyTorch's on a GPU, the whole process's on a CPU."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    scale = 1 if sys.platform == "darwin" else 1024  # Linux counts in KiB, macOS in bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale


def finish(device: torch.device) -> None:
    """Wait until a GPU has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    elif device.type == "mps":
        torch.mps.synchronize()
