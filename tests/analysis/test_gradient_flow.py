"""Vanishing and exploding gradients: the definition, by hand."""

from __future__ import annotations

import pytest

from cnncalc.analysis.gradient_flow import gradient_flow

SENTENCES = {
    (0.5, 1.0): "The gradient norm of conv1 is 0.5 times that of fc2: the gradient neither vanishes nor explodes.",
    (340.0, 1.0): "The gradient norm of conv1 is 340 times that of fc2: the gradient neither vanishes nor explodes.",
    (2e-6, 0.024): "The gradient norm of conv1 is 12,000 times smaller than that of fc2: the gradient vanishes.",
    (1e-14, 1.0): "The gradient norm of conv1 is 10^14 times smaller than that of fc2: the gradient vanishes.",
    (3e4, 10.0): "The gradient norm of conv1 is 3,000 times larger than that of fc2: the gradient explodes.",
    (0.0, 1.0): "No gradient reaches conv1: its norm is 0, so the layer learns nothing.",
}


@pytest.mark.parametrize("norms", SENTENCES)
def test_the_first_layer_is_compared_with_the_last(norms: tuple[float, float]) -> None:
    flow = gradient_flow([{"conv1": norms[0], "fc1": 7.0, "fc2": norms[1]}])
    assert flow is not None
    assert flow.sentence() == SENTENCES[norms]


def test_one_odd_epoch_decides_nothing() -> None:
    """The median of 0.5, 0.5 and 10^6 is 0.5."""
    flow = gradient_flow([{"a": 1.0, "b": 2.0}, {"a": 1e6, "b": 1.0}, {"a": 1.0, "b": 2.0}])
    assert flow is not None
    assert (flow.ratio, flow.vanishes, flow.explodes) == (0.5, False, False)


@pytest.mark.parametrize("epochs", [[], [{}], [{"a": 1.0}], [{"a": None, "b": 1.0}], [{"a": 1.0, "b": 0.0}]])
def test_what_cannot_be_compared_is_not(epochs: list[dict[str, float | None]]) -> None:
    assert gradient_flow(epochs) is None
