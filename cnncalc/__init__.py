"""Exact numbers for convolutional networks that are written as a few lines of text.

    >>> import cnncalc
    >>> net = cnncalc.load("conv 5x5x10 s1 p2", input="32x32x3")
    >>> net.output, net.params, net.macs
    (Volume(32x32x10), 760, 768000)

Importing this package imports no torch.
"""

from cnncalc.analysis import Counts, count
from cnncalc.errors import SpecError
from cnncalc.loading import load
from cnncalc.network import Network, Node
from cnncalc.volume import Volume

__version__ = "0.1.0"
__all__ = ["Counts", "Network", "Node", "SpecError", "Volume", "count", "load"]
