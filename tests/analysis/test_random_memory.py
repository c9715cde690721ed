"""Networks nobody designed: what they keep and their peak, to the byte, against autograd and PyTorch's tracker."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc.analysis.memory import TrainingSetup, predict_memory, saved_bytes
from cnncalc.layers import words
from tests.oracle.random_specs import MERGES, SINGLE, Spec, specs
from tests.oracle.torch_memory import autograd_bytes, fake_mode, images, learns, tracked_peak, with_memory

BATCH = 4

EXAMPLES = [
    Spec("lppool 3x3 s1x1 same norm=3 - fc 5", "12x8x8"),
    Spec("instancenorm affine - slice 3:6 - fc 5", "17x14x6"),
    Spec(
        "conv 1x1x1x12 floor d2 p3x0x1 - add( identity | ln noaffine - elu 0.5 - conv 5x5x5x12 p2 nobias ) - fc 5",
        "13x7x20x8",
    ),
    Spec("lrn 3 alpha=1e-3 beta=0.5 k=2 - fc 5", "20x9"),
    Spec("q0: deconv 2x4x6 p1 nobias op1x0 s2x3 - fc 1 - @q0 - fc 5", "4x18x1"),
    Spec("ln noaffine - deconv 3x3x8 nobias s1x3 op0x2 - sigmoid - fc 5", "12x10x8"),
    Spec("ln - slice 1:4 - fc 5", "10x10x6"),
    Spec("ln noaffine - fc 2", "9x8x16"),
    Spec("conv 1x1x16 - slice 1:13 - instancenorm affine - fc 2", "9x8x16"),
    Spec("prelu - avgpool 3 ceil - fc 5", "24x4"),
    Spec("bn - fc 2", "9x8x16"),
    Spec("bn noscale - conv 3x3x8 nobias - bn noshift - relu - bn noscale - fc 2", "9x8x16"),
    Spec("ln - conv 3x3x6 - conv 3x3x80 - fc 4", "9x8x6"),
    Spec("at0: conv 3x3x16 p1 - (conv 3x3x16 p1 - bn - relu)*5 - @at0 - gap - fc 5", "16x16x3"),
    Spec("ln - conv 1x2x4 - minpool 3x2 - relu - fc 5", "8x10x1"),
    Spec("upsample x2 - relu6 - adaptiveavgpool 2 - conv 1x1x6 - fc 5", "8x8x6"),
    Spec("sigmoid - slice 4:6 - gn 2 - fc 5", "9x6"),
    Spec("concat( ln - slice 5:6 | ln - conv 1x1x1 ) - sigmoid - instancenorm - fc 5", "13x12x6"),
    Spec(
        "add( adaptiveavgpool 1x1 - adaptiveavgpool 1x3 - conv 1x1x6 | ln - adaptiveavgpool 1x3 ) - sigmoid - fc 5",
        "6x8x6",
    ),
    Spec("grn - pool 2x3x3 - fc 3", "3x7x6x4"),
    Spec("at0: conv 3x8 - add( bn - dropout 0.5 | lrn 3 ) - dropout 0.5 - relu - @at0 - fc 5", "22x12"),
    Spec("conv 1x1x2 - local 3x1x5 s2 floor - relu", "17x17x2"),
    Spec("conv 1x1x2 - local 1x3x1 s2 floor nobias - relu", "17x17x2"),
    Spec("conv 1x1x2 - local 3x3x5 s2 p1 floor nobias - fc 5", "2x2x1"),
    Spec("bn - local 1x1x5x1 s1x3x1 floor nobias", "9x9x9x2"),
    Spec("bn - relu - local 1x1x5", "8x8x2"),
    Spec("conv 1x1 - local 3x5 nobias - fc 5", "17x2"),
    Spec("relu - local 4x4 s2 p1 floor nobias - bn", "3x3"),
]
"""Each by what it showed: variables that PyTorch's functions hold, copies of what lies in another order, gradients
that nobody wants, the order of a single channel or position, parameters behind which there is no loss, what is kept
for these until their branch ends, and patches that are a view, or go back one dimension after the other."""


def saved(network: cnncalc.Network) -> tuple[int, int]:
    """Return the bytes kept for the backward pass: ours, and those that autograd keeps of real tensors."""
    module = with_memory(cnncalc.build(network, device="meta"))
    ours = sum(saved_bytes(network, TrainingSetup(batch=BATCH, device="cpu")))
    return ours, autograd_bytes(module, images(network, BATCH))


def peaks(network: cnncalc.Network) -> tuple[int, int]:
    """Return the peak of a step of SGD with momentum: ours, and the tracker's."""
    module = cnncalc.build(network, device="meta")
    with fake_mode():
        theirs = tracked_peak(with_memory(module), network, BATCH)
    return predict_memory(network, TrainingSetup(batch=BATCH, device="cpu")).peak_bytes, theirs


@pytest.mark.slow
@pytest.mark.parametrize("spec", EXAMPLES)
def test_random_networks_save_and_peak_as_the_tracker_finds(spec: Spec) -> None:
    """To the byte."""
    network = spec.load()
    for ours, theirs in (saved(network), peaks(network)):
        assert ours == theirs


@given(spec=specs)
@settings(max_examples=25)
def test_what_random_networks_keep(spec: Spec) -> None:
    """To the byte, whatever stands behind whatever."""
    ours, theirs = saved(spec.load())
    assert ours == theirs


@pytest.mark.slow
@given(spec=specs)
@settings(max_examples=20)
def test_the_peak_of_random_networks(spec: Spec) -> None:
    """To the byte, where there is anything to train."""
    network = spec.load()
    assume(learns(network, BATCH))
    ours, theirs = peaks(network)
    assert ours == theirs


@given(word=st.sampled_from(SINGLE))
@settings(max_examples=10)
def test_every_word_can_be_drawn(word: str) -> None:
    """No layer of the language is left out."""
    assert {*SINGLE, *MERGES} == set(words())
    assert word in words()


@pytest.mark.parametrize("text", ["pool 2", "gmp", "gap", "adaptivemaxpool 3", "ln", "instancenorm", "bn", "conv 3x4"])
def test_nothing_is_written_over_a_view(text: str) -> None:
    """PyTorch would copy the gradient twice: an activation behind a layer whose output is a view makes a new tensor."""
    network = cnncalc.load(f"conv 1x8 - {text}", input="12x8")
    made = with_memory(cnncalc.build(network, device="meta"))(images(network, 2))
    free = network.layers[-1].layer.output_is_free
    assert free == (not made._is_view())
