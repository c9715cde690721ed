"""What branches that merge are called, where a picture shows them as one volume."""

from __future__ import annotations

import cnncalc


def heads(name: str) -> set[str]:
    """Return which words for merges stand in the picture ``volumes`` of a network."""
    picture = cnncalc.load(name).to_svg(style="volumes")
    return {word for word in ("residual", "add", "gate", "concat") if f">{word}<" in picture}


def test_a_block_with_a_shortcut_is_a_residual() -> None:
    """He et al. 2015 call it so, with an identity (ResNet-18's first stage) and with a projection (its others)."""
    assert heads("resnet18") == {"residual"}


def test_the_sum_of_coarse_and_fine_maps_is_no_residual() -> None:
    """Long et al. 2014 add the enlarged predictions of a deep layer to those of a layer further up."""
    assert heads("fcn8s") == {"add"}
