"""``cnncalc export``"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cnncalc.commands.options import load_spec, spec_argument, spec_options, take_spec_options
from cnncalc.commands.training import weights_option
from cnncalc.commands.whole import Whole
from cnncalc.core.needs import optional_packages
from cnncalc.core.writing import write_file, write_stream
from cnncalc.network import Network, SpecSettings

if TYPE_CHECKING:
    from cnncalc.model.export import Weights

ENDINGS = {".py": "python", ".onnx": "onnx", ".pt2": "pt2", ".pt": "state-dict"}


@click.command()
@spec_argument()
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Output file: .py, .onnx, .pt2 or .pt.",
)
@click.option(
    "--format", "form", type=click.Choice(list(ENDINGS.values())), help="Output format. [default: by the ending of -o]"
)
@click.option(
    "--seed",
    type=Whole(0, 2**63 - 1),
    help="Random seed of the first weights.",
)
@weights_option
@spec_options
def export(spec: str, output: str | None, form: str | None, seed: int | None, weights: str, **options: Any) -> None:
    """Write the network as PyTorch source, as ONNX, as PyTorch's exported program or its weights as a state_dict.

    SPEC is a spec, or a run's folder for trained weights. model.py is source to read and change: blocks are classes,
    repeats are loops; without -o it goes to the terminal. model.onnx and model.pt2 hold the network as it is when
    testing, for any batch; model.pt holds the weights alone. Those of a spec are random first weights. They need
    PyTorch: pip install "cnncalc[export]".

    \b
    Examples:
      cnncalc export lenet5.txt -o lenet5.py
      cnncalc export resnet18 --set classes=10 -o resnet18.py
      cnncalc export lenet5.txt --seed 0 -o lenet5.onnx
      cnncalc export lenet5.txt --seed 0 -o lenet5.pt2
      cnncalc export lenet5.txt --seed 0 -o lenet5.pt
    """
    chosen = form or _form(output)
    if chosen == "python" and seed is not None:
        raise click.UsageError("source holds no weights; --seed is for .onnx, .pt2 and .pt")
    if chosen != "python" and output is None:
        raise click.UsageError(f"{chosen} is not for the terminal; name a file with -o")
    settings = take_spec_options(options)
    if _is_run(spec):
        network, trained = _from_run(spec, weights, settings, seed)
    else:
        network, trained = load_spec(spec, settings), None
    data = _WRITERS[chosen](network, seed, trained)
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
        raise click.UsageError(f"the ending of {output!r} names no format: use .py, .onnx, .pt2 or .pt, or --format")
    return ENDINGS[ending]


def _is_run(spec: str) -> bool:
    return os.path.isfile(os.path.join(spec, "run.json"))


def _from_run(path: str, which: str, settings: SpecSettings, seed: int | None) -> tuple[Network, Weights]:
    """Return a run's network and its trained weights."""
    if seed is not None or settings != SpecSettings():
        raise click.UsageError("a run has its network and its weights; leave out --seed, --input, --set and --rounding")
    with optional_packages():
        from cnncalc.train.run.folder import RunFolder
        from cnncalc.train.run.trained import weights_for

    folder = RunFolder(path)
    network = folder.network(folder.facts())
    return network, weights_for(folder, network, which)


def _python(network: Network, seed: int | None, weights: Weights | None) -> str:
    from cnncalc.model.python import python_source

    return python_source(network)


def _onnx(network: Network, seed: int | None, weights: Weights | None) -> bytes:
    with optional_packages():
        import onnx  # noqa: F401  # torch's exporter needs both, and says so less clearly
        import onnxscript  # noqa: F401

        from cnncalc.model import export

    return export.onnx(network, seed=seed, weights=weights)


def _pt2(network: Network, seed: int | None, weights: Weights | None) -> bytes:
    with optional_packages():
        from cnncalc.model import export

    return export.pt2(network, seed=seed, weights=weights)


def _state_dict(network: Network, seed: int | None, weights: Weights | None) -> bytes:
    with optional_packages():
        from cnncalc.model import export

    return export.state_dict(network, seed=seed, weights=weights)


_WRITERS: dict[str, Callable[[Network, int | None, Weights | None], str | bytes]] = {
    "python": _python,
    "onnx": _onnx,
    "pt2": _pt2,
    "state-dict": _state_dict,
}
