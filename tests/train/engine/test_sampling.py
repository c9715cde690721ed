"""The order of images: every one once an epoch, however many share the work."""

from __future__ import annotations

import itertools

import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from cnncalc.train.engine.bounds import batch_bounds
from cnncalc.train.engine.sampling import epoch_order, local_parts
from cnncalc.train.engine.seeds import StepSeeds
from cnncalc.train.seeds import AUGMENT, COINS, LAYERS, ORDER, SPLIT, mixed


@st.composite
def works(draw: st.DrawFn) -> tuple[int, int, int, int]:
    """Draw images, images of a batch, processes and parts: what training allows."""
    processes, parts = draw(st.integers(1, 8)), draw(st.integers(1, 6))
    shares = processes * parts
    batch = draw(st.integers(shares, shares + 60))
    images = draw(st.integers(shares, 400))
    assume(min(sizes_of(batch_bounds(images, batch, shares))) >= shares)  # what `start` refuses
    return images, batch, processes, parts


def sizes_of(bounds: list[int]) -> list[int]:
    return [stop - start for start, stop in itertools.pairwise(bounds)]


@given(work=works(), epoch=st.integers(0, 100), seed=st.integers(0, 2**63 - 1))
def test_every_image_is_seen_once_an_epoch(work: tuple[int, int, int, int], epoch: int, seed: int) -> None:
    """Over all processes and parts; nobody is without an image, and each has as many parts as all others."""
    images, batch, processes, parts = work
    bounds, order = batch_bounds(images, batch, processes * parts), epoch_order(images, seed, epoch)
    shares = [local_parts(order, bounds, 0, rank, processes, parts) for rank in range(processes)]

    assert sorted(torch.cat([torch.cat(share) for share in shares]).tolist()) == list(range(images))
    assert {len(share) for share in shares} == {(len(bounds) - 1) * parts}
    assert all(len(part) for share in shares for part in share)


@given(work=works())
def test_a_step_sees_the_same_images_however_they_are_shared(work: tuple[int, int, int, int]) -> None:
    """A step of one process is the same batch as that of many with many parts."""
    images, batch, processes, parts = work
    bounds, order = batch_bounds(images, batch, processes * parts), epoch_order(images, 0, 0)
    alone = local_parts(order, bounds, 0, 0, 1, 1)
    shares = [local_parts(order, bounds, 0, rank, processes, parts) for rank in range(processes)]

    for step, whole in enumerate(alone):
        mine = [part for share in shares for part in share[step * parts : (step + 1) * parts]]
        assert torch.equal(torch.cat(mine), whole)


@given(images=st.integers(1, 2000), batch=st.integers(1, 300), shares=st.integers(1, 16))
def test_batches_are_full_but_the_last(images: int, batch: int, shares: int) -> None:
    """None is larger than asked for, the steps are as few as can be, and only the last two may be smaller."""
    sizes = sizes_of(batch_bounds(images, batch, shares))
    assert sum(sizes) == images
    assert len(sizes) == -(-images // batch)
    assert all(0 < size <= batch for size in sizes)
    assert all(size == batch for size in sizes[:-2])
    if batch >= 2 * shares and images >= 2 * shares:
        assert min(sizes) >= shares


def test_a_last_batch_of_one_image_is_shared_out() -> None:
    """A batch norm cannot train on one value, so the last two batches take half each of what is left."""
    assert batch_bounds(65, 32, 1) == [0, 32, 49, 65]
    assert batch_bounds(66, 32, 1) == [0, 32, 64, 66]
    assert batch_bounds(67, 32, 2) == [0, 32, 50, 67]


@given(step=st.integers(0, 30))
def test_a_run_that_goes_on_sees_what_is_left(step: int) -> None:
    """From any step of the epoch, the rest is what it would have been."""
    order, bounds = epoch_order(300, 3, 1), batch_bounds(300, 10, 2)
    whole, rest = (local_parts(order, bounds, first, 1, 2, 1) for first in (0, step))
    assert all(torch.equal(a, b) for a, b in zip(whole[step:], rest, strict=True))


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    assert torch.equal(epoch_order(500, 7, 3), epoch_order(500, 7, 3))
    assert not torch.equal(epoch_order(500, 7, 3), epoch_order(500, 7, 4))
    assert not torch.equal(epoch_order(500, 7, 3), epoch_order(500, 8, 3))


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**40))
def test_streams_of_random_numbers_never_meet(seed: int, step: int) -> None:
    """Neighbouring seeds, steps and purposes get seeds of their own, of 63 bits."""
    drawn = [
        mixed(seed, purpose, step + shift) for purpose in (ORDER, AUGMENT, LAYERS, COINS, SPLIT) for shift in (0, 1)
    ]
    drawn += [mixed(seed + 1, ORDER, step), mixed(seed, step, ORDER, 0)]
    assert len(set(drawn)) == len(drawn)
    assert all(0 <= number < 2**63 for number in drawn)


def test_a_step_draws_the_same_whenever_it_comes() -> None:
    """Both generators, the one for images and torch's own, from which dropout draws."""

    def drawn(step: int, rank: int = 0) -> tuple[float, float]:
        seeds = StepSeeds(5, rank, torch.device("cpu"))
        seeds.set(step)
        return torch.rand((), generator=seeds.generator).item(), torch.rand(()).item()

    first = drawn(3)
    assert drawn(4) != first
    assert drawn(3) == first
    assert len({*first, *drawn(3, rank=1)}) == 4
