"""The files of the playground: its page, what that loads, and the calculator itself as an archive."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection, Mapping
from importlib.resources import files

from cnncalc.core.writing import make_folder, write_file
from cnncalc.page.document import asset
from cnncalc.playground.archive import archive
from cnncalc.playground.document import SCRIPTS, start_page
from cnncalc.playground.libraries import LIBRARIES, integrity

WORKERS = ("worker.js", "trainer.js", "random.js", "optimizers.js", "gradients.js", "layers.js")
"""The scripts that the workers run, beside the page's own."""

ARCHIVE = "cnncalc.xz"


def site(version: str, own: Mapping[str, Mapping[str, bytes]] | None = None) -> dict[str, bytes]:
    """Return the files of the playground by their paths.

    Args:
        version: of cnncalc, which the page names.
        own: the files of libraries, by the libraries' folders; the page loads the others from a CDN.

    """
    copied = own or {}
    made = {name: _lean(_own(name)).encode() for name in WORKERS}
    made["digits.bin"] = (files("cnncalc.playground") / "assets" / "digits.bin").read_bytes()
    made["page.js"] = "".join([_script(name) for name in SCRIPTS]).encode()
    made["playground.css"] = (asset("report.css") + _own("playground.css")).encode()
    made[ARCHIVE] = archive(version)
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


def _service(made: Mapping[str, bytes], copied: Collection[str]) -> str:
    """Return the script that keeps what the page needs, so that it works without a network from then on."""
    known = {f"./{path}": integrity(data) for path, data in made.items()}
    for library in LIBRARIES:
        if library.folder not in copied:
            places = library.places(own=False)
            known.update({places[name]: expected for name, expected in library.files.items()})
    digest = hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]
    return _own("service.js").replace('"VERSION"', json.dumps(digest)).replace('"FILES"', json.dumps(known))


def _lean(script: str) -> str:
    """Return a script without the lines that are comments alone."""
    return re.sub(r"^ *//.*\n", "", script, flags=re.MULTILINE)


def _script(name: str) -> str:
    return _lean(asset(name) if name == "report.js" else _own(name))


def _own(name: str) -> str:
    return (files("cnncalc.playground") / "assets" / name).read_text(encoding="utf-8")
