"""The files that hostile command lines meet: data sets, a run and its mutants, images, specs and recipes."""

from __future__ import annotations

import json
import random
import shutil
from contextlib import suppress
from pathlib import Path

import numpy as np
from PIL import Image

from cnncalc.commands.cli import run
from tests.train.data.files import noise, write_images, write_mnist

VALUES = (None, 1, -1, 0, "", "x", [], {}, [1], True, float("nan"), 1e308, 10**400, "\x1b[31m", ["a"] * 10, "a" * 5000)
"""What may stand where JSON of a run had something sensible."""


def make_place(folder: Path) -> None:
    """Fill a folder with everything that the command lines name; they are to run in it."""
    write_images(folder / "folder" / "train", ("cat", "dog", "\x1b[31mred", "=1+1"), size="8x8x1")
    write_images(folder / "folder" / "test", ("cat", "dog", "\x1b[31mred", "=1+1"), size="8x8x1")
    write_images(folder / "split" / "Train", size="8x9x3", count=2)
    write_images(folder / "split" / "validation", size="8x8x3", count=1)
    write_images(folder / "bad" / "train", size="8x8x1", count=1)
    (folder / "bad" / "train" / "cat" / "cut.png").write_bytes((folder / "bad/train/cat/0.png").read_bytes()[:40])
    (folder / "bad" / "train" / "dog" / "text.png").write_text("this is no image")
    write_mnist(folder / "idx", size=8)
    (folder / "empty").mkdir()
    labels = np.arange(12) % 3
    np.savez(folder / "arrays.npz", x_train=noise(12, 8, 8, 1), y_train=labels, x_test=noise(12, 8, 8), y_test=labels)
    (folder / "bad.npz").write_bytes((folder / "arrays.npz").read_bytes()[:300])
    Image.fromarray(noise(8, 8)).save(folder / "seven.png")
    Image.fromarray(noise(5, 90, 3)).save(folder / "wide.png")
    Image.fromarray(noise(8, 8)).save(folder / "\x1b[31m.png")
    (folder / "bad.png").write_bytes((folder / "wide.png").read_bytes()[:100])
    (folder / "notes.txt").write_text("no image")
    (folder / "spec.txt").write_text("input 8x8x1\nconv 3x3x4 p1 - relu - fc 10\n")
    (folder / "bad.txt").write_bytes(b"input 8x8x1\nconv \xff\xfe")
    (folder / "recipe.toml").write_text('learning_rate = 0.1\noptimizer = "adam"\n')
    (folder / "values.csv").write_text("1,2\n3,4\n")
    (folder / "cards.csv").write_text("name,memory_mib,bandwidth_gb_s,float32_tflops\nmine,1024,1,1\n")
    (folder / "bad.toml").write_text("a = " + "[" * 3000)
    words = ["--data", "digits", "--epochs", "1", "--limit", "40", "--device", "cpu", "--quiet", "--out"]
    assert run(["train", "input 8x8x1\nconv 3x3x4 p1 - bn - relu - fc 10", *words, str(folder / "run")]) == 0
    shutil.copytree(folder / "run", folder / "mutant")
    _write_tables(folder)
    for table, end in TASKS.items():
        words = ["--data", str(folder / f"{table}.csv"), "--epochs", "1", "--device", "cpu", "--quiet", "--out"]
        words += [str(folder / f"of-{table}"), "--speed", "plain"]
        assert run(["train", f"input 8x8x3\nconv 3x3x4 p1 - relu - {end}", *words]) == 0


TASKS = {"classes": "fc 2", "labels": "fc 3", "numbers": "fc 2", "masks": "conv 1x1x3", "binary": "fc 1"}
"""The ends of small networks, by the table that each learns; the run is called ``of-classes``."""

CELLS = (
    *("", " ", "0", "1", "-1", "nan", "1e400", "cat", "cat;dog", "['cat']", "cat dog", '"', '"a', "\x1b[31m", "\0"),
    *("scans/images/0.png", "scans/masks/0.png", "folder", "/dev/zero", "missing", "val", "True", "=1+1", "\udcff"),
    "x" * 5000,
)
"""What may stand in a cell of a table."""


