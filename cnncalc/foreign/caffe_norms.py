"""Batch norms of Caffe, whose learned scales and shifts stand in a layer of their own: together they are one `bn`."""

from __future__ import annotations

from collections import Counter

from cnncalc.foreign.caffe_layers import type_of
from cnncalc.foreign.prototxt import Message

Made = tuple[str, int]
"""A blob by its name, and how often that name was made before: layers may write over what they read."""


def scaled_norms(layers: list[Message]) -> dict[int, Message]:
    """Return the Scale behind each BatchNorm that nothing else reads, by the places of both in the file."""
    made: Counter[str] = Counter()
    readers: Counter[Made] = Counter()
    norms: dict[Made, Message] = {}
    pairs: list[tuple[Made, Message]] = []
    for layer in layers:
        bottoms = [(str(bottom), made[str(bottom)]) for bottom in layer.all("bottom")]
        readers.update(bottoms)
        if type_of(layer) == "Scale" and len(bottoms) == 1 and bottoms[0] in norms and _is_affine(layer):
            pairs.append((bottoms[0], layer))
        made.update(str(top) for top in layer.all("top"))
        if type_of(layer) == "BatchNorm" and layer.all("top"):
            top = str(layer.all("top")[0])
            norms[top, made[top]] = layer
    alone = [(norms[blob], scale) for blob, scale in pairs if readers[blob] == 1]
    return {layer.span.start: scale for norm, scale in alone for layer in (norm, scale)}


def _is_affine(layer: Message) -> bool:
    param = layer.message("scale_param")
    return param.is_set("bias_term", False) and param.number("axis", 1) == 1 and param.number("num_axes", 1) == 1
