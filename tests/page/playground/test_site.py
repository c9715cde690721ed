"""The files that `cnncalc playground` writes."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from cnncalc import __version__
from cnncalc.core.errors import DataError
from cnncalc.playground.archive import archive
from cnncalc.playground.libraries import LIBRARIES, PYODIDE
from cnncalc.playground.site import site
from cnncalc.playground.standard_library import trimmed


def test_the_same_code_gives_the_same_bytes() -> None:
    """A server that keeps the files sees what has changed."""
    assert site(__version__) == site(__version__)


def unpack(folder: Path) -> None:
    """Unpack the calculator with the Python that the page runs for it."""
    worker = site(__version__)["worker.js"].decode()
    code = re.search(r"const UNPACK = `(.*?)`;", worker, re.DOTALL)[1].replace("\\\\", "\\")
    call = [sys.executable, "-S", "-c", f"{code}\nstart(sys.stdin.buffer.read())"]
    subprocess.run(call, cwd=folder, input=archive(__version__), check=True)


def test_the_archive_answers_without_any_other_package(tmp_path: Path) -> None:
    """It has what the page asks, and nothing that needs torch, click or rich."""
    unpack(tmp_path)
    code = "import json, sys; from cnncalc.playground.answers import answer; print(answer(sys.argv[1]))"

    def told(**question: object) -> dict[str, Any]:
        call = [sys.executable, "-S", "-c", code, json.dumps(question)]
        done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=True)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    assert "(61,100,840)" in told(ask="network", text="alexnet", whole=True)["totals"]  # of torchvision's AlexNet
    assert told(ask="network", text="input 7x7x3\nconv 3x3x1 s3")["error"]["picture"]
    assert told(ask="layer", text="lenet5", layer="conv1")["pictures"].keys() == {"window", "field"}
    assert told(ask="values", text="input 5x5x1\nconv 3x3x1 - fc 2")["layers"]
    assert told(ask="training", text="lenet5", recipe="default", changes={}, images=1000)["classes"] == 10
    head, layer = "[net]\nwidth=8\nheight=8\nchannels=3\n", "filters=4\nsize=3\nstride=1\npad=1\nactivation=leaky\n"
    cfg = f"{head}\n[convolutional]\n{layer}"
    assert "8x8x4" in told(ask="network", text=cfg)["totals"]


def test_the_archive_has_every_module_that_one_of_its_own_imports(tmp_path: Path) -> None:
    """Whichever line comes to run in the page, it finds what it imports; what needs PyTorch is not there."""
    unpack(tmp_path)
    names = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.py"))
    assert {"cnncalc/foreign/darknet.py", "cnncalc/layers/transposed.py", "cnncalc/quiz/drawing.py"} < set(names)
    assert not [name for name in names if name.startswith(("cnncalc/commands/", "cnncalc/train/run/"))]
    assert "cnncalc/model/build.py" not in names
    modules = [name.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for name in names]
    code = "import importlib, sys\nfor name in sys.argv[1:]: importlib.import_module(name)"
    subprocess.run([sys.executable, "-S", "-c", code, *modules], cwd=tmp_path, check=True)


def test_the_service_worker_expects_the_very_bytes() -> None:
    """Each file has the hash that the browser checks."""
    made = site(__version__)
    known = json.loads(re.search(r"const KNOWN = (\{.*?\});", made["service.js"].decode())[1])
    for name, data in made.items():
        if name != "service.js":
            assert known[f"./{name}"] == f"sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}"
    remote = [place for place in known if place.startswith("https:")]
    assert remote == [place for library in LIBRARIES for place in library.places(own=False).values()]
    assert remote[0] == "https://cdn.jsdelivr.net/npm/pyodide@314.0.7/pyodide.mjs"
    assert remote[4] == "https://cdn.jsdelivr.net/npm/@tensorflow/tfjs-core@4.22.0/dist/tf-core.es2017.min.js"


def test_a_site_has_the_standard_library_without_what_is_not_used() -> None:
    """A debugger goes; the code page in which zips have their names stays."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as packed:
        for name in (
            "codecs.py",
            "encodings/cp437.py",
            "encodings/cp1252.py",
            "pdb.py",
            "traceback.py",
            "unittest/mock.py",
        ):
            packed.writestr(name, f"# {name}")
    with zipfile.ZipFile(io.BytesIO(trimmed(made.getvalue()))) as packed:
        assert packed.namelist() == ["codecs.py", "encodings/cp437.py", "traceback.py", "CHANGES.txt"]
        assert packed.read("codecs.py") == b"# codecs.py"


def test_nothing_but_the_page_and_its_cdn_may_be_asked() -> None:
    """The content security policy says so; with libraries of its own the page asks nobody else."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', site(__version__)["index.html"].decode())[1]
    assert policy.count("cdn.jsdelivr.net") == 2
    own = {library.folder: dict.fromkeys(library.files, b"") for library in LIBRARIES}
    page = site(__version__, own)["index.html"].decode()
    assert "jsdelivr" not in page


def test_another_pyodide_is_refused(tmp_path: Path) -> None:
    """A page that was tested with one version does not run on another."""
    with pytest.raises(DataError, match=r"there is no pyodide\.mjs in .*, which a folder of Pyodide has"):
        PYODIDE.read(str(tmp_path))
    for name in PYODIDE.files:
        (tmp_path / name).write_bytes(b"something else")
    with pytest.raises(DataError, match=rf"pyodide\.mjs in .* is not that of Pyodide {PYODIDE.version}"):
        PYODIDE.read(str(tmp_path))
