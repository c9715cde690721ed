"""What parameters, blocks and labels may be called."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc


def channels(text: str) -> list[int]:
    """Return the channels that every layer of a text makes of an image of 8x6x3."""
    return [node.output.channels for node in cnncalc.load(f"input 8x6x3\n{text}")]


def test_a_parameter_may_hide_a_size_of_the_arriving_volume() -> None:
    """People write `param w = 64` first; without it, W is the width of 6."""
    assert channels("param w = 64\nconv 1x1x{w} - conv 1x1x{W}") == [64, 64]
    assert channels("conv 1x1x{w} - conv 1x1x{H}") == [6, 8]
    assert channels("param n = W\nparam w = 2*n\nconv 1x1x{w}") == [12]


def test_a_size_is_hidden_from_where_the_parameter_stands() -> None:
    """In front of it, C is that of the volume; the other sizes stay as they are."""
    assert channels("conv 1x1x{C+1}\nparam c = 9\nconv 1x1x{C} - conv 1x1x{H}") == [4, 9, 8]


def test_an_argument_hides_a_size_in_its_block_alone() -> None:
    """`c` is the block's inside it, and the volume's behind it; a default further right may use it."""
    block = "block b(c, n=2*c)\nconv 1x1x{c} - conv 1x1x{n}\nend\n"
    assert channels(block + "b(5) - conv 1x1x{c+1}") == [5, 10, 11]
    assert channels(block + "b(C+1)") == [4, 8]


def test_a_parameter_of_the_spec_hides_a_size_in_its_blocks_too() -> None:
    """A block knows the parameters of the spec."""
    assert channels("param c = 5\nblock b\nconv 1x1x{c}\nend\nb") == [5]


def test_blocks_that_are_brought_in_mean_the_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Their text was written without this spec; what they name themselves is theirs."""
    used = {"file": cnncalc.core.source.Source("file", "block b\nconv 1x1x{2*C}\nend\nblock d(h)\nconv 1x1x{h}\nend")}
    spec = cnncalc.spec.parse(
        cnncalc.core.source.Source("text", "input 8x6x3\nparam c = 5\nuse file\nb - d(4) - conv 1x1x{c}"), used.get
    )
    network = cnncalc.network.expand(spec, cnncalc.network.SpecSettings())
    assert [node.output.channels for node in network] == [6, 4, 5]


@pytest.mark.parametrize("label", ["특징", "été", "größe", "выход", "特徴", "_x1", "ﬁne", "हिन्दी"])
def test_labels_may_hold_any_letters(label: str) -> None:
    """However they are typed: composed, or with accents behind their letters."""
    for spelling in ("NFC", "NFD"):
        typed = unicodedata.normalize(spelling, label)
        network = cnncalc.load(f"input 8x8x4\n{typed}: conv 1x1x2\nrelu - concat( @{label.capitalize()} | @{typed} )")
        assert network.layers[0].name == unicodedata.normalize("NFKC", label)
        assert network.layers[-1].inputs == (1, 1)


@pytest.mark.parametrize("label", ["1a", "a b", "→", "²", "💡", "a→"])
def test_what_is_no_name_is_no_label(label: str) -> None:
    """A label begins with a letter, and signs part it."""
    with pytest.raises(cnncalc.SpecError):
        cnncalc.load(f"input 8x8x4\n{label}: relu")


@given(st.text(max_size=12))
def test_what_python_takes_for_a_name_is_a_label(text: str) -> None:
    """Python's own rule is the oracle, for text in lower case."""
    name = unicodedata.normalize("NFKC", text.lower())
    if not name.isidentifier() or len(name) > 64 or not text.lower().isidentifier():
        return
    network = cnncalc.load(f"input 8x8x4\n{text}: relu\n@{text}")
    assert unicodedata.normalize("NFKC", network.layers[0].name) == network.layers[0].name
    assert network.output_index == 1


def test_a_block_may_be_called_like_a_layer() -> None:
    """Its name is the block's in its text; inside it, the layer's."""
    block = "block relu\nrelu - tanh\nend\n"
    assert [node.written for node in cnncalc.load(f"input 8x8x4\n{block}relu - relu()")] == ["relu", "tanh"] * 2
    block = "block conv(n)\nconv 1x1x{n}\nend\n"
    assert [node.written for node in cnncalc.load(f"input 8x8x4\n{block}conv 3x3x2 - conv(5)")] == [
        "conv 3x3x2",
        "conv 1x1x5",
    ]
