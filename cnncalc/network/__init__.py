"""From a syntax tree to a network."""

from cnncalc.network.expand import expand, input_volume
from cnncalc.network.network import Network, Node, Operation
from cnncalc.network.settings import SpecSettings

__all__ = ["Network", "Node", "Operation", "SpecSettings", "expand", "input_volume"]
