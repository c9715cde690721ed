"""Several cards: against PyTorch's own tracker in real processes, and piece by piece against PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import torch
from torch import distributed, nn
from torch.distributed.optim import ZeroRedundancyOptimizer
from torch.testing._internal.distributed.fake_pg import FakeStore

import cnncalc
from cnncalc.analysis.memory import Predictor, TrainingSetup
from cnncalc.analysis.parallel import WAYS, CardPredictor, Parallel, Transfer
from cnncalc.analysis.parallel.buckets import BUCKET, FIRST_BUCKET, buckets
from cnncalc.analysis.parallel.owners import shared_out
from cnncalc.analysis.parallel.units import Shape
from tests.oracle.parallel_memory import Case, measured, measured_alone, predicted

DEEP = (
    "conv 3x3x24 p1 nobias - bn - relu - "
    "(add(conv 3x3x24 p1 - bn - relu - conv 3x3x24 p1 - bn |) - relu)*3 - gap - fc 7"
)
WIDE = "flatten - fc 300 - relu - fc 301 - relu - fc 5"
BLOCKS = """
block b
  add(conv 3x3x18 p1 nobias - bn - relu - conv 3x3x18 p1 nobias - bn |) - relu
end
conv 3x3x18 p1 - b*4 - gap - fc 10
"""
READ_TWICE = {
    "a sum": "block p\n  conv 1x1x4 nobias - bn - relu - conv 1x1x64 nobias - bn\nend\n"
    "conv 1x1x64 - (add(p |) - relu)*3 - gap - fc 10\n",
    "several readers inside": "block p\n  concat(conv 1x1x8 | conv 3x3x8 p1 | conv 3x3x8 p1 - bn) - bn\nend\n"
    "conv 3x3x24 p1 - (add(p |) - relu)*3 - gap - fc 10\n",
    "the same gradient inside": "block p\n  add(conv 3x3x24 p1 - bn - relu |)\nend\n"
    "conv 3x3x24 p1 - (add(p |) - relu)*3 - gap - fc 10\n",
    "two blocks": "block p\n  conv 3x3x24 p1 - bn - relu\nend\n"
    "conv 3x3x24 p1 - (add(p | p | conv 1x1x24) - relu)*3 - gap - fc 10\n",
}


# ---- real processes


@pytest.mark.slow
def test_two_processes_take_what_is_predicted() -> None:
    """To the byte over gloo, at the peak and between two steps: every way, in one and in several passes."""
    deep = Case(DEEP, 3, input="20x20x3")
    wide = Case(WIDE, 2, input="1x1x300")
    cases = [
        *[deep._replace(way="ddp", views=views, passes=passes) for views in (True, False) for passes in (1, 2, 3)],
        deep._replace(way="ddp", checkpointing=True),
        wide._replace(way="ddp", optimizer="adamw"),
        deep._replace(way="zero1"),
        wide._replace(way="zero1"),
        wide._replace(way="zero1", optimizer="adam", implementation="loop"),
        wide._replace(way="zero1", optimizer="adam", implementation="fused", views=False),
        deep._replace(way="fsdp2"),
        deep._replace(way="fsdp2", passes=3),
        wide._replace(way="fsdp2", optimizer="adamw"),
        wide._replace(way="fsdp2", optimizer="adam", implementation="loop"),
        wide._replace(way="fsdp2", passes=2),
        Case(BLOCKS, 4, "fsdp2", input="24x24x3"),
        deep._replace(way="fsdp2", checkpointing=True),
        Case(BLOCKS, 4, "fsdp2", passes=2, checkpointing=True, input="24x24x3"),
        Case(READ_TWICE["a sum"], 2, "fsdp2", checkpointing=True, input="4x4x3"),
    ]
    for case, processes in zip(cases, measured(cases, 2), strict=True):
        found = predicted(case, 2)
        assert found.peak_bytes == max(each.peak for each in processes), case
        assert between(found) == max(each.between for each in processes), case


@pytest.mark.slow
def test_four_processes_take_what_is_predicted() -> None:
    """Parameters whose first dimension four does not divide are filled up; biases of five leave cards without any."""
    cases = [
        Case(DEEP, 2, "ddp", input="20x20x3"),
        Case(WIDE, 2, "zero1", optimizer="adam", input="1x1x300"),
        Case(WIDE, 2, "fsdp2", input="1x1x300"),
        Case(BLOCKS, 2, "fsdp2", input="24x24x3"),
    ]
    for case, processes in zip(cases, measured(cases, 4), strict=True):
        found = predicted(case, 4)
        assert found.peak_bytes == max(each.peak for each in processes), case
        assert between(found) == max(each.between for each in processes), case


def between(found: object) -> int:
    """Return the bytes that are there between two steps: what lasts, the images and labels, and the buckets."""
    step = found.step  # type: ignore[attr-defined]
    return sum(step.kept.values()) + found.parts["input"] + step.passes[0].pieces[0].extra.buckets  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module:UserWarning")  # of in-place changes, which no part makes
@pytest.mark.slow
@pytest.mark.parametrize("cards", [2, 8])
@pytest.mark.parametrize(
    "case",
    [
        Case("resnet18", 2, "fsdp2"),
        Case("resnet18", 2, "fsdp2", passes=2),
        Case("mobilenet_v2", 1, "fsdp2", optimizer="adamw"),
        Case("squeezenet1_1", 2, "fsdp2"),
    ],
)
def test_fsdp2_without_the_copy_of_gloo(case: Case, cards: int) -> None:
    """To the byte: fake tensors in a group that exchanges nothing, where a reduction works in place as NCCL's does."""
    (found,) = measured_alone([case], cards)
    assert predicted(case, cards, alone=True).peak_bytes == found.peak


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module:UserWarning")
@pytest.mark.slow
@pytest.mark.parametrize("spec", READ_TWICE.values(), ids=READ_TWICE)
@pytest.mark.parametrize(("batch", "side"), [(2, "4x4x3"), (16, "48x48x3")])
@pytest.mark.parametrize("passes", [1, 2])
def test_fsdp2_where_what_a_block_reads_is_read_outside_too(spec: str, batch: int, side: str, passes: int) -> None:
    """Both gradients stay until those of the block's parameters are reduced, and are added then."""
    case = Case(spec, batch, "fsdp2", passes=passes, input=side)
    (found,) = measured_alone([case], 2)
    assert predicted(case, 2, alone=True).peak_bytes == found.peak


