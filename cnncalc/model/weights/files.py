"""Files of weights: safetensors, PyTorch's `.pt` and `.pth`, NumPy's `.npz`. Nothing in them is run."""

from __future__ import annotations

import pickle
import stat
import warnings
import zipfile
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from math import prod
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from cnncalc.core.errors import SpecError
from cnncalc.core.numbers import bytes_text
from cnncalc.core.words import shorten, shorten_path, type_text
from cnncalc.model.weights.kinds import in_its_place, kind_of

HOLDERS = (
    "state_dict",
    "model_state_dict",
    "model",
    "module",
    "net",
    "params",
    "weights",
    "model_ema",
    "state_dict_ema",
)
"""Keys below which training scripts keep the weights; the first that is there counts, and else what holds tensors."""

WRAPPERS = ("module.", "_orig_mod.", "model.", "net.", "network.", "encoder.", "backbone.")
"""What wrappers (DataParallel, torch.compile, Lightning) put in front of every name."""

MOST_UNPACKED = 2**30
"""Bytes that may come of a packed file of weights, however small it is."""

_DEEPEST = 3
"""How many holders may lie inside one another."""


def read_weights(path: str) -> dict[str, Tensor]:
    """Return the tensors of a file by their names, on the CPU, in the file's order.

    A dictionary that holds the weights under one of `HOLDERS` is opened, and a word of `WRAPPERS` in front of all names
    is left out.

    Raises:
        SpecError: for a file that is not there, is none of these, is damaged or would run code.

    """
    reader = _READERS.get(Path(path).suffix.lower())
    if reader is None and Path(path).is_file():
        reader = _READERS.get(kind_of(path))
    if reader is None:
        message = f"`{shorten_path(path)}` is not a file of weights: its name ends in none of {', '.join(_READERS)}"
        raise SpecError("bad-weights", message)
    _check_there(path)
    if what := in_its_place(path):
        raise _unreadable(path, what)
    _check_unpacked(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = reader(path)
    tensors = _tensors_of(found, path)
    if not tensors:
        raise SpecError("bad-weights", f"`{shorten_path(path)}` holds no tensors")
    return unwrapped(tensors)


def unwrapped(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return tensors without the words of `WRAPPERS` that stand in front of all their names."""
    named = dict(tensors)
    while named:
        word = next((word for word in WRAPPERS if all(name.startswith(word) for name in named)), None)
        if word is None:
            break
        named = {name[len(word) :]: value for name, value in named.items()}
    return named


def _check_there(path: str) -> None:
    try:
        found = Path(path).stat()
    except OSError as error:
        kinds = ", ".join(_READERS)
        hints = [f"weights are a file ({kinds}) or the folder of a run, and `torchvision` names its own"]
        raise _unreadable(path, error.strerror or str(error), hints) from None
    if not stat.S_ISREG(found.st_mode):
        raise _unreadable(path, "it is a folder, a device or a pipe")


def _check_unpacked(path: str) -> None:
    """Refuse an archive that would fill the memory: weights hardly get smaller when they are packed.

    Raises:
        SpecError: where more than `MOST_UNPACKED` bytes would come of a file of less than a hundredth of it.

    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
    except Exception:  # no archive, or a damaged one: its reader says what is wrong with it
        return
    packed = Path(path).stat().st_size
    if unpacked > max(MOST_UNPACKED, 100 * packed):
        much = f"{bytes_text(unpacked)}, {unpacked // packed:,} times its size, and would fill the memory"
        raise SpecError("bad-weights", f"`{shorten_path(path)}` unpacks to {much}")


def _unreadable(path: str, reason: str, hints: Iterable[str] = ()) -> SpecError:
    return SpecError("no-weights", f"cannot read the weights in `{shorten_path(path)}`: {reason}", hints=hints)


def _damaged(path: str, reason: str) -> SpecError:
    return SpecError("bad-weights", f"`{shorten_path(path)}` is damaged: {shorten(reason, 160)}")


def _tensors_of(found: Any, path: str) -> dict[str, Tensor]:
    """Return the tensors of what a file holds, from the dictionary that has them."""
    for _ in range(_DEEPEST):
        if not isinstance(found, Mapping):
            break
        holder = next((key for key in HOLDERS if isinstance(found.get(key), Mapping)), None) or _holder(found)
        if holder is None:
            break
        found = found[holder]
    if not isinstance(found, Mapping):
        message = f"`{shorten_path(path)}` holds {type_text(found)}, not weights by their names"
        raise SpecError("bad-weights", message, hints=["save them with torch.save(model.state_dict(), FILE)"])
    tensors = {str(name): value for name, value in found.items() if isinstance(value, Tensor)}
    for name, value in tensors.items():
        if value.layout is not torch.strided or value.is_quantized or value.is_complex() or value.is_meta:
            message = f"`{shorten(name)}` in `{shorten_path(path)}` is not a tensor of plain numbers"
            raise SpecError("bad-weights", message)
    return tensors


def _holder(found: Mapping[Any, Any]) -> Any:
    """Return the key of the dictionary with the most tensors; None where there is none, or tensors lie beside it."""
    if any(isinstance(value, Tensor) and value.ndim for value in found.values()):
        return None
    inside = {key: value for key, value in found.items() if isinstance(value, Mapping)}
    tensors = {key: sum(isinstance(each, Tensor) for each in value.values()) for key, value in inside.items()}
    return max(tensors, key=tensors.__getitem__) if any(tensors.values()) else None


# ---- one reader for each kind of file; the import of a package stands where it is needed


def _read_safetensors(path: str) -> Any:
    from safetensors.torch import load_file

    try:
        return load_file(path)
    except MemoryError:
        raise _unreadable(path, "it does not fit into memory") from None
    except Exception as error:  # safetensors and torch raise many kinds for damaged bytes
        raise _damaged(path, str(error)) from None


def _read_torch(path: str) -> Any:
    try:
        with torch.serialization.safe_globals(_plain_data()):
            return torch.load(path, map_location="cpu", weights_only=True)
    except MemoryError:
        raise _unreadable(path, "it does not fit into memory") from None
    except pickle.UnpicklingError as error:
        if "weights_only" in str(error) or "WeightsUnpickler" in str(error):
            raise _not_only_weights(path) from None
        raise _damaged(path, str(error)) from None
    except Exception as error:  # zipfile, pickle and torch raise many kinds for damaged bytes
        if "TorchScript" in str(error):
            raise _not_only_weights(path) from None
        raise _damaged(path, str(error).split("\n", 1)[0]) from None


def _plain_data() -> list[Any]:
    """Return what training scripts keep beside weights, and what holds values alone: their options, NumPy's numbers."""
    import _codecs

    import numpy as np
    from numpy._core.multiarray import scalar

    numbers = [type(np.dtype(name)) for name in ("float64", "float32", "int64", "int32", "bool")]
    old = (scalar, "numpy.core.multiarray.scalar")  # as NumPy 1 called it
    return [Namespace, scalar, old, np.dtype, *numbers, _codecs.encode]


def _not_only_weights(path: str) -> SpecError:
    message = f"`{shorten_path(path)}` holds more than weights, and reading it could run code"
    return SpecError("bad-weights", message, hints=["save the weights alone: torch.save(model.state_dict(), FILE)"])


def _read_npz(path: str) -> Any:
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                _check_array(archive, member)
        with Path(path).open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            return {name: torch.from_numpy(np.array(file[name])) for name in file.files}
    except MemoryError:
        raise _unreadable(path, "it does not fit into memory") from None
    except (zipfile.BadZipFile, OSError, ValueError, EOFError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(path, str(error)) from None
    except Exception as error:  # zlib has an error of its own
        raise _damaged(path, str(error)) from None


def _check_array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse an array that states other sizes than it has: those that NumPy would try to read without end.

    Raises:
        ValueError: for what is no array of numbers, or has more or fewer bytes than it states.

    """
    from numpy.lib import format as npy

    with archive.open(member) as opened:
        version = npy.read_magic(opened)
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read(opened)
        size = opened.tell() + prod(shape) * dtype.itemsize
    if dtype.hasobject or dtype.kind not in "biufc" or min(shape, default=0) < 0 or size != member.file_size:
        raise ValueError(f"{member.filename} is not an array of numbers of the size that it states")


_READERS: Mapping[str, Callable[[str], Any]] = {
    ".safetensors": _read_safetensors,
    ".pt": _read_torch,
    ".pth": _read_torch,
    ".bin": _read_torch,
    ".ckpt": _read_torch,
    ".tar": _read_torch,
    ".npz": _read_npz,
}
"""The reader of a kind of file, by the end of its name."""
