"""What a notebook shows of a network."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import cnncalc


def shown(spec: str, **settings: str) -> ElementTree.Element:
    """Return the element that a notebook gets, which is whole: every tag that opens closes."""
    html = cnncalc.load(spec, **settings)._repr_html_()  # type: ignore[arg-type]
    assert "<script" not in html
    assert not re.search(r'(?:href|src)="', html)
    return ElementTree.fromstring(html)


def test_totals_picture_and_table() -> None:
    """VGG-16's 138,357,544 parameters, as the paper and the lectures have them."""
    found = shown("vgg16")
    assert "".join(found[0].itertext()) == "vgg16: 224x224x3 → 1x1x1000, 138,357,544 parameters, 15.5 G MACs"
    assert found[1].tag == "{http://www.w3.org/2000/svg}svg"
    cells = [[cell.text or "" for cell in row] for row in found[2]]
    assert "138,357,544 100.0%" in cells[-1]
    assert any("119,545,856  86.4%" in row for row in cells)  # fc 4096 on 7x7x512 and on 4096, with biases


def test_a_long_network_folds_as_in_a_terminal() -> None:
    """Under the head the input, 16 rows of which one is ×35, and the totals."""
    rows = shown("resnet152")[2]
    assert len(rows) == 19
    assert [row[1].text for row in rows].count("×35") == 1


def test_a_hostile_name_of_a_file_stays_text(tmp_path: Path) -> None:
    """What is not a letter of a name is left out; the element is whole."""
    spec = tmp_path / "<script>&'\"x.txt"
    spec.write_text("input 8x8x3\nrelu\n")
    assert "".join(shown(str(spec))[0].itertext()).startswith("script-x: 8x8x3")
