"""The source of Keras, run by Keras itself on its torch backend: the same outputs with the same weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import cnncalc
from cnncalc.analysis.unlearned import unlearned
from cnncalc.layers.registry import layers
from cnncalc.report.diagnostics import draw_error
from cnncalc.to_foreign import FORMATS
from cnncalc.to_foreign.keras_source import KerasSource
from cnncalc.to_foreign.keras_table import KERAS
from tests.commands.conftest import Cnncalc
from tests.house import ROOT

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:keras.*")

SMALL = """\
# Everything at once
input 16x16x3
rounding floor
conv 3x3x8 s2 p1 nobias - bn - relu - maxpool 3x3 s2 p1
a: add( conv 3x3x8 p1 nobias - bn | ) - leakyrelu 0.2
mul( | gap - fc 4 - silu - fc 8 - sigmoid ) - dwconv 3x3x16 s2 p1 - prelu
upsample x2 - deconv 3x3x5 s2 p1 op1 - concat( | upsample x2 - @a - upsample x2 )
slice 2:8 - shuffle 2 - avgpool 2x2 - fc 10 - softmax
"""


@pytest.fixture(scope="module")
def keras() -> Iterator[Any]:
    """Keras on its torch backend, which is chosen when it is first imported, and on the CPU."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KERAS_BACKEND", "torch")
        patch.setenv("CUDA_VISIBLE_DEVICES", "")
        yield pytest.importorskip("keras")


def module_of(net: cnncalc.Network) -> Any:
    """Return the built module with statistics that are not those of the beginning."""
    import torch

    module = cnncalc.build(net, seed=0).eval()
    generator = torch.Generator().manual_seed(1)
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.copy_(torch.randn(buffer.shape, generator=generator) / 10)
        if name.endswith("running_var"):
            buffer.copy_(torch.rand(buffer.shape, generator=generator) / 2 + 0.5)
    return module


def assert_near(theirs: Any, ours: Any, share: float) -> None:
    """Make sure that no value differs by more than a share of the largest, and that the largest is not nothing."""
    largest = ours.abs().max().item()
    assert largest > 1e-3
    assert (theirs - ours).abs().max().item() <= share * largest


def compare(keras: Any, net: cnncalc.Network) -> None:
    """Run the source, give the model the module's weights, and compare what both compute, and their parameters."""
    import torch

    written = KerasSource(net)
    module = module_of(net)
    names: dict[str, Any] = {}
    exec(compile(written.text(), "net_keras.py", "exec"), names)
    model = names["build"]()
    weights = written.weights({name: value.numpy() for name, value in module.state_dict().items()})
    for layer in model.layers:
        layer.set_weights([weights[f"{layer.name}.{number}"] for number in range(len(layer.get_weights()))])
    generator = torch.Generator().manual_seed(2)
    given = [torch.randn(2, volume.channels, *volume.spatial, generator=generator) for volume in net.inputs]
    last = [tensor.movedim(1, -1) for tensor in given]
    with torch.no_grad():
        ours, theirs = module(*given), model(last if net.inputs_at else last[0]).cpu().movedim(-1, 1)
    assert_near(theirs.reshape(ours.shape), ours, 1e-5)
    assert sum(weight.value.numel() for weight in model.trainable_weights) == net.params
    assert model.count_params() == net.params + unlearned(net)


def examples() -> list[Any]:
    """Return the examples of all layers of one input that Keras has, each with its volume."""
    found = []
    for layer in layers():
        for example in vars(layer).get("examples", ()) if layer.__module__.startswith("cnncalc.") else ():
            volume, _, text = example.partition(": ")
            if volume.replace("x", "").isdigit():
                found.append(pytest.param(volume, text, id=example))
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("volume", "text"), examples())
def test_every_layer_computes_the_same_or_is_refused(keras: Any, volume: str, text: str) -> None:
    """Of each layer that the table has at least one example is written."""
    net = cnncalc.load(text, input=volume)
    try:
        KerasSource(net)
    except cnncalc.SpecError as error:
        assert (error.code, error.line) == ("not-in-format", 1)
        return
    compare(keras, net)


def test_a_convolution_in_groups(keras: Any) -> None:
    """Its groups are named: the third argument of ``Conv2D`` is the stride."""
    compare(keras, cnncalc.load("conv 3x3x8 g2 p1 - relu", input="9x9x4"))


