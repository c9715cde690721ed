"""Images that are streamed: the same as in memory, whatever reads them, and no process is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch.utils import data as torch_data

from cnncalc.train.data import Split, channel_statistics
from tests.train.data.files import load, write_images

Complaint = Callable[..., str]


@pytest.fixture
def pets(folder: Path) -> Path:
    """A folder of 20 images of 12x9."""
    write_images(folder / "pets", count=10, size="12x9x3")
    return folder / "pets"


def streamed(workers: int = 0, **named: object) -> Split:
    """Return the images as a stream, cropped to 8x8."""
    return load("pets", "8x8x3", memory_limit=0, workers=workers, resize="crop", **named).train


def pixels(split: Split, order: list[torch.Tensor], seed: int | None = None) -> torch.Tensor:
    """Return the pixels of all batches."""
    return torch.cat([images for images, _ in split.batches(order, seed=seed)])


ORDER = torch.randperm(20, generator=torch.Generator().manual_seed(0)).split(6)


@pytest.mark.parametrize("workers", [0, 2])
def test_without_a_seed_a_stream_is_what_lies_in_memory(pets: Path, workers: int) -> None:
    """Batch by batch the same pixels and labels, in the given order."""
    in_memory = load("pets", "8x8x3", resize="crop").train
    for ours, wanted in zip(streamed(workers).batches(ORDER), in_memory.batches(ORDER), strict=True):
        assert torch.equal(ours[0], wanted[0])
        assert torch.equal(ours[1], wanted[1])
        assert (ours[0].dtype, ours[1].dtype) == (torch.uint8, torch.int64)
        assert ours[0].is_contiguous()


def test_what_is_random_depends_on_seed_and_image_alone(pets: Path) -> None:
    """The number of workers, the place in the epoch and going on in the middle change nothing."""
    whole = pixels(streamed(0), list(ORDER), seed=5)
    assert torch.equal(whole, pixels(streamed(2), list(ORDER), seed=5))
    assert torch.equal(whole[12:], pixels(streamed(1), list(ORDER)[2:], seed=5))
    backwards = pixels(streamed(0), [torch.cat(ORDER).flip(0)], seed=5)
    assert torch.equal(whole, backwards.flip(0))


def test_another_seed_gives_other_parts(pets: Path) -> None:
    first, other, none = (pixels(streamed(), list(ORDER), seed=seed) for seed in (5, 6, None))
    assert not torch.equal(first, other)
    assert not torch.equal(first, none)


def test_a_subset_has_its_images_and_labels(pets: Path) -> None:
    rows = torch.tensor([19, 3, 3])
    subset = streamed().subset(rows)
    assert len(subset) == 3
    assert subset.labels.tolist() == [1, 0, 0]
    assert torch.equal(pixels(subset, [torch.arange(3)]), pixels(streamed(), [rows]))


@pytest.mark.parametrize("workers", [0, 2])
def test_nothing_is_drawn_from_the_training_s_own_generator(pets: Path, workers: int) -> None:
    """Else a run that goes on in the middle of an epoch would draw other numbers than one that was not interrupted."""
    before = torch.get_rng_state()
    pixels(streamed(workers), list(ORDER), seed=5)
    assert torch.equal(torch.get_rng_state(), before)


def test_no_batches_and_empty_batches(pets: Path) -> None:
    assert list(streamed(2).batches([])) == []
    ((images, labels),) = streamed(2).batches([torch.arange(0)])
    assert (images.shape, labels.shape) == ((0, 3, 8, 8), (0,))


def test_the_statistics_are_those_of_the_middles(pets: Path) -> None:
    in_memory = load("pets", "8x8x3", resize="crop").train
    assert channel_statistics(streamed(2)) == channel_statistics(in_memory)


# ---- faults


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".webp", ".bmp"])
def test_a_file_that_is_cut_short_is_found_before_the_start(folder: Path, complaint: Complaint, suffix: str) -> None:
    """Its header is good; since its end is not there, it is decoded to find out."""
    write_images(folder / "pets", suffix=suffix, size="40x40x3")
    path = folder / "pets" / "dog" / f"1{suffix}"
    path.write_bytes(path.read_bytes()[:-200])
    text = complaint(load, "pets", "40x40x3", memory_limit=0)
    first, second, *_ = text.splitlines()
    assert first == "error[unreadable-image]: 1 of 6 images cannot be read"
    assert second.startswith(f"  = `pets/dog/1{suffix}`: ")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".gif", ".webp", ".bmp", ".ppm", ".tif"])
def test_what_programs_write_behind_an_image_does_no_harm(folder: Path, suffix: str) -> None:
    write_images(folder / "pets", suffix=suffix)
    with (folder / "pets" / "dog" / f"1{suffix}").open("ab") as file:
        file.write(b"more")
    streamed, in_memory = (load("pets", "8x8x3", memory_limit=limit, workers=0) for limit in (0, 10**9))
    assert torch.equal(pixels(streamed.train, [torch.arange(6)]), in_memory.train.pixels)


@pytest.mark.parametrize("workers", [0, 1])
def test_a_file_that_is_spoiled_later(pets: Path, complaint: Complaint, workers: int) -> None:
    """Its header was good when everything was checked: the error comes when it is read, and names it."""
    split = streamed(workers)
    whole = (pets / "dog" / "4.png").read_bytes()
    (pets / "dog" / "4.png").write_bytes(whole[:200])
    text = complaint(pixels, split, list(ORDER))
    assert text.startswith("error[unreadable-image]: cannot read `pets/dog/4.png`: image file is truncated")
    assert text.endswith("\n  = replace or delete it")


def test_a_file_that_has_another_size_later(pets: Path, complaint: Complaint) -> None:
    split = load("pets", "12x9x3", memory_limit=0, workers=1).train
    write_images(pets, ("dog",), count=1, size="5x5x3")
    assert complaint(pixels, split, list(ORDER)) == (
        "error[unreadable-image]: `pets/dog/0.png` is 5x5x3, and the spec's input is 12x9x3\n  = replace or delete it"
    )


def test_a_worker_that_is_killed(pets: Path, complaint: Complaint) -> None:
    """As by a system that is out of memory."""
    split = streamed(1)

    def interrupted() -> None:
        batches = split.batches([torch.arange(20)] * 50)
        next(batches)
        (worker,) = children()
        os.kill(worker, signal.SIGKILL)
        time.sleep(0.1)  # no error comes up in the midst of something else
        list(batches)

    assert complaint(interrupted) == (
        "error[worker-died]: a process that reads images was killed\n"
        "  = most often memory ran out, or shared memory (/dev/shm) is too small\n"
        "  = `--workers 0` reads in the training process, without shared memory"
    )


def children() -> list[int]:
    """Return the processes that this one has started and that still run."""
    import multiprocessing

    return [process.pid for process in multiprocessing.active_children() if process.pid]


def test_signals_for_all_do_not_end_the_workers(pets: Path) -> None:
    """Ctrl-C goes to every process of the terminal; the training decides when its workers end."""
    batches = streamed(2).batches([torch.arange(20)] * 8)
    next(batches), next(batches)  # one of each worker
    for worker in children():
        assert os.getpgid(worker) == worker
        os.kill(worker, signal.SIGINT)
    assert len(list(batches)) == 6
    assert children() == []


def test_an_epoch_that_is_left_early_leaves_no_process(pets: Path) -> None:
    batches = streamed(2).batches([torch.arange(20)] * 8)
    next(batches)
    assert len(children()) == 2
    batches.close()  # type: ignore[attr-defined]
    assert children() == []


# ---- other devices


def test_batches_arrive_pinned_where_the_device_is_a_gpu(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the loader is asked for; the copy itself needs the device."""
    asked: dict[str, object] = {}

    def loader(dataset: object, **named: object) -> list[object]:
        asked.update(named)
        return []

    monkeypatch.setattr("cnncalc.train.data.read_ahead.DataLoader", loader)
    assert list(streamed(2).to(torch.device("cuda")).batches(ORDER)) == []
    assert asked["pin_memory"] is True
    assert list(streamed(2).batches(ORDER)) == []
    assert asked["pin_memory"] is False
    assert torch_data.DataLoader is not loader
