"""How a learned shift is read that a module adds to a volume: as the bias of the layer in front."""

from __future__ import annotations

from torch import fx

from cnncalc.layers.convolution import convolution_words
from cnncalc.layers.written import Token, Unsayable, alike
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.values import Tensor, View


def is_per_channel(tensor: Tensor, channels: int, axis: int, dimensions: int) -> bool:
    """Say whether a tensor has one number for each channel, which lie along an axis of so many dimensions."""
    shape = (1,) * (dimensions - len(tensor.shape)) + tensor.shape
    return shape == tuple([channels if place == axis else 1 for place in range(dimensions)])


def shifted(emitter: Emitter, view: View, tensor: Tensor) -> View:
    """Read a sum of a volume and a learned number for each channel."""
    view = emitter.sized(view)
    axis, volume = emitter.channel_axis(view), emitter.volume(view)
    fits = axis is not None and is_per_channel(tensor, volume.channels, axis, len(view.axes))
    if not fits or not _is_read_here_alone(emitter, view):
        raise Unsayable(f"it adds volumes, and {tensor.name} is not a bias of the layer before")
    operation = emitter.operations[-1]
    if operation.word == "scale" and operation.params == volume.channels:
        ones = (1,) * volume.dimensions
        none = alike((0,) * volume.dimensions)
        layer = convolution_words(volume.channels, volume.channels, ones, volume.channels, True, ones, none, ones)
        operation = operation._replace(word=layer.word, tokens=layer.tokens)
    elif Token("nobias") in operation.tokens and Token("fixed") not in operation.tokens:  # constants learn no bias
        operation = operation._replace(tokens=tuple([t for t in operation.tokens if t != Token("nobias")]))
    else:
        raise Unsayable(f"it adds volumes, and {tensor.name} is not a bias of the layer before")
    emitter.weights.learn(tensor, "bias")
    emitter.operations[-1] = operation
    return view


def _is_read_here_alone(emitter: Emitter, view: View) -> bool:
    """Say whether a volume is that of the last layer, and nothing else reads it."""
    if not view.index or view.index != len(emitter.operations) or emitter.operations[-1].is_input:
        return False
    return any(_leads_alone(source, emitter.origins[-1]) for source in emitter.node.all_input_nodes)


def _leads_alone(at: fx.Node, origin: fx.Node) -> bool:
    """Say whether a value is what a call returns, perhaps in another layout, and each on the way has one reader."""
    while len(at.users) == 1:
        if at is origin:
            return True
        if len(at.all_input_nodes) != 1:
            return False
        (at,) = at.all_input_nodes
    return False
