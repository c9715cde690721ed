"""``cnncalc verify``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.options import (
    Output,
    load_spec,
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.core.needs import optional_packages
from cnncalc.network import Network
from cnncalc.report.verify import verify_report
from cnncalc.report.weights import WeightsShown, weights_report


@click.command()
@spec_argument()
@spec_options
@click.option("--weights", metavar="FILE|RUN|torchvision", help="Weights to match with the network, tensor by tensor.")
@output_options
def verify(spec: str, weights: str | None, **options: Any) -> None:
    """Check the numbers: build the network in PyTorch and compare.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. Output volumes, parameters and MACs
    of every layer are compared with PyTorch and torchinfo. With --weights, the table has the tensor of the file for
    each of the network's; the network with torchvision's weights is compared with torchvision's own model. The status
    is 1 if anything differs. Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc verify lenet5.txt
      cnncalc verify "conv 5x5x10 s1 p2 - relu" --input 32x32x3
      cnncalc verify resnet18 --weights torchvision
    """
    output = take_output(options)
    network = load_spec(spec, take_spec_options(options))
    if weights is not None:
        _verify_weights(network, weights, output)
        return
    with optional_packages():
        from cnncalc.model.verify import verify as compare

    checks = compare(network)
    output.emit(verify_report(network, checks))
    if not all(check.holds for check in checks):
        raise click.exceptions.Exit(1)


def _verify_weights(network: Network, weights: str, output: Output) -> None:
    with optional_packages():
        from cnncalc.model.weights.comparing import TOLERANCE, check_weights

    check = check_weights(network, weights)
    how, rows, unused = check.matching
    shown = WeightsShown(
        network.source.name, check.name, how, rows, unused, check.difference, TOLERANCE, agrees=check.holds
    )
    output.emit(weights_report(shown))
    if not check.holds:
        raise click.exceptions.Exit(1)
