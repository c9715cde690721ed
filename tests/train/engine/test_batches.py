"""Batches whose parts are too small, and layers that nothing can be learned through, are refused before the start."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import cnncalc
from cnncalc.core.errors import SpecError
from cnncalc.train.engine.batches import check_batches
from cnncalc.train.engine.bounds import batch_bounds, smallest_part
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.engine.sampling import local_parts
from cnncalc.train.recipe.settings import Recipe

Complaint = Callable[..., str]
POOLED = "input 8x8x1\nconv 3x3x8 p1 - gap - bn - relu - fc 10"


def check(spec: str, images: int = 1000, processes: int = 1, **settings: int) -> None:
    check_batches(cnncalc.load(spec), Recipe(**settings), images, Processes(size=processes))  # type: ignore[arg-type]


@given(st.integers(1, 200), st.integers(1, 40), st.integers(1, 4), st.integers(1, 4))
def test_the_smallest_part_is_that_of_the_parts_themselves(images: int, batch: int, processes: int, parts: int) -> None:
    bounds, order = batch_bounds(images, batch, processes * parts), torch.arange(images)
    sizes = [len(part) for rank in range(processes) for part in local_parts(order, bounds, 0, rank, processes, parts)]
    assert smallest_part(images, batch, processes, parts) == min(sizes)


REFUSED = {
    (1797, 2, 1, 1): ("1,797 images in batches of 2", "use a --batch of 3"),
    (1797, 1, 1, 1): ("1,797 images in batches of 1", "use a --batch of 3"),
    (1, 128, 1, 1): ("1 image in batches of 128", "train on more images, at least 2 at a time"),
    (100, 3, 1, 2): ("100 images in batches of 3, 2 parts", "use a --batch of 4"),
    (100, 3, 2, 1): ("100 images in batches of 3, 2 processes", "use a --batch of 4"),
    (100, 7, 2, 2): ("100 images in batches of 7, 2 processes x 2 parts", "use a --batch of 10"),
}


@pytest.mark.parametrize("sizes", REFUSED)
def test_a_batch_norm_of_one_value_is_refused(complaint: Complaint, sizes: tuple[int, int, int, int]) -> None:
    """PyTorch raises in the first step that sees one, or in the last of an epoch; the batch that is named is fine."""
    images, batch, processes, parts = sizes
    detail, hint = REFUSED[sizes]
    text = complaint(check, POOLED, images, processes, batch=batch, accumulate=parts)
    assert text == (
        "error[bad-batch]: bn1: a batch norm of 1x1x8 needs two images at a time to train with\n"
        "  --> text:2:23\n"
        "   |\n"
        " 2 | conv 3x3x8 p1 - gap - bn - relu - fc 10\n"
        f"   |                       ^^ the smallest part of a batch has one: {detail}\n"
        "   |\n"
        f"   = {hint}\n"
        "   = or leave it out, or norm an earlier volume"
    )
    if hint.startswith("use"):
        check(POOLED, images, processes, batch=int(hint.split()[-1]), accumulate=parts)


@pytest.mark.parametrize("images", range(1, 12))
@pytest.mark.parametrize("batch", [1, 2, 3, 5])
def test_what_is_refused_is_what_pytorch_refuses(images: int, batch: int) -> None:
    """Every batch of an epoch goes through the module, as in training."""
    module = cnncalc.build(cnncalc.load(POOLED), seed=0).train()
    bounds = batch_bounds(images, batch, 1)
    parts = local_parts(torch.arange(images), bounds, 0, 0, 1, 1)
    try:
        for part in parts:
            module(torch.zeros(len(part), 1, 8, 8))
        fits = True
    except ValueError:
        fits = False
    try:
        check(POOLED, images, batch=batch)
    except SpecError:
        assert not fits
    else:
        assert fits


def test_a_batch_norm_of_many_positions_needs_one_image() -> None:
    check("input 8x8x1\nconv 3x3x8 - bn - gap - fc 10", 1, batch=1)


DEAD = {
    "input 8x8x1\nln - fc 10": "ln1: `ln` over a single value is 0 everywhere; the input is 8x8x1",
    "input 8x8x1\ngap - ln - fc 10": "ln1: `ln` over a single value is 0 everywhere; the input is 1x1x1",
    "input 8x8x3\ngap - dropout 1 - fc 10": (
        "dropout1: `dropout 1` lets nothing through in training: what stands before it cannot learn"
    ),
}


@pytest.mark.parametrize("spec", DEAD)
def test_layers_that_nothing_is_learned_through(spec: str) -> None:
    with pytest.raises(SpecError) as caught:
        check(spec)
    assert (caught.value.code, caught.value.message) == ("nothing-to-train", DEAD[spec])
    network = cnncalc.load(spec)
    module = cnncalc.build(network, seed=0).train()
    images = torch.rand(4, network.input.channels, 8, 8)
    assert torch.equal(module(images)[0], module(images)[1])  # all images look the same behind it


def test_a_group_norm_of_single_values_is_refused_where_it_is_written(complaint: Complaint) -> None:
    """It would train on two images, and could never predict one; fewer groups, or a position more, are fine."""
    assert complaint(cnncalc.load, "input 8x8x1\nconv 3x3x8 - gap - gn 8 - fc 10").splitlines()[0] == (
        "error[out-of-range]: a group norm of single values is 0 everywhere; the input is 1x1x8"
    )
    for fine in ("gap - gn 4", "gap - gn 1", "gn 8 - gap"):
        module = cnncalc.build(cnncalc.load(f"input 8x8x1\nconv 3x3x8 - {fine} - fc 10"))
        module(torch.zeros(1, 1, 8, 8))
