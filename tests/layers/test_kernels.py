"""What every layer keeps for the backward pass, to the byte: real tensors on the CPU, and autograd's own hooks."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, saved_bytes
from tests.oracle.torch_memory import autograd_bytes, images, with_memory
from tests.oracle.torch_modules import Drawn, Shape, networks, volume

IMAGES = {
    "9x8x16": """
        conv 3x3x4 p1; conv 3x3x4 same s2; conv 2x2x4 p0:1x0:1; deconv 2x2x4 s2; dwconv 3x3 p1; fc 10; bn; bn noaffine
        gn 4 noaffine; ln noaffine; bn noscale; bn noshift
        gn 4; ln; instancenorm; instancenorm affine; lrn 5; lrn 4; prelu; prelu perchannel; leakyrelu 0; pool 2x2
        pool 3x3 s2 ceil; pool 3x3 same s2; minpool 2x2; minpool 2x2 same s3; avgpool 2x2; avgpool 3x3 s2 same
        lppool 2x2; lppool 3x3 same s2; lppool 2x2 norm=3; adaptiveavgpool 4x4; adaptivemaxpool 3x3; gap; gmp
        dropout; dropout 0; dropout 1; dropout2d; droppath; droppath 1; shuffle 2; shuffle 16; slice 0:4; scale; pad 1
        pad 1 reflect; pad 1 replicate; crop 1; upsample x2; upsample x2 bilinear; pixelshuffle 2; flatten
        flatten - dropout2d; fc 9 - bn - relu - dropout2d; add(identity|bn|conv 1x1x16); concat(identity|bn|slice 0:4)
        mul(identity|gap - sigmoid); mul(gap|identity|conv 1x1x16); mul(bn|bn); mul(relu|relu)
        relu; relu6; leakyrelu; elu; celu; selu; gelu; silu; swish; mish; hardswish; hardsigmoid; hardtanh; sigmoid
        tanh; softplus; softmax; logsoftmax; identity
    """,
    "8x16": """
        conv 3x8 p1; deconv 2x4 s2; pool 2; avgpool 2; gap; gmp; lppool 2; adaptiveavgpool 4; adaptivemaxpool 2
        instancenorm; lrn 5; ln; gn 4; bn; dropout2d; droppath; upsample x2; upsample x2 linear; pad 1 reflect
        pad 1 replicate
    """,
    "8x8x8x16": """
        conv 3x3x3x8 p1; deconv 2x2x2x4 s2; pool 2x2x2; avgpool 2x2x2; gap; gmp; lppool 2x2x2; adaptiveavgpool 4x4x4
        adaptivemaxpool 2x2x2; instancenorm; lrn 5; ln; gn 4; bn; dropout2d; droppath; upsample x2
        upsample x2 trilinear; pad 1 replicate; pad 1 reflect
    """,
}
LAYERS = [
    (volume, layer.strip())
    for volume, lines in IMAGES.items()
    for layer in lines.replace("\n", ";").split(";")
    if layer.strip()
]
PLACES = ("{}", "{one} - {}", "{one} - {} - {two}", "{} - {one}")
"""Alone, where the input has no gradient; behind a layer; between two, where it may work in place; in front of one."""

BATCH = 3


def in_places(volume: str, layer: str) -> list[cnncalc.Network]:
    """Return networks with a layer in each of the places where it can stand."""
    one = "conv " + "1x" * (volume.count("x")) + "16"
    found = []
    for place in PLACES:
        text = place.format(layer, one=one, two=one + " - relu")
        try:
            found.append(cnncalc.load(text, input=volume, rounding="floor"))
        except cnncalc.SpecError:
            assert place != "{}"
    return found


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["float32", "bf16"])
@pytest.mark.parametrize(("volume", "layer"), LAYERS)
def test_saved_bytes_are_those_of_autograd(volume: str, layer: str, precision: str) -> None:
    """In float32 and under autocast to bf16, in place and not."""
    for network in in_places(volume, layer):
        for inplace in (True, False):
            setup = TrainingSetup(batch=BATCH, inplace=inplace, precision=precision, device="cpu")
            module = with_memory(cnncalc.build(network, device="meta", inplace=inplace))
            expected = autograd_bytes(module, images(network, BATCH), low=precision == "bf16")
            assert sum(saved_bytes(network, setup)) == expected, network.source.text


@pytest.mark.filterwarnings("ignore:Mismatch dtype between input and weight")  # PyTorch's, in bf16
@pytest.mark.slow
@given(drawn=networks(), inplace=st.booleans(), precision=st.sampled_from(["float32", "bf16"]))
@settings(max_examples=60)
def test_saved_bytes_of_random_networks(drawn: tuple[Shape, Drawn], inplace: bool, precision: str) -> None:
    """Branches, repeats, blocks and labels, in one to three dimensions."""
    shape, text = drawn[0], drawn[1].text
    network = cnncalc.load(text + "\n", input=volume(shape))
    module = with_memory(cnncalc.build(network, device="meta", inplace=inplace))
    setup = TrainingSetup(batch=BATCH, inplace=inplace, precision=precision, device="cpu")
    expected = autograd_bytes(module, images(network, BATCH), low=precision == "bf16")
    assert sum(saved_bytes(network, setup)) == expected


def test_a_tensor_that_two_layers_keep_is_counted_once() -> None:
    """A ReLU keeps its output, 8·8·4 values of 4 bytes; the convolution behind it reads the same tensor."""
    network = cnncalc.load("conv 1x1x4 nobias - relu - conv 1x1x2 nobias", input="8x8x3")
    assert saved_bytes(network, TrainingSetup()) == [8 * 8 * 3 * 4, 8 * 8 * 4 * 4, 0]
