"""A batch as a picture: every image with what it shows, as a contact sheet (PNG)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from io import BytesIO
from math import ceil, sqrt
from pathlib import Path

import matplotlib
import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from cnncalc.core.cleaning import cell
from cnncalc.train.show.mask_colours import CURVES, MOST_COLOURS, mask_colour, mask_table

MOST = 100
"""Images on a sheet at most."""

_SIDE = 96
"""Pixels of the longer side of a tile: smaller images are enlarged by a whole factor, larger ones are made smaller."""

_MARGIN, _GAP, _LINE, _LETTERS = 16, 10, 18, 12
_GROUND, _INK = "#ffffff", "#1c2229"


def batch_sheet(
    images: Tensor, captions: Sequence[str], masks: Tensor | None = None, classes: Sequence[str] = ()
) -> bytes:
    """Return a sheet as the bytes of a PNG file.

    Images of one channel are grey, those of three have colours, of others the mean of the channels is shown. Of a clip
    or a volume it is the slice in the middle. Signals are curves.

    Args:
        images: float32 N x C x H x W, N x C x L or N x C x D x H x W; 0 is black and 1 white.
        captions: a line for each.
        masks: the classes of the pixels, whole numbers N x H x W, which are shown beside the images; light grey
            has no class.
        classes: the names of the masks' classes, which stand below with their colours.

    """
    tiles = [_tile(image) for image in images[:MOST]]
    if masks is not None:
        tiles = [_beside(tile, mask) for tile, mask in zip(tiles, masks, strict=False)]
    wide, high = (max(tile.size[axis] for tile in tiles) for axis in (0, 1))
    columns = max(1, min(len(tiles), ceil(sqrt(len(tiles) * (high + _LINE) / wide * 1.5))))
    rows = ceil(len(tiles) / columns)
    size = 2 * _MARGIN + columns * (wide + _GAP) - _GAP, 2 * _MARGIN + rows * (high + _LINE + _GAP) - _GAP
    keys = _keys(classes, size[0] - 2 * _MARGIN) if masks is not None else []
    sheet = Image.new("RGB", (size[0], size[1] + _LINE * len(keys)), _GROUND)
    draw = ImageDraw.Draw(sheet)
    for number, (tile, caption) in enumerate(zip(tiles, captions, strict=False)):
        left, top = _MARGIN + number % columns * (wide + _GAP), _MARGIN + number // columns * (high + _LINE + _GAP)
        sheet.paste(tile, (left, top))
        draw.text((left, top + high + 1), _fitting(cell(caption), wide), _INK, _font())
    for number, line in enumerate(keys):
        _draw_keys(draw, line, size[1] - _MARGIN + _LINE * number)
    file = BytesIO()
    sheet.save(file, "PNG")
    return file.getvalue()


def _keys(classes: Sequence[str], width: int) -> list[list[tuple[str, str]]]:
    """Return lines of names with colours, each line within a width; names that would repeat a colour are left out."""
    lines: list[list[tuple[str, str]]] = [[]]
    x = 0.0
    for label, name in enumerate(classes[:MOST_COLOURS]):
        text = _fitting(cell(name), width - 2 * _LETTERS)
        x += 2 * _LETTERS + _font().getlength(text)
        if x > width and lines[-1]:
            lines.append([])
            x = 2 * _LETTERS + _font().getlength(text)
        lines[-1].append((text, mask_colour(label)))
    return [line for line in lines if line]


def _draw_keys(draw: ImageDraw.ImageDraw, line: Sequence[tuple[str, str]], top: int) -> None:
    x = float(_MARGIN)
    for text, colour in line:
        draw.rectangle((x, top + 3, x + _LETTERS - 3, top + _LETTERS), fill=colour)
        draw.text((x + _LETTERS, top + 1), text, _INK, _font())
        x += 2 * _LETTERS + _font().getlength(text)


def _tile(image: Tensor) -> Image.Image:
    if image.dim() == 2:
        return _curves(image)
    flat = image[:, image.shape[1] // 2] if image.dim() == 4 else image
    shown = flat if len(flat) in (1, 3) else flat.mean(0, keepdim=True)
    values = (shown.clamp(0, 1) * 255).round().to(torch.uint8).movedim(0, -1).numpy()
    tile = Image.fromarray(np.repeat(values, 3 // values.shape[2], axis=2))
    longest = max(tile.size)
    if longest < _SIDE:
        factor = _SIDE // longest
        return tile.resize((tile.width * factor, tile.height * factor), Image.Resampling.NEAREST)
    scale = _SIDE / longest
    return tile.resize((max(1, round(tile.width * scale)), max(1, round(tile.height * scale))), Image.Resampling.BOX)


def _beside(tile: Image.Image, mask: Tensor) -> Image.Image:
    """Return an image with its mask to the right of it, in the colours of the classes."""
    if mask.dim() != 2:
        return tile
    table = np.array(mask_table(), dtype=np.uint8)
    painted = Image.fromarray(table[mask.cpu().numpy().astype(np.uint8)])
    both = Image.new("RGB", (2 * tile.width + 2, tile.height), _GROUND)
    both.paste(tile, (0, 0))
    both.paste(painted.resize(tile.size, Image.Resampling.NEAREST), (tile.width + 2, 0))
    return both


def _curves(signal: Tensor) -> Image.Image:
    """Draw the channels of a signal, C x L, over each other."""
    wide, high = 2 * _SIDE, _SIDE
    tile = Image.new("RGB", (wide, high), "#f4f6f8")
    draw = ImageDraw.Draw(tile)
    places = np.linspace(0, wide - 1, signal.shape[1])
    for number, channel in enumerate(signal.clamp(0, 1).tolist()):
        points = [(x, (1 - y) * (high - 1)) for x, y in zip(places, channel, strict=True)]
        draw.line(points if len(points) > 1 else points * 2, CURVES[number % len(CURVES)])
    return tile


def _fitting(text: str, width: int) -> str:
    """Return a text cut to a width in pixels."""
    font = _font()
    while font.getlength(text) > width and len(text) > 1:
        text = text[:-2].rstrip() + "…"
    return text


@cache
def _font() -> ImageFont.FreeTypeFont:
    """Return the font of matplotlib's own figures, with letters of many languages."""
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"), _LETTERS)
