"""No spec is ever taken for a file of another tool, and each file for what it is."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

import cnncalc as package
from cnncalc import zoo
from cnncalc.core.source import Source
from cnncalc.foreign import format_of
from cnncalc.loading import read_source
from tests.commands.conftest import Cnncalc
from tests.commands.conftest import cnncalc as cnncalc  # the fixture
from tests.foreign.corpus import FILES, KNOWN, Known
from tests.house import ROOT

SPECS = [path for folder in ("examples", "tests/specs") for path in sorted((ROOT / folder).rglob("*.txt"))]


@pytest.mark.parametrize("name", zoo.names())
def test_a_spec_of_the_zoo_is_a_spec(name: str) -> None:
    source = zoo.spec(name)
    assert source is not None
    assert format_of(source) is None


@pytest.mark.parametrize("path", SPECS, ids=[str(path.relative_to(ROOT)) for path in SPECS])
def test_a_spec_is_a_spec(path: Path) -> None:
    """Also one that has a mistake: it is told what is wrong with it as a spec."""
    assert format_of(Source(path.name, path.read_text(encoding="utf-8", errors="replace"))) is None


def test_a_broken_spec_stays_a_spec() -> None:
    """Characters that are gone, or too many, do not make another tool's file of it."""
    draw = random.Random(1)
    texts = [path.read_text(encoding="utf-8", errors="replace") for path in SPECS]
    for _ in range(2000):
        text = draw.choice(texts)
        place = draw.randrange(len(text) + 1)
        broken = text[:place] + draw.choice(("", "(", "[", "{", "=", ":", '"', "Conv", "layers")) + text[place + 3 :]
        assert format_of(Source("broken.txt", broken)) is None, broken


@pytest.mark.parametrize("known", KNOWN, ids=[known.file for known in KNOWN])
def test_one_format_alone_recognises_a_file(known: Known) -> None:
    """The order in which they are asked does not matter."""
    from cnncalc.foreign import FORMATS

    source = read_source(FILES / known.file)
    assert [each.what for each in FORMATS if each.recognises(source)] == [format_of(source).what]  # type: ignore[union-attr]


def test_a_spec_loads_nothing_of_the_formats() -> None:
    code = "import cnncalc, sys; cnncalc.load('resnet50'); print([n for n in sys.modules if 'cnncalc.foreign' in n])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_reading_runs_nothing_and_opens_nothing_else() -> None:
    """Python's own audit sees every file that is opened, every import and every program that is run."""
    code = (
        "import sys, cnncalc\n"
        "from tests.foreign.corpus import FILES, KNOWN\n"
        "load = lambda: [cnncalc.load(FILES / known.file, input=known.input) for known in KNOWN]\n"
        "load()  # what is loaded now stays loaded\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, arguments: seen.append((event, arguments[:1])))\n"
        "load()\n"
        "names = {event for event, _ in seen} - {'object.__getattr__', 'object.__setattr__', 'mmap.__new__'}\n"
        "opened = {str(arguments[0]) for event, arguments in seen if event == 'open'}\n"
        "print(sorted(names), opened <= {str(FILES / known.file) for known in KNOWN})\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout in ("['compile', 'open'] True\n", "['compile', 'open', 'sys._getframe'] True\n")


@pytest.mark.parametrize("command", ["shapes", "params", "explain", "memory", "draw", "compare"])
def test_every_command_takes_a_file(command: str, cnncalc: Cnncalc, tmp_path: Path) -> None:
    file = str(FILES / "caffe/lenet.prototxt")
    more = {"draw": ["-o", str(tmp_path / "net.svg")], "compare": [file]}.get(command, [])
    done = cnncalc(command, file, *more)
    assert done.status == 0
    assert "note[read-as]: read as a Caffe prototxt; `cnncalc import " in done.err


def test_a_text_may_stand_in_quotes_or_come_from_standard_input(cnncalc: Cnncalc) -> None:
    text = "nn.Sequential(nn.Conv2d(3, 10, 5, padding=2), nn.ReLU())"
    quoted = cnncalc("params", text, "--input", "32x32x3", "--format", "csv")
    piped = cnncalc("params", "-", "--input", "32x32x3", "--format", "csv", stdin=text.encode())
    assert quoted.out == piped.out
    assert "conv 5x5x10 p2" in quoted.out


def test_the_library_takes_a_file_too() -> None:
    network = package.load(FILES / "caffe/lenet.prototxt")
    assert [note.message for note in network.notes] == [
        f"read as a Caffe prototxt; `cnncalc import {FILES / 'caffe/lenet.prototxt'}` writes the spec"
    ]


def test_a_file_of_an_unknown_kind_is_told_what_is_read(tmp_path: Path) -> None:
    """Its ending says that it is no spec."""
    (tmp_path / "net.json").write_text('{"layers": 3}')
    with pytest.raises(package.SpecError) as caught:
        package.load(tmp_path / "net.json")
    assert caught.value.hints[-1].startswith(
        "this is read as a spec; a file of another tool would be one of these: Keras calls, PyTorch calls, "
    )
