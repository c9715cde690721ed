"""What `explain` says beside the usual: letters, neurons, the backward pass, Korean, LaTeX."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

import cnncalc
from cnncalc.analysis import count
from cnncalc.analysis.explained import Explanation, explained
from cnncalc.core.cleaning import terminal_width
from cnncalc.layers import layers
from cnncalc.report.explain import Explained, explain_report
from cnncalc.report.korean import in_korean
from cnncalc.report.latex_align import math_text
from tests.commands.conftest import Cnncalc

EXAMPLES = [text for layer in layers() for text in layer.examples]


def steps_of(text: str, volume: str) -> dict[str, str]:
    """Return the steps of the last layer of a spec by their quantities."""
    counts = count(cnncalc.load(text + "\n", input=volume))
    solution = list(explained(counts, counts.rows, Explanation(detail=True, backward=True)))[-1]
    return {step.quantity: str(step) for step in solution.steps}


def test_neurons_and_sharing() -> None:
    """The lecture's 28x28x5 neurons of 5·5·3 weights; without sharing, 28·28·5·(75 + 1)."""
    steps = steps_of("conv 5x5x5", "32x32x3")
    assert steps["neurons"] == "28·28·5 = 3,920"
    assert steps["weights of each neuron"] == "5·5·3 = 75 and a bias"
    assert steps["connections"] == "3,920·75 = 294,000"
    assert steps["without sharing"] == "28·28·5·(5·5·3 + 1) = 297,920 parameters, 784 times as many"
    assert 28 * 28 * 5 * (75 + 1) == cnncalc.load("local 5x5x5", input="32x32x3").params == 297_920


def test_the_neurons_of_a_network() -> None:
    """AlexNet has 650,000 neurons, its paper says: these eight layers, of which it rounds the sum."""
    counts = count(cnncalc.load("alexnet_paper"))
    neurons = [55 * 55 * 96, 186_624, 64_896, 64_896, 43_264, 4096, 4096, 1000]
    for language, word, told in (
        ("en", "neurons", "in 8 layers, 724,406,816 connections"),
        ("ko", "뉴런", "개 (층 8개), 연결 724,406,816개"),
    ):
        report = explain_report(Explained(counts, counts.rows, Explanation(detail=True), language))
        text = " ".join("".join(report.draw(200)).split())
        total = f"{sum(neurons):,}" + (" " if language == "en" else "")
        assert f"{word}: {' + '.join(f'{each:,}' for each in neurons)} = {total}{told}" in text
        one = explain_report(Explained(counts, counts.rows[:1], Explanation(detail=True), language))
        assert f"{word}: " not in "".join(one.draw(200))


@pytest.mark.parametrize("width", [40, 60, 80])
def test_detail_fits_a_narrow_terminal(width: int) -> None:
    """Where the quantities take most of it, each has a line of its own, and its sum one below."""
    counts = count(cnncalc.load("lenet5"))
    report = explain_report(Explained(counts, counts.rows, Explanation(detail=True), "en"))
    text = "".join(report.draw(width))
    assert max(map(len, text.splitlines())) <= width
    korean = explain_report(Explained(counts, counts.rows, Explanation(detail=True), "ko"))
    assert max(map(terminal_width, "".join(korean.draw(width)).splitlines())) <= width
    below = "  neurons\n    28·28·6 = 4,704\n"
    assert (below in text) == (width == 40)


@pytest.mark.parametrize(("kernel", "padding"), [(1, 0), (3, 1), (5, 2), (7, 3)])
def test_the_padding_that_keeps_the_size(kernel: int, padding: int) -> None:
    """(F − 1)/2"""
    steps = steps_of(f"conv {kernel}x{kernel}x4", "9x9x3")
    assert steps["padding to keep the size"] == f"P = (F − 1)/2 = ({kernel} − 1)/2 = {padding}"
    assert cnncalc.load(f"conv {kernel}x{kernel}x4 p{padding}", input="9x9x3").output.spatial == (9, 9)


