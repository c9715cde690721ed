"""A generator of arrays and IDX files as no friend would send them."""

from __future__ import annotations

import gzip
import struct
import zipfile
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from itertools import product
from pathlib import Path

import numpy as np

from tests.train.data.files import NAMES, idx_bytes, noise
from tests.train.data.odd import DAMAGES, ODD_NAMES, THINGS, Case, Write

# ---- arrays

X, Y = noise(6, 8, 8, 3), np.arange(6) % 2

ODD_ARRAYS: Mapping[str, np.ndarray] = {
    "of floats": X / 255,
    "of objects": np.array([None] * 6, object),
    "of texts": np.array(["a"] * 6),
    "of texts without letters": np.zeros(6, "U0"),
    "of bytes without letters": np.zeros(6, "S0"),
    "of nothing": np.zeros(6, "V0"),
    "of records": np.zeros(6, [("a", "u1"), ("b", "f4")]),
    "of dates": np.zeros(6, "M8[s]"),
    "of complex numbers": np.zeros(6, complex),
    "of NaN": np.full(6, np.nan),
    "of infinities": np.full(6, np.inf),
    "of large floats": np.full(6, 1e300),
    "of large numbers": np.full(6, 2**64 - 1, np.uint64),
    "of the smallest number": np.full(6, -(2**63)),
    "without dimensions": np.array(3),
    "without images": np.zeros((0, 8, 8, 3), np.uint8),
    "without rows": np.zeros((6, 0, 8, 3), np.uint8),
    "without columns": np.zeros((6, 0), np.uint8),
    "with one more": np.zeros((7, 8, 8, 3), np.uint8),
    "with many dimensions": np.zeros((6, *[1] * 20), np.uint8),
    "with one column": np.zeros((6, 1), np.uint8),
    "with two columns": np.zeros((6, 2), np.uint8),
    "with rows of ones": np.ones((6, 3), np.uint8),
    "true or false": np.zeros(6, bool),
    "in another order": np.asfortranarray(X),
    "of the other end": np.arange(6, dtype=">i8"),
    "channels first": X.transpose(0, 3, 1, 2),
}


def with_arrays(**held: np.ndarray) -> Write:
    """Return what writes a file with the arrays X and Y, and others."""
    return lambda folder: np.savez(folder / "data.npz", **{"x_train": X, "y_train": Y, **held})


