"""From a syntax tree to a network."""

from cnncalc.network.expand import expand
from cnncalc.network.expansion_state import ExpansionMemory
from cnncalc.network.inputs import input_volume, refuse_several_inputs
from cnncalc.network.network import Network, Node, Operation
from cnncalc.network.settings import SpecSettings

__all__ = [
    "ExpansionMemory",
    "Network",
    "Node",
    "Operation",
    "SpecSettings",
    "expand",
    "input_volume",
    "refuse_several_inputs",
]
