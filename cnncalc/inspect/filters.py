"""What the filters of the first layer look for: its weights as small images."""

from __future__ import annotations

from torch import Tensor, fx

from cnncalc.inspect.images import SIGNED, Picture, coloured, filter_tiles, framed, grid, sized
from cnncalc.model.build import LAYER
from cnncalc.network import Network, Node

MOST = 128
"""Most filters that are shown."""

_PASSES = ("shape", "normalisation", "regularisation")
"""Roles of the layers that may stand between the images and the layer whose weights read them."""


def first_filters(module: fx.GraphModule, network: Network) -> tuple[Node, Tensor] | None:
    """Return the first layer with weights that reads the images, and its weights, N x C x H x W.

    The filters of a convolution are small windows. A fully connected layer has filters of the size of the image.
    None where there is no such layer: where something is computed before, or images have no height and width.
    """
    if network.input.dimensions != 2:
        return None
    for node in network.layers:
        weight = layer_weight(module, node)
        if weight is None and node.layer.role in _PASSES and len(node.inputs) == 1:
            continue
        return None if weight is None else _as_images(node, weight, network)
    return None


def _as_images(node: Node, weight: Tensor, network: Network) -> tuple[Node, Tensor] | None:
    if weight.dim() == 4 and node.layer.role == "convolution":
        return node, weight
    high, wide = network.input.spatial
    if weight.dim() == 2 and weight.shape[1] == network.input.values:
        return node, weight.reshape(len(weight), network.input.channels, high, wide)
    return None


def layer_weight(module: fx.GraphModule, node: Node) -> Tensor | None:
    """Return the weight of a convolution or fully connected layer, as PyTorch has it; None for other layers."""
    for call in module.graph.nodes:
        if call.op == "call_module" and call.meta.get(LAYER) == node.index:
            weight = getattr(module.get_submodule(str(call.target)), "weight", None)
            if isinstance(weight, Tensor) and weight.dim() > 1:
                return weight.detach()
    return None


def filters_picture(weight: Tensor, *, enlarged: bool = True) -> Picture:
    """Return the picture of filters, N x C x H x W.

    Filters of one channel are grey, those of three in colour, where mid-grey is 0. Of others every channel has a tile
    of its own, a row for each filter, from blue (negative) over white (0) to red. Those that are not ``enlarged`` have
    a pixel for each weight.
    """
    shown = weight[:MOST].float().cpu()
    if shown.shape[1] in (1, 3):
        tiles = filter_tiles(shown)
        return grid(framed(sized(tiles))) if enlarged else grid(tiles, columns=min(16, len(tiles)), gap=1)
    largest = shown.abs().flatten(1).amax(1).clamp_min(1e-30)[:, None, None, None]
    planes = coloured((shown / (2 * largest) + 0.5).flatten(0, 1), SIGNED)
    tiles = framed(sized(planes, 32)) if enlarged else planes
    return grid(tiles, columns=shown.shape[1], gap=2 if enlarged else 1)
