"""Mean and standard deviation of the values, which training subtracts and divides by."""

from __future__ import annotations

from math import sqrt

import torch

from cnncalc.train.data.dataset import Split, spread

STREAMED = 10_000
"""Images of a stream that are looked at, at most."""

_AT_A_TIME = 1024

_ROUNDING = 1e-7
"""Share of the mean up to which a deviation is that of rounding: the channel is constant."""


def channel_statistics(split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the mean and the standard deviation of every channel: of bytes as values between 0 and 1, of floats as is.

    All pixels are counted where they are in memory; of a stream, those of at most 10,000 images, evenly spaced.
    A channel that is constant has the standard deviation 1, since it is divided by.
    """
    if split.floats:
        return _of_floats(split)
    rows = spread(len(split), None if split.in_memory else STREAMED)
    counts = torch.zeros(split.volume.channels, 256, dtype=torch.int64)
    for pixels, _ in split.batches(torch.split(rows, _AT_A_TIME)):
        counts += torch.stack([_histogram(channel) for channel in pixels.unbind(1)]).cpu()
    moments = [_moments(channel) for channel in counts.tolist()]
    return tuple(mean for mean, _ in moments), tuple(deviation for _, deviation in moments)


def _of_floats(split: Split) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the same of floats, which are in memory: the mean first, and then the mean square around it."""
    channels, sizes = split.volume.channels, len(split) * (split.volume.values // split.volume.channels)
    order = torch.split(torch.arange(len(split)), _AT_A_TIME)
    sums = torch.zeros(channels, dtype=torch.float64)
    for values, _ in split.batches(order):
        sums += values.cpu().double().transpose(0, 1).flatten(1).sum(1)
    means = sums / sizes
    squares = torch.zeros(channels, dtype=torch.float64)
    for values, _ in split.batches(order):
        away = values.cpu().double().transpose(0, 1).flatten(1) - means[:, None]
        squares += (away * away).sum(1)
    deviations = [
        deviation if deviation > _ROUNDING * abs(mean) else 0.0
        for mean, deviation in zip(means.tolist(), (squares / sizes).sqrt().tolist(), strict=True)
    ]
    return tuple(means.tolist()), tuple(deviation or 1.0 for deviation in deviations)


def _histogram(values: torch.Tensor) -> torch.Tensor:
    return torch.bincount(values.flatten(), minlength=256)


def _moments(counts: list[int]) -> tuple[float, float]:
    """Return mean and standard deviation of values that are counted; the sums are whole numbers, so exact."""
    number = sum(counts)
    total = sum(value * count for value, count in enumerate(counts))
    squares = sum(value * value * count for value, count in enumerate(counts))
    variance = (number * squares - total * total) / (number * number)
    return total / number / 255, sqrt(variance) / 255 or 1.0
