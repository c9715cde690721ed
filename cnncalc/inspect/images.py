"""Numbers as pictures: tiles side by side, with colours, as the bytes of a PNG file or as a data URI.

A picture is transparent between its tiles, so that it suits a light ground and a dark one.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional

from cnncalc.train.show.mask_colours import mask_table

Picture = NDArray[np.uint8]
"""Height x width x 4: red, green, blue and opacity, in 0..255."""

SIDE, LARGE = 64, 112
"""Pixels that a tile aims at along its longer side: where there are many, and where there are few.

Small ones are enlarged by a whole factor, large ones averaged.
"""

WIDTH = 1090
"""Most pixels of a row of tiles."""

GAP = 2
"""Pixels between two tiles."""

Ramp = Sequence[tuple[int, int, int]]
GREY: Ramp = ((0, 0, 0), (255, 255, 255))
SIGNED: Ramp = ((5, 48, 97), (67, 147, 195), (247, 247, 247), (214, 96, 77), (103, 0, 31))
"""From blue for −1 over white for 0 to red for 1; told apart also by people who see no red or no green."""
HEAT: Ramp = ((0, 0, 4), (81, 18, 124), (183, 55, 121), (252, 137, 97), (252, 253, 191))
"""From black for 0 over violet and orange to a light yellow for 1, lighter at every step."""


def coloured(shares: Tensor, ramp: Ramp) -> Tensor:
    """Return numbers as colours.

    Args:
        shares: of any shape, 0 for the first colour of the ramp and 1 for the last; what lies beyond is cut off.
        ramp: colours at even distances.

    Returns:
        Uint8, of the same shape with a last dimension of red, green and blue.

    """
    colours = torch.tensor(ramp, dtype=torch.float32)
    places = shares.detach().float().cpu().nan_to_num(0).clamp(0, 1) * (len(ramp) - 1)
    below = places.long().clamp(max=len(ramp) - 2)
    rest = (places - below)[..., None]
    return (colours[below] * (1 - rest) + colours[below + 1] * rest).round().to(torch.uint8)


def map_tiles(maps: Tensor) -> Tensor:
    """Return activation maps as tiles, all on one scale: what is brighter in one tile is larger.

    Maps without negative values go from black for 0 to white for the largest. Others go from blue over white for 0 to
    red. The scale ends where all but a thousandth of the values do, so that a single one does not darken the rest.

    Args:
        maps: C x H x W, finite or not.

    Returns:
        Uint8 C x H x W x 3.

    """
    values = maps.detach().float().cpu().nan_to_num(0, posinf=0, neginf=0)
    largest = _largest(values)
    if (values >= 0).all():
        return coloured(values / largest, GREY)
    return coloured(values / (2 * largest) + 0.5, SIGNED)


def _largest(values: Tensor) -> float:
    """Return what all but a thousandth of the values lie below, in size; 1 where all are 0."""
    sizes = values.abs().flatten()
    if not sizes.numel():
        return 1.0
    rank = max(1, round(0.999 * sizes.numel()))
    return float(sizes.kthvalue(rank).values) or float(sizes.max()) or 1.0


def filter_tiles(weights: Tensor) -> Tensor:
    """Return filters as tiles, each on a scale of its own, where mid-grey is a weight of 0.

    Args:
        weights: N x 3 x H x W for filters that read colours, N x 1 x H x W for others.

    Returns:
        Uint8 N x H x W x 3.

    """
    values = weights.detach().float().cpu().nan_to_num(0, posinf=0, neginf=0)
    largest = values.abs().flatten(1).amax(1).clamp_min(1e-30)[:, None, None, None]
    shares = (values / (2 * largest) + 0.5).expand(-1, 3, -1, -1)
    return (shares.movedim(1, -1) * 255).round().to(torch.uint8)


def photo_tiles(pixels: Tensor) -> Tensor:
    """Return images, N x 1 x H x W or N x 3 x H x W, as tiles N x H x W x 3.

    They are uint8, or floats, of which the least and the largest value of each image become black and white.
    """
    return _bytes(pixels.detach().cpu()).expand(-1, 3, -1, -1).movedim(1, -1)


def _bytes(pixels: Tensor) -> Tensor:
    if not pixels.is_floating_point():
        return pixels
    low, high = pixels.amin((1, 2, 3), keepdim=True), pixels.amax((1, 2, 3), keepdim=True)
    return ((pixels - low) / (high - low).clamp(min=1e-30) * 255).round().to(torch.uint8)


def mask_tile(mask: Tensor) -> Tensor:
    """Return a mask, whole numbers H x W, as a tile 1 x H x W x 3 in the colours of its classes."""
    labels = mask.long() & 255  # what has no class is 255, also where it is stored as -1
    return torch.tensor(mask_table(), dtype=torch.uint8)[labels][None]


def sized(tiles: Tensor, side: int = SIDE) -> Tensor:
    """Return tiles, uint8 N x H x W x 3 or 4, enlarged by a whole factor or averaged down to about a side."""
    longest = max(tiles.shape[1:3])
    if longest <= side:
        factor = max(1, side // longest)
        return tiles.repeat_interleave(factor, 1).repeat_interleave(factor, 2)
    high, wide = (max(1, round(length * side / longest)) for length in tiles.shape[1:3])
    shrunk = functional.adaptive_avg_pool2d(tiles.movedim(-1, 1).float(), (high, wide))
    return shrunk.round().to(torch.uint8).movedim(1, -1)


def framed(tiles: Tensor) -> Tensor:
    """Return tiles with a line of one pixel around each, which shows where it ends, on a light ground and a dark one.

    Args:
        tiles: uint8 N x H x W x 3, or x 4 with opacity.

    Returns:
        Uint8 N x (H + 2) x (W + 2) x 4.

    """
    tiles = opaque(tiles)
    lines = torch.tensor((128, 128, 128, 170), dtype=torch.uint8)
    count, high, wide, _ = tiles.shape
    around = lines.expand(count, high + 2, wide + 2, 4).clone()
    around[:, 1:-1, 1:-1] = tiles
    return around


def grid(tiles: Tensor, *, columns: int | None = None, gap: int = GAP) -> Picture:
    """Return tiles side by side, from left to right and from top to bottom.

    Args:
        tiles: uint8 N x H x W x 3, or x 4 with opacity.
        columns: in a row; as many as fit, in rows of equal length where that can be, if None.
        gap: transparent pixels between two.

    """
    tiles = opaque(tiles)
    count, high, wide, _ = tiles.shape
    across = columns or columns_for(count, wide + gap)
    down = -(-count // across)
    blank = tiles.new_zeros(across * down - count, high, wide, 4)
    padded = functional.pad(torch.cat([tiles, blank]), (0, 0, 0, gap, 0, gap))
    rows = padded.view(down, across, high + gap, wide + gap, 4).transpose(1, 2)
    picture: Picture = rows.reshape(down * (high + gap), across * (wide + gap), 4).numpy()
    return picture[: down * (high + gap) - gap, : across * (wide + gap) - gap]


def opaque(tiles: Tensor) -> Tensor:
    """Return tiles with opacity, uint8 N x H x W x 4; where they have none they are opaque."""
    return tiles if tiles.shape[-1] == 4 else torch.cat([tiles, torch.full_like(tiles[..., :1], 255)], -1)


def columns_for(count: int, width: int) -> int:
    """Return how many tiles of a width stand in a row: as many as fit, in rows of equal length where that can be."""
    most = max(1, min(count, WIDTH // width))
    even = next(columns for columns in range(most, 0, -1) if count % columns == 0)
    return even if 2 * even > most else most


def png(picture: Picture) -> bytes:
    """Return a picture as the bytes of a PNG file, the same ones every time."""
    data = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture), "RGBA").save(data, format="PNG", compress_level=6)
    return data.getvalue()


def maps_picture(maps: Tensor) -> Picture:
    """Return what a layer makes of one image as a picture.

    Args:
        maps: C x H x W, a tile for each channel; or C (or C x 1 x 1), a small square for each number.

    """
    if maps.dim() == 1 or max(maps.shape[1:]) == 1:
        return grid(framed(sized(map_tiles(maps.reshape(-1, 1, 1)), 16)), gap=2)
    side = min(LARGE, max(SIDE, WIDTH // len(maps) - GAP - 2))
    return grid(framed(sized(map_tiles(maps), side)))


def data_uri(data: bytes) -> str:
    """Return the bytes of a PNG file as what an ``img`` of HTML takes for its source."""
    return f"data:image/png;base64,{b64encode(data).decode()}"
