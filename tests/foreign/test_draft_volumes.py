"""The volumes of a text that is being read, with PyTorch's shapes as oracle."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import INPUT, Draft
from cnncalc.foreign.draft_volumes import DraftVolumes

SPAN = Span(0, 1)

Operator = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


def draft_of(volume: str) -> Draft:
    draft = Draft(Source("text", " "), "a text")
    draft.input = volume
    return draft


@pytest.mark.parametrize(("merge", "joined"), [("mul", torch.mul), ("add", torch.add)])
@pytest.mark.parametrize("small_first", [False, True])
def test_a_merge_makes_what_the_larger_volume_has(merge: str, joined: Operator, small_first: bool) -> None:
    """Factors for the channels may stand in front of what they are multiplied with."""
    draft = draft_of("8x6x4")
    small = draft.add("gap", SPAN, [INPUT])
    merged = draft.join(merge, [small, INPUT] if small_first else [INPUT, small], SPAN)
    images = torch.rand(1, 4, 8, 6)
    _, channels, *spatial = joined(images.mean((2, 3), keepdim=True), images).shape
    assert DraftVolumes(draft).of(merged) == (*spatial, channels)


def test_a_concatenation_has_the_channels_of_all() -> None:
    draft = draft_of("8x6x4")
    merged = draft.join("concat", [draft.add("conv 1x1x5", SPAN, [INPUT]), INPUT], SPAN)
    images = torch.rand(1, 4, 8, 6)
    _, channels, *spatial = torch.cat([torch.conv2d(images, torch.rand(5, 4, 1, 1)), images], 1).shape
    assert DraftVolumes(draft).of(merged) == (*spatial, channels)


def test_a_merge_of_volumes_that_do_not_fit_makes_none() -> None:
    draft = draft_of("8x6x4")
    merged = draft.join("concat", [draft.add("maxpool 2x2 s2", SPAN, [INPUT]), INPUT], SPAN)
    assert DraftVolumes(draft).of(merged) is None


def test_each_of_several_inputs_has_a_volume_of_its_own() -> None:
    draft = draft_of("")
    image, map_ = draft.enter("image", "8x8x3", SPAN), draft.enter("map", "4x4x1", SPAN)
    volumes = DraftVolumes(draft)
    assert (volumes.of(image), volumes.of(map_)) == ((8, 8, 3), (4, 4, 1))
