"""A sheet of exercises as a page: everybody can use it, and answers stay folded."""

from __future__ import annotations

from typing import Any

import pytest

from cnncalc.quiz import Wanted
from tests.page.conftest import Opened, violations
from tests.quiz.test_sheets import ALL, written


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [390, 1280])
def test_everybody_can_use_the_page(shown_text: Opened, scheme: str, wide: int) -> None:
    """Answers unfold with the keyboard; axe-core finds nothing, and nothing sticks out."""
    page: Any = shown_text(written(".html", ALL, "ko"), scheme, bypass=True, wide=wide)
    assert page.get_attribute("html", "lang") == "ko"
    assert not page.is_visible("dl >> nth=0")
    page.focus("summary >> nth=0")
    page.keyboard.press("Enter")
    assert page.is_visible("dl >> nth=0")
    page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    assert violations(page) == []


@pytest.mark.slow
def test_a_printed_page_has_only_the_answers_that_are_open(shown_text: Opened) -> None:
    page: Any = shown_text(written(".html", Wanted("sizes", 1, 2, 6)))
    page.click("summary >> nth=0")
    page.emulate_media(media="print")
    assert page.is_visible("details >> nth=0")
    assert not page.is_visible("details >> nth=1")
