"""What would lower the arena, with numbers that can be added up by hand."""

from __future__ import annotations

import cnncalc
from cnncalc.microcontrollers.prediction import McuPrediction, predict_mcu


def predict(spec: str, size: str) -> McuPrediction:
    return predict_mcu(cnncalc.load(spec, input=size, rounding="floor"))


def heads(prediction: McuPrediction) -> dict[str, int]:
    return {each.change: each.head for each in prediction.advice}


def test_a_sum_in_place() -> None:
    """Three volumes of 16x16x8 live together, and two where the sum is written over what it adds."""
    prediction = predict("conv 3x3x8 same - add( conv 3x3x8 same | identity )", "16x16x8")
    volume = 16 * 16 * 8
    assert prediction.arena.head == 3 * volume
    assert heads(prediction)["in place"] == 2 * volume


def test_branches_in_another_order() -> None:
    """The large inner volume of a branch is made before the other branch: 16 + 64 + 4 channels are alive at most.

    The plan takes 4 channels more than that, since it leaves a gap.
    """
    prediction = predict("conv 1x1x16 - concat( conv 1x1x32 | conv 1x1x64 - conv 1x1x4 )", "16x16x16")
    positions = 16 * 16
    assert prediction.arena.head == positions * (16 + 32 + 64 + 4 - 4)
    assert heads(prediction)["order"] == positions * (16 + 64 + 4 + 4)
    (order,) = [each for each in prediction.advice if each.change == "order"]
    assert order.operators == ("conv1", "conv3", "conv4", "conv2", "concat1")


def test_patches_need_the_two_largest_patches_and_not_the_first_output() -> None:
    """Of 4 patches each, 16x16 of 32 with one position around: the first layer's whole output is never there."""
    prediction = predict("conv 3x3x16 same - relu - conv 3x3x4 s4 floor - relu - fc 2", "64x64x1")
    assert prediction.arena.head == 64 * 64 * (1 + 16)
    (patches,) = [each for each in prediction.advice if each.change == "patches"]
    assert patches.effect == "conv1 to conv2 in 4x4 patches, as MCUNetV2 does"
    side = (4 - 1) * 4 + 3
    assert patches.head == 64 * 64 + 16 * 16 * 4 + side * side * 16


def test_patches_through_a_norm() -> None:
    """Behind a ReLU it is ``MUL`` and ``ADD`` with constants, position by position: two patches of 15x15 at once."""
    prediction = predict("conv 3x3x16 same - relu - bn - conv 3x3x4 s4 floor - relu - fc 2", "64x64x1")
    assert [operator.kind for operator in prediction.graph.operators[:4]] == ["CONV_2D", "MUL", "ADD", "CONV_2D"]
    side = (4 - 1) * 4 + 3
    assert heads(prediction)["patches"] == 64 * 64 + 16 * 16 * 4 + 2 * side * side * 16


def test_a_reshape_ends_the_patches() -> None:
    """Shuffled channels are two reshapes around a transposition, of which only whole volumes are known."""
    prediction = predict("conv 3x3x16 same - shuffle 2 - conv 3x3x4 s4 floor - fc 2", "64x64x1")
    assert "patches" not in heads(prediction)


def test_nothing_where_nothing_helps() -> None:
    assert predict("conv 3x3x8", "8x8x3").advice == ()
