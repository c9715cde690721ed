"""Models of other tools with several inputs: what is exported is read back, and Keras' own JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import cnncalc
from cnncalc.to_foreign.keras_source import KerasSource
from cnncalc.to_foreign.tensorflowjs import TensorFlowJS

TWO = """\
input rgb 32x32x3
input flow 16x16x2
concat( @rgb - conv 3x3x8 s2 same - relu | @flow - conv 3x3x8 same - relu )
add( conv 1x1x8 | @flow - conv 1x1x8 ) - gap - fc 4
"""

SIAMESE = """\
input left 16x16x3
input right 16x16x3
block trunk
  conv 3x3x8 s2 same - relu - gap
end
sub( @left - trunk() weights=trunk | @right - trunk() weights=trunk ) - fc 3
"""


def same(one: cnncalc.Network, other: cnncalc.Network) -> None:
    """Make sure that two networks have the same inputs in the same order, output, parameters and multiplications."""
    assert one.input_names == other.input_names
    for name in ("inputs", "output", "params", "macs"):
        assert getattr(one, name) == getattr(other, name)


def test_the_source_of_keras_is_read_back() -> None:
    """A layer that is called twice has one set of weights."""
    for text in (TWO, SIAMESE):
        net = cnncalc.load(text)
        same(cnncalc.load(KerasSource(net).text()), net)


def test_a_layer_that_is_called_twice_is_counted_once() -> None:
    text = (
        "from keras import Input, Model, layers\n"
        "image = Input((8, 8, 3))\nconv = layers.Conv2D(3, 3, padding='same')\n"
        "x = conv(image)\nx = conv(x)\nmodel = Model(image, x)\n"
    )
    assert cnncalc.load(text).params == (3 * 3 * 3 + 1) * 3


def test_the_json_of_keras_is_read_back() -> None:
    net = cnncalc.load(TWO)
    model = json.loads(TensorFlowJS(net).text())["modelTopology"]["model_config"]
    same(cnncalc.load(json.dumps(model, indent=1)), net)


@pytest.mark.slow
def test_the_json_that_keras_itself_writes_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its inputs stand among the layers, at their depth."""
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    pytest.importorskip("keras")
    net = cnncalc.load(TWO)
    names: dict[str, object] = {}
    exec(KerasSource(net).text(), names)
    model = names["build"]()  # type: ignore[operator]
    back = cnncalc.load(model.to_json())
    assert dict(zip(back.input_names, back.inputs, strict=True)) == {"rgb": (32, 32, 3), "flow": (16, 16, 2)}
    assert (back.output, back.params, back.macs) == (net.output, net.params, net.macs)
    assert model.count_params() == net.params


@pytest.mark.slow
def test_onnx_is_read_back(tmp_path: Path) -> None:
    """Biases are not all 0, which PyTorch leaves out of the file."""
    torch = pytest.importorskip("torch")
    pytest.importorskip("onnx")
    from cnncalc.model.export import onnx

    net = cnncalc.load(TWO)
    state = {name: torch.randn_like(value) for name, value in cnncalc.build(net).state_dict().items()}
    (tmp_path / "two.onnx").write_bytes(onnx(net, weights=state))
    same(cnncalc.load(tmp_path / "two.onnx"), net)


def test_an_input_without_a_size_is_named() -> None:
    text = (
        "from keras import Input, Model, layers\n"
        "image = Input((8, 8, 3))\nother = Input((None, None, 3), name='other')\n"
        "x = layers.Add()([layers.Conv2D(3, 3)(image), other])\nmodel = Model([image, other], x)\n"
    )
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text)
    assert str(caught.value) == ("text:3:9: the size of the input `other` is not known, and several inputs need theirs")
