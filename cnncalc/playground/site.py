"""The files of the playground: its page, what that loads, and the calculator itself as an archive."""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from cnncalc.core.writing import write_file
from cnncalc.page.document import asset
from cnncalc.playground import pyodide
from cnncalc.playground.document import start_page

ASSETS = ("playground.js", "editor.js", "calculator.js", "worker.js")
ARCHIVE = "cnncalc.zip"
LEFT_OUT = ("commands", "inspect", "model", "playground/assets", "page/live", "page/run", "to_foreign", "train")
"""Folders of the package that the page has no use for."""

_DATE = (1980, 1, 1, 0, 0, 0)  # of every file in the archive, so that the same code gives the same bytes


def site(version: str, own_pyodide: Mapping[str, bytes] | None = None) -> dict[str, bytes]:
    """Return the files of the playground by their paths.

    Args:
        version: of cnncalc, which the page names.
        own_pyodide: the files of Pyodide; None where the page is to load them from a CDN.

    """
    made = {name: _own(name).encode() for name in ASSETS}
    made["report.js"] = asset("report.js").encode()
    made["playground.css"] = (asset("report.css") + _own("playground.css")).encode()
    made[ARCHIVE] = archive()
    for name, data in (own_pyodide or {}).items():
        made[f"pyodide/{name}"] = data
    place = pyodide.CDN if own_pyodide is None else "./pyodide/"
    made["index.html"] = "".join(start_page(version, place)).encode()
    made["service.js"] = _service(made, place).encode()
    return made


def write_site(folder: str, made: Mapping[str, bytes]) -> None:
    """Write the files, the page itself last, so that it never names a file that is not there yet.

    Raises:
        WriteError: where one cannot be written.

    """
    for path in sorted(made, key=lambda name: name == "index.html"):
        target = os.path.join(folder, *path.split("/"))
        os.makedirs(os.path.dirname(target), exist_ok=True)
        write_file([made[path]], target)


def archive() -> bytes:
    """Return the part of this package that the page runs, as a zip."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as packed:
        for name, path in _sources():
            packed.writestr(zipfile.ZipInfo(name, _DATE), path.read_bytes(), zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _sources() -> Iterator[tuple[str, Path]]:
    package = Path(__file__).parents[1]
    for path in sorted(package.rglob("*")):
        inner = path.relative_to(package).as_posix()
        hidden = "__pycache__" in inner or not path.is_file()
        if not hidden and not inner.startswith(tuple(f"{folder}/" for folder in LEFT_OUT)):
            yield f"cnncalc/{inner}", path


def _service(made: Mapping[str, bytes], place: str) -> str:
    """Return the script that keeps what the page needs, so that it works without a network from then on."""
    kept = {f"./{path}": pyodide.integrity(data) for path, data in made.items()}
    remote = {} if place.startswith("./") else {place + name: known for name, known in pyodide.FILES.items()}
    known = {**kept, **remote}
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
    return _own("service.js").replace('"VERSION"', json.dumps(digest)).replace('"FILES"', json.dumps(known))


def _own(name: str) -> str:
    return (files("cnncalc.playground") / "assets" / name).read_text(encoding="utf-8")
