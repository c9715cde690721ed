"""Layers that are called several times: each of their calls has one set of weights."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.foreign.draft import label_text
from cnncalc.layers import Layer, find


def with_weights(texts: Sequence[str], name: str) -> list[str]:
    """Return layers with the weights of a name, and of ``name_1``, ``name_2`` behind the first, if they have any."""
    return [
        f"{text} weights={label_text(f'{name}_{place}' if place else name)}" if learns(text) else text
        for place, text in enumerate(texts)
    ]


def learns(text: str) -> bool:
    """Say whether a layer has weights that are learned."""
    word, *options = text.split()
    found = find(word)
    has_weights = found is not None and found[0].weight_factors is not Layer.weight_factors
    return has_weights and "noaffine" not in options
