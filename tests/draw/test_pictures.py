"""The pictures in the repository are those that their commands draw."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnncalc.draw.styles import STYLES
from tests.pictures import PAGES, ROOT, commands, draw


def test_every_picture_is_as_its_command_draws_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run `make pictures` after a change of the drawing."""
    monkeypatch.chdir(ROOT)
    draw(tmp_path)
    kept = {path.name: path.read_bytes() for path in (ROOT / "docs" / "pictures").iterdir()}
    assert {path.name: path.read_bytes() for path in (tmp_path / "docs" / "pictures").iterdir()} == kept


def test_every_picture_that_a_page_shows_has_a_command() -> None:
    """And every picture that has one is shown."""
    shown = set()
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for name in re.findall(r"(?:src|srcset)=\"([^\"]+\.svg)\"|!\[[^\]]*\]\(([^)]+\.svg)\)", text):
            shown.add(str((page.parent / (name[0] or name[1])).resolve().relative_to(ROOT)))
    assert shown == {path for path, _ in commands()}


def test_the_page_shows_every_style() -> None:
    page = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    drawn = re.findall(r"<!-- cnncalc draw .* -->", page)
    assert {style for style in STYLES if style != "graph" and any(f"--style {style}" in line for line in drawn)} | {
        "graph"
    } == set(STYLES)
    assert any("--style" not in line for line in drawn)
