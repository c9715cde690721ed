"""No command writes over what it reads, or two outputs over each other: it is refused, and the file stays as it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tests.commands.conftest import Cnncalc

NET = "input 8x8x1\nparam width = 4\nconv 3x3x{width} - relu - fc 10\n"
FILES = {
    "net.txt": NET,
    "cards.csv": "name,memory_mib,bandwidth_gb_s,float32_tflops\nmine,1024,1,1\n",
    "prices.csv": "card,price_per_hour,currency,provider,offer,source,date\nh100,1,USD,x,y,z,2026-01-01\n",
    "boards.csv": "name,sram_kib,flash_kib\nmine,512,1024\n",
    "values.csv": "1,2\n3,4\n",
}
SUM = "input left 2x2x1\ninput right 2x2x1\nadd(@left|@right)"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    Image.new("L", (8, 8), 9).save(tmp_path / "photo.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


SPEC = "-o net.txt would replace the spec itself"
READ = {
    ("shapes", "net.txt", "-o", "net.txt"): SPEC,
    ("compare", "lenet5", "net.txt", "-o", "net.txt"): SPEC,
    ("new", "--like", "net.txt", "--input", "9x9x1", "-o", "net.txt"): ("-o net.txt would replace what --like reads"),
    ("sweep", "net.txt", "--vary", "width=4,8", "-o", "./net.txt"): "-o ./net.txt would replace the spec itself",
    ("sweep", "net.txt", "--vary", "width=4,8", "--write", "net.txt"): "--write net.txt would replace the spec itself",
    ("sweep", "net.txt", "--vary", "width=4,8", "--pareto", "macs,params", "--plot", "net.txt"): (
        "--plot net.txt would replace the spec itself"
    ),
    ("search", "net.txt", "--vary", "width=4,8", "--maximise", "params", "--write", "net.txt"): (
        "--write net.txt would replace the spec itself"
    ),
    ("check", "net.txt", "-o", "net.txt"): "-o net.txt would replace a spec that is checked",
    ("check", ".", "-o", "net.txt"): "-o net.txt would replace a spec that is checked",
    ("import", "net.txt", "-o", "net.txt"): "-o net.txt would replace what is read",
    ("memory", "net.txt", "--gpu", "mine", "--cards", "cards.csv", "-o", "cards.csv"): (
        "-o cards.csv would replace what --cards reads"
    ),
    ("time", "net.txt", "--gpu", "mine", "--cards", "cards.csv", "-o", "cards.csv"): (
        "-o cards.csv would replace what --cards reads"
    ),
    ("memory", "net.txt", "--gpus", "2", "--batch", "2", "--prices", "prices.csv", "-o", "prices.csv"): (
        "-o prices.csv would replace what --prices reads"
    ),
    ("memory", "net.txt", "--boards", "boards.csv", "--mcu", "mine", "-o", "boards.csv"): (
        "-o boards.csv would replace what --boards reads"
    ),
    (
        "compute",
        "relu",
        "--values",
        "values.csv",
        "-o",
        "values.csv",
    ): "-o values.csv would replace what --values reads",
    ("compute", SUM, "--values", "left=values.csv", "-o", "values.csv"): (
        "-o values.csv would replace what --values reads"
    ),
    ("draw", "net.txt", "--style", "field", "--image", "photo.png", "-o", "photo.png"): (
        "-o photo.png would replace what --image reads"
    ),
}


@pytest.mark.parametrize("call", READ, ids=" ".join)
def test_what_is_read_stays(cnncalc: Cnncalc, folder: Path, call: tuple[str, ...]) -> None:
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    done = cnncalc(*call)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error[usage]: {READ[call]}; name another file\n  = see `cnncalc {call[0]} --help`\n"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


OF_TRAINING = {
    ("net.png", "--data", "digits", "--show-batch", "net.png"): "--show-batch net.png would replace the spec itself",
    ("lenet5", "--data", "values.csv", "--find-learning-rate", "--out", "values.csv"): (
        "--out values.csv would replace what --data reads"
    ),
}


@pytest.mark.parametrize("call", OF_TRAINING, ids=" ".join)
def test_what_is_trained_stays(cnncalc: Cnncalc, folder: Path, call: tuple[str, ...]) -> None:
    pytest.importorskip("torch")
    (folder / "net.png").write_text(NET)
    done = cnncalc("train", *call)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error[usage]: {OF_TRAINING[call]}; name another file\n  = see `cnncalc train --help`\n"
    assert (folder / "values.csv").read_text() == FILES["values.csv"]
    assert (folder / "net.png").read_text() == NET


def test_a_link_to_a_file_is_the_file(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "link.csv").symlink_to("cards.csv")
    done = cnncalc("memory", "net.txt", "--gpu", "mine", "--cards", "cards.csv", "-o", "link.csv")
    assert done.err.startswith("error[usage]: -o link.csv would replace what --cards reads; name another file\n")


SWEEP = ("sweep", "net.txt", "--vary", "width=4,8")
REFUSED = {
    (*SWEEP, "-o", "a.txt", "--write", "./a.txt"): "-o and --write name the same file, a.txt; name another one",
    (*SWEEP, "--pareto", "macs,params", "--plot", "a.png"): "--plot writes SVG: 'a.png' should end in .svg",
    (*SWEEP, "--write", ""): "--write needs the name of a file, and was given an empty one",
    ("zoo", "lenet5", "-o", ""): "-o needs the name of a file, and was given an empty one",
    (*SWEEP, "--pareto", "macs,params", "--plot", ""): "--plot needs the name of a file, and was given an empty one",
    ("check", "net.txt", "-o", ""): "-o needs the name of a file, and was given an empty one",
    ("export", "net.txt", "-o", ""): "-o needs the name of a file, and was given an empty one",
}


@pytest.mark.parametrize("call", REFUSED, ids=" ".join)
def test_names_that_outputs_cannot_have(cnncalc: Cnncalc, folder: Path, call: tuple[str, ...]) -> None:
    before = sorted(path.name for path in folder.iterdir())
    done = cnncalc(*call)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error[usage]: {REFUSED[call]}\n  = see `cnncalc {call[0]} --help`\n"
    assert sorted(path.name for path in folder.iterdir()) == before
