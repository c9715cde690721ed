"""Files that hold a network with its weights: the text that is in some of them, and what to do with the others."""

from __future__ import annotations

import zipfile
import zlib

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_TEXT
from cnncalc.core.words import shorten_path

_CONFIGURATION = "config.json"


def text_of(name: str) -> str:
    """Return the configuration inside a `.keras` file, whose weights are not read.

    Raises:
        SpecError: ``not-text`` for files whose network cannot be known without running something.
    """
    try:
        with zipfile.ZipFile(name) as archive:
            with archive.open(_CONFIGURATION) as file:
                data = file.read(4 * MAX_TEXT + 1)
            if len(data) > 4 * MAX_TEXT:
                raise SpecError("too-long", f"the {_CONFIGURATION} in `{shorten_path(name)}` is too long")
            return data.decode("utf-8")
    except SpecError:
        raise
    except (KeyError, OSError, zipfile.BadZipFile, zlib.error, ValueError, NotImplementedError, RuntimeError, EOFError):
        raise _without_text(name) from None


def _without_text(name: str) -> SpecError:
    """Say that a file is no text, and where a text of its network comes from."""
    exported = (
        f'of an exported program, in Python: cnncalc.from_torch(torch.export.load("{shorten_path(name)}").module(), …)'
    )
    hints = [
        *([exported] if name.lower().endswith(".pt2") else []),
        "of a Keras model, write model.to_json() to a file, or save it as .keras",
        "of a PyTorch model, import the module itself: cnncalc import your_module:Net --input 224x224x3",
    ]
    return SpecError("not-text", f"`{shorten_path(name)}` holds weights, and no text of a network", hints=hints)
