"""Models of Keras whose channels come first, and those of Keras 1: the counts are arithmetic."""

from __future__ import annotations

import json
from typing import Any

import pytest

import cnncalc as package


def sequential(*layers: tuple[str, dict[str, Any]]) -> str:
    """Write a model as Keras does."""
    rows = [{"class_name": kind, "config": config} for kind, config in layers]
    return json.dumps({"class_name": "Sequential", "config": {"layers": rows}}, indent=1)


FIRST = {"data_format": "channels_first"}


def test_channels_that_come_first_stand_last_in_a_spec() -> None:
    """A norm of images of 3 x 20 x 30 goes along the axis 1, and a reshape says the channels first."""
    conv = {"filters": 8, "kernel_size": [3, 3], "padding": "same", **FIRST}
    text = sequential(
        ("Conv2D", {"batch_input_shape": [None, 3, 20, 30], **conv}),
        ("BatchNormalization", {"axis": 1}),
        ("MaxPooling2D", {"pool_size": [2, 2], **FIRST}),
        ("Reshape", {"target_shape": [16, 15, 5]}),
        ("Flatten", {}),
        ("Dense", {"units": 5}),
    )
    network = package.load(text)
    assert str(network.input) == "20x30x3"
    assert [str(node.output) for node in network][-4:] == ["10x15x8", "15x5x16", "1x1x1200", "1x1x5"]
    assert network.params == 8 * (27 + 1) + 16 + 5 * (1200 + 1)


def test_words_of_keras_1() -> None:
    """Keras' own example of MNIST, as its first version wrote it: 600,810 parameters."""
    conv = {"nb_filter": 32, "nb_row": 3, "nb_col": 3, "border_mode": "valid", "subsample": [1, 1], "bias": True}
    pool = {"pool_size": [2, 2], "strides": [2, 2], "border_mode": "valid", "dim_ordering": "tf"}
    text = sequential(
        ("Convolution2D", {"batch_input_shape": [None, 28, 28, 1], "dim_ordering": "tf", "activation": "relu", **conv}),
        ("Convolution2D", {"dim_ordering": "tf", "activation": "relu", **conv}),
        ("MaxPooling2D", pool),
        ("Dropout", {"p": 0.25}),
        ("Flatten", {}),
        ("Dense", {"output_dim": 128, "activation": "relu"}),
        ("Dropout", {"p": 0.5}),
        ("Dense", {"output_dim": 10, "activation": "softmax"}),
    )
    assert package.load(text).params == 600_810
    first = text.replace('"tf"', '"th"').replace("28,\n      28,\n      1", "1,\n      28,\n      28")
    network = package.load(first)
    assert (network.params, str(network.input)) == (600_810, "28x28x1")


def test_a_merge_of_keras_1() -> None:
    """It says what it does by its mode."""
    layers = [
        {
            "class_name": "InputLayer",
            "name": "x",
            "config": {"name": "x", "batch_input_shape": [None, 6]},
            "inbound_nodes": [],
        },
        {
            "class_name": "Dense",
            "name": "a",
            "config": {"name": "a", "output_dim": 4},
            "inbound_nodes": [[["x", 0, 0]]],
        },
        {
            "class_name": "Merge",
            "name": "m",
            "config": {"name": "m", "mode": "concat", "concat_axis": -1},
            "inbound_nodes": [[["a", 0, 0], ["x", 0, 0]]],
        },
    ]
    config = {"name": "m", "layers": layers, "input_layers": [["x", 0, 0]], "output_layers": [["m", 0, 0]]}
    network = package.load(json.dumps({"class_name": "Model", "config": config}))
    assert (network.params, str(network.output)) == (28, "1x1x10")


def test_a_model_is_recognised_by_its_layers_where_its_class_stands_last() -> None:
    text = sequential(("Dense", {"batch_input_shape": [None, 6], "units": 4, "name": "d" * 201_000}))
    start = text.index('"class_name": "Sequential",')
    assert (
        package.load(text.replace('"class_name": "Sequential",', "", 1)[:-2] + ', "class_name": "Sequential"}').params
        == 28
    )
    assert start < 10


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        (
            "BatchNormalization",
            {"axis": 1},
            "this BatchNormalization cannot be said: it works along the axis `1`, which is not that of the channels",
        ),
        (
            "LayerNormalization",
            {"axis": [1, 2, 3]},
            "this LayerNormalization cannot be said: it works along the axis `[1, 2, 3]`, which is not that of the"
            " channels",
        ),
        (
            "LayerNormalization",
            {"scale": False},
            "this LayerNormalization cannot be said: it has a shift alone; the `ln` of a spec has a scale, or neither",
        ),
    ],
)
def test_axes_that_a_spec_has_not(kind: str, config: dict[str, Any], message: str) -> None:
    text = sequential(("InputLayer", {"batch_input_shape": [None, 8, 8, 4]}), (kind, config))
    with pytest.raises(package.SpecError) as caught:
        package.load(text)
    assert caught.value.message == message


def test_a_name_says_nothing_about_the_order_of_the_axes() -> None:
    conv = {"filters": 2, "kernel_size": 3, "name": "channels_last", **FIRST}
    text = sequential(("InputLayer", {"batch_input_shape": [None, 8, 8, 4]}), ("Conv2D", conv))
    assert str(package.load(text).input) == "8x4x8"


def test_both_orders_in_one_model() -> None:
    pools = [("MaxPooling2D", {"pool_size": 2, "data_format": f"channels_{place}"}) for place in ("first", "last")]
    text = sequential(("InputLayer", {"batch_input_shape": [None, 4, 8, 8]}), *pools)
    with pytest.raises(package.SpecError) as caught:
        package.load(text)
    assert caught.value.message == (
        "this MaxPooling2D cannot be said: its channels come last, and those of other layers come first"
    )


def test_a_rectifier_with_a_threshold() -> None:
    text = sequential(("ThresholdedReLU", {"batch_input_shape": [None, 8, 8, 4], "theta": 0.5}))
    assert [node.written for node in package.load(text)] == ["threshold 0.5"]