def _write_tables(folder: Path) -> None:
    """Write images with masks, and tables that say a class, labels, numbers or the mask of each."""
    for place in range(8):
        for name, values in (("images", noise(8, 8, 3, seed=place)), ("masks", noise(8, 8, seed=place) % 3)):
            path = folder / "scans" / name / f"{place}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(values).save(path)
    cells = {
        "classes": ("label", "cat", "dog"),
        "labels": ("tags", "a;b", "b;c"),
        "numbers": ("x,y", "0.5,-1", "3,1e3"),
        "masks": ("mask", "", ""),
        "binary": ("label", "no", "yes"),
    }
    for name, (titles, *said) in cells.items():
        told = [f"scans/masks/{place}.png" if name == "masks" else said[place % 2] for place in range(8)]
        rows = [f"scans/images/{place}.png,{cell},{'val' if place > 5 else 'train'}" for place, cell in enumerate(told)]
        (folder / f"{name}.csv").write_text("\n".join([f"file,{titles},split", *rows]))


def mutate_table(rng: random.Random, folder: Path) -> None:
    """Make a table in which cells, titles or bytes are others."""
    lines = (folder / f"{rng.choice([*TASKS])}.csv").read_text().splitlines()
    for _ in range(rng.choice((1, 1, 2, 5))):
        place = rng.randrange(len(lines)) if rng.random() < 0.7 else 0
        cells = lines[place].split(",")
        cells[rng.randrange(len(cells))] = rng.choice(CELLS)
        lines[place] = rng.choice((",", ",", ",", ",", ";", "\t", "")).join(cells)
        if rng.random() < 0.1:
            del lines[1 : rng.randrange(len(lines))]
        lines = lines or [""]
    data = "\n".join(lines).encode("utf-8", "surrogateescape")
    if rng.random() < 0.1:
        data = data[: rng.randrange(len(data) + 1)] + rng.randbytes(3)
    (folder / "mutant.csv").write_bytes(data)


def mutate_run(rng: random.Random, run_folder: Path, mutant: Path) -> None:
    """Make a run that something has happened to."""
    shutil.rmtree(mutant, ignore_errors=True)
    shutil.copytree(run_folder, mutant)
    paths = sorted(path for path in mutant.rglob("*") if path.is_file())
    for _ in range(rng.choice((1, 1, 1, 2))):
        path = rng.choice([mutant / "run.json", *paths])
        with suppress(OSError, ValueError):  # what an earlier change took away or garbled
            _change(rng, path)


def _change(rng: random.Random, path: Path) -> None:
    """Delete, cut, garble or replace a file, or change one value in it."""
    data = path.read_bytes()
    kind = rng.randrange(8)
    if kind == 0:
        path.unlink()
    elif kind == 1:
        path.write_bytes(data[: rng.randrange(len(data) + 1)])
    elif kind == 2:
        place = rng.randrange(len(data) + 1)
        path.write_bytes(data[:place] + rng.randbytes(rng.choice((1, 8))) + data[place + 1 :])
    elif kind == 3:
        path.unlink()
        path.symlink_to(rng.choice(("/dev/zero", "/dev/null", path.name, "..", "/etc/passwd")))
    elif kind == 4:
        path.unlink()
        path.mkdir()
    elif path.suffix == ".json":
        path.write_text(json.dumps(_with_another_value(rng, json.loads(data))))
    else:
        path.write_bytes(rng.choice((b"1", b"null", b"", b"a = " + b"[" * 3000, data + data, b"\xff" * 50)))


def _with_another_value(rng: random.Random, value: object) -> object:
    """Return JSON in which one value, however deep, is another."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.8:
        keys = list(value) if isinstance(value, dict) else list(range(len(value)))
        key = rng.choice(keys)
        if rng.random() < 0.15:
            del value[key]
        else:
            value[key] = _with_another_value(rng, value[key])
        return value
    return rng.choice(VALUES)
