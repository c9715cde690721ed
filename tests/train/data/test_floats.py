"""Values that are no bytes: used as they are, normalised by their own mean and deviation, and NaN is refused."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import torch
from torchvision.transforms.v2 import functional

from cnncalc.train.data import Split, channel_statistics, fingerprint
from tests.train.data.files import load

Complaint = Callable[..., str]
LABELS = np.arange(8) % 2
TYPES = ("float16", "float32", "float64", "int8", "int16", "uint16", "int32", "int64", "bool", ">f4", ">i2")


def drawn(*shape: int, seed: int = 0) -> npt.NDArray[np.float64]:
    return np.random.default_rng(seed).normal(20, 7, shape)


def all_of(split: Split) -> torch.Tensor:
    ((values, _),) = split.batches([torch.arange(len(split))])
    return values


@pytest.mark.parametrize("kind", TYPES)
def test_numbers_of_every_type_become_float32_as_they_are(folder: Path, kind: str) -> None:
    values = drawn(8, 6, 5).astype(kind)
    np.savez("d.npz", x=values, y=LABELS)
    dataset = load("d.npz", "6x5x1")
    assert dataset.train.floats
    assert np.array_equal(all_of(dataset.train).numpy()[:, 0], values.astype(np.float32))
    assert dataset.notes == (
        f"x in `d.npz` holds {values.dtype}: it is used as it is, and only augmented where that is asked for",
    )


def test_bytes_stay_bytes(folder: Path) -> None:
    np.savez("d.npz", x=drawn(8, 6, 5).astype(np.uint8), y=LABELS)
    dataset = load("d.npz", "6x5x1")
    assert (dataset.train.floats, all_of(dataset.train).dtype, dataset.notes) == (False, torch.uint8, ())


@pytest.mark.parametrize(
    ("shape", "size", "layout"),
    [
        ((8, 100), "100x1", "auto"),
        ((8, 100, 2), "100x2", "auto"),
        ((8, 2, 100), "100x2", "auto"),
        ((8, 2, 100), "100x2", "channels-first"),
        ((8, 1, 22, 64), "22x64x1", "auto"),
        ((8, 22, 64), "22x64x1", "auto"),
        ((8, 4, 6, 6, 3), "4x6x6x3", "auto"),
        ((8, 3, 4, 6, 6), "4x6x6x3", "auto"),
        ((8, 9, 9, 13), "9x9x13", "auto"),
        ((8, 13, 9, 9), "9x9x13", "auto"),
    ],
    ids=str,
)
def test_signals_clips_and_any_channels_are_brought_channels_first(
    folder: Path, shape: tuple[int, ...], size: str, layout: str
) -> None:
    """The values of sample 3 are those that NumPy's own view of it has."""
    values = drawn(*shape).astype(np.float32)
    np.savez("d.npz", x=values, y=LABELS)
    split = load("d.npz", size, layout=layout).train
    sizes = [int(word) for word in size.split("x")]
    channels, spatial = sizes[-1], sizes[:-1]
    sample = values[3]
    if sample.ndim == len(spatial):
        sample = sample[np.newaxis]
    elif sample.shape != (channels, *spatial):
        sample = np.moveaxis(sample, -1, 0)
    assert np.array_equal(all_of(split)[3].numpy(), sample)


def test_statistics_are_numpy_s(folder: Path) -> None:
    """Also where the mean is far larger than the deviation, and where a channel is constant."""
    values = np.stack([drawn(8, 50), 1e5 + drawn(8, 50, seed=1), np.full((8, 50), 3.3)], axis=2).astype(np.float32)
    np.savez("d.npz", x=values, y=LABELS)
    means, deviations = channel_statistics(load("d.npz", "50x3").train)
    exact = values.astype(np.float64)
    np.testing.assert_allclose(means, exact.mean((0, 1)), rtol=1e-12)
    np.testing.assert_allclose(deviations, [*exact.std((0, 1))[:2], 1.0], rtol=1e-9)


def test_small_values_keep_their_deviation(folder: Path) -> None:
    """Fields of the brain are 1e-13 tesla."""
    values = (drawn(8, 50) - 20) * 1e-13
    np.savez("d.npz", x=values, y=LABELS)
    (_, (deviation,)) = channel_statistics(load("d.npz", "50x1").train)
    assert deviation == pytest.approx(values.std(), rel=1e-5)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (np.nan, "sample 5 (counted from 0) has NaN\n"
                 "  = replace it: x = numpy.nan_to_num(x), or leave the sample out"),
        (np.inf, "sample 5 (counted from 0) has infinite values\n  = replace them, or leave the sample out"),
        (-1e300, "sample 5 (counted from 0) has values above 3.4e38, the largest of float32\n"
                 "  = scale the values down"),
    ],
)  # fmt: skip
def test_what_is_not_finite_is_refused_with_its_sample(
    folder: Path, complaint: Complaint, value: float, said: str
) -> None:
    values = drawn(8, 50)
    values[5, 17] = values[7, 2] = value
    np.savez("d.npz", x=values, y=LABELS)
    assert complaint(load, "d.npz", "50x1") == f"error[bad-data]: x in `d.npz`: {said}"


def test_a_value_that_differs_is_another_data_set(folder: Path) -> None:
    values = drawn(8, 50).astype(np.float32)
    np.savez("a.npz", x=values, y=LABELS)
    values[3, 3] += 1e-3
    np.savez("b.npz", x=values, y=LABELS)
    assert fingerprint(load("a.npz", "50x1")) != fingerprint(load("b.npz", "50x1"))


@pytest.mark.parametrize("how", ["stretch", "crop", "pad"])
def test_images_of_floats_are_resized_too(folder: Path, how: str) -> None:
    np.savez("d.npz", x=drawn(8, 12, 10).astype(np.float32), y=LABELS)
    split = load("d.npz", "6x5x1", resize=how).train
    wanted = functional.resize(torch.from_numpy(drawn(8, 12, 10)).float()[:, None], [6, 5], antialias=True)
    torch.testing.assert_close(all_of(split), wanted)


def test_colours_of_floats_become_grey(folder: Path) -> None:
    values = drawn(8, 6, 5, 3).astype(np.float32)
    np.savez("d.npz", x=values, y=LABELS)
    grey = all_of(load("d.npz", "6x5x1").train)
    np.testing.assert_allclose(grey[:, 0], values @ [0.299, 0.587, 0.114], rtol=1e-4)
