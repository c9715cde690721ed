"""``cnncalc export``"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import click

from cnncalc.commands.options import spec_argument, spec_options, take_spec_options
from cnncalc.needs import optional_packages
from cnncalc.network import Network
from cnncalc.report.writing import write_file, write_stream

ENDINGS = {".py": "python", ".onnx": "onnx", ".pt2": "pt2"}


@click.command()
@spec_argument()
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="The file: model.py, model.onnx, model.pt2."
)
@click.option(
    "--format", "form", type=click.Choice(list(ENDINGS.values())), help="What to write. [default: by the ending of -o]"
)
@click.option(
    "--seed",
    type=click.IntRange(0, 2**63 - 1),
    help="What the weights are drawn from, for onnx and pt2. [default: others each time]",
)
@spec_options
def export(spec: str, output: str | None, form: str | None, seed: int | None, **options: Any) -> None:
    """Write the network as PyTorch source, as ONNX or as PyTorch's exported program.

    model.py is source to read and change: blocks are classes, repeats are loops; without -o it goes to the
    terminal. model.onnx and model.pt2 hold the network with random first weights, as it is when testing, for any
    batch. They need PyTorch: pip install "cnncalc[export]".

    \b
    Examples:
      cnncalc export lenet5.txt -o lenet5.py
      cnncalc export resnet18 --set classes=10 -o resnet18.py
      cnncalc export lenet5.txt --seed 0 -o lenet5.onnx
      cnncalc export lenet5.txt --seed 0 -o lenet5.pt2
    """
    chosen = form or _form(output)
    if chosen == "python" and seed is not None:
        raise click.UsageError("source holds no weights; --seed is for .onnx and .pt2")
    if chosen != "python" and output is None:
        raise click.UsageError(f"{chosen} is not for the terminal; name a file with -o")
    data = _WRITERS[chosen](take_spec_options(options).load(spec), seed)
    if output is not None:
        write_file(data, output)
    else:
        assert isinstance(data, str)  # the other formats have been refused
        write_stream(data, sys.stdout)


def _form(output: str | None) -> str:
    """Return the format that a file's ending says."""
    if output is None:
        return "python"
    ending = os.path.splitext(output)[1].lower()
    if ending not in ENDINGS:
        raise click.UsageError(f"the ending of {output!r} says no format: use .py, .onnx or .pt2, or --format")
    return ENDINGS[ending]


def _python(network: Network, seed: int | None) -> str:
    from cnncalc.model.source import python_source

    return python_source(network)


def _onnx(network: Network, seed: int | None) -> bytes:
    with optional_packages():
        import onnx  # noqa: F401  # torch's exporter needs both, and says so less clearly
        import onnxscript  # noqa: F401

        from cnncalc.model import export

    return export.onnx(network, seed=seed)


def _pt2(network: Network, seed: int | None) -> bytes:
    with optional_packages():
        from cnncalc.model import export

    return export.pt2(network, seed=seed)


_WRITERS: dict[str, Callable[[Network, int | None], str | bytes]] = {"python": _python, "onnx": _onnx, "pt2": _pt2}
