"""ONNX files as older programs wrote them: the number of parameters is that of the values that they store."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

import cnncalc as package

onnx = pytest.importorskip("onnx")
numpy = pytest.importorskip("numpy")


def saved(folder: Path, nodes: Sequence[Any], stored: dict[str, Any], version: int = 9) -> Path:
    """Save a graph that takes `x`, an image of 8x8x4, and makes `y`; ``stored`` has shapes, or numbers."""
    tensors = [
        onnx.numpy_helper.from_array(
            numpy.zeros(value, "float32") if isinstance(value, tuple) else numpy.array(value, "int64"), name
        )
        for name, value in stored.items()
    ]
    image = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1, 4, 8, 8])
    made = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    graph = onnx.helper.make_graph(nodes, "net", [image], [made], tensors)
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", version)])
    path = folder / "net.onnx"
    onnx.save(model, path)
    return path


def node(kind: str, inputs: str, output: str, **attributes: Any) -> Any:
    """Make a node."""
    return onnx.helper.make_node(kind, inputs.split(), [output], **attributes)


@pytest.mark.parametrize(
    ("stored", "written", "parameters"),
    [
        ("n.weight zeros", "bn eps=1e-5 momentum=0.1 noshift", 4),
        ("n.weight n.bias", "bn eps=1e-5 momentum=0.1", 8),
        ("a b", "bn eps=1e-5 momentum=0.1", 8),
    ],
)
def test_zeros_are_shifts_where_no_name_says_that_scales_alone_are_learned(
    stored: str, written: str, parameters: int, tmp_path: Path
) -> None:
    """Learned shifts are 0 before any training, too."""
    nodes = [node("BatchNormalization", f"x {stored} m v", "y")]
    network = package.load(saved(tmp_path, nodes, dict.fromkeys((*stored.split(), "m", "v"), (4,))))
    assert ([each.written for each in network], network.params) == ([written], parameters)


@pytest.mark.parametrize(
    ("stored", "written"),
    [("n.weight zeros", "ln noshift"), ("n.weight n.bias", "ln"), ("a b", "ln"), ("a", "ln noshift")],
)
def test_a_layer_norm_without_a_stored_tensor_for_shifts_has_none(stored: str, written: str, tmp_path: Path) -> None:
    """Zeros that are stored are learned, unless the names say that scales alone are."""
    nodes = [
        node("Transpose", "x", "last", perm=[0, 2, 3, 1]),
        node("LayerNormalization", f"last {stored}", "normed"),
        node("Transpose", "normed", "y", perm=[0, 3, 1, 2]),
    ]
    path = saved(tmp_path, nodes, dict.fromkeys(stored.split(), (4,)), version=17)
    assert [each.written for each in package.load(path)] == [written]


def test_factors_and_shifts_behind_a_batch_norm(tmp_path: Path) -> None:
    """Caffe's Scale, which stands behind a norm of its own: four numbers for each of four channels."""
    nodes = [
        node("BatchNormalization", "x g b m v", "n"),
        node("Unsqueeze", "f", "factors", axes=[1, 2]),
        node("Mul", "n factors", "scaled"),
        node("Unsqueeze", "s", "shifts", axes=[1, 2]),
        node("Add", "scaled shifts", "y"),
    ]
    network = package.load(saved(tmp_path, nodes, dict.fromkeys("gbmvfs", (4,))))
    assert [each.written for each in network] == ["bn eps=1e-5 momentum=0.1", "dwconv 1x1"]
    assert network.params == 4 * 4


def test_a_shift_behind_factors_that_something_else_reads_too_is_an_error(tmp_path: Path) -> None:
    nodes = [
        node("Mul", "x f", "scaled"),
        node("Add", "scaled s", "shifted"),
        node("Add", "scaled shifted", "y"),
    ]
    with pytest.raises(package.SpecError) as caught:
        package.load(saved(tmp_path, nodes, {"f": (4, 1, 1), "s": (4, 1, 1)}))
    assert caught.value.message == "this Add cannot be said: it computes with a stored tensor"


def test_weights_whose_shape_is_changed(tmp_path: Path) -> None:
    """A fully connected layer whose weights are stored as a convolution's."""
    nodes = [
        node("GlobalAveragePool", "x", "mean"),
        node("Reshape", "mean flat", "vector"),
        node("Reshape", "w matrix", "weights"),
        node("Gemm", "vector weights b", "y", transB=1),
    ]
    stored = {"w": (1, 1, 5, 4), "b": (5,), "flat": [1, 4], "matrix": [5, -1]}
    network = package.load(saved(tmp_path, nodes, stored))
    assert (network.params, str(network.output)) == (5 * (4 + 1), "1x1x5")


def test_a_softmax_whose_axis_is_not_written(tmp_path: Path) -> None:
    """Before version 13 it is the second axis and all behind it: of one position, the channels."""
    nodes = [node("GlobalAveragePool", "x", "mean"), node("Softmax", "mean", "y")]
    assert [each.written for each in package.load(saved(tmp_path, nodes, {}))] == ["gap", "softmax"]
    with pytest.raises(package.SpecError) as caught:
        package.load(saved(tmp_path, [node("Softmax", "x", "y")], {}))
    assert caught.value.message == "this Softmax cannot be said: it works along another axis than that of the channels"


@pytest.mark.parametrize(
    ("last", "message"),
    [
        (
            node("ReduceMean", "x", "y", axes=[3]),
            "this ReduceMean cannot be said: only the axes of all positions, or the axis of the channels is read",
        ),
        (
            node("ReduceSum", "x", "y", axes=[2, 3]),
            "this ReduceSum cannot be said: only the axis of the channels is read",
        ),
        (
            node("LpNormalization", "x", "y", axis=2),
            "this LpNormalization cannot be said: it works along another axis than that of the channels",
        ),
    ],
)
def test_other_axes_than_a_spec_has_layers_for(last: Any, message: str, tmp_path: Path) -> None:
    with pytest.raises(package.SpecError) as caught:
        package.load(saved(tmp_path, [last], {}))
    assert caught.value.message == message
