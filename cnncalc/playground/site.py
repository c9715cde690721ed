"""The files of the playground: its page, what that loads, and the calculator itself as an archive."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import zipfile
from collections.abc import Collection, Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from cnncalc.core.writing import make_folder, write_file
from cnncalc.page.document import asset
from cnncalc.playground.document import start_page
from cnncalc.playground.libraries import LIBRARIES, integrity

ASSETS = (
    *("playground.js", "editor.js", "calculator.js", "worker.js"),
    *("values.js", "training.js", "quiz.js", "images.js", "trainer.js", "random.js", "optimizers.js", "gradients.js"),
)
ARCHIVE = "cnncalc.zip"
LEFT_OUT = (
    *("commands", "design", "formatting", "inspect", "templates", "tune", "page/assets", "page/live", "page/run"),
    *("model/blocks", "model/from_torch", "model/python", "model/weights", "playground/assets"),
    *("train/checkpoints", "train/data", "train/run", "train/show", "train/tasks", "train/trackers"),
)
"""Folders of the package that the page has no use for."""

_DATE = (1980, 1, 1, 0, 0, 0)  # of every file in the archive, so that the same code gives the same bytes


def site(version: str, own: Mapping[str, Mapping[str, bytes]] | None = None) -> dict[str, bytes]:
    """Return the files of the playground by their paths.

    Args:
        version: of cnncalc, which the page names.
        own: the files of libraries, by the libraries' folders; the page loads the others from a CDN.

    """
    copied = own or {}
    made = {name: _own(name).encode() for name in ASSETS}
    made["digits.bin"] = (files("cnncalc.playground") / "assets" / "digits.bin").read_bytes()
    made["report.js"] = asset("report.js").encode()
    made["playground.css"] = (asset("report.css") + _own("playground.css")).encode()
    made[ARCHIVE] = archive()
    for folder, data in copied.items():
        made.update({f"{folder}/{name}": content for name, content in data.items()})
    made["index.html"] = "".join(start_page(version, frozenset(copied))).encode()
    made["service.js"] = _service(made, copied).encode()
    return made


def write_site(folder: str, made: Mapping[str, bytes]) -> None:
    """Write the files, the page itself last, so that it never names a file that is not there yet.

    Raises:
        WriteError: where one cannot be written.

    """
    for path in sorted(made, key=lambda name: name == "index.html"):
        target = os.path.join(folder, *path.split("/"))
        make_folder(os.path.dirname(target))
        write_file([made[path]], target)


def archive() -> bytes:
    """Return the part of this package that the page runs, as a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, path in _sources():
            data = _lean(path.read_text(encoding="utf-8")).encode() if name.endswith(".py") else path.read_bytes()
            packed.writestr(zipfile.ZipInfo(name, _DATE), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _lean(text: str) -> str:
    """Return Python without its comments and docstrings, which are a third of what a browser would have to load."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef):
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def _sources() -> Iterator[tuple[str, Path]]:
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        inner = path.relative_to(package).as_posix()
        hidden = "__pycache__" in inner or not path.is_file()
        if not hidden and not inner.startswith(tuple(f"{folder}/" for folder in LEFT_OUT)):
            yield f"cnncalc/{inner}", path


def _service(made: Mapping[str, bytes], copied: Collection[str]) -> str:
    """Return the script that keeps what the page needs, so that it works without a network from then on."""
    known = {f"./{path}": integrity(data) for path, data in made.items()}
    for library in LIBRARIES:
        places = library.places(own=library.folder in copied)
        known.update({places[name]: expected for name, expected in library.files.items()})
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
    return _own("service.js").replace('"VERSION"', json.dumps(digest)).replace('"FILES"', json.dumps(known))


def _own(name: str) -> str:
    return (files("cnncalc.playground") / "assets" / name).read_text(encoding="utf-8")
