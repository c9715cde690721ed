"""Checkpoints: files that hold everything of a run, that are whole or not there, and that prove that they are.

A checkpoint is a safetensors file: numbers, and a JSON text. Reading one never runs code. Its name ends in the
hash of what it holds, so a file that was cut off or changed is recognised, and the one before it is used.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Collection, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import load as load_tensors
from safetensors.torch import save as save_tensors
from torch import Tensor

from cnncalc.errors import SpecError, shorten, shorten_path
from cnncalc.report.writing import write_file

KEPT = 2
"""How many checkpoints stay: the newest, and the one before it in case that is damaged."""
_NAME = re.compile(r"step-(\d{10})-([0-9a-f]{32})\.ckpt")
_META = "cnncalc"


class Checkpoint(NamedTuple):
    """What a checkpoint holds.

    Attributes:
        tensors: by their names, on the CPU.
        facts: everything else, as JSON has it.

    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


def pack(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> bytes:
    """Return tensors and facts as the bytes of a safetensors file, the same ones every time.

    There is a single text in its metadata, since safetensors writes several in any order.
    """
    ours = {name: value.detach().cpu().contiguous() for name, value in tensors.items()}
    return save_tensors(ours, {_META: json.dumps(facts)})


def unpack(data: bytes) -> Checkpoint:
    """Return what the bytes of a safetensors file hold, or raise ValueError; nothing in them is run."""
    try:
        tensors = load_tensors(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        facts = json.loads(header.get("__metadata__", {}).get(_META, "{}"))
    except (SafetensorError, UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if not isinstance(facts, dict):
        raise ValueError("its facts are no object")  # one kind of error for damaged bytes
    return Checkpoint(tensors, facts)


def read_whole(path: str) -> Checkpoint:
    """Read weights from a file; nothing in it is run.

    Raises:
        SpecError: where the file is not there, or is damaged.

    """
    try:
        with open(path, "rb") as file:
            return unpack(file.read())
    except OSError as error:
        message = f"cannot read the weights in `{shorten_path(path)}`: {error.strerror}"
        raise SpecError("no-weights", message) from None
    except ValueError as error:
        raise SpecError("bad-weights", f"`{shorten_path(path)}` is damaged: {error}") from None


def write_checkpoint(folder: str, step: int, checkpoint: Checkpoint) -> None:
    """Write a checkpoint, and remove those that are no longer needed.

    Raises:
        WriteError: where it cannot be written; the earlier ones are untouched.

    """
    os.makedirs(folder, exist_ok=True)
    data = pack(*checkpoint)
    name = f"step-{step:010d}-{_hash(data)}.ckpt"
    write_file(data, os.path.join(folder, name))
    for old in _names(folder)[KEPT:]:
        os.unlink(os.path.join(folder, old))


def read_newest(folder: str) -> tuple[Checkpoint, list[str]]:
    """Return the newest checkpoint that is whole, and what is to be told of damaged ones.

    Raises:
        SpecError: where none is whole.

    """
    damaged: list[str] = []
    for name in _names(folder):
        found = _read(os.path.join(folder, name))
        if isinstance(found, Checkpoint):
            return found, [f"{text}; the one before it is used" for text in damaged]
        damaged.append(f"{os.path.join(folder, name)} is damaged: {found}")
    if damaged:
        raise SpecError("bad-checkpoint", f"no checkpoint in {shorten_path(folder)} is whole", hints=damaged)
    raise SpecError("no-checkpoint", f"there is no checkpoint in {shorten_path(folder)}")


def has_checkpoint(folder: str) -> bool:
    """Say whether there is a checkpoint, whole or not."""
    return bool(_names(folder))


def _names(folder: str) -> list[str]:
    """Return the names of the checkpoints, the newest first."""
    try:
        names = [name for name in os.listdir(folder) if _NAME.fullmatch(name)]
    except OSError:
        return []
    return sorted(names, key=lambda name: (name[:15], os.stat(os.path.join(folder, name)).st_mtime), reverse=True)


def _read(path: str) -> Checkpoint | str:
    """Return what a checkpoint holds, or why it is of no use."""
    match = _NAME.fullmatch(os.path.basename(path))
    try:
        with open(path, "rb") as file:
            data = file.read()
        if match is None or _hash(data) != match[2]:
            return "what it holds is not what its name says"
        return unpack(data)
    except OSError as error:
        return error.strerror or "it cannot be read"
    except ValueError as error:
        return str(error)


def _hash(data: bytes) -> str:
    return blake2b(data, digest_size=16).hexdigest()


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
        SpecError: where a tensor has another shape than its parameter. PyTorch does not look, and its kernels
            would read and write beyond it.

    """
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        place, _, key = name.partition(".")
        known = place.isdecimal() and int(place) < len(parameters)
        if not known or value.shape != (() if key in scalars else parameters[int(place)].shape):
            message = f"the checkpoint holds the state of another optimizer: `{shorten(name)}` does not match"
            raise SpecError("other-weights", message)
        state.setdefault(int(place), {})[key] = value if key in scalars else _laid_out(value, parameters[int(place)])
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


def _laid_out(value: Tensor, like: Tensor) -> Tensor:
    """Return a tensor in another one's order in memory, which fused kernels take for granted (channels last)."""
    return torch.empty_like(like, dtype=value.dtype).copy_(value)


def restore_module(module: torch.nn.Module, tensors: Mapping[str, Tensor], what: str) -> None:
    """Give a module its weights and buffers.

    Raises:
        SpecError: where names or shapes are others: the file belongs to another network.

    """
    own = module.state_dict()
    wrong = [name for name in own if name not in tensors or tensors[name].shape != own[name].shape]
    wrong += [name for name in tensors if name not in own]
    if wrong:
        message = f"{what} holds the weights of another network: `{shorten(wrong[0])}` does not match"
        raise SpecError("other-weights", message)
    module.load_state_dict(dict(tensors))
