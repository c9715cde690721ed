"""The peak of a training step, against PyTorch's own tracker under fake tensors, and by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.profiler import profile

import cnncalc
from cnncalc import SpecError
from cnncalc.analysis.memory import KINDS, TrainingSetup, largest_batch, predict_memory
from cnncalc.analysis.memory.gpus import GPUS
from cnncalc.optimizers import OPTIMIZERS
from tests.oracle.torch_memory import fake_mode, inference_peak, tracked_peak, with_memory

MIB = 1024 * 1024


def predicted(network: cnncalc.Network, **setup: Any) -> int:
    """Return the peak that is predicted for the CPU, where the tracker measures."""
    return predict_memory(network, TrainingSetup(device="cpu", **setup)).peak_bytes


def tracked(network: cnncalc.Network, batch: int, *, inplace: bool = True, **step: Any) -> int:
    """Return the peak that PyTorch's tracker finds."""
    module = cnncalc.build(network, device="meta", inplace=inplace)
    with fake_mode():
        return tracked_peak(with_memory(module), network, batch, **step)


# ---- against the tracker

STEPS = [(optimizer, way) for optimizer in ("sgd", "adamw") for way in ("foreach", "fused", "loop")]
NETWORKS = ["alexnet", "googlenet", "mobilenet_v2", "resnet18", "shufflenet_v2_x0_5", "squeezenet1_1", "vgg11"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("batch", [2, 32])
def test_a_training_step(name: str, batch: int) -> None:
    """To the byte: chains, skips, concatenations, shuffles; of every network of the zoo: benchmarks/memory.py."""
    network = cnncalc.load(name)
    assert predicted(network, batch=batch) == tracked(network, batch)


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "implementation"), STEPS)
@pytest.mark.parametrize("name", ["alexnet", "mobilenet_v3_small"])
def test_every_way_to_step(name: str, optimizer: str, implementation: str) -> None:
    """To the byte; at a small batch the optimizer's step is the peak of AlexNet, whose parameters are large."""
    network = cnncalc.load(name)
    expected = tracked(network, 2, optimizer=optimizer, implementation=implementation)
    assert predicted(network, batch=2, optimizer=optimizer, implementation=implementation) == expected


EVERY_STEP = [(name, way) for name, optimizer in OPTIMIZERS.items() for way in optimizer.implementations]


@pytest.mark.slow
@pytest.mark.parametrize(("optimizer", "implementation"), EVERY_STEP)
def test_every_optimizer(optimizer: str, implementation: str) -> None:
    """Where the step is the peak: parameters, gradients, state and temporaries."""
    network = cnncalc.load("fc 300 - relu - fc 300 - relu - fc 5", input="1x1x300")
    expected = tracked(network, 2, optimizer=optimizer, implementation=implementation)
    setup = TrainingSetup(batch=2, optimizer=optimizer, implementation=implementation, device="cpu")
    prediction = predict_memory(network, setup)
    assert prediction.phase == "step" or implementation == "fused"  # which has no temporaries
    assert prediction.peak_bytes == pytest.approx(expected, rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "resnet18", "squeezenet1_1"])
def test_the_memory_of_muon_is_that_of_the_tracker(name: str) -> None:
    """To the byte: stacks of matrices of one shape, tall, wide and square ones, whose Gram matrices are large."""
    network = cnncalc.load(name)
    assert predicted(network, batch=2, optimizer="muon") == tracked(network, 2, optimizer="muon")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "mobilenet_v2", "squeezenet1_1", "convnext_tiny"])
def test_under_autocast(name: str) -> None:
    """Activations and copies of the weights in bf16, parameters and their gradients in float32."""
    network = cnncalc.load(name)
    assert predicted(network, batch=8, precision="bf16") == pytest.approx(tracked(network, 8, low=True), rel=0.002)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "unet", "efficientnet_b0"])