def test_formulas_stand_in_letters_beside_the_numbers() -> None:
    steps = steps_of("conv 3x3x8 s2 d2 floor", "16x16x3")
    assert steps["height and width"].startswith("⌊(W − (D·(F − 1) + 1) + 2P)/S⌋ + 1 = ⌊(16 − (2·(3 − 1) + 1) + 2·0)/2⌋")
    assert steps["parameters"] == "(F·F·C + 1)·K = (3·3·3 + 1)·8 = 224"
    assert steps_of("dwconv 3x3 nobias", "8x8x4")["parameters"] == "F·F·K = 3·3·1·4 = 36"
    assert steps_of("conv 3x1x8 g2", "8x8x4")["parameters"] == "(F₁·F₂·C/G + 1)·K = (3·1·2 + 1)·8 = 56"
    assert steps_of("fc 10", "4x4x3")["MACs"] == "K·W·W·C = 10·4·4·3 = 480 for one image"
    assert steps_of("bn", "4x4x3")["parameters"] == "C + C = 3 + 3 = 6"
    assert steps_of("deconv 3x3x2 s2 p1 op1", "4x4x3")["height and width"] == (
        "(W − 1)·S − 2·P + F + OP = (4 − 1)·2 − 2·1 + 3 + 1 = 8"
    )


_VALUES = {"W": 16, "F": 3, "P": 2, "S": 2, "D": 3, "C": 4, "K": 6, "G": 2, "OP": 1}


@pytest.mark.parametrize(
    "text",
    [
        *("conv 3x3x6 s2 p2 d3 g2 floor", "conv 3x3x6 s2 p2 d3 g2 ceil nobias", "deconv 3x3x6 s2 p2 op1 d3 g2"),
        *("fc 6", "local 3x3x6 s2 p2 floor", "pool 3x3 s2 floor", "dwconv 3x3x8 nobias"),
    ],
)
def test_the_letters_give_the_numbers(text: str) -> None:
    """With numbers in the place of letters, a formula is worth what stands at the right."""
    network = cnncalc.load(text, input="16x16x4")
    (node,) = network.layers
    letters = node.layer.letters(node.sources)
    values = {**_VALUES, "W′": node.output[0], "K": node.output.channels}
    if "p2" not in text:
        values["P"] = 0
    if " s2" not in text:
        values["S"] = 1
    wanted = {"size": node.output[0], "parameters": node.params, "macs": node.macs}
    for name, formula in letters._asdict().items():
        if formula:
            assert worth(formula, values) == wanted[name], (name, formula)


def worth(formula: str, values: dict[str, int]) -> int:
    """Compute a formula in letters."""
    text = re.sub(r"(\d)([A-Z])", r"\1·\2", formula)
    text = re.sub(r"OP|W′|[A-Z]", lambda match: str(values[match[0]]), text)
    text = text.replace("−", "-").replace("·", "*").replace("⌊", "floor(").replace("⌋", ")")
    text = text.replace("⌈", "ceil(").replace("⌉", ")")
    return round(eval(text, {"floor": __import__("math").floor, "ceil": __import__("math").ceil}))


@pytest.mark.parametrize("text", EXAMPLES)
def test_no_english_is_left_in_korean(text: str) -> None:
    """Names, letters of formulas, MAC and FLOP stay; every other word is Korean."""
    volume, _, layer = text.partition(": ")
    counts = count(cnncalc.load(layer + "\n", input=volume), batch=2)
    for solution in explained(counts, counts.rows, Explanation(detail=True, backward=True)):
        for step in in_korean(solution).steps:
            words = re.findall(r"[A-Za-z]{2,}", f"{step.quantity} {step}")
            assert set(words) <= {"FLOP", "MAC", "OP"}, step


def test_korean_is_aligned_and_programs_read_english(cnncalc: Cnncalc) -> None:
    """A letter of Korean is two cells wide."""
    call = ["explain", "conv 3x3x4 - pool 3x3 s2 floor", "pool1", "--input", "8x8x3", "--lang", "ko"]
    assert cnncalc(*call).out == (
        "pool1: pool 3x3 s2 floor\n"
        "  입력          6x6x4\n"
        "  높이와 너비   ⌊(6 − 3 + 2·0)/2⌋ + 1 = 2\n"
        "  출력          2x2x4\n"
        "  읽지 않는 곳  마지막 행, 열: 어떤 창도 읽지 않는다\n"
        "  파라미터      0\n"
        "  메모리        값 2·2·4개 · 4바이트 = 64바이트\n"
        "  수용 영역     3 + (3 − 1)·1 = 5, 스트라이드 2\n"
    )
    english = [argument for argument in call if argument not in ("--lang", "ko")]
    assert cnncalc(*call, "--format", "json").out == cnncalc(*english, "--format", "json").out


