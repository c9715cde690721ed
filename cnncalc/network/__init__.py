"""From a syntax tree to a network."""

from cnncalc.network.expand import expand
from cnncalc.network.expansion_state import ExpansionMemory
from cnncalc.network.inputs import input_volume, refuse_several_inputs
from cnncalc.network.made_layers import MadeLayers
from cnncalc.network.network import Network
from cnncalc.network.node import Node, Operation
from cnncalc.network.settings import SpecSettings

__all__ = [
    "ExpansionMemory",
    "MadeLayers",
    "Network",
    "Node",
    "Operation",
    "SpecSettings",
    "expand",
    "input_volume",
    "refuse_several_inputs",
]
