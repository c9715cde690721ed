"""Random specs with every word of the language come back from PyTorch as the same networks, to the letter."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.layers import words
from tests.model.random_texts import EXAMPLES, RandomText


def again(seed: int) -> None:
    network = cnncalc.load(RandomText(seed).text)
    spec = cnncalc.from_torch(cnncalc.build(network, seed=0), tuple(network.input))
    back = cnncalc.load(spec)
    assert (back.outputs, back.params, back.macs) == (network.outputs, network.params, network.macs)
    assert cnncalc.from_torch(cnncalc.build(back, seed=0), tuple(back.input)) == spec


@pytest.mark.parametrize("seed", [*range(8), 36, 91, 246, 469, 941])
def test_text_module_text_is_the_same_network(seed: int) -> None:
    """Volumes, parameters and multiplications; the proof of the import compares values, and a second round the text."""
    again(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(8, 120))
def test_many_texts_are_the_same_networks(seed: int) -> None:
    again(seed)


def test_the_texts_draw_from_every_word() -> None:
    """A new layer is among them by its examples."""
    written = {word.split("(")[0] for text in EXAMPLES for word in text.replace(": ", " ").split()}
    assert set(words()) <= written
