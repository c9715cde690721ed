"""The arithmetic of a bound, with its units: ``2·118,013,952·64 FLOP / 989.5 TFLOP/s``."""

from __future__ import annotations

from cnncalc.analysis.roofline import Machine, PassBound, TimeSetup
from cnncalc.core.numbers import digits, seconds_text

_UNITS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""))


def rate_text(value: float, unit: str) -> str:
    """Write a rate with four digits: ``989.5 TFLOP/s``."""
    size, letter = _unit(value)
    return f"{value / size:.4g} {letter}{unit}/s"


def compute_sum(bound: PassBound, machine: Machine, setup: TimeSetup) -> str:
    """Write what the time for arithmetic comes from; "" where there is none."""
    if not bound.work.flops:
        return ""
    images = f"·{setup.batch}" if setup.batch > 1 else ""
    return f"2·{bound.work.flops // (2 * setup.batch):,}{images} FLOP / {rate_text(machine.peak, 'FLOP')}"


def memory_sum(bound: PassBound, machine: Machine) -> str:
    """Write what the time for traffic comes from; "" where there is none."""
    traffic = bound.work.traffic
    if not traffic:
        return ""
    size, letter = _unit(max(count for _, count in traffic))
    parts = " + ".join([f"{what} {_digits(count / size)}" for what, count in traffic])
    return f"({parts}) {letter}B / {rate_text(machine.bandwidth, 'B')}"


def larger_sum(bound: PassBound, machine: Machine, setup: TimeSetup) -> str:
    """Write the sum of what bounds a pass, with its result."""
    if not bound.seconds:
        return "0 s"
    sum_ = compute_sum(bound, machine, setup) if bound.bound_by == "compute" else memory_sum(bound, machine)
    return f"{sum_} = {seconds_text(bound.seconds)}"


def _digits(value: float) -> str:
    return digits(value) if value >= 0.0995 else f"{value:.2g}"


def _unit(value: float) -> tuple[float, str]:
    return next(((size, letter) for size, letter in _UNITS if value >= size), _UNITS[-1])
