"""From a syntax tree to a network."""

from cnncalc.network.expand import expand
from cnncalc.network.network import Network, Node, Operation
from cnncalc.network.settings import SpecSettings

__all__ = ["Network", "Node", "Operation", "SpecSettings", "expand"]
