"""Tensors as a safetensors file: written a tensor at a time, the same bytes every time, and read as data alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any, NamedTuple

import torch
from safetensors.torch import load as load_tensors
from torch import Tensor

from cnncalc.core.errors import SpecError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten, shorten_path

_META = "cnncalc"
_NAMES = {
    torch.int64: "I64",
    torch.float64: "F64",
    torch.float32: "F32",
    torch.int32: "I32",
    torch.bfloat16: "BF16",
    torch.float16: "F16",
    torch.int16: "I16",
    torch.int8: "I8",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}
"""Types of tensors, and what safetensors calls them, in the order in which a file holds them."""
_ALIGNMENT = 8


class Checkpoint(NamedTuple):
    """What a checkpoint holds.

    Attributes:
        tensors: by their names, on the CPU where they were read from a file.
        facts: everything else, as JSON has it.

    """

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


class Packed:
    """The bytes of a safetensors file, which are made when they are asked for: no more than a tensor at a time.

    Args:
        tensors: by their names, on any device. They must stay as they are while the bytes are made.
        facts: what JSON can hold; the only text in the file's metadata, since safetensors keeps several in any order.

    """

    def __init__(self, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
        order = list(_NAMES)
        self._tensors = sorted(tensors.items(), key=lambda item: (order.index(item[1].dtype), item[0]))
        self._facts = facts

    def chunks(self) -> Iterator[bytes | memoryview]:
        """Go through the bytes: the header, then each tensor."""
        yield self._header()
        for _, value in self._tensors:
            yield value.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data

    def _header(self) -> bytes:
        entries: dict[str, Any] = {"__metadata__": {_META: json.dumps(self._facts)}}
        end = 0
        for name, value in self._tensors:
            start, end = end, end + value.nbytes
            shape = list(value.shape)
            entries[name] = {"dtype": _NAMES[value.dtype], "shape": shape, "data_offsets": [start, end]}
        text = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
        text += b" " * (-len(text) % _ALIGNMENT)
        return len(text).to_bytes(8, "little") + text

    def digest(self) -> str:
        """Return 32 hexadecimal digits of BLAKE2b over the bytes."""
        return digest_of(self.chunks())


def digest_of(chunks: Iterator[bytes | memoryview]) -> str:
    """Return 32 hexadecimal digits of BLAKE2b over bytes that come in pieces."""
    whole = blake2b(digest_size=16)
    for chunk in chunks:
        whole.update(chunk)
    return whole.hexdigest()


def pack(tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> bytes:
    """Return tensors and facts as the bytes of a safetensors file, which outlive the tensors' next change."""
    return b"".join(Packed(tensors, facts).chunks())


def unpack(data: bytes) -> Checkpoint:
    """Return what the bytes of a safetensors file hold, or raise ValueError; nothing in them is run."""
    try:
        tensors = load_tensors(data)
        length = int.from_bytes(data[:8], "little")
        header = json.loads(data[8 : 8 + length])
        facts = json.loads(header.get("__metadata__", {}).get(_META, "{}"))
    except MemoryError:
        raise
    except Exception as error:  # safetensors, torch and json raise many kinds for damaged bytes
        raise ValueError(shorten(str(error), 200)) from None
    if not isinstance(facts, dict):
        raise ValueError("its metadata are not an object")
    return Checkpoint(tensors, facts)


def read_whole(path: str) -> Checkpoint:
    """Read weights from a file; nothing in it is run.

    Raises:
        SpecError: where the file is not there, or is damaged.

    """
    try:
        return unpack(read_regular(path))
    except OSError as error:
        message = f"cannot read the weights in `{shorten_path(path)}`: {error.strerror}"
        raise SpecError("no-weights", message) from None
    except ValueError as error:
        raise SpecError("bad-weights", f"`{shorten_path(path)}` is damaged: {error}") from None
