"""Networks written for other tools: Keras' source, TensorFlow.js, Darknet. One format is one class in one file."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.to_foreign.darknet_cfg import DarknetCfg
from cnncalc.to_foreign.keras_source import KerasSource
from cnncalc.to_foreign.tensorflowjs import TensorFlowJS
from cnncalc.to_foreign.writer import ForeignWriter

FORMATS: Mapping[str, type[ForeignWriter]] = {
    "keras": KerasSource,
    "tensorflowjs": TensorFlowJS,
    "darknet": DarknetCfg,
}
"""Every format by the name that `cnncalc export --format` has for it."""

__all__ = ["FORMATS", "ForeignWriter"]