def test_a_generator_makes_images_of_a_vector(keras: Any) -> None:
    """A reshape has all positions of a channel together, as PyTorch has them."""
    compare(keras, cnncalc.load("fc 32 - relu - reshape 2x4x4 - bn - upsample x2 - conv 3x3x3 p1 - tanh", input="6"))


def test_the_table_has_words_of_the_language_alone() -> None:
    from cnncalc.layers import words

    assert set(KERAS) <= {*words(), "pool"}


@pytest.mark.slow
def test_a_network_with_much_in_it(keras: Any) -> None:
    compare(keras, cnncalc.load(SMALL))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5", "squeezenet1_1", "mobilenet_v2", "shufflenet_v2_x0_5"])
def test_networks_of_the_zoo(keras: Any, name: str) -> None:
    compare(keras, cnncalc.load(name, input="32x32x1" if name == "lenet5" else "64x64x3", rounding="floor"))


def test_the_source_of_a_small_network() -> None:
    """A variable is named where more than the next layer reads it."""
    text = "# Small\ninput 8x8x3\nconv 3x3x4 s2 p1 floor - relu\nadd( conv 3x3x4 p1 nobias - bn | )\ngap - fc 10\n"
    assert (
        KerasSource(cnncalc.load(text)).text()
        == '''\
"""Small, for Keras 3; written by cnncalc."""

import keras
from keras import layers


def build() -> keras.Model:
    """Build the model: 8x8x3 to 1x1x10, 314 parameters."""
    images = keras.Input((8, 8, 3), name="images")
    x = layers.ZeroPadding2D(padding=1, name="conv1_pad")(images)
    x = layers.Conv2D(4, 3, strides=2, name="conv1")(x)
    relu1 = layers.Activation("relu", name="relu1")(x)
    x = layers.Conv2D(4, 3, padding="same", use_bias=False, name="conv2")(relu1)
    x = layers.BatchNormalization(momentum=0.9, epsilon=1e-05, name="bn1")(x)
    x = layers.Add(name="add1")([x, relu1])
    x = layers.GlobalAveragePooling2D(name="gap1")(x)
    x = layers.Dense(10, name="fc1")(x)
    return keras.Model(images, x)
'''
    )


@pytest.mark.slow
def test_the_file_of_weights_is_loaded_by_the_source(keras: Any, cnncalc: Cnncalc, folder: Path) -> None:
    """The same seed, the same weights: what `cnncalc export -o net.pt` has."""
    import torch

    (folder / "net.txt").write_text("input 8x8x3\nconv 3x3x4 - relu - fc 5\n")
    assert cnncalc("export", "net.txt", "--seed", "3", "-o", "net_keras.py") == (
        0,
        "",
        "note: the weights are in net_keras.npz\n",
    )
    assert cnncalc("export", "net.txt", "--seed", "3", "-o", "net.pt").status == 0
    names: dict[str, Any] = {}
    exec((folder / "net_keras.py").read_text(), names)
    model = names["build"]()
    names["load_weights"](model)
    kept = torch.load(folder / "net.pt", weights_only=True)
    theirs = torch.as_tensor(model.get_layer("conv1").get_weights()[0])
    torch.testing.assert_close(theirs, kept["conv1.weight"].permute(2, 3, 1, 0))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lrn 5", "`lrn1`: Keras has no layer for `lrn 5`"),
        ("pool 3x3 s2 p1 floor", "`pool1`: Keras pads a max pool with zeros, and its input may be negative"),
        ("conv 3x3x4 s2 d2 floor", "`conv1`: Keras has no convolution with a stride and a dilation"),
        ("pad 1 reflect", "`pad1`: Keras pads with zeros alone"),
        ("adaptiveavgpool 3x3", "`adaptiveavgpool1`: Keras has no pool of 8x8x4 to 3x3, whose windows differ"),
        ("deconv 3x3x4 g2", "`deconv1`: Keras has no transposed convolution with groups or a dilation"),
    ],
)
def test_what_cannot_be_said(text: str, said: str) -> None:
    """The error names the layer and its line."""
    with pytest.raises(cnncalc.SpecError) as caught:
        KerasSource(cnncalc.load(f"input 8x8x4\n{text}\n"))
    drawn = draw_error(caught.value).split("\n")
    assert drawn[:5] == [
        f"error[not-in-format]: {said}",
        "  --> text:2:1",
        "   |",
        f" 2 | {text}",
        f"   | {'^' * len(text)}",
    ]