def test_the_backward_pass_is_added_up(cnncalc: Cnncalc) -> None:
    out = cnncalc("explain", "conv 3x3x4 - fc 5", "--input", "4x4x2", "--backward").out
    assert "  gradient of the input      not needed, since nothing before it is learned\n" in out
    assert "  gradient of the weights    72 values, 288 MACs\n" in out
    assert "  gradient of the biases     4 values, each the sum of 4 values\n" in out
    assert "  MACs of the backward pass  80 + 80 = 160\n" in out
    assert out.endswith("\nbackward pass: 448 MACs, 1.22 times those of the forward pass\n")


def test_latex_is_an_align_with_words(cnncalc: Cnncalc) -> None:
    out = cnncalc("explain", "conv 5x5x10 s2 p2 floor", "--input", "32x32x3", "--format", "latex").out
    assert out == (
        "\\paragraph{conv1: \\texttt{conv 5x5x10 s2 p2 floor}}\n"
        "\\begin{align*}\n"
        "\\text{input} &: 32 \\times 32 \\times 3 \\\\\n"
        "\\text{height and width} &: \\left\\lfloor \\frac{32 - 5 + 2 \\cdot 2}{2}\\right\\rfloor + 1 = 16 \\\\\n"
        "\\text{output} &: 16 \\times 16 \\times 10 \\\\\n"
        "\\text{parameters} &: (5 \\cdot 5 \\cdot 3 + 1) \\cdot 10 = 760 \\\\\n"
        "\\text{MACs} &: 16 \\cdot 16 \\cdot 10 \\cdot 5 \\cdot 5 \\cdot 3 = 192{,}000\\text{ for one image} \\\\\n"
        "\\text{memory} &: 16 \\cdot 16 \\cdot 10\\text{ values} \\cdot 4\\text{ bytes}= 10{,}240"
        "\\text{ bytes} \\\\\n"
        "\\text{receptive field} &: 1 + (5 - 1) \\cdot 1 = 5,\\text{ stride }2 \\\\\n"
        "\\text{as a matrix product} &: [10 \\times 75] \\cdot [75 \\times 256]\n"
        "\\end{align*}\n"
    )


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="LaTeX reads it")
def test_latex_reads_every_layer(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """With all that can be said of them."""
    pages = []
    for text in EXAMPLES:
        volume, _, layer = text.partition(": ")
        call = ["explain", layer + "\n", "--input", volume, "--detail", "--backward", "--format", "latex"]
        pages.append(cnncalc(*call).out)
    page = ["\\documentclass{article}\\usepackage{amsmath}\\begin{document}", *pages, "\\end{document}"]
    (tmp_path / "page.tex").write_text("\n".join(page))
    call = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    done = subprocess.run(call, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-2000:]


def test_a_bracket_stays_with_its_words(cnncalc: Cnncalc) -> None:
    """Both ends of a bracket stand in the same text, in both languages."""
    call = ["explain", "conv 5x5x10 - bn - fc 10", "--input", "32x32x3", "--format", "latex", "--detail", "--backward"]
    for language, told in (
        ("ko", "\\text{바이트 (이미지 한 장)} \\\\\n"),
        ("en", "\\text{ bytes for one image} \\\\\n"),
    ):
        out = cnncalc(*call, "--lang", language).out
        assert told in out
        for words in re.findall(r"\\text\{([^}]*)\}", out):
            assert words.count("(") == words.count(")"), words


def test_a_wide_line_goes_on_below_from_its_equals_sign(cnncalc: Cnncalc) -> None:
    """It stays on the page of an article."""
    call = ["explain", "conv 5x5x10 p2", "--input", "32x32x3", "--detail", "--format", "latex"]
    assert (
        "\\text{without sharing} &: 32 \\cdot 32 \\cdot 10 \\cdot (5 \\cdot 5 \\cdot 3 + 1) \\\\\n"
        "&\\phantom{:}\\ = 778{,}240\\text{ parameters}, 1{,}024\\text{ times as many} \\\\\n"
    ) in cnncalc(*call).out


def test_a_minus_behind_words_is_that_of_its_number() -> None:
    """TeX sets no blank between the sign and the number, and none twice around an operator."""
    assert math_text("positions −2 to 2") == r"\text{positions }{-}2\text{ to }2"
    assert math_text("10 values · 4 bytes") == r"10\text{ values} \cdot 4\text{ bytes}"


def test_quotients_become_fractions() -> None:
    assert math_text("(7 − (2·(3 − 1) + 1) + 2·0)/3 + 1") == (r"\frac{7 - (2 \cdot (3 - 1) + 1) + 2 \cdot 0}{3} + 1")
    assert math_text("P = (F − 1)/2") == r"P = \frac{F - 1}{2}"
