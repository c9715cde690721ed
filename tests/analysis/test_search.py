"""The largest batch, which one walk finds, against predictions that are made anew for each batch."""

from __future__ import annotations

import pytest

import cnncalc

GIB = 1024**3


@pytest.mark.parametrize("name", ["lenet5", "resnet18", "squeezenet1_1", "unet", "densenet121"])
@pytest.mark.parametrize("settings", [{}, {"precision": "bf16"}, {"optimizer": "adamw", "accumulate": 2}])
def test_it_fits_and_the_next_one_does_not(name: str, settings: dict[str, object]) -> None:
    """Blocks are rounded up to 512 bytes on a card, so that the peak is no straight line of the batch."""
    network = cnncalc.load(name)
    batch = cnncalc.largest_batch(network, 2 * GIB, **settings)  # type: ignore[arg-type]
    assert batch is not None
    step = 2 if "accumulate" in settings else 1
    peaks = [cnncalc.predict_memory(network, batch=size, **settings).peak_bytes for size in (batch, batch + step)]  # type: ignore[arg-type]
    assert peaks[0] <= 2 * GIB < peaks[1]
