"""The page of ``cnncalc inspect`` in a real browser: it asks for nothing, says what it shows, and lets nothing in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc.inspect.html import look_page
from cnncalc.inspect.parts import TrainedLook
from tests.inspect.subjects import look
from tests.page.conftest import AXE, Opened, violations

HOSTILE = ("<img src=x onerror=alert(1)>", "</style><script>alert(2)</script>", '"><b>cat</b>')
"""Names of classes."""


@pytest.fixture
def shown(shown_text: Opened) -> Opened:
    """A function that opens the page of a look."""

    def show(page_of: TrainedLook, **settings: Any) -> Any:
        return shown_text("".join(look_page(page_of, "1")), **settings)

    return show


@pytest.mark.slow
def test_every_picture_is_there_and_says_what_it_shows(shown: Opened, tmp_path: Path) -> None:
    page = shown(look(tmp_path))
    sizes = page.eval_on_selector_all("img", "images => images.map(one => one.naturalWidth)")
    texts = page.eval_on_selector_all("img", "images => images.map(one => one.alt)")
    assert len(sizes) > 20
    assert min(sizes) > 10
    assert "Filters of conv1" in texts
    assert "Activation maps of relu2 for test image 1" in texts
    assert all(texts)


@pytest.mark.slow
@pytest.mark.parametrize("width", [1280, 600])
def test_nothing_is_wider_than_the_window(shown: Opened, tmp_path: Path, width: int) -> None:
    page = shown(look(tmp_path), wide=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_hostile_names_of_classes_are_text(shown: Opened, tmp_path: Path) -> None:
    page = shown(look(tmp_path, HOSTILE))
    assert page.text_content("h1") == HOSTILE[0]
    assert HOSTILE[1] in page.text_content("table.confusion")
    assert page.locator("script").count() == 0
    assert page.locator("b").count() == 0


@pytest.mark.slow
@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("many", [0, 30])
def test_axe_finds_nothing(shown: Opened, tmp_path: Path, many: int, scheme: str) -> None:
    page = shown(look(tmp_path, many=many), scheme=scheme, bypass=True)
    assert violations(page) == []
