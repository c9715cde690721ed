"""A real browser for the tests of the page."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.page.page import report_page, shown

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = Path(os.environ.get("CNNCALC_AXE", "build/axe/node_modules/axe-core/axe.min.js"))
"""Where `.ci/run` puts axe-core, which finds what people cannot use who see, hear or move otherwise."""

Opened = Callable[..., Any]


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium; without one, or without playwright, the tests are passed over."""
    playwright = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("there is no Chromium")
    with playwright.sync_playwright() as driver:
        launched = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield launched
        launched.close()


def page_of(*specs: str, **settings: Any) -> str:
    """Return the text of the page of some specs."""
    networks = [
        shown(f"net{number}", cnncalc.count(cnncalc.load(spec, **settings))) for number, spec in enumerate(specs)
    ]
    return "".join(report_page(networks, cnncalc.__version__))


@pytest.fixture
def shown_text(browser: Any, tmp_path: Path) -> Iterator[Opened]:
    """A function that opens a text as a page; in the end no page has asked for anything, or complained."""
    contexts, complaints, asked = [], [], []

    def show(text: str, scheme: str = "light", bypass: bool = False, wide: int = 1280) -> Any:
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(text, encoding="utf-8")
        context = browser.new_context(color_scheme=scheme, bypass_csp=bypass, viewport={"width": wide, "height": 900})
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield show
    assert complaints == []
    assert len([url for url in asked if not url.startswith("data:")]) == len(contexts)  # each page itself
    for context in contexts:
        context.close()


@pytest.fixture
def opened(shown_text: Opened) -> Opened:
    """A function that opens the page of some specs, or another report; its script has done its part."""

    def open_page(
        *specs: str,
        scheme: str = "light",
        bypass: bool = False,
        text: str | None = None,
        wide: int = 1280,
        **settings: Any,
    ) -> Any:
        written = page_of(*specs, **settings) if text is None else text
        page = shown_text(written, scheme, bypass, wide)
        page.wait_for_selector(f":nth-match(table[aria-rowcount], {len(specs) or 1})")
        return page

    return open_page


def violations(page: Any) -> list[list[str]]:
    """Return what axe-core finds, each with the first place; nothing where axe-core is not there."""
    if not AXE.is_file():
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found: list[list[str]] = page.evaluate(
        "axe.run().then(result => result.violations.map(one => [one.id, one.nodes[0].html]))"
    )
    return found
