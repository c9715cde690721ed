"""What the layers of a network make of images: their outputs, layer by layer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from torch import Tensor, fx, nn

from cnncalc.model.build import LAYER
from cnncalc.network import Network

VALUES = 2**27
"""Values of maps, of 4 bytes each, that are in memory at a time, unless those of a single image are more."""


class Activations(NamedTuple):
    """What was made of images.

    Attributes:
        layers: the outputs of layers by their index, N x C x H x W (as many sizes as the input has), or N x C.
        output: what the module returned.

    """

    layers: dict[int, Tensor]
    output: Tensor


def activations(module: fx.GraphModule, network: Network, images: Tensor, layers: Collection[int]) -> Activations:
    """Return what layers make of images.

    Gradients flow through what is returned, where they are on: `torch.autograd.grad` of the output works with it.

    Args:
        module: what `cnncalc.build` made of the network. It runs as in a test, and is left as it was found.
            A layer that overwrites its input (``inplace=True``) does no harm.
        network: to which the layers belong.
        images: N x C x H x W, normalised, on the module's device.
        layers: indices of nodes of the network; 0 is the images themselves.

    """
    calls = {call.meta[LAYER]: call for call in module.graph.nodes if LAYER in call.meta}  # the last call of each
    calls[0] = next(iter(module.graph.nodes))
    wanted = {index: calls[_computed(network, index, calls)] for index in layers}
    recorder = _Recorder(module, set(wanted.values()))
    with evaluating(module):
        output = recorder.run(images)
    return Activations({index: recorder.found[call] for index, call in wanted.items()}, output)


def _computed(network: Network, index: int, calls: Collection[int]) -> int:
    """Return the index of a layer whose output this is: a layer for which PyTorch need do nothing has its input's."""
    while index not in calls:
        index = network.layers[index - 1].inputs[0]
    return index


class _Recorder(fx.Interpreter):
    """Runs a graph and remembers what some of its calls return."""

    def __init__(self, module: fx.GraphModule, wanted: Collection[fx.Node]) -> None:
        super().__init__(module)
        self.found: dict[fx.Node, Tensor] = {}
        self._wanted = wanted

    def run_node(self, n: fx.Node) -> Any:
        """Run a call; what is remembered is passed on as a copy, since the next layer may overwrite it."""
        value = super().run_node(n)
        if n not in self._wanted:
            return value
        self.found[n] = value
        return value.clone()


def images_at_once(network: Network, most: int) -> int:
    """Return how many images go through a network at a time, at least 1: those whose maps fit in 512 MiB."""
    return max(1, min(most, VALUES // max(1, network.activations)))


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Let a module run as in a test: dropout does nothing, and norms use their statistics."""
    training = [part for part in module.modules() if part.training]  # frozen parts are not, while others train
    module.eval()
    try:
        yield
    finally:
        for part in training:
            part.training = True
