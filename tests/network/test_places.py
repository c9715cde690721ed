"""Where layers stand: in the spec itself, also those that a block of a block file makes."""

from __future__ import annotations

import cnncalc

TEXT = """\
# A network of library blocks
input 56x56x16
rounding floor
use resnet

block mine(width)
  basic(width)
end
conv 3x3x16 p1
basic_stage(16, depth=3)
mine(16)
"""


def test_every_layer_of_a_library_block_stands_where_the_spec_calls_it() -> None:
    """However deep the calls inside the block file go, the place is the call in the spec's own text."""
    network = cnncalc.load(TEXT)
    written = [TEXT[slice(*node.span)] for node in network.layers]
    stage = [text for node, text in zip(network.layers, written, strict=True) if node.name.startswith("basic_stage1.")]
    assert any(node.name.startswith("basic_stage1.basic1.basic_path1.") for node in network.layers)
    assert set(stage) == {"basic_stage(16, depth=3)"}
    assert {text for node, text in zip(network.layers, written, strict=True) if node.name.startswith("mine1.")} == {
        "basic(width)"
    }


def test_lines_are_those_of_the_spec() -> None:
    network = cnncalc.load(TEXT)
    assert set(network.lines()) == {7, 9, 10}
    assert [network.line(node) for node in network.layers] == network.lines()
