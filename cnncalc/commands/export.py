"""``cnncalc export``"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from cnncalc.commands.export_run import WITH_PREPROCESSING, RunExportOptions, is_run, trained_network, write_run
from cnncalc.commands.options import load_spec, spec_argument, spec_options, take_spec_options
from cnncalc.commands.replacing import check_output
from cnncalc.commands.training import GroupedHelp, GroupedOption, refuse_replacing_run, take_data, tested_data_options
from cnncalc.commands.whole import Whole
from cnncalc.core.needs import optional_packages
from cnncalc.core.writing import write_file, write_stream
from cnncalc.network import Network, SpecSettings
from cnncalc.train.run_files import WEIGHTS

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


def _of_a_run(name: str, **settings: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return an option that stands among those for runs in the help."""
    return click.option(name, cls=GroupedOption, group="Of a run", **settings)


@click.command(cls=GroupedHelp)
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
    metavar="best|last|FILE|torchvision",
    help="Of a run: best or last; of a spec: a file or torchvision. [default: best]",
)
@spec_options
@_of_a_run("--without-preprocessing", is_flag=True, help="Leave out normalisation and softmax.")
@_of_a_run("--colour-order", type=click.Choice(["rgb", "bgr"]), help="Order of the input's colours. [default: rgb]")
@_of_a_run("--precision", type=click.Choice(["float32", "int8"]), help="Precision of an ONNX file. [default: float32]")
@tested_data_options
def export(
    spec: str, output: str | None, form: str | None, seed: int | None, weights: str | None, **options: Any
) -> None:
    """Write the network for PyTorch, ONNX, Keras, TensorFlow.js or Darknet, or its weights as a state_dict.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. Or it is the folder of a run, for
    trained weights. model.py is source to read and change: blocks are classes, repeats are loops; without -o it goes to
    the terminal. model.onnx and model.pt2 hold the network in evaluation mode, for any batch; model.pt holds the
    weights alone. A spec has random initial weights, or those of --weights. They need PyTorch: pip install
    "cnncalc[export]".

    Of a run, model.onnx and model.pt2 take pixels from 0 to 255 and return probabilities, with the names of the
    classes as metadata. --precision int8 is calibrated with training images, and tested before and after.

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
      cnncalc export first -o model.onnx --precision int8
    """
    check_output(output)
    chosen = form or _form(output)
    if chosen == "python" and (seed is not None or (weights is not None and not is_run(spec))):
        raise click.UsageError("source holds no weights; --seed and --weights are for the other formats")
    if chosen not in ("python", *_FOREIGN) and output is None:
        raise click.UsageError(f"{chosen} is not for the terminal; name a file with -o")
    if seed is not None and weights is not None:
        raise click.UsageError("--seed draws weights and --weights reads them; leave one of them out")
    settings = take_spec_options(options)
    of_run = _run_options(chosen, spec, weights, options)
    trained: Weights | None
    if is_run(spec):
        _refuse_for_run(settings, seed)
        refuse_replacing_run(spec, output)
        if chosen in WITH_PREPROCESSING and output is not None:
            write_run(chosen, spec, output, of_run)
            return
        network, trained = trained_network(spec, of_run.which)
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


def _run_options(form: str, spec: str, weights: str | None, options: dict[str, Any]) -> RunExportOptions:
    """Take what is asked of the file of a run out of a command's arguments; refuse it where it has no effect."""
    data = take_data(options)
    alone, colours, precision = (options.pop(name) for name in ("without_preprocessing", "colour_order", "precision"))
    given = [
        *(["--without-preprocessing"] if alone else []),
        *(["--colour-order"] if colours else []),
        *(["--precision int8"] if precision == "int8" else []),
        *(f"--{name.replace('_', '-')}" for name in data),
    ]
    if given and not is_run(spec):
        raise click.UsageError(f"{given[0]} is for a run: a spec has neither trained weights nor images")
    if given and form not in WITH_PREPROCESSING:
        raise click.UsageError(f"{given[0]} is for .onnx and .pt2, and not for {form}")
    if precision == "int8" and form != "onnx":
        raise click.UsageError("--precision int8 is for .onnx: ONNX Runtime quantises the network")
    if data and precision != "int8":
        raise click.UsageError(f"{given[-1]} has no effect without --precision int8, which is calibrated with images")
    if colours and alone:
        raise click.UsageError("--colour-order has no effect with --without-preprocessing")
    which = _which(weights) if is_run(spec) else ""
    return RunExportOptions(which, alone, colours or "rgb", precision == "int8", data)


def _refuse_for_run(settings: SpecSettings, seed: int | None) -> None:
    if seed is not None or settings != SpecSettings():
        raise click.UsageError("a run has its network and its weights; leave out --seed, --input, --set and --rounding")


def _which(weights: str | None) -> str:
    """Return which weights of a run are meant."""
    if weights not in (None, *WEIGHTS):
        raise click.UsageError(f"of a run, --weights is {' or '.join(WEIGHTS)}, not {weights!r}")
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