@pytest.mark.filterwarnings("ignore:FSDP2-wrapped module:UserWarning")
@pytest.mark.slow
@pytest.mark.parametrize("cards", [2, 8])
def test_fsdp2_of_resnet50_whose_blocks_are_paths(cards: int) -> None:
    case = Case("resnet50", 4, "fsdp2", input="64x64x3")
    (found,) = measured_alone([case], cards)
    assert predicted(case, cards, alone=True).peak_bytes == found.peak


@pytest.mark.parametrize(("name", "cards", "tracker"), [("mobilenet_v2", 2, 73_084_080), ("resnet50", 4, 293_347_192)])
def test_the_largest_state_counts_where_the_peak_is_in_the_backward_pass(name: str, cards: int, tracker: int) -> None:
    """Another card has less state, and larger temporaries; figures of the tracker in benchmarks/results/cards.txt."""
    case = Case(name, 4, "zero1", optimizer="adam", implementation="loop", input="64x64x3")
    assert predicted(case, cards).peak_bytes == tracker


# ---- against PyTorch, piece by piece


@pytest.fixture
def group() -> Iterator[None]:
    """A group of four processes, of which this one is the first and there are no others."""
    distributed.init_process_group("fake", store=FakeStore(), rank=0, world_size=4)
    yield
    distributed.destroy_process_group()


@pytest.mark.parametrize("seed", range(20))
def test_buckets_are_those_of_pytorch(seed: int) -> None:
    """DistributedDataParallel fills them in the order in which gradients are made, the first one with 1 MiB."""
    random = Random(seed)
    tensors = [torch.empty(random.choice((10, 5_000, 400_000, 3_000_000)), device="meta") for _ in range(60)]
    limits = [FIRST_BUCKET, BUCKET]
    assigned, _ = distributed._compute_bucket_assignment_by_size(tensors, limits, [False] * 60)  # type: ignore[attr-defined]
    expected = [sum(4 * tensors[place].numel() for place in bucket) for bucket in assigned]
    assert buckets(4 * tensor.numel() for tensor in tensors) == expected


@pytest.mark.usefixtures("group")
@pytest.mark.parametrize("name", ["alexnet", "resnet18", "squeezenet1_1"])
def test_zero_shares_parameters_out_as_pytorch_does(name: str) -> None:
    """Greedily: the largest goes to the card that has least; those of one size in their order."""
    module = cnncalc.build(cnncalc.load(name), device="meta")
    parameters = list(module.parameters())
    made = ZeroRedundancyOptimizer([nn.Parameter(torch.empty(p.shape)) for p in parameters], torch.optim.SGD, lr=0.1)
    expected = [[p.numel() for group in groups for p in group["params"]] for groups in made._partition_parameters()]
    values = [parameter.numel() for parameter in parameters]
    assert [[values[place] for place in own] for own in shared_out(values, 4)] == expected


@pytest.mark.parametrize("rows", [1, 3, 4, 7, 64])
@pytest.mark.parametrize("cards", [1, 2, 3, 4, 8])
def test_a_part_is_the_first_chunk(rows: int, cards: int) -> None:
    """FSDP2 cuts as `torch.chunk` does and fills all parts up to the first one."""
    whole = torch.empty(rows, 5)
    assert Shape(whole.numel(), rows).shard(cards) == whole.chunk(cards)[0].numel()