def head(shape: str, descr: str = "'|u1'", version: bytes = b"\x01\x00") -> bytes:
    """Return the head of a NumPy array that says anything."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(text)) + text


LYING = {
    "10**18 images": head(f"({10**18}, 8, 8, 3)"),
    "10**30 images": head(f"({10**30}, 8, 8, 3)"),
    "-1 images": head("(-1, 8, 8, 3)"),
    "True images": head("(True, 8, 8, 3)"),
    "a shape of texts": head("('a', 8, 8, 3)"),
    "a shape that is a call": head("(__import__('os').getpid(),)"),
    "a type that is none": head("(6, 8, 8, 3)", "'nonsense'"),
    "a type without size": head(f"({10**18},)", "'|V0'"),
    "a type that refers to itself": head("(6,)", "[('a', " * 50 + "'u1'" + ")]" * 50),
    "a version to come": head("(6, 8, 8, 3)", version=b"\x09\x00"),
    "brackets without end": head("(" * 5_000),
    "nothing": b"",
    "half a head": head("(6, 8, 8, 3)")[:40],
    "a pickle": b"\x80\x04cos\nsystem\n(S'touch touched'\ntR.",
}


def packed(data: bytes, how: int = zipfile.ZIP_DEFLATED) -> Write:
    """Return what writes a file whose images are some bytes."""

    def write(folder: Path) -> None:
        labels = BytesIO()
        np.save(labels, Y)
        with zipfile.ZipFile(folder / "data.npz", "w", how) as file:
            file.writestr("x_train.npy", data)
            file.writestr("y_train.npy", labels.getvalue())

    return write


def arrays() -> Iterator[Case]:
    """Yield files of arrays with odd types, shapes and names, and some that lie about themselves."""
    for (what, array), name in product(ODD_ARRAYS.items(), ("x_train", "y_train", "y_test")):
        more = {"x_test": X} if name == "y_test" else {}
        yield Case(f"{name} {what}", with_arrays(**{name: array, **more}))
    for what, data in LYING.items():
        yield Case(f"images that state {what}", packed(data))
    for how in (zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA):
        yield Case(f"packed in way {how}", packed(head("(6, 8, 8, 3)") + X.tobytes(), how))
    good = BytesIO()
    np.savez_compressed(good, x_train=X, y_train=Y)
    for how, damage in DAMAGES.items():
        data = damage(good.getvalue())
        yield Case(f"an npz file, {how}", lambda folder, data=data: (folder / "data.npz").write_bytes(data))
    for what, make in THINGS.items():
        yield Case(f"{what} as data.npz", lambda folder, make=make: make(folder / "data.npz"))
    for what, name in ODD_NAMES.items():
        texts = np.array([name.encode("utf-8", "replace").decode(), "cat"] * 3)
        yield Case(f"labels that are names: {what}", with_arrays(y_train=texts))
        yield Case(f"the name of an array: {what}", lambda folder, name=name: odd_member(folder, name))


def odd_member(folder: Path, name: str) -> None:
    """Write a file with an array of another name."""
    with zipfile.ZipFile(folder / "data.npz", "w") as file:
        file.writestr(name.encode("utf-8", "replace").decode(), b"odd")


# ---- IDX files


def idx(**changed: bytes) -> Write:
    """Return what writes the four files of MNIST, some of them with another content."""

    def write(folder: Path) -> None:
        (folder / "data").mkdir()
        contents = (noise(6, 8, 8), np.arange(6, dtype=np.uint8) % 2) * 2
        for name, array in zip(NAMES, contents, strict=True):
            (folder / "data" / name).write_bytes(idx_bytes(array))
        for name, data in changed.items():
            (folder / "data" / NAMES[int(name[1:])]).write_bytes(data)

    return write


def stated(*numbers: int, kind: int = 8, rest: bytes = b"") -> bytes:
    """Return an IDX file that states some sizes."""
    return bytes([0, 0, kind, len(numbers)]) + struct.pack(f">{len(numbers)}I", *numbers) + rest


ODD_IDX = {
    "4 billion images": stated(2**32 - 1, 8, 8),
    "sizes that multiply to 2**96": stated(2**32 - 1, 2**32 - 1, 2**32 - 1),
    "255 dimensions": stated(*[1] * 255, rest=b"\0"),
    "no dimension": bytes([0, 0, 8, 0]),
    "no images": stated(0, 8, 8),
    "no columns": stated(6, 8, 0),
    "floats": stated(6, 8, 8, kind=13, rest=bytes(4 * 384)),
    "an unknown type": stated(6, 8, 8, kind=77, rest=bytes(384)),
    "one value": stated(1, rest=b"\0"),
}


def idx_files() -> Iterator[Case]:
    """Yield folders of IDX files that are damaged or contradict each other."""
    good = idx_bytes(noise(6, 8, 8))
    for place in range(4):
        for how, damage in DAMAGES.items():
            yield Case(f"{NAMES[place]}, {how}", idx(**{f"f{place}": damage(good)}), "8x8x1")
        for what, data in ODD_IDX.items():
            yield Case(f"{NAMES[place]} with {what}", idx(**{f"f{place}": data}), "8x8x1")
    for what, make in THINGS.items():
        yield Case(f"{what} as {NAMES[0]}", lambda folder, make=make: instead(folder, make), "8x8x1")
    for how, damage in DAMAGES.items():
        yield Case(f"a packed file, {how}", lambda folder, damage=damage: repacked(folder, damage), "8x8x1")


def instead(folder: Path, make: Callable[[Path], object]) -> None:
    """Write the files of MNIST, and something in the place of the first."""
    idx()(folder)
    (folder / "data" / NAMES[0]).unlink()
    make(folder / "data" / NAMES[0])


def repacked(folder: Path, damage: Callable[[bytes], bytes]) -> None:
    """Write the files of MNIST, of which the first is packed and damaged."""
    idx()(folder)
    path = folder / "data" / NAMES[0]
    path.with_name(f"{NAMES[0]}.gz").write_bytes(damage(gzip.compress(path.read_bytes())))
    path.unlink()
