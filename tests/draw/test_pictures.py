"""The pictures in the repository are those that their commands draw."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from PIL import Image

from cnncalc.draw.styles import STYLES
from tests.pictures import PAGES, ROOT, commands, draw
from tests.trained_pictures import PHOTOGRAPHS
from tests.trained_pictures import commands as trained_commands

PHOTOGRAPHED = {Path(PHOTOGRAPHS.format(theme=theme)).name for theme in ("light", "dark")}
TRAINED = {Path(path).name for path, _ in trained_commands()} | PHOTOGRAPHED
"""Pictures that a trained network is needed for."""


def test_every_picture_is_as_its_command_draws_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `make pictures` after a change of the drawing."""
    monkeypatch.chdir(ROOT)
    draw(tmp_path)
    pictures = (ROOT / "docs" / "pictures").iterdir()
    kept = {path.name: path.read_bytes() for path in pictures if path.name not in TRAINED}
    assert {path.name: path.read_bytes() for path in (tmp_path / "docs" / "pictures").iterdir()} == kept


def test_every_picture_that_a_page_shows_has_a_command() -> None:
    """And every picture that has one is shown."""
    shown = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"(?:src|srcset)=\"([^\"]+\.svg)\"|!\[[^\]]*\]\(([^)]+\.svg)\)", text):
            shown.add(str((page.parent / (name[0] or name[1])).resolve().relative_to(ROOT)))
    assert shown == {path for path, _ in commands()}


def test_every_picture_of_a_trained_network_is_there() -> None:
    """`make trained-pictures` draws them; they need data, and training does not repeat to the bit on every machine."""
    page = "".join((ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("inspect.md", "report.md"))
    shown = set(re.findall(r"(?:src|srcset)=\"pictures/([^\"]+)\"", page))
    assert shown == TRAINED
    for name in shown:
        with Image.open(ROOT / "docs" / "pictures" / name) as image:
            assert image.width > 500


def test_the_page_shows_every_style() -> None:
    page = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    drawn = re.findall(r"<!-- cnncalc draw .* -->", page)
    assert {style for style in STYLES if style != "graph" and any(f"--style {style}" in line for line in drawn)} | {
        "graph"
    } == set(STYLES)
    assert any("--style" not in line for line in drawn)
