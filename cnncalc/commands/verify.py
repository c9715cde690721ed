"""``cnncalc verify``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.options import (
    load_spec,
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.core.needs import optional_packages
from cnncalc.report.verify import verify_report


@click.command()
@spec_argument()
@spec_options
@output_options
def verify(spec: str, **options: Any) -> None:
    """Prove the numbers: build the network in PyTorch and compare layer by layer.

    Output volumes, parameters and MACs are compared with what PyTorch does and with what torchinfo says.
    The status is 1 if anything differs. Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc verify lenet5.txt
      cnncalc verify "conv 5x5x10 s1 p2 - relu" --input 32x32x3
    """
    output = take_output(options)
    network = load_spec(spec, take_spec_options(options))
    with optional_packages():
        from cnncalc.model.verify import verify as compare

    checks = compare(network)
    output.emit(verify_report(network, checks))
    if not all(check.holds for check in checks):
        raise click.exceptions.Exit(1)
