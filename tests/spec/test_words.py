"""How a spec is written: comments, case, separators, shorthands."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.core.source import Source
from cnncalc.spec import parse
from cnncalc.spec.scanner import normalise


def written(text: str, size: str = "32x32x3") -> list[str]:
    """Return the layers of a spec as they are written."""
    return [node.written for node in cnncalc.load(f"input {size}\n{text}")]


@pytest.mark.parametrize(
    "separator",
    ["\n", "\n\n", ",", ", ", ";", " ; ", " - ", " -\n", "\n- ", "->", " -> ", "→", " → ", "\r\n", " # then\n"],
)
def test_every_separator_means_then(separator: str) -> None:
    """A line end, a comma, a semicolon, a dash and an arrow separate layers, and all mean the same."""
    assert written(f"conv 3x3x8{separator}relu{separator}pool 2x2") == ["conv 3x3x8", "relu", "pool 2x2"]


def test_separators_at_the_ends_and_in_a_row_mean_nothing() -> None:
    """Empty lines, and separators with nothing between them, are passed over."""
    assert written("\n , ; conv 3x3x8 ,\n - \n; relu -> ") == ["conv 3x3x8", "relu"]


@pytest.mark.parametrize("between", ["#\n", "# a comment\n", " ;\n", "\n"])
def test_any_number_of_separators_stands_between_two_layers(between: str) -> None:
    """Also more of them than one match of a pattern reads."""
    assert written(f"conv 3x3x8\n{between * 1000}relu") == ["conv 3x3x8", "relu"]


def test_a_dash_between_letters_separates() -> None:
    """``CONV-RELU`` of the lectures is two layers."""
    block = "block conv_\nconv 3x3x8 p1\nend\n"
    assert written(block + "CONV_-RELU") == ["conv 3x3x8 p1", "relu"]
    assert written("relu-tanh-pool2") == ["relu", "tanh", "pool2"]


def test_a_dash_before_a_digit_belongs_to_the_shorthand() -> None:
    """``conv3-64`` is 3x3 with 64 filters and keeps the size; ``fc-4096`` has 4096 outputs."""
    network = cnncalc.load("input 224x224x3\nconv3-64 - pool2 - fc-4096")
    assert [node.output for node in network] == [(224, 224, 64), (112, 112, 64), (1, 1, 4096)]
    assert network.layers[0].params == (3 * 3 * 3 + 1) * 64


@pytest.mark.parametrize("side", [1, 3, 5, 7])
def test_the_shorthand_pads_by_half_the_kernel(side: int) -> None:
    """The padding that keeps the size at stride 1 is (F - 1)/2."""
    assert cnncalc.load(f"input 32x32x3\nconv{side}-16").output == (32, 32, 16)


def test_upper_and_lower_case_are_the_same() -> None:
    """A spec may shout, names and options included."""
    assert written("Param N = 8\nBLOCK B(M)\nConv 3X3X{m} P1 NoBias\nEND\nb(n) - RELU") == [
        "conv 3x3x8 p1 nobias",
        "relu",
    ]


def test_the_sign_of_multiplication_is_an_x() -> None:
    """``3×3×8`` and ``3x3x8`` are the same, and so are the minus sign and the dashes."""
    assert written("conv 3×3×8 − relu – tanh — relu") == ["conv 3x3x8", "relu", "tanh", "relu"]


def test_a_comment_goes_to_the_end_of_its_line() -> None:
    """What follows ``#`` is not read, brackets included; a whole line may be one."""
    assert written("# (\nconv 3x3x8 # - relu }\n  # ]\nrelu#end") == ["conv 3x3x8", "relu"]


def test_round_and_square_brackets_group() -> None:
    """The lecture's pattern ``[(CONV-RELU)*N - POOL?]*M`` is a spec."""
    assert written("[(conv 3x3x8 p1 - relu)*2 - pool2]*2") == (["conv 3x3x8 p1", "relu"] * 2 + ["pool2"]) * 2


def test_a_space_is_no_separator() -> None:
    """Two layers on one line without a separator are refused, also with a hard space between them."""
    for gap in (" ", "\u00a0", "\t"):
        with pytest.raises(cnncalc.SpecError) as caught:
            written(f"(relu){gap}(relu)")
        assert caught.value.code == "syntax"


def test_an_option_may_have_spaces_around_its_sign() -> None:
    """``stride = 2`` is ``stride=2``."""
    assert written("conv 3x3x8 stride = 1 pad =1") == ["conv 3x3x8 stride=1 pad=1"]


def test_reading_keeps_every_character_in_its_place() -> None:
    """Whatever a text holds, carets stand under the right character: no character becomes two, or none."""
    everything = "".join(map(chr, range(0x3000))) + "İK𝟛"
    assert len(normalise(everything)) == len(everything)


def test_the_tree_knows_where_a_layer_stands() -> None:
    """The span of a step covers its words and nothing else."""
    text = "input 32x32x3\n  conv 3x3x8  p1 - relu"
    spec = parse(Source("text", text))
    assert [text[slice(*step.span)] for step in spec.statements[1:]] == ["conv 3x3x8  p1", "relu"]
