"""A generator of `.npy` files, shards and Hugging Face data sets as no friend would send them."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path

import numpy as np

from tests.train.data.files import noise
from tests.train.data.odd import DAMAGES, LINKS, ODD_NAMES, THINGS, Case, Write
from tests.train.data.odd_arrays import LYING, ODD_ARRAYS
from tests.train.data.odd_folders import ODD_IMAGES, image_bytes

X, Y = noise(6, 8, 8, 3), np.arange(6) % 2

# ---- `.npy` files


def with_files(**held: np.ndarray | bytes) -> Write:
    """Return what writes a folder with files of arrays, or of other bytes under their names."""

    def write(folder: Path) -> None:
        (folder / "data").mkdir()
        for name, values in {"x_train": X, "y_train": Y, **held}.items():
            path = folder / "data" / f"{name}.npy"
            path.write_bytes(values) if isinstance(values, bytes) else np.save(path, values)

    return write


def saved(values: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, values)
    return file.getvalue()


def npy_thing(make: Callable[[Path], object], name: str) -> Write:
    """Return what writes a folder in which something stands in the place of a file."""

    def write(folder: Path) -> None:
        with_files()(folder)
        (folder / "data" / name).unlink()
        make(folder / "data" / name)

    return write


def npy_files() -> Iterator[Case]:
    """Yield folders of `.npy` files that are odd, damaged, or something else."""
    for (what, array), name in product(ODD_ARRAYS.items(), ("x_train", "y_train")):
        yield Case(f"{name}.npy {what}", with_files(**{name: array}))
    for what, data in LYING.items():
        yield Case(f"x_train.npy that states {what}", with_files(x_train=data))
    for (how, damage), name in product(DAMAGES.items(), ("x_train", "y_train")):
        yield Case(f"{name}.npy, {how}", with_files(**{name: damage(saved(X if name == "x_train" else Y))}))
    for (what, make), name in product({**THINGS, **LINKS}.items(), ("x_train.npy", "y_train.npy")):
        yield Case(f"{what} as {name}", npy_thing(make, name))
    for value in (np.nan, np.inf, -np.inf, 1e300):
        values = X.astype(float)
        values[3, 1, 1, 1] = value
        yield Case(f"a value {value}", with_files(x_train=values))
        yield Case(f"a label {value}", with_files(y_train=np.array([0, 1, 0, 1, 0, value])))


# ---- shards

GOOD = {f"{place}.{end}": data for place in range(4) for end, data in
        (("png", image_bytes("PNG")), ("cls", str(place % 2).encode()))}  # fmt: skip


def shard_of(members: dict[str, bytes], mode: str = "w", how: int = tarfile.PAX_FORMAT) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode=mode, format=how) as shard:  # type: ignore[call-overload]
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            shard.addfile(info, io.BytesIO(data))
    return file.getvalue()


def with_shard(data: bytes) -> Write:
    """Return what writes a folder with a shard."""

    def write(folder: Path) -> None:
        (folder / "data").mkdir()
        (folder / "data" / "train-0.tar").write_bytes(data)

    return write


def special(kind: bytes, **settings: object) -> bytes:
    """Return a shard that ends in a member that is no ordinary file."""
    file = io.BytesIO(shard_of(GOOD))
    with tarfile.open(fileobj=file, mode="a") as shard:
        info = tarfile.TarInfo("9.png")
        info.type = kind
        for name, value in settings.items():
            setattr(info, name, value)
        shard.addfile(info)
    return file.getvalue()


def with_header(place: int, data: bytes) -> bytes:
    """Return a shard in whose first header some bytes are others, with the checksum that it then has."""
    shard = bytearray(shard_of(GOOD))
    shard[place : place + len(data)] = data
    total = sum(shard[:148]) + 8 * 32 + sum(shard[156:512])
    shard[148:156] = b"%06o\0 " % total
    return bytes(shard)


def shard_thing(make: Callable[[Path], object]) -> Write:
    def write(folder: Path) -> None:
        (folder / "data").mkdir()
        make(folder / "data" / "train-0.tar")

    return write


ODD_LABELS = (b"-1", b"0.5", b"nan", b"1e9", b"999999", b"9" * 900, b"9" * 2000, b"", b"\xff\xfe", b"\x1b[31m", b"0\n1",
              "\u202e".encode(), b"../..")  # fmt: skip


def shards() -> Iterator[Case]:
    """Yield shards that are damaged, lead elsewhere, or hold odd images and labels."""
    good = shard_of(GOOD)
    for how, damage in DAMAGES.items():
        yield Case(f"a shard, {how}", with_shard(damage(good)))
        image = damage(image_bytes("PNG"))
        yield Case(f"an image in a shard, {how}", with_shard(shard_of({**GOOD, "2.png": image})))
    for what, image in ODD_IMAGES.items():
        yield Case(f"an image in a shard: {what}", with_shard(shard_of({**GOOD, "2.png": image})))
    for label in ODD_LABELS:
        yield Case(f"a class {label[:9]!r}", with_shard(shard_of({**GOOD, "2.cls": label})))
    for mode in ("w:gz", "w:bz2", "w:xz"):
        yield Case(f"a shard packed by {mode}", with_shard(shard_of(GOOD, mode)))
    for what, name in {**ODD_NAMES, "out of it": "../../../touched", "from the root": "/tmp/touched"}.items():
        text = name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        more = {f"{text}.png": image_bytes("PNG"), f"{text}.cls": b"0"}
        yield Case(f"the name of a member: {what}", with_shard(shard_of({**GOOD, **more})))
        yield Case(f"the name of an image without a class: {what}", with_shard(shard_of({**GOOD, f"{text}.png": b"x"})))
    for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE):
        yield Case(f"a link {kind!r}", with_shard(special(kind, linkname="/etc/passwd")))
    for kind in (tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, b"Z"):
        yield Case(f"a member of kind {kind!r}", with_shard(special(kind)))
    yield Case("a member of 8 GiB", with_shard(with_header(124, b"77777777777\0")))
    yield Case("a member of negative size", with_shard(with_header(124, b"\xff" * 12)))
    yield Case("a member whose size is a word", with_shard(with_header(124, b"hello world\0")))
    yield Case("a long name without an end", with_shard(with_header(156, b"L")))
    yield Case("an extended header without an end", with_shard(with_header(156, b"x")))
    yield Case("a sparse member", with_shard(with_header(156, b"S")))
    yield Case("the same image twice", with_shard(good[:-10240] + good if len(good) > 10240 else good + good))
    yield Case("two images of one name", with_shard(shard_of({**GOOD, "2.jpg": image_bytes("JPEG")})))
    yield Case(
        "one class", with_shard(shard_of({name: b"0" if ".cls" in name else data for name, data in GOOD.items()}))
    )
    yield Case("no images", with_shard(shard_of({"0.cls": b"0"})))
    yield Case("no classes", with_shard(shard_of({"0.png": image_bytes("PNG")})))
    for what, make in THINGS.items():
        yield Case(f"{what} as a shard", shard_thing(make))


# ---- Hugging Face data sets


def write_rows(folder: Path) -> None:
    """Write a good data set with the library."""
    import datasets

    images = [{"bytes": image_bytes("PNG"), "path": None}] * 6
    kinds = datasets.Features({"image": datasets.Image(decode=False), "label": datasets.ClassLabel(names=["a", "b"])})
    datasets.disable_progress_bars()
    made = datasets.Dataset.from_dict({"image": images, "label": [0, 1] * 3}, features=kinds)
    made.save_to_disk(str(folder / "data"))


def kept(template: Path, change: Callable[[Path], object]) -> Write:
    """Return what writes a copy of a good data set, and changes something in it."""

    def write(folder: Path) -> None:
        if not template.exists():
            write_rows(template.parent)
        shutil.copytree(template, folder / "data")
        change(folder / "data")

    return write


def with_text(name: str, **changed: object) -> Callable[[Path], object]:
    """Return what changes values of a JSON file."""

    def change(place: Path) -> None:
        path = place / name
        path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))

    return change


STATES: tuple[dict[str, object], ...] = (
    {"_data_files": []}, {"_data_files": [{"filename": "../../../etc/passwd"}]},
    {"_data_files": [{"filename": "/dev/zero"}]}, {"_data_files": [{}]}, {"_data_files": 7},
    {"_data_files": [{"filename": "x" * 5000}]}, {"_data_files": None},
    {"_format_type": "torch"}, {"_format_type": "os.system"}, {"_format_kwargs": {"x": 1}}, {"_format_columns": ["z"]},
    {"_fingerprint": None}, {"_split": "\x1b[31m"}, {"_output_all_columns": "yes"},
)  # fmt: skip
INFOS: tuple[dict[str, object], ...] = (
    {"features": None}, {"features": []}, {"features": {"image": {"_type": "Image"}}},
    {"features": {"image": {"_type": "os.system"}, "label": {"_type": "Value", "dtype": "int64"}}},
    {"features": {"image": {"_type": "Image"}, "label": {"_type": "Value", "dtype": "string"}}},
    {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": []}}},
    {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["a"]}}},
    {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": ["\x1b[31m", "b"]}}},
    {"features": {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": 10**9}}},
    {"features": {"image": {"_type": "Image"}, "label": {"_type": "Image"}}}, {"version": "x"}, {"splits": 3},
)  # fmt: skip


def hugging_face(template: Path) -> Iterator[Case]:
    """Yield folders as the library saves them, in which files are damaged or say something else."""
    arrow = "data-00000-of-00001.arrow"
    for name, (how, damage) in product(("state.json", "dataset_info.json", arrow), DAMAGES.items()):
        yield Case(
            f"{name}, {how}",
            kept(template, lambda place, n=name, d=damage: (place / n).write_bytes(d((place / n).read_bytes()))),
        )
    for name, (what, make) in product(("state.json", "dataset_info.json", arrow), THINGS.items()):
        yield Case(
            f"{what} as {name}",
            kept(template, lambda place, n=name, m=make: ((place / n).unlink(), m(place / n))),
        )
    for changed in STATES:
        yield Case(f"state.json with {str(changed)[:50]}", kept(template, with_text("state.json", **changed)))
    for changed in INFOS:
        yield Case(
            f"dataset_info.json with {str(changed)[:80]}", kept(template, with_text("dataset_info.json", **changed))
        )
    for text in (
        "{}",
        "[]",
        '{"splits": 3}',
        '{"splits": ["../.."]}',
        '{"splits": ["train", "/"]}',
        "\x00",
        '{"splits": []}',
    ):
        yield Case(
            f"dataset_dict.json {text!r}",
            kept(template, lambda place, t=text: (place / "dataset_dict.json").write_text(t)),
        )
