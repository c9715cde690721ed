"""The pages with a table of designs in a real browser: everybody can use them, also on a phone."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cnncalc.commands.cli import cli
from tests.page.conftest import Opened, violations

PAGES = {
    "compare": ("compare", "lenet5", "resnet18", "resnet50"),
    "sweep": (
        "sweep",
        "input 8x8x3\nparam width = 4\nconv 3x3x{width}\n",
        "--vary",
        "width=4..40",
        "--pareto",
        "macs,params",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("wide", [390, 1280])
@pytest.mark.parametrize("name", PAGES)
def test_everybody_can_use_the_page(shown_text: Opened, tmp_path: Path, name: str, wide: int, scheme: str) -> None:
    """Pictures keep their size and scroll on a phone, so that their letters can be read; axe-core finds nothing."""
    path = tmp_path / f"{name}.html"
    assert CliRunner().invoke(cli, [*PAGES[name], "-o", str(path)]).exit_code == 0
    page = shown_text(path.read_text("utf-8"), scheme, bypass=True, wide=wide)
    assert page.evaluate("document.documentElement.scrollWidth") <= wide
    letters = "[...document.querySelectorAll('svg text')].map((text) => text.getBoundingClientRect().height)"
    assert min(page.evaluate(letters), default=99) >= 9
    assert violations(page) == []
