"""A sheet of exercises as a page: everybody can use it, and answers stay folded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from cnncalc.quiz import Wanted
from tests.page.conftest import AXE
from tests.quiz.test_sheets import ALL, written

Shown = Callable[..., Any]


@pytest.fixture
def shown(browser: Any, tmp_path: Path) -> Iterator[Shown]:
    """A function that opens a text as a page; in the end nothing was asked for, and nothing complained of."""
    contexts, asked, complaints = [], [], []

    def open_page(text: str, **settings: Any) -> Any:
        path = tmp_path / f"sheet{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        contexts.append(browser.new_context(**settings))
        page = contexts[-1].new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    assert complaints == []
    assert len(asked) == len(contexts)
    for context in contexts:
        context.close()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [390, 1280])
def test_everybody_can_use_the_page(shown: Shown, scheme: str, wide: int) -> None:
    """Answers unfold with the keyboard; axe-core finds nothing, and nothing sticks out."""
    page: Any = shown(
        written(".html", ALL, "ko"), color_scheme=scheme, bypass_csp=True, viewport={"width": wide, "height": 900}
    )
    assert page.get_attribute("html", "lang") == "ko"
    assert not page.is_visible("dl >> nth=0")
    page.focus("summary >> nth=0")
    page.keyboard.press("Enter")
    assert page.is_visible("dl >> nth=0")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    if AXE.is_file():
        page.add_script_tag(path=str(AXE))
        found = page.evaluate("axe.run().then(result => result.violations.map(one => [one.id, one.nodes[0].html]))")
        assert found == []


@pytest.mark.slow
def test_a_printed_page_has_only_the_answers_that_are_open(shown: Shown) -> None:
    page: Any = shown(written(".html", Wanted("sizes", 1, 2, 6)))
    page.click("summary >> nth=0")
    page.emulate_media(media="print")
    assert page.is_visible("details >> nth=0")
    assert not page.is_visible("details >> nth=1")
