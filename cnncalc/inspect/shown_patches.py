"""The part of a look that shows the patches of images that activate the units of layers most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from cnncalc.analysis.receptive import receptive_fields
from cnncalc.core.cleaning import cell
from cnncalc.core.numbers import counted, with_minus
from cnncalc.core.words import shorten
from cnncalc.inspect.images import framed, grid, sized
from cnncalc.inspect.parts import LookPart, LookRow, Shot
from cnncalc.inspect.patches import Patch, box_of, cut_out, exciting_patches, most_active_units, patch_size
from cnncalc.inspect.shown_images import photo
from cnncalc.inspect.subject import Subject
from cnncalc.network import Node

MOST_UNITS, MOST_CLASSES = 6, 10
"""Units of a layer that are shown where none is named, and those of the output."""

SIDE = 46
"""Pixels that a patch aims at along its longer side."""

_TEXT = (
    "For each unit (a channel of a layer) the nine parts of images where its value is largest: exactly what it looks "
    "at, its receptive field. What lies outside of the image is left blank. Below are the largest and the ninth value."
)


def patches_part(subject: Subject, nodes: Sequence[Node], units: Sequence[int]) -> LookPart:
    """Return the part; its units are those that are excited most where none is named."""
    title = "Patches that activate units most"
    if subject.network.input.dimensions != 2:
        return LookPart(title, f"It cannot be shown: the input {subject.network.input} has no height and width.")
    if subject.images is None:
        return LookPart(title, subject.without_images)
    found = exciting_patches(subject, nodes)
    shown = {index: _shown_units(subject, index, patches, units) for index, patches in found.items()}
    images = _images(subject, [patch for index in shown for patches in shown[index].values() for patch in patches])
    rows = [_row(subject, subject.network.layers[index - 1], shown[index], images) for index in shown]
    return LookPart(title, _TEXT, tuple(rows))


def _shown_units(
    subject: Subject, index: int, patches: Sequence[Sequence[Patch]], units: Sequence[int]
) -> dict[int, Sequence[Patch]]:
    """Return the units of a layer that are shown, with their patches."""
    ends = index == subject.network.output_index
    few = range(len(patches))[:MOST_CLASSES] if ends else most_active_units(patches, MOST_UNITS)
    return {unit: patches[unit] for unit in units or few}


def _images(subject: Subject, patches: Sequence[Patch]) -> dict[int, Tensor]:
    """Return the images of patches by their index; all at once, since a stream starts anew each time it is read."""
    indices = sorted({patch.image for patch in patches})
    return dict(zip(indices, subject.fetch(torch.tensor(indices))[0], strict=True)) if indices else {}


def _row(subject: Subject, node: Node, units: Mapping[int, Sequence[Patch]], images: Mapping[int, Tensor]) -> LookRow:
    network = subject.network
    fields = receptive_fields(network)[node.index]
    size = patch_size(network, fields)
    named = node.index == network.output_index and len(subject.classes) == node.output.channels
    shots = []
    for unit, patches in units.items():
        tiles = [
            cut_out(photo(images[patch.image])[0].movedim(-1, 0), box_of(network, fields, patch.position), size)
            for patch in patches
        ]
        picture = grid(framed(sized(torch.stack(tiles), SIDE)), columns=3, gap=2)
        name = shorten(cell(subject.classes[unit]), 14) if named else f"unit {unit}"
        values = with_minus(f"{patches[0].value:.3g} … {patches[-1].value:.3g}")
        shots.append(Shot(picture, f"Patches that activate {name} of {node.name} most", (name, values)))
    seen = f"each sees {size[0]}x{size[1]}"
    lines = (node.written, counted(node.output.channels, "unit"), seen)
    per_line = len(shots) if len(shots) <= MOST_UNITS else 5
    return LookRow(node.name, lines, tuple(shots), per_line)
