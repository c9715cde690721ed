"""The proof: what was calculated against what PyTorch does."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.analysis.checks import Check
from cnncalc.model.verify import verify
from cnncalc.network import Network
from cnncalc.report.render import render
from cnncalc.report.report import Screen
from cnncalc.report.verify import verify_report

EVERYTHING = """
input 32x32x3
rounding floor
conv 3x3x8 p0:1x1:0 - bn - relu - maxpool 3x3 s2 p0:1 floor - minpool2 - avgpool 2x2 s1 - lppool 2x2 s1
dropout - dropout2d - droppath - ln - scale 0.1 - prelu - add( | conv 1x1x8 ) - mul( | gap - fc 8 - sigmoid )
concat( | dwconv 3x3 p1 nobias | slice 0:4 ) - shuffle 2 - upsample x2 bilinear - deconv 3x3x4 s2 p1 op1
lrn 3 - instancenorm - crop 1 - pad 1 reflect - pixelshuffle 2 - adaptiveavgpool 5x5
flatten - bn - fc 12 - relu6 - conv 1x1x4 - gn 2 - identity - fc 3 - flatten - softmax
"""


def test_everything_the_language_has_agrees() -> None:
    """One network with nearly every layer: each volume, parameter count and MAC count is PyTorch's."""
    checks = verify(cnncalc.load(EVERYTHING))
    assert [check for check in checks if not check.holds] == []
    assert {check.quantity for check in checks} == {"output", "parameters", "MACs"}
    assert len({check.oracle for check in checks}) == 3


def test_torchinfo_is_asked_where_it_counts_alike() -> None:
    """It counts biases too, and transposed convolutions by their output; what a flattening takes in is not seen."""
    spec = "conv 3x3x4 nobias - conv 3x3x4 - deconv 3x3x4 nobias - fc 5 nobias - fc 3"
    asked: dict[str, list[str]] = {}
    for check in verify(cnncalc.load(spec, input="9x9x2")):
        asked.setdefault(check.subject, []).extend([check.quantity] if "torchinfo" in check.oracle else [])
    assert asked == {
        "conv1": ["output", "parameters", "MACs"],
        "conv2": ["output", "parameters"],
        "deconv1": ["output", "parameters"],
        "fc1": ["parameters", "MACs"],
        "fc2": ["output", "parameters"],
        "total": [],
    }


@pytest.mark.parametrize("spec", ["input 100x2\nconv 5x4 s2 floor - relu - gap", "input 4x8x8x1\nconv 3x3x3x2 - pool2"])
def test_one_and_three_dimensions_agree(spec: str) -> None:
    assert all(check.holds for check in verify(cnncalc.load(spec)))


def wrong_network() -> Network:
    """Return a network whose calculation has been tampered with."""
    network = cnncalc.load("conv 3x3x4 p1 - relu", input="8x8x3")
    network.layers[0].operation.macs += 1
    return network


def test_a_difference_is_found_and_named() -> None:
    """The check can fail: a MAC too many is seen in the layer and in the total."""
    wrong = [check for check in verify(wrong_network()) if not check.holds]
    macs = 8 * 8 * 4 * 3 * 3 * 3
    assert [(check.subject, check.quantity, check.ours, check.theirs) for check in wrong] == [
        ("conv1", "MACs", macs + 1, macs),
        ("total", "MACs", macs + 1, macs),
    ]


def test_the_report_has_a_tick_per_row_and_says_what_differs() -> None:
    checks = [
        Check("conv1", "output", "8x8x4", "8x8x4", "PyTorch 2"),
        Check("conv1", "parameters", 112, 112, "PyTorch 2"),
        Check("conv1", "MACs", 6913, 6912, "PyTorch 2, flop counter"),
        Check("total", "output", "8x8x4", "8x8x4", "PyTorch 2"),
        Check("total", "parameters", 112, 112, "torchinfo 1"),
        Check("total", "MACs", 6912, 6912, "PyTorch 2, flop counter"),
    ]
    assert "".join(render(verify_report(wrong_network(), checks), "table", Screen())) == (
        "name    output   parameters    MACs\n"
        "───────────────────────────────────────\n"
        "conv1   8x8x4           112   6,913   ✗\n"
        "\n"
        "total   8x8x4           112   6,912   ✓\n"
        "\n"
        "differs  6 numbers compared with PyTorch 2 and torchinfo 1: 1 differ\n"
        "conv1: MACs calculated 6,913, PyTorch 2, flop counter has 6,912\n"
        "MACs are compared with PyTorch's own flop counter; with torchinfo only where it counts neither a bias nor a "
        "transposed convolution, which it gets wrong\n"
    )
