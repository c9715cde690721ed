"""Sheets as files: whole texts in Markdown, and PDF by xelatex."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from cnncalc.quiz import Wanted, sheet
from cnncalc.quiz.content import Sheet
from cnncalc.quiz.sheets import WRITERS

HERE = Path(__file__).parent

ALL = Wanted(number=63, seed=12)
"""Three exercises of every topic and level: nearly all kinds."""


def written(ending: str, wanted: Wanted, language: str = "en", *, answers: bool = True) -> str:
    """Return the text of a sheet."""
    return "".join(WRITERS[ending](Sheet(sheet(wanted), language, answers, f"cnncalc quiz -o sheet{ending}")))


@pytest.mark.parametrize("language", ["en", "ko"])
def test_a_sheet_in_markdown(language: str) -> None:
    """The whole text, in `sheet.en.md` and `sheet.ko.md`: grids stand in columns, and answers come at the end."""
    expected = (HERE / f"sheet.{language}.md").read_text(encoding="utf-8")
    assert written(".md", Wanted(level=1, number=7, seed=3), language) == expected


def test_layers_are_a_list() -> None:
    """In every form."""
    wanted = Wanted("receptive", 2, 9, 1)
    [listed] = [one for one in sheet(wanted) if one.kind == "pooled-field"][:1]
    assert f"1. {listed.layers[0].en}\n2. {listed.layers[1].en}\n" in written(".md", wanted)
    assert f"<li>{listed.layers[0].en}</li><li>{listed.layers[1].en}</li>" in written(".html", wanted)
    item = listed.layers[1].en.replace("x", "$\\times$", 1)
    assert f"\\item {item}\n" in written(".tex", wanted)


def test_sizes_have_a_sign_of_multiplication_in_latex() -> None:
    """In sentences as in formulas; a command of the shell keeps its two hyphens."""
    text = written(".tex", Wanted("sizes", 1, 3, 6))
    assert "An input of 12$\\times$12$\\times$3 goes through 8 filters of 3$\\times$3" in text
    assert "B.\\enspace $10 \\times 10 \\times 8$" in text
    assert "cnncalc quiz -o sheet.tex" in text


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("xelatex") is None, reason="xelatex makes the PDF")
@pytest.mark.parametrize("language", ["en", "ko"])
def test_xelatex_makes_a_pdf(tmp_path: Path, language: str) -> None:
    """Nothing is missing in the fonts, and no line is too wide; Korean needs kotex."""
    if language == "ko" and subprocess.run(["kpsewhich", "kotex.sty"], capture_output=True, check=False).returncode:
        pytest.skip("there is no kotex")
    (tmp_path / "sheet.tex").write_text(written(".tex", ALL, language), encoding="utf-8")
    call = ["xelatex", "-interaction=nonstopmode", "-halt-on-error", "sheet.tex"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert (tmp_path / "sheet.pdf").stat().st_size > 20_000
    log = (tmp_path / "sheet.log").read_text(encoding="utf-8", errors="replace")
    assert "Missing character" not in log
    assert "Overfull \\hbox" not in log
