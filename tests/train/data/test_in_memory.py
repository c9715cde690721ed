"""Images in memory: batches, subsets, resizing and the statistics of channels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.utils.data import DataLoader, TensorDataset
from torchvision.transforms.v2 import functional

from cnncalc.train.data import MemorySplit, channel_statistics
from tests.train.data.files import load, noise

Complaint = Callable[..., str]


def split_of(count: int, *shape: int) -> tuple[torch.Tensor, torch.Tensor, MemorySplit]:
    """Return pixels, labels, and the split that holds them."""
    pixels, labels = torch.from_numpy(noise(count, *shape)), torch.arange(count) % 5
    return pixels, labels, MemorySplit(pixels, labels)


def test_batches_are_those_of_a_dataloader() -> None:
    """The same order in batches of the same size gives the same tensors, contiguous and in bytes."""
    pixels, labels, split = split_of(23, 3, 4, 5)
    order = torch.randperm(23, generator=torch.Generator().manual_seed(0))
    theirs = DataLoader(TensorDataset(pixels, labels), batch_size=8, sampler=order.tolist())

    for (ours, our_labels), (wanted, wanted_labels) in zip(split.batches(order.split(8)), theirs, strict=True):
        assert torch.equal(ours, wanted)
        assert torch.equal(our_labels, wanted_labels)
        assert ours.is_contiguous()
        assert (ours.dtype, our_labels.dtype) == (torch.uint8, torch.int64)


def test_batches_are_made_when_they_are_asked_for() -> None:
    """An order that goes wrong later does no harm to the first batches."""
    split = split_of(4, 1, 2, 2)[2]
    batches = split.batches([torch.tensor([0]), torch.tensor([99])])
    assert next(batches)[1].tolist() == [0]
    with pytest.raises(IndexError):
        next(batches)


@given(st.lists(st.integers(0, 9), min_size=1, max_size=12), st.data())
def test_a_subset_of_a_subset(rows: list[int], data: st.DataObject) -> None:
    """Indices are applied one after the other, as those of a list."""
    again = data.draw(st.lists(st.integers(0, len(rows) - 1), max_size=6))
    pixels, labels, split = split_of(10, 1, 2, 2)
    subset = split.subset(torch.tensor(rows)).subset(torch.tensor(again, dtype=torch.int64))
    chosen = [rows[index] for index in again]

    assert len(subset) == len(chosen)
    assert torch.equal(subset.pixels, pixels[chosen])
    assert torch.equal(subset.labels, labels[chosen])


def test_moved_to_a_device_only_the_labels_stay() -> None:
    """The meta device stands for any other: pixels go there, `labels` can still be read."""
    _, labels, split = split_of(6, 1, 2, 2)
    moved = split.to(torch.device("meta"))
    assert moved.pixels.device.type == "meta"
    assert torch.equal(moved.labels, labels)


# ---- resizing


def test_stretched_images_are_torchvision_s(complaint: Complaint) -> None:
    whole, stretched = load("digits", "8x8x1"), load("digits", "12x10x1", resize="stretch")
    wanted = functional.resize(whole.test.pixels, [12, 10], antialias=True)
    assert torch.equal(stretched.test.pixels, wanted)
    assert torch.equal(stretched.test.labels, whole.test.labels)


def test_cropped_images_lose_what_is_outside_the_proportions(tmp_path: object) -> None:
    """Of 4x8 only the middle 4x4 is used for a square."""
    images = noise(3, 4, 8)
    np.savez(f"{tmp_path}/file.npz", x=images, y=np.arange(3))
    cropped = load(f"{tmp_path}/file.npz", "4x4x1", resize="crop")
    assert (cropped.train.pixels[:, 0].numpy() == images[:, :, 2:6]).all()


def test_only_images_are_resized(tmp_path: object, complaint: Complaint) -> None:
    np.savez(f"{tmp_path}/file.npz", x=noise(3, 9, 1), y=np.arange(3))
    assert complaint(load, f"{tmp_path}/file.npz", "10x1", resize="stretch") == (
        "error[data-differs]: only images of two dimensions can be resized, and not 9x1 to 10x1"
    )


# ---- statistics


@pytest.mark.parametrize("shape", [(3, 4, 5), (2, 7), (1, 2, 3, 4)])
def test_mean_and_deviation_are_numpy_s(shape: tuple[int, ...]) -> None:
    """In double precision, over all images and positions, for each channel."""
    pixels, _, split = split_of(50, *shape)
    axes = (0, *range(2, pixels.ndim))
    values = pixels.numpy() / 255
    mean, deviation = channel_statistics(split)
    assert mean == pytest.approx(values.mean(axes), abs=1e-12)
    assert deviation == pytest.approx(values.std(axes), abs=1e-12)


def test_a_constant_channel_is_divided_by_one() -> None:
    pixels = torch.full((4, 2, 3, 3), 51, dtype=torch.uint8)
    pixels[:2, 1] = 0
    assert channel_statistics(MemorySplit(pixels, torch.zeros(4, dtype=torch.int64))) == ((0.2, 0.1), (1.0, 0.1))


def test_the_statistics_of_the_real_mnist(real_data: object) -> None:
    """0.1307 and 0.3081, as everybody writes them."""
    mean, deviation = channel_statistics(load(f"{real_data}/mnist", "28x28x1").train)
    assert (round(mean[0], 4), round(deviation[0], 4)) == (0.1307, 0.3081)
