"""The libraries that the page loads: pinned versions, their files, and what these must be."""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from typing import NamedTuple

from cnncalc.core.errors import DataError
from cnncalc.core.words import shorten_path
from cnncalc.playground.standard_library import trimmed


class Library(NamedTuple):
    """A library of the page.

    Attributes:
        title: what errors call it.
        version: the one that the page is tested with.
        folder: of its files in the site.
        cdn: where its files lie otherwise, with ``{name}`` for the name of one, or with ``{package}`` and ``{rest}``
            for the parts of it.
        packages: the packages of npm that have them.
        files: what is loaded of it, with the SHA-256 of each.
        changed: what a site makes of files that become part of it.

    """

    title: str
    version: str
    folder: str
    cdn: str
    packages: str
    files: Mapping[str, str]
    changed: Mapping[str, Callable[[bytes], bytes]] = {}

    def places(self, *, own: bool) -> dict[str, str]:
        """Return where the page finds each file: in the site itself, or on the CDN."""
        return {name: f"./{self.folder}/{name}" if own else self._remote(name) for name in self.files}

    def _remote(self, name: str) -> str:
        package, _, rest = name.partition("/")
        return self.cdn.format(name=name, package=package, rest=rest)

    def read(self, folder: str) -> dict[str, bytes]:
        """Return the files from a folder, checked, as a site has them.

        Raises:
            DataError: for a folder that lacks one, or that has another version.

        """
        hints = [f"`npm install {self.packages}` puts it into node_modules"]
        found = {}
        for name, expected in self.files.items():
            try:
                with open(os.path.join(folder, *name.split("/")), "rb") as file:
                    found[name] = file.read()
            except OSError:
                message = f"there is no {name} in `{shorten_path(folder)}`, which a folder of {self.title} has"
                raise DataError("no-library", message, hints=hints) from None
            if integrity(found[name]) != expected:
                message = f"{name} in `{shorten_path(folder)}` is not that of {self.title} {self.version}"
                raise DataError("other-library", message, hints=hints)
        return {name: self.changed[name](data) if name in self.changed else data for name, data in found.items()}


def integrity(data: bytes) -> str:
    """Return what a browser is told to expect of a file (Subresource Integrity)."""
    return f"sha256-{base64.b64encode(hashlib.sha256(data).digest()).decode()}"


PYODIDE = Library(
    "Pyodide",
    "314.0.7",
    "pyodide",
    "https://cdn.jsdelivr.net/npm/pyodide@314.0.7/{name}",
    "pyodide@314.0.7",
    {
        "pyodide.mjs": "sha256-bx1g979Sm+swDw9HmDySHTmCNjZAuiCvDjjv3dvGYQk=",
        "pyodide.asm.mjs": "sha256-983I7OgGeM63EvjmXr5tOoMgOhgMOZhl9JYSoFFpNjU=",
        "pyodide.asm.wasm": "sha256-zDbjyrBP38mmP/E+tS6uK5Eb9GwCXMeygfOUvT3h1eY=",
        "python_stdlib.zip": "sha256-+hlX5XdwaPxPdDf5bYYK4vvpwZcyugbITgBOwW3X3Xo=",
    },
    {"python_stdlib.zip": trimmed},
)
"""Python in the browser (MPL 2.0)."""

TENSORFLOW = Library(
    "TensorFlow.js",
    "4.22.0",
    "tensorflow",
    "https://cdn.jsdelivr.net/npm/@tensorflow/{package}@4.22.0/{rest}",
    "@tensorflow/tfjs-core@4.22.0 @tensorflow/tfjs-layers@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0",
    {
        "tfjs-core/dist/tf-core.es2017.min.js": "sha256-xVNnMlqmKO1oUWTVxCEIkuMcbS0OjBY6gnsVrTMNHro=",
        "tfjs-layers/dist/tf-layers.es2017.min.js": "sha256-JrPnEHTPefw/0qYP7Sc2VgBOnDB7gLlDd/aMS8PuDIQ=",
        "tfjs-backend-wasm/dist/tf-backend-wasm.es2017.min.js": "sha256-vdjDwfsLN2AbwqEi76ILjXjik20QSwOkRZG+QYjGP2U=",
        "tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm": "sha256-d+uyim0083HbvyCGt/LeiZSs2OpaPPH6JNLCbIQMrHs=",
        "tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm": "sha256-cKXVFgYEZOUmnwHHS6wXcta4q2y2Eqzxa1za9h942JI=",
    },
)
"""Tensors, gradients and layers for training in the page (Apache 2.0)."""

LIBRARIES = (PYODIDE, TENSORFLOW)