def test_without_working_in_place(name: str) -> None:
    """U-Net's output is a map, with a label for each position."""
    network = cnncalc.load(name, input="64x64x1" if name == "unet" else None)
    expected = tracked(network, 2, inplace=False)
    assert predicted(network, batch=2, inplace=False) == expected


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "googlenet"])
def test_accumulated_gradients(name: str) -> None:
    """The second pass finds the gradients of the first; images of one pass are there at a time."""
    network = cnncalc.load(name)
    assert predicted(network, batch=8, accumulate=2) == pytest.approx(tracked(network, 4, passes=2), rel=0.005)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["alexnet", "resnet50", "densenet121", "efficientnet_b0"])
def test_inference(name: str) -> None:
    """Under no_grad a tensor lives until its last reader has run."""
    network = cnncalc.load(name)
    with fake_mode():
        expected = inference_peak(with_memory(cnncalc.build(network, device="meta")), network, 8)
    assert predicted(network, batch=8, inference=True) == pytest.approx(expected, rel=0.005)


@pytest.mark.parametrize(
    ("text", "volume"),
    [
        ("conv 1x1x1 - rmsnorm - fc 3", "6x6x2"),
        ("conv 1x1x2 - rmsnorm - relu - fc 3", "6x6x2"),
        ("conv 1x1 - rmsnorm noaffine - fc 3", "9x3"),
    ],
)
def test_a_root_mean_square_norm_holds_its_squares_and_what_arrives(text: str, volume: str) -> None:
    """PyTorch computes it in one function, whose variables live to its end; of one channel all are full volumes."""
    network = cnncalc.load(text, input=volume)
    assert predicted(network, batch=3, optimizer="sgd", ema=False) == tracked(network, 3)
    with fake_mode():
        expected = inference_peak(with_memory(cnncalc.build(network, device="meta")), network, 3)
    assert predicted(network, batch=3, inference=True) == expected


@pytest.mark.parametrize(
    ("text", "volume"),
    [
        ("grn - relu", "8x8x4"),
        ("bn - relu", "8x8x4"),
        ("conv 3x3x8 nobias - bn noscale - relu - bn noshift - fc 5", "8x8x4"),
        ("relu6 - step - fc 5", "8x8x4"),
        ("local 3x3x5 s2 p1 nobias - elu", "11x9x8"),
        ("local 3x3x5", "8x8x4"),
        ("conv 1x1 - local 4x1 s3 floor nobias - fc 5", "6x3"),
        ("conv 1x1x4 - bn - selu - fc 5", "8x8x4"),
        ("silu - relu - dwconv 3x3 p1 standardised gain=2 - fc 5", "14x9x6"),
    ],
)
def test_inference_of_layers_of_several_steps(text: str, volume: str) -> None:
    """To the byte: variables of a function live to its end, and a batch norm that is tested makes no statistics."""
    network = cnncalc.load(text, input=volume)
    with fake_mode():
        expected = inference_peak(with_memory(cnncalc.build(network, device="meta")), network, 4)
    assert predicted(network, batch=4, inference=True) == expected


SMALL = st.lists(
    st.sampled_from(
        [
            *("conv 3x3x8 p1", "conv 1x1x4", "dwconv 3x3 p1", "bn", "relu", "relu6", "elu", "silu", "sigmoid", "gn 2"),
            *("ln", "lrn 3", "maxpool 3x3 s1 p1", "avgpool 3x3 s1 p1", "dropout", "scale", "prelu", "shuffle 2"),
            "add(identity | bn - relu | conv 1x1x{C})",
            "mul(identity | gap - conv 1x1x{C} - sigmoid)",
            "concat(identity | conv 3x3x4 p1 - relu | slice 0:4)",
            "pad 1 - conv 3x3x8",
            "pixelshuffle 2 - conv 2x2x8 s2",
        ]
    ),
    min_size=1,
    max_size=8,
)


