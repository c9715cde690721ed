"""The playground, served to a real browser."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cnncalc import __version__
from cnncalc.playground.libraries import PYODIDE as RUNTIME
from cnncalc.playground.libraries import TENSORFLOW
from cnncalc.playground.server import PlaygroundServer
from cnncalc.playground.site import site, write_site
from tests.page.conftest import AXE

DIGITS = """# A network for the digits
input 8x8x1
conv 3x3x16 p1 - bn - relu
conv 3x3x16 p1 - bn - relu - maxpool 2x2 s2
fc 32 - relu - fc 10
"""

PYODIDE = Path(os.environ.get("CNNCALC_PYODIDE", "build/pyodide/node_modules/pyodide"))
"""Where `.ci/browser` puts Pyodide."""
LIBRARY = Path(os.environ.get("CNNCALC_TFJS", "build/tfjs/node_modules")) / "@tensorflow"
"""Where it puts TensorFlow.js."""
NARROW = {"width": 390, "height": 800}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PlaygroundServer]:
    """The playground with a Pyodide of its own, served."""
    if not PYODIDE.is_dir():
        pytest.skip("there is no Pyodide")
    folder = tmp_path_factory.mktemp("site")
    own = {"pyodide": RUNTIME.read(str(PYODIDE))}
    if (LIBRARY / "tfjs-backend-wasm").is_dir():
        own["tensorflow"] = TENSORFLOW.read(str(LIBRARY))
    write_site(str(folder), site(__version__, own))
    served = PlaygroundServer(str(folder), 0)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield served
    served.shutdown()
    served.server_close()


@pytest.fixture
def page(browser: Any, server: PlaygroundServer) -> Iterator[Any]:
    """The page, as soon as Python runs in it; in the end it has asked nobody else and complained of nothing."""
    context = browser.new_context(viewport={"width": 1440, "height": 900}, bypass_csp=False)
    opened = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text))
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    context.on("request", lambda request: asked.append(request.url))
    opened.goto(server.address)
    ready(opened)
    yield opened
    assert complaints == []
    assert [url for url in asked if not url.startswith((server.address, "data:", "blob:"))] == []
    context.close()


@pytest.fixture(params=["light", "dark"])
def on_a_phone(request: pytest.FixtureRequest, browser: Any, server: PlaygroundServer) -> Iterator[Any]:
    """The page on a phone in light and in dark colours, as soon as Python runs in it; axe-core can look at it."""
    if not AXE.is_file():
        pytest.skip("there is no axe-core")
    context = browser.new_context(color_scheme=request.param, bypass_csp=True, viewport=NARROW)
    opened = context.new_page()
    opened.goto(server.address)
    ready(opened)
    yield opened
    context.close()


def ready(page: Any) -> None:
    """Wait until Python runs, or has answered."""
    page.wait_for_selector("#status:empty", state="attached", timeout=120_000)


def write(page: Any, text: str) -> None:
    """Replace the text of the editor."""
    page.fill("#text", text)


def totals(page: Any, containing: str) -> None:
    """Wait until the totals have a text."""
    page.wait_for_selector(f"#totals:has-text('{containing}')", timeout=60_000)
