"""The notebooks of the examples: run again, with what they show stored in them.

``make notebooks`` runs this after a change of a notebook, or of what one shows. It takes a few minutes.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import nbformat
from nbclient import NotebookClient

from tests.house import ROOT

FOLDER = ROOT / "examples" / "notebooks"
SECONDS = 600


@contextmanager
def surroundings(**variables: str) -> Iterator[None]:
    """Set variables of the environment, which a notebook's own process inherits."""
    before = dict(os.environ)
    os.environ.update({"PYTHONPATH": str(ROOT), **variables})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def executed(name: str, folder: str, limit: int | None = None) -> Any:
    """Run a notebook in a folder, and return it with its outputs.

    Args:
        name: without its ending.
        folder: where its files go.
        limit: images that are trained on; as many as the notebook says if None.

    Raises:
        nbclient.exceptions.CellExecutionError: where a cell fails.

    """
    notebook = nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)
    client = NotebookClient(notebook, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}})
    with surroundings(**({} if limit is None else {"CNNCALC_LIMIT": str(limit)})):
        client.execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # when it ran, which differs every time
        if cell.cell_type == "code":
            cell.outputs = _joined(cell.outputs, folder)
    return notebook


def _joined(outputs: list[Any], folder: str) -> list[Any]:
    """Return outputs with what was printed piece by piece as one, without the path of the folder, images as PNG."""
    joined: list[Any] = []
    for output in outputs:
        if output.output_type == "stream":
            output.text = output.text.replace(folder + os.sep, "")
            if joined and joined[-1].get("name") == output.name:
                joined[-1].text += output.text
                continue
        output.get("data", {}).pop("image/jpeg", None)  # Pillow shows each image a second time
        joined.append(output)
    return joined


def names() -> list[str]:
    """Return the names of all notebooks."""
    return sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def main() -> None:
    """Run all notebooks and write them."""
    for name in names():
        with tempfile.TemporaryDirectory() as folder:
            nbformat.write(executed(name, folder), FOLDER / f"{name}.ipynb")


if __name__ == "__main__":
    main()