@pytest.mark.slow
@settings(max_examples=60)
@given(layers=SMALL, inplace=st.booleans(), batch=st.integers(1, 5))
def test_random_networks(layers: list[str], inplace: bool, batch: int) -> None:
    """Whatever stands behind whatever: within 2%, on an input that is large against the parameters."""
    network = cnncalc.load(" - ".join(["conv 3x3x8 p1", *layers, "gap", "fc 3"]), input="24x24x4")
    expected = tracked(network, batch, inplace=inplace)
    assert predicted(network, batch=batch, inplace=inplace) == pytest.approx(expected, rel=0.02)


# ---- by hand


def test_the_parts_add_up() -> None:
    """Each kind of memory is in the parts, and their sum is the peak."""
    network = cnncalc.load("resnet18")
    for setup in ({}, {"inference": True}, {"checkpointing": True}, {"accumulate": 4}, {"precision": "bf16"}):
        prediction = cnncalc.predict_memory(network, batch=8, ema=True, **setup)
        assert tuple(prediction.parts) == KINDS
        assert sum(prediction.parts.values()) == prediction.peak_bytes
        assert max(moment.bytes for moment in prediction.timeline) == prediction.peak_bytes
        assert sum(prediction.kept.values()) == prediction.parts["activations"]


def test_a_step_by_hand() -> None:
    """A layer of 1000·10 weights, SGD with momentum and weight decay, foreach: four times its parameters.

    Beside them there are the images and a label each, what the layer made, and the loss.
    """
    network = cnncalc.load("fc 10 nobias", input="1x1x1000")
    parameters = 4 * 1000 * 10
    assert predicted(network, batch=2) == 4 * parameters + 2 * 4000 + 2 * 8 + 2 * 10 * 4 + 4


def test_cuda_rounds_every_tensor_up() -> None:
    """PyTorch's allocator hands out blocks of 512 bytes; cuBLAS takes 8,320 KiB beside."""
    network = cnncalc.load("fc 10 nobias", input="1x1x10")
    prediction = predict_memory(network, TrainingSetup())
    assert prediction.parts["parameters"] == 512
    assert prediction.parts["workspace"] == 8320 * 1024


def test_a_moving_average_copies_parameters_and_buffers() -> None:
    """A batch norm of 64 channels: 2·64 parameters and 2·64 running statistics of 4 bytes, and a count of 8."""
    network = cnncalc.load("conv 1x1x64 nobias - bn - gap - fc 2 nobias", input="8x8x4")
    parameters = 4 * (4 * 64 + 2 * 64 + 64 * 2)
    setup = TrainingSetup(ema=True, device="cpu")
    assert predict_memory(network, setup).parts["average"] == parameters + 4 * 2 * 64 + 8


def test_dropout_keeps_a_byte_for_each_value_on_cuda() -> None:
    """A float32 mask on the CPU, booleans on CUDA."""
    network = cnncalc.load("conv 1x1x4 nobias - dropout", input="8x8x3")
    kept = [cnncalc.analysis.memory.saved_bytes(network, TrainingSetup(device=device))[1] for device in ("cpu", "cuda")]
    assert kept == [8 * 8 * 4 * 4, 8 * 8 * 4]


def test_a_network_without_parameters_has_no_gradients() -> None:
    """Nothing is kept and nothing flows back."""
    prediction = cnncalc.predict_memory(cnncalc.load("relu - pool 2x2", input="8x8x3"), device="cpu")
    assert {moment.phase for moment in prediction.timeline} == {"forward", "step"}
    assert prediction.parts["parameter_gradients"] == 0


def test_a_network_that_passes_its_input_on() -> None:
    """The images, and the log-softmax of the loss."""
    prediction = cnncalc.predict_memory(cnncalc.load("identity", input="8x8x3"), device="cpu")
    assert prediction.parts["input"] == 8 * 8 * 3 * 4 + 8 * 8 * 8


# ---- the largest batch


