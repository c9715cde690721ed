"""Exact numbers for convolutional networks that are written as a few lines of text.

    >>> import cnncalc
    >>> net = cnncalc.load("conv 5x5x10 s1 p2", input="32x32x3")
    >>> net.output, net.params, net.macs
    (Volume(32x32x10), 760, 768000)

Importing this package imports no torch. `build`, which makes a PyTorch module of a network, does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cnncalc.analysis import Counts, count
from cnncalc.errors import SpecError
from cnncalc.loading import load
from cnncalc.needs import optional_packages
from cnncalc.network import Network, Node
from cnncalc.volume import Volume

if TYPE_CHECKING:
    import torch
    from torch import fx

__version__ = "0.1.0"
__all__ = ["Counts", "Network", "Node", "SpecError", "Volume", "build", "count", "load"]


def build(
    network: Network,
    *,
    device: torch.device | str | None = None,
    seed: int | None = None,
    inplace: bool = True,
) -> fx.GraphModule:
    """Build a network as a PyTorch module, a `torch.fx.GraphModule`. Imports torch.

    It takes tensors of N x C x H x W (N x C x L, N x C x D x H x W). Behind a fully connected layer and a
    ``flatten`` tensors are N x C. Modules are named by the spec's labels and blocks.

    Args:
        network: what is built.
        device: where the parameters are made; ``"meta"`` makes none. Torch's default device otherwise.
        seed: what the weights are drawn from; torch's own generator otherwise.
        inplace: whether activations write over their input where that is safe.

    Raises:
        SpecError: without torch, and for a network that PyTorch has no layers for (more than three spatial
            dimensions).

    """
    with optional_packages():
        from cnncalc.model.build import build as build_module

    return build_module(network, device=device, seed=seed, inplace=inplace)
