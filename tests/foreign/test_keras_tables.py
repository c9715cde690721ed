"""Tables of Keras 3 as a terminal of 80 columns has them: what is too long for its cell is cut off."""

from __future__ import annotations

import pytest

import cnncalc as package

HEAD = """Model: "functional"
┏━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┳━━━━━━━━━━━━┳━━━━━━━━━━━━━━━━━━━┓
┃ Layer (type)        ┃ Output Shape      ┃    Param # ┃ Connected to      ┃
┡━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━╇━━━━━━━━━━━━╇━━━━━━━━━━━━━━━━━━━┩
"""
BETWEEN = "├─────────────────────┼───────────────────┼────────────┼───────────────────┤\n"
END = """└─────────────────────┴───────────────────┴────────────┴───────────────────┘
 Total params: {0} (1.00 KB)
 Trainable params: {0} (1.00 KB)
 Non-trainable params: 0 (0.00 B)
"""


def table(total: int, *rows: list[tuple[str, str, str, str]]) -> str:
    """Draw rows, each of which takes one line or more."""
    drawn = ["".join(["│ {:19} │ {:17} │ {:>10} │ {:17} │\n".format(*line) for line in row]) for row in rows]
    return HEAD + BETWEEN.join(drawn) + END.format(f"{total:,}")


IMAGE = [("image (InputLayer)", "(None, 112, 112,", "0", "-"), ("", "3)", "", "")]
EXPAND = [
    ("block_1_expand_con…", "(None, 112, 112,", "216", "image[0][0]"),
    ("(Conv2D)", "8)", "", ""),
]
SQUEEZE = [
    ("block_1_squeeze", "(None, 8)", "0", "block_1_expand_c…"),
    ("(GlobalAveragePool…", "", "", ""),
]
SHAPE = [("block_1_reshape", "(None, 1, 1, 8)", "0", "block_1_squeeze[…"), ("(Reshape)", "", "", "")]
GATE = [("block_1_gate", "(None, 1, 1, 8)", "72", "block_1_reshape[…"), ("(Conv2D)", "", "", "")]
SCALED = [
    ("block_1_excite", "(None, 112, 112,", "0", "block_1_expand_c…"),
    ("(Multiply)", "8)", "", "block_1_gate[0][0]"),
]


def test_names_and_classes_that_are_cut_off() -> None:
    """Squeeze and excitation of EfficientNet: 3·3·3·8 weights, and (8 + 1)·8."""
    network = package.load(table(288, IMAGE, EXPAND, SQUEEZE, SHAPE, GATE, SCALED))
    assert (network.params, str(network.output)) == (216 + 72, "112x112x8")
    assert [node.written for node in network] == ["conv 3x3x8 same nobias", "gap", "conv 1x1x8", "mul"]


def test_a_class_that_may_be_several() -> None:
    rows = [IMAGE, EXPAND, [("pooled (GlobalA…", "(None, 8)", "0", "block_1_expand_c…")]]
    with pytest.raises(package.SpecError) as caught:
        package.load(table(216, *rows).replace("GlobalA…", "Global…"))
    assert caught.value.message == "which layer `Global…` is cannot be known: the table is too narrow"
    assert caught.value.hints == ("print it with model.summary(line_length=150)",)


@pytest.mark.parametrize(("parameters", "written"), [(32, "bn"), (24, "bn noscale"), (16, "bn noaffine")])
def test_a_batch_norm_with_and_without_what_it_learns(parameters: int, written: str) -> None:
    """Keras counts the running means and variances, too."""
    norm = [("norm (BatchNormali…", "(None, 112, 112,", f"{parameters}", "block_1_expand_c…"), ("", "8)", "", "")]
    network = package.load(table(216 + parameters - 16, IMAGE, EXPAND, norm))
    assert [node.written for node in network][1:] == [written]


def test_a_dense_of_an_image_goes_along_its_channels() -> None:
    dense = [("d (Dense)", "(None, 112, 112,", "45", "block_1_expand_c…"), ("", "5)", "", "")]
    network = package.load(table(261, IMAGE, EXPAND, dense))
    assert [node.written for node in network][1:] == ["conv 1x1x5"]


def norm(channels: int, behind: str) -> list[tuple[str, str, str, str]]:
    """Return the rows of a batch norm, whose own name is cut off too."""
    rows = [("batch_normalizatio…", "(None, 112, 112,", f"{3 * channels}", behind)]
    return [*rows, ("(BatchNormalizatio…", f"{channels})", "", "")]


def test_parallel_branches_whose_names_are_cut_off_alike() -> None:
    """Keras prints a row of each branch in turn: the first activation takes the first norm, and so on."""
    other = [("conv2d_2 (Conv2D)", "(None, 112, 112,", "216", "image[0][0]"), ("", "8)", "", "")]
    first = [("activation_1", "(None, 112, 112,", "0", "batch_normalizat…"), ("(Activation)", "8)", "", "")]
    second = [("activation_2", "(None, 112, 112,", "0", "batch_normalizat…"), ("(Activation)", "8)", "", "")]
    joined = [
        ("mixed0", "(None, 112, 112,", "0", "activation_1[0][…"),
        ("(Concatenate)", "16)", "", "activation_2[0][…"),
    ]
    norms = norm(8, "block_1_expand_c…"), norm(8, "conv2d_2[0][0]")
    network = package.load(table(216 * 2 + 16, IMAGE, EXPAND, other, *norms, first, second, joined))
    assert [node.written for node in network] == [
        *("conv 3x3x8 same nobias", "bn noscale") * 2,
        "concat",
    ]
    assert [volume.channels for volume in network.layers[-1].sources] == [8, 8]
    assert len(set(network.layers[-1].inputs)) == 2


def test_a_sum_with_a_factor_that_is_not_printed() -> None:
    """Inception-ResNet of Keras: the spec says that the factor is missing."""
    other = [("conv2d_2 (Conv2D)", "(None, 112, 112,", "216", "image[0][0]"), ("", "8)", "", "")]
    scaled = [
        ("custom_scale_layer", "(None, 112, 112,", "0", "block_1_expand_c…"),
        ("(CustomScaleLayer)", "8)", "", "conv2d_2[0][0]"),
    ]
    network = package.load(table(432, IMAGE, EXPAND, other, scaled))
    assert network.layers[-1].written == "add"
    assert "# the factors of CustomScaleLayer are not printed: it is read as a sum\n" in network.source.text
