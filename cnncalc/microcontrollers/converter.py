"""A network as TensorFlow Lite has it."""

from __future__ import annotations

from cnncalc.microcontrollers.conversion import WHAT, Conversion
from cnncalc.microcontrollers.graph import Graph
from cnncalc.microcontrollers.keras_layers import TFLITE
from cnncalc.network import Network
from cnncalc.to_foreign.keras_model import KerasModel
from cnncalc.to_foreign.keras_table import KERAS


def convert(network: Network) -> Graph:
    """Return a network as TensorFlow Lite has it.

    Raises:
        SpecError: for a layer that Keras, or the interpreter, has nothing for.

    """
    model = KerasModel(network, WHAT)
    outputs = model.read(KERAS)
    return Conversion(model, outputs, TFLITE).graph
