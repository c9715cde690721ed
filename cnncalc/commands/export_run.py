"""What ``cnncalc export`` writes of a run: the trained network with its preprocessing, in float32 or int8."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.needs import optional_packages
from cnncalc.core.numbers import bytes_text
from cnncalc.core.writing import complain, write_file, write_stream
from cnncalc.network import Network
from cnncalc.report.class_metrics import percent_text

if TYPE_CHECKING:
    from cnncalc.model.export import Weights
    from cnncalc.train.run.exporting import RunExport
    from cnncalc.train.run.quantisation import Quantised

WITH_PREPROCESSING = ("onnx", "pt2")
"""Formats that hold the preprocessing too."""


class RunExportOptions(NamedTuple):
    """The options of a file that is exported from a run.

    Attributes:
        which: the weights, ``best`` or ``last``.
        alone: whether the network is written without its preprocessing.
        colours: the order in which colours arrive.
        int8: whether it is quantised.
        data: fields of the data that it is calibrated and tested with, where they are not the run's own.

    """

    which: str
    alone: bool
    colours: str
    int8: bool
    data: Mapping[str, Any]


def is_run(spec: str) -> bool:
    """Say whether a path is the folder of a run."""
    return os.path.isfile(os.path.join(spec, "run.json"))


def trained_network(path: str, which: str) -> tuple[Network, Weights]:
    """Return a run's network and its trained weights.

    Raises:
        SpecError: where this is no run, or its weights are not there or not its own.

    """
    with optional_packages():
        from cnncalc.train.run.folder import RunFolder
        from cnncalc.train.run.trained import weights_for

    folder = RunFolder(path)
    network = folder.network(folder.facts())
    return network, weights_for(folder, network, which)[0]


def write_run(form: str, path: str, output: str, options: RunExportOptions) -> None:
    """Write a run as ONNX or as an exported program.

    Raises:
        SpecError: where this is no run, where its data are not there for int8, and for what the format cannot say.

    """
    with optional_packages():
        if form == "onnx":
            import onnx  # noqa: F401  # torch's exporter needs both, and says so less clearly
            import onnxscript  # noqa: F401
        if options.int8:
            import onnxruntime  # noqa: F401

        from cnncalc.model import export
        from cnncalc.train.run.exporting import export_of_run

    run = export_of_run(path, options.which, preprocessing=not options.alone, colours=options.colours)
    writer = export.onnx if form == "onnx" else export.pt2
    data = writer(run.network, weights=run.weights, around=run.around)
    if options.int8:
        small = _quantised(data, path, options)
        write_file(small.data, output)
        write_stream(_int8_line(small), sys.stdout)
    else:
        write_file(data, output)
    if not options.alone:
        _say_what_it_takes(run)


def _say_what_it_takes(run: RunExport) -> None:
    volume = run.network.input
    sizes = " x ".join(map(str, ["N", volume.channels, *volume.spatial]))
    inside = run.around.preprocessing
    values = "values as in the data, float32" if inside and inside.floats else "pixels, uint8"
    made = inside.output if inside and inside.output != "probabilities" else f"probabilities of the {run.learned}"
    complain(f"note: the input is {values} {sizes}, and the output is {made}")
    if run.views > 1:
        complain(f"note: `cnncalc predict` averages {run.views} views of an image; the file computes one, as --views 1")


def _quantised(data: bytes, path: str, options: RunExportOptions) -> Quantised:
    import torch

    from cnncalc.train.run.quantisation import accuracy_metadata, quantised, with_metadata
    from cnncalc.train.run.trained import load_trained

    trained = load_trained(path, options.which, torch.device("cpu"))
    if trained.task.name != "classes":
        message = f"int8 is tested by the accuracy of classes, and this run has learned {trained.task.learned}"
        raise SpecError("not-in-int8", message, hints=["leave --precision int8 out"])
    training, tested = trained.calibration(options.data), trained.images(options.data)
    small = quantised(data, training, tested, trained.augmenter.plain if options.alone else lambda pixels: pixels)
    return small._replace(data=with_metadata(small.data, accuracy_metadata(small)))


def _int8_line(small: Quantised) -> str:
    after, before = (percent_text(right / small.images) for right in (small.after, small.before))
    sizes = f"{bytes_text(len(small.data))} in place of {bytes_text(small.before_bytes)}"
    return (
        f"accuracy  {after} in int8, {before} in float32, on {small.tested} ({small.images:,})\n"
        f"file      {sizes}; calibrated with {small.calibrated:,} training images\n"
    )
