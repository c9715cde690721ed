"""Pyodide, which runs Python in a browser: the pinned version, its files, and what they must be."""

from __future__ import annotations

import base64
import hashlib
import os

from cnncalc.core.errors import DataError
from cnncalc.core.words import shorten_path

VERSION = "314.0.7"
CDN = f"https://cdn.jsdelivr.net/npm/pyodide@{VERSION}/"
FILES = {
    "pyodide.mjs": "sha384-Lp79fMwxa4n2BLtugpUAoQMlbxIdg8iCUiP1r3h7nJLkQjwlXT1JzZTeHVL+f4Dg",
    "pyodide.asm.mjs": "sha384-/2281iaC0Iimw0B3Kagy1DBfZcJG3W4KYW+EmOqhsdY3fR9BJ88FE2Zt6y0KQKpa",
    "pyodide.asm.wasm": "sha384-y++qrQ72KPA1fTjLIuGMP+jppgGxjbLCgfdb0zMrnNnQVhxRUXTOTF6rTxNzllSu",
    "python_stdlib.zip": "sha384-xW3A5jmenkrPXbsgrIaB1FCJh9OuLT7FRMagsJMgtlhVc19k/mSy3+7nMaF/d767",
    "pyodide-lock.json": "sha384-o8SQQvpVlZnOl04+3dFTJipKxul9GbViVusA379wlOrfHSgxbzt0yPiqCTxOiYES",
}
"""The files that a page loads, with the SHA-384 of each, as the package of this version on npm has them."""

_HINT = f"npm install pyodide@{VERSION} puts it into node_modules/pyodide"


def integrity(data: bytes) -> str:
    """Return what a browser is told to expect of a file (Subresource Integrity)."""
    return f"sha384-{base64.b64encode(hashlib.sha384(data).digest()).decode()}"


def read(folder: str) -> dict[str, bytes]:
    """Return the files of Pyodide from a folder, checked.

    Raises:
        DataError: for a folder that lacks one, or that has another version.

    """
    found = {}
    for name, expected in FILES.items():
        try:
            with open(os.path.join(folder, name), "rb") as file:
                found[name] = file.read()
        except OSError:
            message = f"there is no {name} in `{shorten_path(folder)}`, which a folder of Pyodide has"
            raise DataError("no-pyodide", message, hints=[_HINT]) from None
        if integrity(found[name]) != expected:
            message = f"{name} in `{shorten_path(folder)}` is not that of Pyodide {VERSION}"
            raise DataError("other-pyodide", message, hints=[_HINT])
    return found
