"""What ``cnncalc time --measure`` does: measure a network on this machine, if it can be run here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from cnncalc.analysis.roofline import Measured, TimeSetup
from cnncalc.network import Network
from cnncalc.times import Where, measure_here, other_precisions


def measured_here(network: Network, setup: TimeSetup, wanted: Mapping[str, Any]) -> tuple[Measured, str]:
    """Measure a network, and return with it what it was measured on.

    Args:
        network: what is run.
        setup: how it is run.
        wanted: the options ``device``, ``threads``, ``rounds`` and ``processor_time``.

    Raises:
        SpecError: for a device that is not there, a network that does not run, and one that does not fit into memory.

    """
    where = Where(**wanted)
    _check(setup.precision, where)
    return measure_here(network, setup, where)


def _check(precision: str, where: Where) -> None:
    """Refuse what is not measured, in the words of the command line."""
    if where.device.startswith("mps"):
        raise click.UsageError("--measure is for --device cpu and cuda, not mps")
    if known := other_precisions(precision, where.device):
        raise click.UsageError(f"--measure is for {known} on {where.device}, not {precision}")
    if where.processor_time and where.device.startswith("cuda"):
        raise click.UsageError("--processor-time is for --device cpu")
    if where.processor_time and where.threads != 1:
        raise click.UsageError("--processor-time is for one thread: add --threads 1")
