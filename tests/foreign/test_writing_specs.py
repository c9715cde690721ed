"""What a draft is written as: random graphs keep their volumes and parameters, wherever their branches stand."""

from __future__ import annotations

import random

import pytest

import cnncalc as package
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import Draft
from cnncalc.foreign.translation import translate


def random_draft(seed: int) -> tuple[Draft, int, int]:
    """Return a graph of 1x1 convolutions and concatenations, its parameters and the channels that come out."""
    draw = random.Random(seed)
    draft = Draft(Source("net", "net\n"), "a graph")
    draft.input, draft.names_all = "4x4x3", draw.random() < 0.3
    channels, params = [3], 0
    for number in range(1, draw.randrange(3, 30)):
        near = range(max(0, number - 4), number)
        if draw.random() < 0.35 and len(near) > 1:
            inputs = draw.sample(near, draw.randrange(2, min(4, len(near) + 1)))
            draft.join("concat", inputs, Span(0, 1), draw.choice(([], ["relu"])), name=f"step{number}")
            channels.append(sum(channels[index] for index in inputs))
        else:
            source, filters = draw.choice(near), draw.randrange(1, 9)
            draft.add(f"conv 1x1x{filters}", Span(0, 1), [source], name=f"step{number}", channels=channels[source])
            params += filters * (channels[source] + 1)
            channels.append(filters)
    draft.outputs = [draft.last]
    return draft, params, channels[-1]


@pytest.mark.parametrize("seed", range(60))
def test_a_graph_stays_what_it_is(seed: int) -> None:
    """Each convolution has the channels that it takes, so that no branch can stand in a wrong place."""
    draft, params, channels = random_draft(seed)
    translation = translate(draft)
    network = package.load(translation.spec.text)
    translation.prove(network)
    assert (network.params, str(network.output)) == (params, f"4x4x{channels}")


def test_branches_stand_in_the_brackets_of_their_merge() -> None:
    """A step that is read elsewhere too has a label, and stands in front."""
    draft = Draft(Source("net", "net\n"), "a graph")
    draft.input, draft.names_all = "4x4x3", False
    span = Span(0, 1)
    stem = draft.add("conv 3x3x8 p1", span)
    left = draft.add("conv 1x1x4", span, [stem])
    right = draft.add("conv 3x3x4 p1", span, [draft.add("relu", span, [stem])])
    both = draft.join("concat", [left, right], span)
    draft.join("add", [both, stem], span, ["relu"])
    assert translate(draft).spec.text == (
        "# read from a graph\n"
        "input 4x4x3\n"
        "rounding floor\n"
        "\n"
        "conv 3x3x8 p1\n"
        "add(\n"
        "  concat( conv 1x1x4 | relu - conv 3x3x4 p1 )\n"
        "|\n"
        ") - relu\n"
    )
