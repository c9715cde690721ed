"""A generator of files of weights as no friend would send them: none of them may be taken."""

from __future__ import annotations

import io
import json
import os
import pickle
import struct
import zipfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors.torch import save
from torch import nn

from tests.train.data.odd import DAMAGES, THINGS
from tests.train.data.odd_arrays import LYING, head


class OddWeights(NamedTuple):
    """A file of weights.

    Attributes:
        what: what is odd about it.
        name: of the file.
        write: writes it there.
        refused: whether it must be; else its damage may lie where nobody can see it, in the values of a tensor.

    """

    what: str
    name: str
    write: Callable[[Path], object]
    refused: bool = True


class Touching:
    """Something that would write a file, or run a program, when it is unpickled."""

    def __init__(self, call: Callable[..., object], *arguments: object) -> None:
        self._call, self._arguments = call, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self._call, self._arguments


CODE: dict[str, Any] = {
    "that opens a file": Touching(open, "touched", "w"),
    "that runs a program": Touching(os.system, "touch touched"),
    "that evaluates text": Touching(eval, "open('touched', 'w')"),
    "that imports": Touching(__import__, "antigravity"),
    "that reads an attribute": Touching(getattr, "touched", "upper"),
    "inside a list": [[Touching(open, "touched", "w")]],
    "as a key": {Touching(open, "touched", "w"): torch.ones(2)},
    "beside tensors": {"weight": torch.ones(2, 2), "x": Touching(open, "touched", "w")},
}

TENSORS = {"weight": torch.ones(10, 64), "bias": torch.zeros(10)}


def of_bytes(data: bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(data)


def torch_bytes(value: object, **how: Any) -> bytes:
    file = io.BytesIO()
    torch.save(value, file, **how)
    return file.getvalue()


def npz_bytes(**held: Any) -> bytes:
    file = io.BytesIO()
    np.savez(file, **held)
    return file.getvalue()


def with_header(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    """Return a safetensors file with some header."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


ONE = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}
HEADERS: dict[str, bytes] = {
    "no header": b"",
    "half a length": b"\x01\x00",
    "a length of 2**64 - 1": with_header(b"{}", length=2**64 - 1),
    "a length of 100 GB": with_header(b"{}", length=10**11),
    "a length of 0": with_header(b"", length=0),
    "a header that is cut": with_header({"a": ONE}, bytes(8))[:20],
    "no JSON": with_header(b"hello"),
    "a list": with_header([]),
    "nesting": with_header(b"[" * 100_000),
    "an unknown type": with_header({"a": {**ONE, "dtype": "F33"}}, bytes(8)),
    "a type that is a number": with_header({"a": {**ONE, "dtype": 7}}, bytes(8)),
    "a negative size": with_header({"a": {**ONE, "shape": [-2]}}, bytes(8)),
    "a size of 2**62": with_header({"a": {**ONE, "shape": [2**62, 2**62]}}, bytes(8)),
    "a size of text": with_header({"a": {**ONE, "shape": ["2"]}}, bytes(8)),
    "offsets behind the end": with_header({"a": {**ONE, "data_offsets": [8, 16]}}, bytes(8)),
    "offsets that go back": with_header({"a": {**ONE, "data_offsets": [8, 0]}}, bytes(8)),
    "negative offsets": with_header({"a": {**ONE, "data_offsets": [-8, 0]}}, bytes(8)),
    "too many bytes": with_header({"a": {**ONE, "shape": [3]}}, bytes(8)),
    "tensors over each other": with_header({"a": ONE, "b": ONE}, bytes(8)),
    "a hole": with_header({"a": ONE, "b": {**ONE, "data_offsets": [16, 24]}}, bytes(24)),
    "bytes behind the tensors": with_header({"a": ONE}, bytes(100)),
    "no bytes": with_header({"a": ONE}),
    "no tensors": with_header({}),
    "metadata that is a list": with_header({"__metadata__": [1], "a": ONE}, bytes(8)),
    "a name twice": with_header(b'{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"a":7}', bytes(8)),
    "bytes that are no text": with_header(b'{"\xff":1}'),
}


def files() -> Iterator[OddWeights]:
    """Yield files of weights that hold code, lie about themselves, are damaged, or are no files."""
    for (what, value), (how, settings) in product(
        CODE.items(), {"": {}, ", in the older form": {"_use_new_zipfile_serialization": False}}.items()
    ):
        yield OddWeights(f"an object {what}{how}", "w.pt", of_bytes(torch_bytes(value, **settings)))
    for (what, value), name in product(CODE.items(), ("w.pt", "w.pth", "w.bin", "w.npz", "w.safetensors")):
        yield OddWeights(f"a pickle {what}", name, of_bytes(pickle.dumps(value)))
        if name == "w.npz":
            yield OddWeights(f"an array of an object {what}", name, of_bytes(npz_bytes(a=np.array([value], object))))
    yield OddWeights("a whole module", "w.pt", of_bytes(torch_bytes(nn.Linear(64, 10))))
    for what, value in {"a number": 7, "a list": [torch.ones(2)], "a text": "a", "nothing": None}.items():
        yield OddWeights(what, "w.pt", of_bytes(torch_bytes(value)))
    for what, data in HEADERS.items():
        yield OddWeights(f"a safetensors file with {what}", "w.safetensors", of_bytes(data))
    good = {
        "w.pt": torch_bytes(TENSORS),
        "w.pth": torch_bytes(TENSORS, _use_new_zipfile_serialization=False),
        "w.npz": npz_bytes(**{name: value.numpy() for name, value in TENSORS.items()}),
        "w.safetensors": save(TENSORS),
    }
    for (name, data), (how, damage) in product(good.items(), DAMAGES.items()):
        yield OddWeights(f"{name}, {how}", name, of_bytes(damage(data)), refused=False)
    for what, data in LYING.items():
        yield OddWeights(f"arrays that state {what}", "w.npz", lambda path, data=data: _packed(path, {"a.npy": data}))
    bomb = head(f"({10**9},)") + bytes(10**7)
    yield OddWeights("an array that unpacks to a gigabyte", "w.npz", lambda path: _packed(path, {"a.npy": bomb}))
    yield OddWeights("a zip of nothing", "w.pt", lambda path: _packed(path, {}))
    yield OddWeights("a zip that leads out", "w.pt", lambda path: _packed(path, {"../../touched": b"x"}))
    yield OddWeights("a zip with a pickle alone", "w.pt", lambda path: _packed(path, {"a/data.pkl": b"\x80\x02."}))
    script = {
        "a/data.pkl": pickle.dumps(CODE["that opens a file"], 2),
        "a/version": b"3\n",
        "a/constants.pkl": b"\x80\x02).",
    }
    yield OddWeights("a script", "w.pt", lambda path: _packed(path, script))
    for (what, make), name in product(THINGS.items(), ("w.pt", "w.npz", "w.safetensors")):
        yield OddWeights(f"{what} as {name}", name, make)
    for name in ("w.txt", "w", "w.h5", "w.pkl"):
        yield OddWeights(f"a text called {name}", name, of_bytes(b"0.1 0.2 0.3\n"))


def _packed(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(name, data)
