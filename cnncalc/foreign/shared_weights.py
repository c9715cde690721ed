"""Layers that are called several times: each of their calls has one set of weights."""

from __future__ import annotations

from cnncalc.foreign.draft import label_text
from cnncalc.layers import Layer, find


def with_weights(text: str, name: str) -> str:
    """Return a layer with the weights of a name, if it has any."""
    found = find(text.split(" ", 1)[0])
    learns = found is not None and found[0].weight_factors is not Layer.weight_factors
    return f"{text} weights={label_text(name)}" if learns else text
