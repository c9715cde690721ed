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


def test_streams_that_would_be_nested_the_next_time_are_not_written() -> None:
    """Labels inside the last branch of a product, which as streams would be executed in front of the others."""
    text = """input 4x4x4x2
x0: min( max( | sub( | | ) - sub( | | ) | mul( elu | selu | ) ) - tanh | gap - fc 2 - sigmoid )
mul(
| sub( mish - mul( | instancenorm affine - leakyrelu 0.2 - step ) - l2norm | swish - min( sigmoid | | relu ) | )
  add( | sub( bn fixed | scale 0.1 - elu - step | mean( | gap | tanh ) ) | ln noaffine )
| l2norm - sub( | | )
  min(
    sub( sigmoid | | lrn 5 alpha=0.001 beta=0.5 k=2 - rmsnorm eps=0.001 noaffine - swish )
    max( | mean( relu | ) - sub( relu | ) | )
  | |
  )
)
max( | step - scale 0 one - times 0.1 | gap )
"""
    network = cnncalc.load(text)
    spec = cnncalc.from_torch(cnncalc.build(network, seed=0), tuple(network.input))
    back = cnncalc.load(spec)
    assert cnncalc.from_torch(cnncalc.build(back, seed=0), tuple(back.input)) == spec
