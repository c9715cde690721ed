"""The bound on time: by hand for single layers, and against what PyTorch counts and moves.

The tensors of the forward pass are those that PyTorch makes (their ``nbytes``), FLOPs those of its own counter.
"""

from __future__ import annotations

import pytest
import torch
from torch import fx
from torch.utils.flop_counter import FlopCounterMode

import cnncalc
from cnncalc.analysis.memory.gpus import GPUS
from cnncalc.analysis.roofline import Bound, Machine, TimeSetup, bound, machine_of_card
from cnncalc.core.errors import ArgumentError, SpecError
from cnncalc.model.build import LAYER, build
from cnncalc.network import Network

UNIT = Machine("unit", peak=1.0, bandwidth=1.0)
"""A machine on which seconds are FLOPs and bytes."""


def bound_of(spec: str, input: str = "8x8x4", machine: Machine = UNIT, **settings: object) -> Bound:
    return bound(cnncalc.load(spec, input=input), TimeSetup(**settings), machine)  # type: ignore[arg-type]


def traffic(spec: str, input: str = "8x8x4", **settings: object) -> list[dict[str, int]]:
    """Return what each pass of the last layer moves."""
    return [dict(each.work.traffic) for each in bound_of(spec, input, **settings).rows[-1].passes]


# ---- single layers, by hand


def test_a_convolution() -> None:
    """2 FLOP for each of 8·8·6·3·3·4 multiplications; every tensor once, of 4 bytes a value."""
    (forward,) = bound_of("conv 3x3x6 p1").rows[0].passes
    assert forward.work.flops == 2 * 8 * 8 * 6 * 3 * 3 * 4
    assert dict(forward.work.traffic) == {
        "input": 8 * 8 * 4 * 4,
        "weights": (3 * 3 * 4 * 6 + 6) * 4,
        "output": 8 * 8 * 6 * 4,
    }
    assert (forward.compute, forward.memory) == (27648, 1024 + 888 + 1536)
    assert (forward.seconds, forward.bound_by) == (27648, "compute")


