"""From a syntax tree to a network."""

from cnncalc.network.expand import Settings, expand
from cnncalc.network.network import Network, Node, Operation

__all__ = ["Network", "Node", "Operation", "Settings", "expand"]
