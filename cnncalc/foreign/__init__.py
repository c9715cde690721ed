"""Texts and files that people have already, read as specs: one format is one class in one file.

Nothing that is read is run, and no format needs more than Python itself. A text is asked about only where it is no
valid spec, so that no spec is ever taken for something else.
"""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.core.source import Source
from cnncalc.foreign.caffe import CaffePrototxt
from cnncalc.foreign.convnetjs import ConvNetJS
from cnncalc.foreign.darknet import DarknetConfiguration
from cnncalc.foreign.draft import Draft
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.keras_calls import KerasCalls
from cnncalc.foreign.keras_json import KerasJson
from cnncalc.foreign.keras_summary import KerasSummary
from cnncalc.foreign.model_names import ModelName
from cnncalc.foreign.onnx_graph import OnnxModel
from cnncalc.foreign.pytorch_calls import PyTorchCalls
from cnncalc.foreign.pytorch_printed import PrintedModule
from cnncalc.foreign.torch_summaries import TorchInfo, TorchSummary
from cnncalc.foreign.translation import Translation, translate
from cnncalc.foreign.ultralytics import UltralyticsModel
from cnncalc.network import input_volume

FORMATS: tuple[ForeignFormat, ...] = (
    ModelName(),
    OnnxModel(),
    PrintedModule(),
    DarknetConfiguration(),
    UltralyticsModel(),
    KerasJson(),
    CaffePrototxt(),
    ConvNetJS(),
    KerasSummary(),
    TorchInfo(),
    TorchSummary(),
    KerasCalls(),
    PyTorchCalls(),
)
"""Every format, in the order in which they are asked whether they recognise a text."""


def format_of(source: Source) -> ForeignFormat | None:
    """Return the format of a text; None where it is recognisably none."""
    return next((each for each in FORMATS if each.recognises(source)), None)


def read_foreign(source: Source, inputs: Mapping[str, Source] | None = None) -> Translation | None:
    """Read a foreign text as a spec; None where the text is of no known format.

    Args:
        source: the text.
        inputs: the volumes of inputs by their names, in the place of the text's own; "" is the name of one that has
            none. Sizes that follow from the input are worked out for these.

    Raises:
        SpecError: for a text that is of a format and cannot be read, with its place there, and for an input that is
            no volume.
    """
    found = format_of(source)
    if found is None:
        return None
    given = {name: str(input_volume(written)) for name, written in (inputs or {}).items()}
    draft = Draft(source, found.what, given)
    found.read(draft)
    return translate(draft)


__all__ = ["FORMATS", "ForeignFormat", "Translation", "format_of", "read_foreign"]
