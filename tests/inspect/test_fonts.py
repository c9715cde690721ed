"""Fonts of a sheet: letters that DejaVu does not have come from a font of the machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib
import pytest

from cnncalc.inspect import fonts

STIX = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "STIXGeneral.ttf")
ONLY_IN_STIX = "\u2a75"
"""Two equals signs in a row: matplotlib's STIX has them, and its DejaVu does not."""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Forget which fonts were found."""
    yield
    fonts._other_font.cache_clear()


def machine_with(monkeypatch: pytest.MonkeyPatch, *paths: str) -> None:
    """Let the machine have some fonts and no others."""
    fonts._other_font.cache_clear()
    monkeypatch.setattr(fonts, "_others", lambda: paths)


def test_dejavu_writes_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with(monkeypatch, STIX)
    assert fonts.font_for("Größe", 12).getname() == ("DejaVu Sans", "Book")
    assert fonts.font_for("Größe", 12, strong=True).getname() == ("DejaVu Sans", "Bold")


def test_other_letters_come_from_a_font_that_has_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that is no font is passed over."""
    broken = tmp_path / "broken.ttf"
    broken.write_text("no font")
    machine_with(monkeypatch, str(broken), STIX)
    assert fonts.font_for(f"a {ONLY_IN_STIX}", 12).getname()[0] == "STIXGeneral"
    assert fonts.letters_without_font(["cat", ONLY_IN_STIX]) == []


def test_what_no_font_has_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_with(monkeypatch)
    assert fonts.letters_without_font(["cat", "고양이", "개"]) == ["고양이", "개"]
    assert fonts.font_for("고양이", 12).getname()[0] == "DejaVu Sans"
