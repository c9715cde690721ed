"""Where in an image a network sees a class: class activation maps.

Grad-CAM (Selvaraju et al., 2017, arXiv:1610.02391): the maps of the last layer that has any are added up, each weighted
by how much the class's score grows with it. Behind a global average pool and one fully connected layer the weights are
those of that layer, and the sum is the class activation map of Zhou et al. (2016, arXiv:1512.04150).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.inspect.choosing import mapped_layers
from cnncalc.inspect.images import HEAT, coloured, photo_tiles, sized
from cnncalc.inspect.maps import activations
from cnncalc.inspect.subject import Subject
from cnncalc.network import Network, Node


def cam_layer(network: Network) -> Node | None:
    """Return the last layer whose maps lead to the output, and which computes something; None where there is none."""
    behind = mapped_layers(network.layers)
    return behind[-1] if behind else None


def class_activation_maps(subject: Subject, image: Tensor, node: Node, classes: Sequence[int]) -> Tensor:
    """Return where in an image a network sees classes.

    Args:
        subject: a classifier.
        image: what its module sees, float32 1 x C x H x W.
        node: the layer whose maps are added up.
        classes: which.

    Returns:
        Float32, len(classes) x H x W of the layer's maps, in 0..1: the largest is 1 unless all are 0, where nothing
        speaks for the class.

    """
    with torch.enable_grad():
        found = activations(subject.module, subject.network, image.detach().requires_grad_(), [node.index])
        maps = found.layers[node.index]
        scores = found.output.flatten(1)[0]
        sums = [_weighted(maps, scores[place]) for place in classes]
    stacked = torch.stack(sums)
    return stacked / stacked.amax((1, 2), keepdim=True).clamp_min(1e-12)


def _weighted(maps: Tensor, score: Tensor) -> Tensor:
    """Return the sum of maps, 1 x C x H x W, weighted by the means of the score's gradient; what is negative is 0."""
    (gradient,) = torch.autograd.grad(score, maps, retain_graph=True, allow_unused=True)
    if gradient is None:
        return torch.zeros_like(maps[0, 0])
    return (maps * gradient.mean((2, 3), keepdim=True)).sum(1).relu()[0].detach()


def over_image(pixels: Tensor, shares: Tensor, side: int) -> Tensor:
    """Return an image with a map over it: dark where the map is 0, in warm colours where it is large.

    Args:
        pixels: uint8 1 x H x W or 3 x H x W.
        shares: the map, in 0..1, of any height and width.
        side: pixels that the tile aims at along its longer side.

    Returns:
        A tile, uint8 H x W x 3.

    """
    photo = sized(photo_tiles(pixels[None]), side)[0].float()
    high, wide = photo.shape[:2]
    grown = functional.interpolate(shares[None, None].cpu(), (high, wide), mode="bilinear", align_corners=False)[0, 0]
    grey = photo.mean(2, keepdim=True).expand(-1, -1, 3)
    mixed = 0.45 * grey + 0.55 * coloured(grown, HEAT).float()
    return mixed.round().to(torch.uint8)