@settings(max_examples=25)
@given(
    name=st.sampled_from(["lenet5", "resnet18", "squeezenet1_1", "alexnet"]),
    mebibytes=st.integers(1, 20_000),
    setup=st.sampled_from(
        [{}, {"precision": "bf16"}, {"inference": True}, {"checkpointing": True}, {"accumulate": 3}, {"device": "cpu"}]
    ),
)
def test_the_largest_batch_is_the_largest(name: str, mebibytes: int, setup: dict[str, Any]) -> None:
    """It fits, and more images in a pass do not."""
    network = cnncalc.load(name)
    found = cnncalc.largest_batch(network, mebibytes * MIB, **setup)
    passes = setup.get("accumulate", 1)

    def peak(batch: int) -> int:
        return cnncalc.predict_memory(network, batch=batch, **setup).peak_bytes

    assert found is None or peak(found) <= mebibytes * MIB
    assert peak((found or 0) + passes) > mebibytes * MIB


def test_what_never_fits() -> None:
    """The parameters alone are larger than the budget."""
    assert largest_batch(cnncalc.load("vgg16"), TrainingSetup(), 100 * MIB) is None


@pytest.mark.parametrize("name", GPUS)
def test_cards_have_less_than_their_memory(name: str) -> None:
    """Something is set aside for the CUDA context, and on a Jetson board for its system; never half."""
    assert GPUS[name].mebibytes * MIB // 2 < GPUS[name].budget < GPUS[name].mebibytes * MIB


# ---- what cannot be


@pytest.mark.parametrize(
    ("setup", "message", "hint"),
    [
        ({"optimizer": "adamm"}, "there is no optimizer `adamm`", "did you mean `adam`?"),
        ({"precision": "int8"}, "there is no precision `int8`", "there are bf16, float32, fp16"),
        ({"implementation": "quick"}, "there is no implementation `quick`", "there are foreach, fused, loop"),
        ({"device": "tpu"}, "there is no device `tpu`", "did you mean `cpu`?"),
        ({"batch": 0}, "batch is at least 1, not 0", None),
        ({"accumulate": 0}, "accumulate is at least 1, not 0", None),
        ({"momentum": -1.0}, "momentum is a number that is at least 0, not -1", None),
        ({"weight_decay": float("nan")}, "weight decay is a number that is at least 0, not nan", None),
        (
            {"batch": 2, "accumulate": 3},
            "a batch of 2 cannot be split into 3 passes",
            "accumulate at most as many passes as there are images",
        ),
        (
            {"optimizer": "adadelta", "implementation": "fused"},
            "adadelta has no fused step",
            "write foreach or loop",
        ),
        (
            {"optimizer": "adam", "momentum": 0.9},
            "adam has no momentum to set",
            "those with a momentum are muon, rmsprop, sgd",
        ),
    ],
)
def test_settings_that_there_are_not(setup: dict[str, Any], message: str, hint: str | None) -> None:
    """One sentence, and what would mend it."""
    with pytest.raises(SpecError) as raised:
        TrainingSetup(**setup)
    assert raised.value.message == message
    assert raised.value.hints[:1] == (() if hint is None else (hint,))


# ---- what the tracker does not see


@pytest.mark.slow
@pytest.mark.parametrize("name", ["resnet18", "googlenet", "mobilenet_v2"])
def test_gradients_are_added_in_place_where_nobody_watches(name: str) -> None:
    """Two gradients of one tensor: the engine writes the sum over the first, which a tracker's hold on it prevents.

    The profiler counts ``add_`` in a real backward pass, and the prediction for CUDA makes no tensor for a sum.
    """
    network = cnncalc.load(name, input="64x64x3")
    loss = cnncalc.build(network, seed=0)(torch.randn(2, 3, 64, 64)).sum()
    with profile() as profiled:
        loss.backward()
    counts = {event.key: event.count for event in profiled.key_averages()}
    sums = sum(count - 1 for count in Counter(index for node in network for index in node.inputs).values())

    def steps_back(device: str) -> int:
        timeline = cnncalc.predict_memory(network, device=device).timeline
        return sum(moment.phase == "backward" for moment in timeline)

    assert "aten::add" not in counts
    assert counts["aten::add_"] == sums == steps_back("cpu") - steps_back("cuda")
