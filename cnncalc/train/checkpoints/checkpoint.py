"""Checkpoints: files that hold everything of a run, that are whole or not there, and that prove that they are.

A checkpoint is a safetensors file: numbers, and a JSON text. Reading one never runs code. Its name ends in the
hash of what it holds, so a file that was cut off or changed is recognised, and the one before it is used.
"""

from __future__ import annotations

import os
import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from contextlib import suppress
from copy import copy

import torch
from torch import Tensor

from cnncalc.core.errors import RunError, SpecError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten, shorten_path
from cnncalc.core.writing import write_file
from cnncalc.train.checkpoints.tensor_file import Checkpoint, Packed, digest_of, unpack

KEPT = 2
"""How many checkpoints stay: the newest, and the one before it in case that is damaged."""
_NAME = re.compile(r"step-(\d{10})-([0-9a-f]{32})\.ckpt")


def write_checkpoint(folder: str, step: int, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, and remove those that are no longer needed.

    Raises:
        WriteError: where it cannot be written; the earlier ones are untouched.

    """
    packed = Packed(*checkpoint)
    with suppress(OSError):  # writing into it says what is wrong with it
        os.makedirs(folder, exist_ok=True)
    name = f"step-{step:010d}-{packed.digest()}.ckpt"
    write_file(packed.chunks(), os.path.join(folder, name))
    for old in _names(folder)[KEPT:]:
        with suppress(OSError):  # an old one that stays does no harm
            os.unlink(os.path.join(folder, old))


def read_newest(folder: str) -> tuple[Checkpoint, list[str]]:
    """Return the newest checkpoint that is whole, and messages on damaged ones.

    Raises:
        RunError: where none is whole.

    """
    damaged: list[str] = []
    for name in _names(folder):
        found = _read(os.path.join(folder, name))
        if isinstance(found, Checkpoint):
            return found, [f"{text}; the one before it is used" for text in damaged]
        damaged.append(f"{os.path.join(folder, name)} is damaged: {found}")
    if damaged:
        raise RunError("bad-checkpoint", f"no checkpoint in {shorten_path(folder)} is whole", hints=damaged)
    raise RunError("no-checkpoint", f"there is no checkpoint in {shorten_path(folder)}")


def has_checkpoint(folder: str) -> bool:
    """Say whether there is a checkpoint, whole or not."""
    return bool(_names(folder))


def _names(folder: str) -> list[str]:
    """Return the names of the checkpoints, the newest first."""
    try:
        names = [name for name in os.listdir(folder) if _NAME.fullmatch(name)]
    except OSError:
        return []
    return sorted(names, key=lambda name: (name[:15], _written(os.path.join(folder, name))), reverse=True)


def _written(path: str) -> int:
    """Return when a file was written, in nanoseconds; 0 where it leads nowhere."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def _read(path: str) -> Checkpoint | str:
    """Return what a checkpoint holds, or why it is of no use."""
    match = _NAME.fullmatch(os.path.basename(path))
    try:
        data = read_regular(path)
        if match is None or digest_of(iter((data,))) != match[2]:
            return "its content does not match its name"
        return unpack(data)
    except OSError as error:
        return error.strerror or "it cannot be read"
    except ValueError as error:
        return str(error)


def under(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors with a prefix before their names."""
    return {f"{prefix}.{name}": value for name, value in tensors.items()}


def below(prefix: str, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors whose names have a prefix, without it."""
    start = len(prefix) + 1
    return {name[start:]: value for name, value in tensors.items() if name.startswith(prefix + ".")}


def optimizer_tensors(optimizer: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Return an optimizer's state by parameter and name: ``3.exp_avg``."""
    state = optimizer.state_dict()["state"]
    return {
        f"{place}.{name}": value
        for place, values in state.items()
        for name, value in values.items()
        if isinstance(value, Tensor)
    }


def restore_optimizer(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, Tensor], scalars: Collection[str]
) -> None:
    """Give an optimizer the state that `optimizer_tensors` returned; ``scalars`` names its single numbers.

    Raises:
        SpecError: where a tensor is missing, or has another shape or type than its parameter. PyTorch does not look,
            and its kernels would read and write beyond it.

    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    kept = _kept_types(optimizer) if tensors else {}
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        place, _, key = name.partition(".")
        if not (place.isdecimal() and place.isascii() and int(place[:9]) < len(parameters)):
            raise _other_optimizer(name)
        like = parameters[int(place[:9])]
        if value.shape != (() if key in scalars else like.shape) or value.dtype != kept.get(key, like.dtype):
            raise _other_optimizer(name)
        state.setdefault(int(place), {})[key] = value if key in scalars else _laid_out(value, like)
    missing = [f"{place}.{key}" for place, values in state.items() for key in kept if key not in values]
    if missing:
        raise _other_optimizer(missing[0])
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _other_optimizer(name: str) -> SpecError:
    message = f"the checkpoint holds the state of another optimizer: `{shorten(name)}` does not match"
    return SpecError("other-weights", message)


def _kept_types(optimizer: torch.optim.Optimizer) -> dict[str, torch.dtype]:
    """Return what an optimizer keeps for a parameter, and its types, from a step that it takes with a single one."""
    lone = torch.nn.Parameter(torch.zeros(1, 1))
    lone.grad = torch.zeros(1, 1)
    probe = copy(optimizer)
    probe.state = defaultdict(dict)
    probe.param_groups = [{**optimizer.param_groups[0], "params": [lone]}]
    probe.step()
    return {name.partition(".")[2]: value.dtype for name, value in optimizer_tensors(probe).items()}


def _laid_out(value: Tensor, like: Tensor) -> Tensor:
    """Return a tensor in another one's order in memory, which fused kernels take for granted (channels last)."""
    return torch.empty_like(like).copy_(value)


def restore_module(module: torch.nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Give a module its weights and buffers; raises like `check_tensors`."""
    check_tensors(module, tensors, what)
    module.load_state_dict(dict(tensors))


def check_tensors(module: torch.nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Compare tensors with what a module holds.

    Raises:
        SpecError: where names, shapes or types are others: the file belongs to another network.

    """
    own = module.state_dict()
    wrong = [name for name, value in own.items() if name not in tensors or not _alike(tensors[name], value)]
    wrong += [name for name in tensors if name not in own]
    if wrong:
        message = f"{what} holds the weights of another network: `{shorten(wrong[0])}` does not match"
        raise SpecError("other-weights", message)


def _alike(one: Tensor, other: Tensor) -> bool:
    return one.shape == other.shape and one.dtype == other.dtype
