"""Numbers that are not learned, and where receptive fields lie."""

from __future__ import annotations

import pytest
import torch

import cnncalc
from cnncalc.analysis import count
from cnncalc.analysis.explained import Explanation, explained
from cnncalc.analysis.receptive import receptive_fields
from cnncalc.analysis.unlearned import unlearned


def steps_of(text: str, volume: str) -> dict[str, str]:
    """Return the steps of the last layer of a spec by their quantities."""
    counts = count(cnncalc.load(text + "\n", input=volume))
    solution = list(explained(counts, counts.rows, Explanation(detail=True)))[-1]
    return {step.quantity: str(step) for step in solution.steps}


@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "lenet5"])
def test_what_is_not_learned_is_in_pytorch_s_buffers(name: str) -> None:
    """Running means and variances; the number of batches that were seen is none of a layer's values."""
    network = cnncalc.load(name)
    buffers = cnncalc.build(network, device="meta").named_buffers()
    kept = sum(values.numel() for key, values in buffers if not key.endswith("num_batches_tracked"))
    assert unlearned(network) == kept


def test_statistics_that_two_layers_share_are_there_once() -> None:
    network = cnncalc.load("bn weights=b - relu - bn weights=b\n", input="4x4x8")
    assert unlearned(network) == 2 * 8


def test_the_resnet_of_keras() -> None:
    """Keras' ResNet50 has 53,120 parameters that it does not train (keras.applications, model.summary())."""
    assert unlearned(cnncalc.load("resnet50")) == 53_120


def test_flops_and_what_is_not_learned_are_in_the_detail() -> None:
    assert steps_of("conv 3x3x4 p1", "8x8x3")["FLOPs"] == "2·6,912 = 13,824 for one image"
    assert steps_of("bn", "8x8x3")["not learned"] == "6 values"


def test_what_is_read_and_written_is_each_tensor_once() -> None:
    """What no window meets is not read; a view moves nothing."""
    assert steps_of("conv 3x3x4 p1", "8x8x3")["read and written"] == (
        "(input 192 + weights 112 + output 256) values · 4 bytes = 2,240 bytes for one image"
    )
    assert steps_of("conv 1x1x4 s2 floor nobias", "8x8x3")["read and written"].startswith("(input 48 + weights 12 + ")
    assert "read and written" not in steps_of("flatten", "8x8x3")


def test_the_first_field_and_the_centres() -> None:
    """VGG's first pool: two 3x3 windows with padding 1, then 2x2: positions −2 to 3, and 2 further each."""
    steps = steps_of("conv 3x3x4 p1 - conv 3x3x4 p1 - pool 2x2", "8x8x3")
    assert steps["field of unit 0"] == "positions −2 to 3, centre 0.5"
    assert steps["centre of unit u"] == "0.5 + 2·u"


def test_fields_of_sides_that_differ() -> None:
    steps = steps_of("conv 3x5x4 s1x2 p1x0 floor", "8x9x3")
    assert steps["field of unit 0, height"] == "positions −1 to 1, centre 0"
    assert steps["centre of unit u, height"] == "u"
    assert steps["field of unit 0, width"] == "positions 0 to 4, centre 2"
    assert steps["centre of unit u, width"] == "2 + 2·u"


@pytest.mark.parametrize(
    "text", ["conv 5x5x2 s2 p2 floor - conv 3x3x2 p1 - avgpool 2x2 floor", "conv 3x3x2 d2 p2 - conv 3x3x2 s3 p1 floor"]
)
def test_a_centre_is_that_of_the_gradient(text: str) -> None:
    """What a unit in the middle depends on, PyTorch's gradient says; its middle is the centre."""
    network = cnncalc.load(text + "\n", input="41x41x1")
    module = cnncalc.build(network, seed=0).double()
    for values in module.parameters():
        values.data.abs_()
    image = torch.rand(1, 1, 41, 41, dtype=torch.float64, requires_grad=True)
    made = module(image)
    unit = made.shape[2] // 2
    made[0, 0, unit].sum().backward()
    assert image.grad is not None
    rows = image.grad[0, 0].abs().sum(1).nonzero().flatten().tolist()
    field = receptive_fields(network)[-1][0]
    assert field is not None
    assert field.centre(unit) == (rows[0] + rows[-1]) / 2