# ---- what is exchanged


def exchanged(way: str, cards: int, passes: int = 1) -> list[Transfer]:
    network = cnncalc.load("conv 3x3x6 p1 - bn - relu - gap - fc 4", input="8x8x2")
    parallel = Parallel(cards, way)
    setup = parallel.of_card(TrainingSetup(batch=cards * passes, accumulate=passes))
    return list(CardPredictor(network, parallel).predict(setup).transfers)


def test_ddp_exchanges_gradients_and_running_statistics() -> None:
    """By hand: 6·2·9 + 6 + 6 + 6 + 4·6 + 4 = 154 gradients, sent 2·3/4 times; 2·6 float32 and an int64 of `bn`."""
    assert exchanged("ddp", 4) == [
        Transfer("all-reduce", "gradients", 1, 616, 924),
        Transfer("broadcast", "running statistics", 1, 56, 42),
    ]
    assert exchanged("ddp", 4, passes=3) == exchanged("ddp", 4)


def test_zero1_also_sends_what_was_updated() -> None:
    assert exchanged("zero1", 4)[2] == Transfer("broadcast", "updated parameters", 6, 616, 462)


def test_fsdp2_gathers_in_every_pass_and_blocks_twice() -> None:
    """Parts are filled up to the first chunk; what lies in no block, `conv1`, `bn1` and `fc1`, is gathered once."""
    network = cnncalc.load("resnet18")
    parallel = Parallel(6, "fsdp2")
    found = CardPredictor(network, parallel).predict(parallel.of_card(TrainingSetup(batch=18, accumulate=3))).transfers
    filled = {
        name: 4 * 6 * parameter.chunk(6)[0].numel()
        for name, parameter in cnncalc.build(network, device="meta").named_parameters()
    }
    blocks = sum(size for name, size in filled.items() if "." in name.removesuffix(".weight").removesuffix(".bias"))
    sent = [3 * sum(filled.values()) * 5 // 6, 3 * blocks * 5 // 6, 3 * sum(filled.values()) * 5 // 6]
    assert found == (
        Transfer("all-gather", "parameters (forward)", 3 * 6, 3 * sum(filled.values()), sent[0]),
        Transfer("all-gather", "parameters (backward)", 3 * 5, 3 * blocks, sent[1]),
        Transfer("reduce-scatter", "gradients", 3 * 6, 3 * sum(filled.values()), sent[2]),
    )


@pytest.mark.parametrize("way", WAYS)
def test_a_single_card_exchanges_nothing(way: str) -> None:
    assert exchanged(way, 1) == []


# ---- what follows


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("passes", [1, 2, 3])
def test_parts_and_the_timeline_add_up(way: str, passes: int) -> None:
    """The parts are those of the largest moment."""
    network = cnncalc.load("resnet18")
    parallel = Parallel(8, way)
    setup = parallel.of_card(TrainingSetup(batch=64 * passes, accumulate=passes, optimizer="adamw"))
    found = CardPredictor(network, parallel).predict(setup)
    assert sum(found.parts.values()) == found.peak_bytes == max(moment.bytes for moment in found.timeline)
    assert min(found.parts.values()) >= 0
    assert sum(found.kept.values()) <= found.parts["activations"]


@pytest.mark.parametrize("way", WAYS)
def test_the_largest_batch_fits_and_a_larger_one_does_not(way: str) -> None:
    network = cnncalc.load("resnet18")
    parallel = Parallel(4, way)
    predictor = CardPredictor(network, parallel)
    found = predictor.largest_batch(TrainingSetup(), 2**30)
    assert found is not None
    assert found % 4 == 0
    assert (
        predictor.peak(TrainingSetup(batch=found // 4)) <= 2**30 < predictor.peak(TrainingSetup(batch=found // 4 + 1))
    )


def test_a_share_is_rounded_up() -> None:
    """Of 100 images on 8 cards, some card has 13."""
    assert Parallel(8).of_card(TrainingSetup(batch=100)).batch == 13


def test_each_way_takes_less_of_what_lasts() -> None:
    """AlexNet at a batch of 1 on 8 cards: its parameters are most of it, and FSDP2 keeps an eighth of all of them."""
    network = cnncalc.load("alexnet")
    single = Predictor(network).predict(TrainingSetup(optimizer="adam"))
    found = {way: CardPredictor(network, Parallel(8, way)).predict(TrainingSetup(optimizer="adam")) for way in WAYS}
    states = {way: each.parts["optimizer_state"] for way, each in found.items()}
    assert states["ddp"] == single.parts["optimizer_state"]
    assert states["zero1"] < states["ddp"]
    assert states["fsdp2"] == pytest.approx(states["ddp"] / 8, rel=0.01)
    assert found["fsdp2"].parts["parameters"] == pytest.approx(found["ddp"].parts["parameters"] / 8, rel=0.01)
