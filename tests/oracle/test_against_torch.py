"""Random layers and networks have the shapes, the parameters and the multiplications that PyTorch finds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

import cnncalc
from cnncalc import SpecError
from cnncalc.layers import words
from tests.oracle import torch_modules
from tests.oracle.torch_modules import Drawn, Measured, Shape, measure, networks, volume


def counted(text: str, shape: Shape) -> Measured:
    """Return what this package says."""
    net = cnncalc.load(text + "\n", input=volume(shape))
    return Measured(tuple(net.output), net.weights, net.biases, net.macs)


def test_every_word_of_the_language_is_compared():
    """No layer is left out of the comparison."""
    assert set(words()) == torch_modules.WORDS


@pytest.mark.slow
@pytest.mark.parametrize("word", torch_modules.MAKERS)
@given(data=st.data())
@settings(max_examples=50)
def test_layer(word: str, data: st.DataObject):
    """A layer in 1, 2 or 3 dimensions, with any of its options, is what PyTorch makes of it."""
    shape, layer = data.draw(torch_modules.layers(word))
    assert counted(layer.text, shape) == measure(layer.build, shape)


@pytest.mark.slow
@given(drawn=networks())
@settings(max_examples=250)
def test_network(drawn: tuple[Shape, Drawn]):
    """A chain with branches, repeats, blocks and labels is what PyTorch makes of it."""
    shape, network = drawn
    assert counted(network.text, shape) == measure(network.build, shape)


@pytest.mark.slow
@given(
    size=st.integers(1, 30),
    kernel=st.integers(1, 6),
    stride=st.integers(1, 5),
    pads=st.tuples(st.integers(0, 3), st.integers(0, 3)),
    dilation=st.integers(1, 3),
)
@settings(max_examples=500)
def test_strict_is_an_error_exactly_where_the_window_does_not_fit(size, kernel, stride, pads, dilation):
    """In strict mode (W − F + 2P)/S + 1 must be whole; a window larger than its input fits in no mode."""
    text = f"conv {kernel}x4 s{stride} p{pads[0]}:{pads[1]} d{dilation}"
    room = size - (dilation * (kernel - 1) + 1) + sum(pads)
    if room < 0 or room % stride:
        with pytest.raises(SpecError) as raised:
            cnncalc.load(text, input=(size, 1))
        assert raised.value.code == ("too-large" if room < 0 else "does-not-fit")
    else:
        assert cnncalc.load(text, input=(size, 1)).output == (room // stride + 1, 4)
    if room < 0:
        for rounding in ("floor", "ceil"):
            with pytest.raises(SpecError, match="larger than"):
                cnncalc.load(text, input=(size, 1), rounding=rounding)


@given(size=st.integers(1, 40), kernel=st.integers(1, 7), stride=st.integers(1, 5), dilation=st.integers(1, 3))
def test_same_makes_input_over_stride_rounded_up_in_every_mode(size, kernel, stride, dilation):
    """`same` is TensorFlow's: output = ceil(input / stride), whatever the window and the rounding."""
    for rounding in ("strict", "floor", "ceil"):
        net = cnncalc.load(f"conv {kernel}x4 same s{stride} d{dilation}", input=(size, 1), rounding=rounding)
        assert net.output == (-(-size // stride), 4)


@given(size=st.integers(1, 40), kernel=st.sampled_from([1, 3, 5, 7]), dilation=st.integers(1, 3))
def test_same_with_stride_1_is_what_torch_calls_same(size, kernel, dilation):
    """At stride 1 `same` keeps the size, as `padding="same"` does."""
    expected = measure(lambda: nn.Conv1d(1, 4, kernel, padding="same", dilation=dilation), (1, size))
    assert counted(f"conv {kernel}x4 same d{dilation}", (1, size)) == expected


@pytest.mark.slow
@given(
    sizes=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    kernel=st.integers(1, 5),
    stride=st.integers(1, 6),
    padding=st.integers(0, 2),
    ceil=st.booleans(),
)
@settings(max_examples=300)
def test_pools_fail_where_torch_fails(sizes, kernel, stride, padding, ceil):
    """A pool that PyTorch refuses (too large a window, too much padding) is refused, and no other.

    But for one: in ceil mode PyTorch lets a window reach over the padded input; no mode does so here.
    """
    text = f"pool {kernel} s{stride} p{padding} {'ceil' if ceil else 'floor'}"
    try:
        expected = measure(lambda: nn.MaxPool2d(kernel, stride, padding, ceil_mode=ceil), (2, *sizes))
    except RuntimeError:
        expected = None
    if expected is None or kernel > min(sizes) + 2 * padding:
        with pytest.raises(SpecError):
            counted(text, (2, *sizes))
    else:
        assert counted(text, (2, *sizes)) == expected


def test_transposed_convolution_is_counted_per_input_value():
    """3 to 1 channels, 2x2 with stride 2, on 2x2: 48 multiplications, where others count 192."""
    net = cnncalc.load("deconv 2x2x1 s2", input="2x2x3")
    assert net.macs == (2 * 2 * 3) * (2 * 2 * 1) == 48
    assert net.macs == measure(lambda: nn.ConvTranspose2d(3, 1, 2, stride=2), (3, 2, 2)).macs


def test_bias_is_no_multiplication():
    """3 to 64 channels, 3x3, on 224x224: 86,704,128 multiplications, where others add the biases."""
    net = cnncalc.load("conv 3x3x64 p1", input="224x224x3")
    assert net.macs == (224 * 224 * 64) * (3 * 3 * 3) == 86_704_128
    assert net.macs == measure(lambda: nn.Conv2d(3, 64, 3, padding=1), (3, 224, 224)).macs
    assert net.macs + 224 * 224 * 64 == 89_915_392


@pytest.mark.parametrize("name", ["strict", "floor", "ceil"])
def test_rounding_of_the_network_is_that_of_its_layers(name: str):
    """`rounding floor` in front means the same as `floor` on each layer."""
    shape = (3, 9, 9)
    layer = cnncalc.load(f"pool 3x3 s2 {name}", input=volume(shape))
    assert cnncalc.load(f"rounding {name}\npool 3x3 s2", input=volume(shape)).output == layer.output