def test_a_batch_shares_the_weights() -> None:
    """FLOPs, input and output grow with the images; bf16 halves the bytes."""
    (forward,) = bound_of("conv 3x3x6 p1", batch=10, precision="bf16").rows[0].passes
    assert forward.work.flops == 10 * 27648
    assert dict(forward.work.traffic) == {"input": 10 * 1024 // 2, "weights": 888 // 2, "output": 10 * 1536 // 2}


def test_the_backward_pass_of_a_convolution() -> None:
    """As many multiplications for the gradient of the input, and for that of the weights; the first has no former."""
    first, second = bound_of("conv 3x3x6 p1 - conv 1x1x5", training=True).rows
    assert first.passes[1].work.flops == 27648
    assert dict(first.passes[1].work.traffic) == {"gradient of output": 1536, "saved": 1024, "gradient of weights": 888}
    assert second.passes[1].work.flops == 2 * (2 * 8 * 8 * 5 * 6)
    weights = (6 * 5 + 5) * 4
    assert dict(second.passes[1].work.traffic) == {
        "gradient of output": 8 * 8 * 5 * 4,
        "saved": 1536,
        "weights": weights,
        "gradient of input": 1536,
        "gradient of weights": weights,
    }


SAME = {"input": 1024, "output": 1024}


@pytest.mark.parametrize(
    ("spec", "forward", "backward"),
    [
        (
            "relu",
            {"input": 1024, "output": 1024},
            {"gradient of output": 1024, "saved": 1024, "gradient of input": 1024},
        ),
        ("pool2", {"input": 1024, "output": 256}, {"gradient of output": 256, "gradient of input": 1024}),
        ("gap", {"input": 1024, "output": 16}, {"gradient of output": 16, "gradient of input": 1024}),
        ("flatten", {}, {}),
        ("slice 0:2", {}, {"gradient of output": 512, "gradient of input": 1024}),
        ("add( | relu )", {"input": 2048, "output": 1024}, {}),
        ("concat( | relu )", {"input": 2048, "output": 2048}, {}),
        ("plus 1", SAME, {}),
        ("dropout 0.5", SAME, {"gradient of output": 1024, "gradient of input": 1024}),
    ],
)
def test_layers_without_weights(spec: str, forward: dict[str, int], backward: dict[str, int]) -> None:
    """Views move nothing, sums hand their gradient on; behind a convolution all have gradients to make."""
    assert traffic(f"conv 1x1x4 - {spec}", training=True) == [forward, backward]


def test_dropout_does_nothing_in_inference() -> None:
    assert traffic("dropout 0.5") == [{}]


def test_nothing_is_learned_in_front_of_the_first_weights() -> None:
    """What has no gradient has no backward pass."""
    relu, _ = bound_of("relu - conv 1x1x4", training=True).rows
    assert [dict(each.work.traffic) for each in relu.passes] == [SAME, {}]


def test_a_sum_with_one_position_adds_up_the_gradients() -> None:
    """The gradient of a branch of 1x1 is as small as it, and is made; that of the other is handed on."""
    found = traffic("conv 1x1x4 - add( | gap )", training=True)
    assert found[1] == {"gradient of output": 1024, "gradient of input": 16}


@pytest.mark.parametrize(
    ("optimizer", "moved"),
    [({"momentum": 0.0}, 3), ({}, 5), ({"optimizer": "adamw"}, 7)],
    ids=["sgd", "sgd with momentum", "adamw"],
)
def test_the_optimizer(optimizer: dict[str, object], moved: int) -> None:
    """It reads gradients, reads and writes parameters, and reads and writes each tensor of its state, in float32."""
    step = bound_of("conv 3x3x6 p1", training=True, precision="bf16", **optimizer).step
    assert step is not None
    assert step.work.bytes == moved * 4 * (3 * 3 * 4 * 6 + 6)
    assert step.work.flops == 0


@pytest.mark.parametrize(
    ("spec", "input"),
    [
        ("conv 1x1x2 s2 floor", "9x8x4"),
        ("conv 1x1x2 s3 floor", "8x8x4"),
        ("conv 3x3x2 s4 p1 floor", "11x9x4"),
        ("conv 2x2x2 d3", "9x9x4"),
        ("conv 3x3x2 d2 s5 floor", "19x16x4"),
        ("conv 3x3x2 s2 floor", "8x8x4"),
        ("avgpool 2x2 s3 floor", "9x10x4"),
        ("avgpool 3 s5 p1 floor", "23x4"),
        ("upsample 3x5 shrink", "8x8x4"),
        ("gap", "5x4x4"),
    ],
)
def test_only_what_a_window_meets_is_read(spec: str, input: str) -> None:
    """A value of the input is read if the output depends on it, which PyTorch's gradients say."""
    network = cnncalc.load(spec, input=input)
    module = build(network, seed=1)
    for parameter in module.parameters():
        torch.nn.init.ones_(parameter)
    batch = torch.ones(1, network.input.channels, *network.input.spatial, requires_grad=True)
    module(batch).sum().backward()
    assert batch.grad is not None
    assert traffic(spec, input)[0]["input"] == 4 * int(batch.grad.count_nonzero())


# ---- whole networks, against PyTorch

LARGE = tuple(pytest.param(name, marks=pytest.mark.slow) for name in ("densenet121", "googlenet"))
NETWORKS = ("lenet5", "alexnet", "vgg11", "resnet18", "squeezenet1_1", "unet", *LARGE)


class _Bytes(fx.Interpreter):
    """Runs a module, and adds up the bytes of the tensors that each layer reads, has and makes."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.values: dict[fx.Node, torch.Tensor] = {}
        self.moved: dict[int, int] = {}

    def run_node(self, n: fx.Node) -> object:
        result = super().run_node(n)
        self.values[n] = result
        index = n.meta.get(LAYER)
        if index is None:
            return result
        outside = [node for node in n.all_input_nodes if node.meta.get(LAYER) != index]
        last = all(user.meta.get(LAYER) != index for user in n.users)
        own = self.module.get_submodule(str(n.target)) if n.op == "call_module" else None
        parameters = sum(each.nbytes for each in own.parameters()) if own is not None else 0
        read = sum(self.values[node].nbytes for node in outside)
        made = self.values[n].nbytes if last else 0
        self.moved[index] = self.moved.get(index, 0) + read + parameters + made
        return result


def _meets_all(network: Network, index: int) -> bool:
    """Say whether the windows of a layer leave nothing out, so that it reads all that arrives."""
    node = network.layers[index - 1]
    reaches = node.operation.reaches
    return not any(node.dropped) and all(not reach or reach.shift <= _width(reach) for reach in reaches)


def _width(reach: object) -> int:
    first, last = reach.windows[0]  # type: ignore[attr-defined]
    return int(last - first + 1)


@pytest.mark.parametrize("name", ["mobilenetv2", *NETWORKS])
def test_traffic_is_that_of_pytorchs_tensors(name: str) -> None:
    """Inputs, parameters and outputs of every layer that computes something, as PyTorch has them."""
    network = cnncalc.load(name)
    module = build(network, device="meta").eval()
    counting = _Bytes(module)
    with torch.no_grad():
        counting.run(torch.empty((2, network.input.channels, *network.input.spatial), device="meta"))
    rows = bound(network, TimeSetup(batch=2), UNIT).rows
    ours = {row.node.index: row.passes[0].work.bytes for row in rows}
    compared = {index for index, size in ours.items() if size and _meets_all(network, index)}
    assert len(compared) > 0.6 * len(ours)
    assert {index: ours[index] for index in compared} == {index: counting.moved[index] for index in compared}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("training", [False, True])
def test_flops_are_those_of_pytorchs_counter(name: str, training: bool) -> None:
    """Forward and backward; its counter is wrong for the backward pass of groups, so no network here has any."""
    network = cnncalc.load(name)
    module = build(network, device="meta").train(training)
    batch = torch.empty((2, network.input.channels, *network.input.spatial), device="meta")
    with FlopCounterMode(display=False) as counter:
        made = module(batch)
        if training:
            torch.autograd.backward(made, torch.ones_like(made))
    found = bound(network, TimeSetup(batch=2, training=training), UNIT)
    assert sum(each.work.flops for each in found.passes) == counter.get_total_flops()


def test_groups_divide_the_work() -> None:
    """Each of 4 filters reads a channel of its own, forwards and for both gradients."""
    first, second = bound_of("dwconv 3x3 p1 - dwconv 3x3 p1", training=True).rows
    once = 2 * 8 * 8 * 4 * 3 * 3
    assert [each.work.flops for row in (first, second) for each in row.passes] == [once, once, once, 2 * once]


# ---- what is made of it


def test_the_larger_of_both_is_the_bound() -> None:
    """More FLOPs per byte than the machine has make a layer bound by its arithmetic."""
    (row,) = bound_of("conv 3x3x6 p1").rows
    intensity = row.passes[0].work.flops / row.passes[0].work.bytes
    below, above = Machine("", 0.99 * intensity, 1.0), Machine("", 1.01 * intensity, 1.0)
    assert bound_of("conv 3x3x6 p1", machine=below).rows[0].bound_by == "compute"
    assert bound_of("conv 3x3x6 p1", machine=above).rows[0].bound_by == "memory"


@pytest.mark.parametrize("training", [False, True])
def test_layers_add_up(training: bool) -> None:
    """The total is the sum of the passes, which are bound by arithmetic or by memory; fused layers need no more."""
    machine = machine_of_card("h100", GPUS["h100"], "bf16")
    found = bound_of("resnet18", "224x224x3", machine, batch=8, precision="bf16", training=training)
    step = found.step.seconds if found.step else 0.0
    assert found.seconds == pytest.approx(sum(row.seconds for row in found.rows) + step)
    assert found.seconds == pytest.approx(found.seconds_bound_by("compute") + found.seconds_bound_by("memory"))
    assert found.whole.seconds <= found.seconds
    assert found.images_per_second == pytest.approx(8 / found.seconds)


def test_shared_weights_are_read_again() -> None:
    """A layer with the weights of another one reads them as well; they are one tensor for the optimizer."""
    found = bound_of("conv 3x3x4 p1 weights=a - conv 3x3x4 p1 weights=a", training=True)
    assert dict(found.rows[1].passes[0].work.traffic)["weights"] == 4 * (3 * 3 * 4 * 4 + 4)
    assert found.step is not None
    assert found.step.work.bytes == 5 * 4 * (3 * 3 * 4 * 4 + 4)


# ---- what cannot be


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"batch": 0}, "batch is at least 1, not 0"),
        ({"precision": "int4"}, "there is no precision `int4`"),
        ({"precision": "int8", "training": True}, "nothing is trained in int8"),
        ({"training": True, "optimizer": "lion"}, "there is no optimizer `lion`"),
    ],
)
def test_settings_that_are_refused(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError) as refused:
        TimeSetup(**settings)  # type: ignore[arg-type]
    assert refused.value.message == message


def test_cards_that_do_not_say_enough() -> None:
    with pytest.raises(SpecError) as refused:
        machine_of_card("v100", GPUS["v100"], "bf16")
    assert refused.value.message == "the table of cards has no peak of v100 in bf16; it has float32, fp16"
    with pytest.raises(SpecError) as refused:
        machine_of_card("mine", GPUS["v100"]._replace(bandwidth=None), "fp16")
    assert refused.value.message == "the table of cards has no bandwidth of mine"
    with pytest.raises(SpecError, match=r"^the table of cards has no peak of mine"):
        machine_of_card("mine", GPUS["v100"]._replace(peaks={}), "fp16")