@pytest.mark.parametrize("form", FORMATS)
def test_fixed_weights_are_refused(form: str) -> None:
    """They are in no state_dict, and no format has a place for them."""
    with pytest.raises(cnncalc.SpecError) as caught:
        FORMATS[form](cnncalc.load("conv 3x3x4 p1 fixed kernel=box - relu", input="8x8x4"))
    what = FORMATS[form].what
    assert caught.value.message == f"`conv1`: {what} is written with learned weights only, and these are fixed"


def test_more_than_three_dimensions() -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        KerasSource(cnncalc.load("relu", input="4x4x4x4x2"))
    assert caught.value.message == "Keras has layers for 3 spatial dimensions, not 4"


def test_the_error_on_the_page_is_what_is_printed(folder: Path, cnncalc: Cnncalc) -> None:
    (folder / "net.txt").write_text("input 32x32x3\nconv 5x5x32 p2\nrelu\nlrn 5\n")
    shown = cnncalc("export", "net.txt", "-o", "net_keras.py").err
    assert f"```text\n{shown}```" in (ROOT / "docs" / "export.md").read_text(encoding="utf-8")


def test_a_title_cannot_end_its_quotes() -> None:
    """Whatever the first comment of a spec is, it stays a line of text."""
    text = '# """; import os # \\\ninput 8x8x3\nrelu\n'
    assert KerasSource(cnncalc.load(text)).text().splitlines()[0] == (
        '"""\'\'\'; import os, for Keras 3; written by cnncalc."""'
    )


SHARED = """\
input 16x16x3
block head
  conv 3x3x8 p1 weights=tower - relu - conv 1x1x4 weights=scores
end
conv 3x3x8 p1 - relu
p3: conv 3x3x8 p1 - relu
p4: pool 2x2
@p3 - a: head
@p4 - b: head
output @a @b @p4
"""
"""Two levels of a pyramid under one head, and three outputs."""


@pytest.mark.slow
def test_shared_weights_and_several_outputs(keras: Any) -> None:
    """One layer that is called twice, with its weights counted once; outputs in their order."""
    import torch

    net = cnncalc.load(SHARED)
    module, written = module_of(net), KerasSource(net)
    names: dict[str, Any] = {}
    exec(written.text(), names)
    model = names["build"]()
    assert sum(weight.value.numel() for weight in model.trainable_weights) == net.params
    assert model.count_params() == net.params + unlearned(net)
    weights = written.weights({name: value.numpy() for name, value in module.state_dict().items()})
    for layer in model.layers:
        layer.set_weights([weights[f"{layer.name}.{number}"] for number in range(len(layer.get_weights()))])
    images = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        ours, theirs = module(images), model(images.movedim(1, -1))
    for one, other in zip(ours, theirs, strict=True):
        assert_near(other.cpu().movedim(-1, 1), one, 1e-5)


TWO_INPUTS = """\
input left 16x16x3
input table 1x1x6
input right 16x16x3
block trunk
  conv 3x3x8 s2 same - relu - gap
end
max( @left - trunk() weights=trunk | @right - trunk() weights=trunk )
concat( | @table - fc 5 - relu ) - fc 3
"""
"""Two images under one trunk, and a row of a table."""


@pytest.mark.slow
def test_several_inputs(keras: Any) -> None:
    """In their order; the layers of the trunk are called for both images."""
    compare(keras, cnncalc.load(TWO_INPUTS))


def test_the_source_names_several_inputs() -> None:
    lines = KerasSource(cnncalc.load(TWO_INPUTS)).text().splitlines()
    assert lines[8:11] == [
        '    left = keras.Input((16, 16, 3), name="left")',
        '    table = keras.Input((1, 1, 6), name="table")',
        '    right = keras.Input((16, 16, 3), name="right")',
    ]
    assert lines[-1] == "    return keras.Model([left, table, right], x)"


def test_weights_are_shared_by_layers_that_are_alike() -> None:
    """A stride changes no weight; Keras has it in the layer all the same."""
    text = "input 8x8x3\nconv 3x3x3 p1 weights=a\nconv 3x3x3 s2 p1:0 weights=a floor\n"
    with pytest.raises(cnncalc.SpecError) as caught:
        KerasSource(cnncalc.load(text))
    assert (caught.value.message, caught.value.line, caught.value.hints) == (
        "`conv2`: Keras shares weights between layers that are written alike only",
        3,
        ("`conv1` is `conv 3x3x3 p1 weights=a`",),
    )
