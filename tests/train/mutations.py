"""What a stranger, a disk or an editor may make of the files of a run: each a change of one file in its folder."""

from __future__ import annotations

import json
import os
import random
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnncalc.train.checkpoints.tensor_file import digest_of

Mutation = Callable[[random.Random, Path], None]

VALUES: tuple[Any, ...] = (
    *(None, True, 0, 1, -1, 7, 0.5, -0.5, 2**63, 10**400, 1e308, float("nan"), float("inf")),
    *("", "x", "\x00", "\x1b[2J", "\ud800", "猫", "a" * 5000, "auto", "synthetic", "9x9x9"),
    *([], {}, [None], [[]], {"a": 1}, ["x", "x"], [0.1], [10**400], [float("nan")]),
)
NAMES = ("spec.txt", "recipe.toml", "run.json", "best.safetensors", "last.safetensors", "metrics.csv", "curve.svg")
NAMES += ("gradients.csv",)


def mutated(draw: random.Random, value: Any) -> Any:
    """Return JSON with one value somewhere in it changed, removed, doubled or wrapped."""
    if isinstance(value, dict) and value and draw.random() < 0.9:
        name = draw.choice(list(value))
        others = {key: entry for key, entry in value.items() if key != name}
        how = draw.random()
        if how < 0.1:
            return others
        if how < 0.2:
            return {**value, draw.choice(["x", "schema", ""]): draw.choice(VALUES)}
        return {**others, name: mutated(draw, value[name])}
    if isinstance(value, list) and value and draw.random() < 0.8:
        place = draw.randrange(len(value))
        how = draw.random()
        if how < 0.2:
            return value[:place] + value[place + 1 :]
        if how < 0.3:
            return [*value, value[place]]
        return [*value[:place], mutated(draw, value[place]), *value[place + 1 :]]
    if isinstance(value, (int, float)) and draw.random() < 0.4:
        return draw.choice([-value, value + 1, value * 10, value / 3])
    return draw.choice(VALUES)


def facts(draw: random.Random, run: Path) -> None:
    """Change a value in ``run.json``."""
    path = run / "run.json"
    path.write_text(json.dumps(mutated(draw, json.loads(path.read_text()))))


def recipe(draw: random.Random, run: Path) -> None:
    """Change a line of ``recipe.toml``."""
    path = run / "recipe.toml"
    lines = path.read_text().splitlines()
    place = draw.randrange(len(lines))
    key = lines[place].split(" ")[0]
    value = draw.choice([*VALUES, "1e400", "1979-05-27", "[[", "{a={a=1}}", 10**5000 if draw.random() < 0.1 else 3])
    written = "nan" if value != value else value if isinstance(value, str) else _toml(value)
    lines[place] = draw.choice([f"{key} = {written}", f'{key} = "{written}"', f"{key}", f"x = {written}", ""])
    path.write_text("\n".join(lines), errors="surrogatepass")


def _toml(value: Any) -> str:
    try:
        return json.dumps(value)
    except ValueError:  # more digits than Python writes
        return "9" * 5000


def spec(draw: random.Random, run: Path) -> None:
    """Change a word of the spec."""
    path = run / "spec.txt"
    words = path.read_text().split(" ")
    words[draw.randrange(len(words))] = draw.choice(["", "fc", "7", "gap", "bn", "9" * 400, "é", "@", "input 2x2x1"])
    path.write_text(" ".join(words))


def header(draw: random.Random, path: Path) -> None:
    """Change a value in the header of a safetensors file, or in the facts that stand in it."""
    data = path.read_bytes()
    length = struct.unpack("<Q", data[:8])[0]
    found = json.loads(data[8 : 8 + length])
    if draw.random() < 0.6:
        told = json.loads(found["__metadata__"]["cnncalc"])
        found["__metadata__"]["cnncalc"] = json.dumps(mutated(draw, told))
    elif draw.random() < 0.5:
        name = draw.choice(list(found))
        types = ["F64", "I64", "BF16", "BOOL", "U8", "F8_E4M3", "F4", "C64", "XY"]
        found[name] = (
            mutated(draw, found[name]) if draw.random() < 0.6 else {**found[name], "dtype": draw.choice(types)}
        )
    else:
        found = mutated(draw, found)
    text = json.dumps(found).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data[8 + length :])


def weights(draw: random.Random, run: Path) -> None:
    """Change the header of the weights."""
    header(draw, run / draw.choice(["best.safetensors", "last.safetensors"]))


def checkpoint(draw: random.Random, run: Path) -> None:
    """Change the header of the newest checkpoint, and give it the name that it then has."""
    path = max((run / "checkpoints").iterdir(), key=lambda found: found.name[:15])
    (header if draw.random() < 0.8 else numbers)(draw, path)
    path.rename(path.with_name(f"{path.name[:16]}{digest_of(iter((path.read_bytes(),)))}.ckpt"))


def numbers(draw: random.Random, path: Path) -> None:
    """Change the numbers of a safetensors file: all bits of the last ones."""
    data = path.read_bytes()
    count = draw.choice([1, 4, 400])
    path.write_bytes(data[:-count] + bytes([draw.choice([0, 127, 255])]) * count)


def bytes_of_a_file(draw: random.Random, run: Path) -> None:
    """Change, cut off or lengthen the bytes of a file, or leave nothing in it."""
    path = run / draw.choice(NAMES)
    data = bytearray(path.read_bytes())
    how = draw.randrange(4)
    if how == 0:
        data[draw.randrange(len(data))] = draw.randrange(256)
    elif how == 1:
        del data[draw.randrange(len(data)) :]
    elif how == 2:
        data += bytes(draw.randrange(256) for _ in range(draw.choice([1, 100])))
    else:
        data.clear()
    path.write_bytes(data)


def something_else(draw: random.Random, run: Path) -> None:
    """Put a folder, a device, a pipe, a broken link or nothing in the place of a file."""
    path = run / draw.choice([*NAMES, "checkpoints"])
    if path.is_dir():
        for kept in path.iterdir():
            kept.unlink()
        path.rmdir()
    else:
        path.unlink()
    how = draw.randrange(5)
    if how == 0:
        path.mkdir()
    elif how == 1:
        path.symlink_to(draw.choice(["/dev/zero", "/dev/full", "/dev/null"]))
    elif how == 2:
        os.mkfifo(path)
    elif how == 3:
        path.symlink_to(path)


def history(draw: random.Random, run: Path) -> None:
    """Change a cell or a line of ``metrics.csv`` or ``gradients.csv``."""
    path = run / draw.choice(["metrics.csv", "gradients.csv"])
    lines = path.read_text().split("\n")
    place = draw.randrange(len(lines))
    how = draw.random()
    if how < 0.2:
        lines.insert(place, lines[place])
    elif how < 0.4:
        del lines[place]
    else:
        cells = lines[place].split(",")
        cells[draw.randrange(len(cells))] = draw.choice(CELLS)
        lines[place] = ",".join(cells)
    path.write_text("\n".join(lines))


CELLS = ("", "x", "nan", "inf", "-1", "1e400", "9" * 30, "\x00", "猫", '"', "1e-320", "0", "-0.0", "1e308", "-1e308")

MUTATIONS: tuple[Mutation, ...] = (facts, recipe, spec, weights, checkpoint, history, bytes_of_a_file, something_else)
