"""Values as matrices of LaTeX, for worksheets."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc


def test_volumes_are_matrices_and_sums_are_aligned(cnncalc: Cnncalc) -> None:
    call = ["compute", "conv 1x2x1 kernel=[1/2 -1] bias=3", "--values", "1 2 | 4 5", "--at", "0,0"]
    assert cnncalc(*call, "--format", "latex").out == (
        "\\paragraph{input: \\texttt{1x2x2}}\n"
        "\\[ \\text{channel 0} = \\left[\\begin{array}{rr} 1 & 2 \\end{array}\\right] \\]\n"
        "\\[ \\text{channel 1} = \\left[\\begin{array}{rr} 4 & 5 \\end{array}\\right] \\]\n"
        "\\paragraph{conv1: \\texttt{conv 1x2x1 kernel={[}1/2 -1] bias=3 $\\rightarrow$ 1x1x1}}\n"
        "\\[ \\text{weight, channel 0} = \\left[\\begin{array}{rr} \\frac{1}{2} & -1 \\end{array}\\right] \\]\n"
        "\\[ \\text{weight, channel 1} = \\left[\\begin{array}{rr} \\frac{1}{2} & -1 \\end{array}\\right] \\]\n"
        "\\[ \\text{bias} = \\left[\\begin{array}{r} 3 \\end{array}\\right] \\]\n"
        "\\[ \\text{output} = \\left[\\begin{array}{r} -\\frac{3}{2} \\end{array}\\right] \\]\n"
        "\\paragraph{conv1: \\texttt{row 0, column 0, channel 0}}\n"
        "\\begin{align*}\n"
        "\\text{channel 0} &: 1 \\cdot (1/2) + 2 \\cdot (-1) = -3/2 \\\\\n"
        "\\text{channel 1} &: 4 \\cdot (1/2) + 5 \\cdot (-1) = -3 \\\\\n"
        "\\text{with the bias} &: -3/2 - 3 + 3 = -3/2\n"
        "\\end{align*}\n"
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX reads it")
def test_latex_reads_it(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Gradients, signals, floats and a softmax included."""
    calls = [
        ["conv 3x3x2 kernel=box - relu - fc 3 - softmax", "--input", "6x6x2", "--backward"],
        ["conv 3x2 - tanh - maxpool 2", "--input", "8x2", "--at", "1,1"],
        ["ln", "--input", "1x1x3", "--at", "2"],
    ]
    body = [cnncalc("compute", *call, "--format", "latex").out for call in calls]
    page = ["\\documentclass{article}\\usepackage{amsmath}\\begin{document}", *body, "\\end{document}"]
    (tmp_path / "page.tex").write_text("\n".join(page))
    call = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]
