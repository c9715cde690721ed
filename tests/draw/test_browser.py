"""Pictures in a real browser: texts are as wide as the table of widths says, and nothing is fetched."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import cnncalc
from cnncalc.draw.styles import STYLES, DrawingOptions, picture_of
from cnncalc.draw.svg import svg
from cnncalc.draw.text import width

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
NETWORKS = ("lenet5", "vgg16", "resnet50", "googlenet", "densenet121", "mobilenet_v2", "unet", "inception_v3")

MEASURE = """
<pre id="found"></pre>
<script>
const found = [...document.querySelectorAll("svg text")].map(text => {
  const page = text.ownerSVGElement.getBoundingClientRect(), box = text.getBoundingClientRect();
  return {
    text: text.textContent,
    size: parseFloat(text.getAttribute("font-size")),
    bold: text.getAttribute("font-weight") === "bold",
    width: text.getComputedTextLength(),
    inside: box.left >= page.left && box.right <= page.right && box.top >= page.top && box.bottom <= page.bottom,
  };
});
const fetched = performance.getEntriesByType("resource").map(entry => entry.name);
document.getElementById("found").textContent = JSON.stringify({found, fetched});
</script>
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="a browser measures texts")
def test_texts_are_as_wide_as_the_table_says(tmp_path: Path) -> None:
    """Never wider, but for a hundredth; kerning makes some narrower. All of them lie on their page.

    A font with Helvetica's widths must be installed, such as Liberation Sans.
    """
    pictures = [
        svg(picture_of(cnncalc.load(name), style, DrawingOptions(name)), "light")
        for name in NETWORKS
        for style in STYLES
    ]
    page = "<!DOCTYPE html><meta charset=utf-8>" + "".join(pictures) + MEASURE
    (tmp_path / "page.html").write_text(page, encoding="utf-8")
    command = [
        str(CHROMIUM),
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--dump-dom",
        f"file://{tmp_path}/page.html",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    told = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
    assert told is not None
    measured = json.loads(html.unescape(told[1]))
    assert measured["fetched"] == []
    assert len(measured["found"]) > 1000
    for text in measured["found"]:
        assert text["inside"], text
        text["expected"] = width(text["text"], text["size"], bold=text["bold"])
        assert 0.9 * text["expected"] <= text["width"] <= 1.01 * text["expected"] + 0.3, text
