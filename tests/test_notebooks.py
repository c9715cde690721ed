"""The notebooks of the examples run from top to bottom, and show what a reader on GitHub sees."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.house import ROOT

pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")

from tests.notebooks import FOLDER, executed, names

LIMIT = 200
"""Images that are trained on here."""


def stored(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::Warning")  # those of the kernel are its own
@pytest.mark.parametrize("name", names())
def test_it_runs_on_a_few_images(name: str, tmp_path: Path) -> None:
    """Every cell that showed something when it was stored shows something of the same kind."""
    done = executed(name, str(tmp_path), LIMIT)
    for now, before in zip(code(done), code(stored(name)), strict=True):
        assert kinds(now) == kinds(before)


def kinds(cell: Any) -> list[str]:
    """Return what a cell shows: the types of its outputs."""
    return [
        " ".join(sorted(output.get("data", {"text": ""})))
        for output in cell["outputs"]
        if output.get("name") != "stderr"
    ]


@pytest.mark.parametrize("name", names())
def test_what_it_shows_is_stored(name: str) -> None:
    """All cells ran in their order, without an error, and no path of a machine stands in them."""
    notebook = stored(name)
    assert [cell["execution_count"] for cell in code(notebook)] == list(range(1, len(code(notebook)) + 1))
    outputs = [output for cell in code(notebook) for output in cell["outputs"]]
    assert {output["output_type"] for output in outputs} <= {"stream", "execute_result", "display_data"}
    assert any("image/png" in output.get("data", {}) for output in outputs)
    texts = "".join(json.dumps(output.get("text", output.get("data", {}).get("text/plain", ""))) for output in outputs)
    assert re.search(r"/(tmp|home|root|work|Users)/", texts) is None


def test_every_notebook_is_listed() -> None:
    """The README of the examples says what each is about."""
    listed = re.findall(
        r"^\| \[`notebooks/(\w+)\.ipynb`\]", (ROOT / "examples" / "README.md").read_text(), re.MULTILINE
    )
    assert sorted(listed) == names()
