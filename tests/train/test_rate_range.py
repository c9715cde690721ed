"""What a range test suggests, on losses whose steepest place is known, and when a loss has exploded."""

from __future__ import annotations

from math import log10, tanh

import pytest

from cnncalc.train.rate_range import PER_DECADE, STEPS, ExplosionCheck, RateRange, rate_at

RATES = [rate_at(step) for step in range(STEPS)]


def test_rates_rise_by_equal_ratios_from_a_millionth_to_ten() -> None:
    assert (RATES[0], RATES[PER_DECADE], RATES[-1]) == (1e-6, 1e-5, 10.0)


@pytest.mark.parametrize("steepest", [1e-4, 1e-3, 0.05, 0.7])
def test_the_suggestion_is_where_a_sigmoid_falls_most_steeply(steepest: float) -> None:
    losses = [1 - tanh(4 * (log10(rate) - log10(steepest))) for rate in RATES]
    assert RateRange(RATES, losses, None).suggestion == pytest.approx(steepest, rel=0.05)


def test_a_steeper_fall_behind_the_least_loss_does_not_count() -> None:
    """A loss that explodes jumps up and down."""
    calm = [2 - tanh(4 * (log10(rate) + 3)) for rate in RATES[:200]]
    found = RateRange(RATES, calm + [40.0, 3.0] * ((STEPS - 200) // 2) + [40.0], None)
    assert found.suggestion == pytest.approx(1e-3, rel=0.05)


def test_a_loss_that_does_not_fall_suggests_nothing() -> None:
    """Noise alone falls somewhere too."""
    noise = [2.3 + 0.05 * ((step * 7919) % 101 / 101 - 0.5) for step in range(STEPS)]
    assert RateRange(RATES, noise, None).suggestion is None
    assert RateRange(RATES, [2.3] * STEPS, None).suggestion is None


def test_the_mean_over_half_a_decade_smooths() -> None:
    found = RateRange(RATES, [float(step % 2) for step in range(STEPS)], None)
    assert found.smoothed[100] == pytest.approx(10 / 21)
    assert found.smoothed[0] == pytest.approx(5 / 11)


def test_a_loss_has_exploded_where_it_is_four_times_its_least_and_above_its_first() -> None:
    watch = ExplosionCheck()
    assert not any(map(watch.exploded, [2.0] * 10 + [0.1] * 20 + [1.9] * 20))
    assert watch.exploded(3.0)  # the mean of the last five is 2.12


def test_a_line_for_every_step() -> None:
    rows = RateRange([0.001, 0.01], [2.0, 1.0], None).to_csv().splitlines()
    assert rows == ["learning_rate,loss,smoothed_loss", "0.001,2.0,1.5", "0.01,1.0,1.5"]
