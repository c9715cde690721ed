"""``cnncalc export``"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cnncalc.commands.options import load_spec, spec_argument, spec_options, take_spec_options
from cnncalc.commands.whole import Whole
from cnncalc.core.needs import optional_packages
from cnncalc.core.writing import write_file, write_stream
from cnncalc.network import Network, SpecSettings

if TYPE_CHECKING:
    from cnncalc.model.export import Weights

ENDINGS = {
    "_keras.py": "keras",
    ".py": "python",
    ".onnx": "onnx",
    ".pt2": "pt2",
    ".pt": "state-dict",
    ".json": "tensorflowjs",
    ".cfg": "darknet",
}
"""The formats by the ends of their files' names; the first one that fits is meant."""

_FOREIGN = ("keras", "tensorflowjs", "darknet")
_OF_A_RUN = ("best", "last")


@click.command()
@spec_argument()
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Output file: .py, .onnx, .pt2, .pt, .cfg, .json or _keras.py.",
)
@click.option(
    "--format", "form", type=click.Choice(list(ENDINGS.values())), help="Output format. [default: by the ending of -o]"
)
@click.option(
    "--seed",
    type=Whole(0, 2**63 - 1),
    metavar="N",
    help="Random seed of the initial weights.",
)
@click.option(
    "--weights",
    metavar="WHICH",
    help="Of a run: best or last; of a spec: a file or torchvision. [default: best]",
)
@spec_options
def export(
    spec: str, output: str | None, form: str | None, seed: int | None, weights: str | None, **options: Any
) -> None:
    """Write the network for PyTorch, ONNX, Keras, TensorFlow.js or Darknet, or its weights as a state_dict.

    SPEC is a spec, or a run's folder for trained weights. model.py is source to read and change: blocks are classes,
    repeats are loops; without -o it goes to the terminal. model.onnx and model.pt2 hold the network in evaluation
    mode, for any batch; model.pt holds the weights alone. A spec has random initial weights, or those of --weights.
    They need PyTorch: pip install "cnncalc[export]".

    model_keras.py is source for Keras 3, model.json is for TensorFlow.js and model.cfg for Darknet. With --seed, with
    --weights and of a run, the weights are in a file beside it.

    \b
    Examples:
      cnncalc export lenet5.txt -o lenet5.py
      cnncalc export resnet18 --set classes=10 -o resnet18.py
      cnncalc export lenet5.txt --seed 0 -o lenet5.onnx
      cnncalc export lenet5.txt --seed 0 -o lenet5.pt2
      cnncalc export lenet5.txt --seed 0 -o lenet5.pt
      cnncalc export resnet18 --weights torchvision -o resnet18_keras.py
      cnncalc export first -o model.json
    """
    chosen = form or _form(output)
    if chosen == "python" and (seed is not None or (weights is not None and not _is_run(spec))):
        raise click.UsageError("source holds no weights; --seed and --weights are for the other formats")
    if chosen not in ("python", *_FOREIGN) and output is None:
        raise click.UsageError(f"{chosen} is not for the terminal; name a file with -o")
    if seed is not None and weights is not None:
        raise click.UsageError("--seed draws weights and --weights reads them; leave one of them out")
    settings = take_spec_options(options)
    trained: Weights | None
    if _is_run(spec):
        network, trained = _from_run(spec, _which(weights), settings, seed)
    else:
        network = load_spec(spec, settings)
        trained = None if weights is None else _read(weights, network)
    if chosen in _FOREIGN:
        from cnncalc.commands.export_foreign import write_foreign

        write_foreign(chosen, network, output, seed=seed, weights=trained)
        return
    data = _WRITERS[chosen](network, seed, trained)
    if output is not None:
        write_file(data, output)
    else:
        assert isinstance(data, str)  # the other formats have been refused
        write_stream(data, sys.stdout)


def _which(weights: str | None) -> str:
    """Return which weights of a run are meant."""
    if weights not in (None, *_OF_A_RUN):
        raise click.UsageError(f"of a run, --weights is {' or '.join(_OF_A_RUN)}, not {weights!r}")
    return weights or "best"


def _read(weights: str, network: Network) -> Weights:
    """Return the weights that a file has, or that torchvision publishes, by the names of the built module."""
    with optional_packages():
        from cnncalc.model.build import build
        from cnncalc.model.weights.given import fill_whole, given_weights

    module = build(network, device="cpu")
    fill_whole(module, given_weights(weights, network))
    return module.state_dict()


def _form(output: str | None) -> str:
    """Return the format that a file's ending says."""
    if output is None:
        return "python"
    found = next((form for ending, form in ENDINGS.items() if output.lower().endswith(ending)), None)
    if found is None:
        endings = ", ".join(list(ENDINGS)[1:])
        raise click.UsageError(f"the ending of {output!r} names no format: use {endings}, _keras.py, or --format")
    return found


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
