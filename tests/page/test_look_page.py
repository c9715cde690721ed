"""The page of ``cnncalc inspect`` in a real browser: it asks for nothing, says what it shows, and lets nothing in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnncalc.inspect.html import look_page
from cnncalc.inspect.parts import TrainedLook
from tests.inspect.subjects import look
from tests.page.conftest import AXE

HOSTILE = ("<img src=x onerror=alert(1)>", "</style><script>alert(2)</script>", '"><b>cat</b>')
"""Names of classes."""

Shown = Callable[..., Any]


@pytest.fixture
def shown(browser: Any, tmp_path: Path) -> Iterator[Shown]:
    """A function that opens the page of a look; in the end no page has asked for anything or complained."""
    contexts, complaints, asked = [], [], []

    def show(page_of: TrainedLook, scheme: str = "light", bypass: bool = False, width: int = 1280) -> Any:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text("".join(look_page(page_of, "1")), encoding="utf-8")
        context = browser.new_context(color_scheme=scheme, bypass_csp=bypass, viewport={"width": width, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield show
    assert complaints == []
    assert [url for url in asked if not url.startswith("data:")] == [url for url in asked if url.endswith(".html")]
    assert len([url for url in asked if url.endswith(".html")]) == len(contexts)
    for context in contexts:
        context.close()


@pytest.mark.slow
def test_every_picture_is_there_and_says_what_it_shows(shown: Shown, tmp_path: Path) -> None:
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
def test_nothing_is_wider_than_the_window(shown: Shown, tmp_path: Path, width: int) -> None:
    page = shown(look(tmp_path), width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


@pytest.mark.slow
def test_hostile_names_of_classes_are_text(shown: Shown, tmp_path: Path) -> None:
    page = shown(look(tmp_path, HOSTILE))
    assert page.text_content("h1") == HOSTILE[0]
    assert HOSTILE[1] in page.text_content("table.confusion")
    assert page.locator("script").count() == 0
    assert page.locator("b").count() == 0


@pytest.mark.slow
@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("many", [0, 30])
def test_axe_finds_nothing(shown: Shown, tmp_path: Path, many: int, scheme: str) -> None:
    page = shown(look(tmp_path, many=many), scheme=scheme, bypass=True)
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run()")
    assert [(one["id"], one["nodes"][0]["html"]) for one in found["violations"]] == []
