"""Layers that are read once for many volumes: what they do must not depend on the volume that they were read for."""

import pytest

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.layers import layers
from cnncalc.network import ExpansionMemory, SpecSettings, expand
from cnncalc.spec import parse, tree

EXAMPLES = [example for layer in layers() for example in layer.examples if "@" not in example]


def told(spec: tree.Spec, volume: Volume, memory: ExpansionMemory | None = None) -> str:
    """Return all that is known of the layers of a spec behind an input, or its error."""
    try:
        network = expand(spec, SpecSettings({"": Source("input", str(volume))}), memory=memory)
    except SpecError as error:
        return str(error)
    found = []
    for work in [node.operation for node in network.layers]:
        # what a window remembers of the volume that it saw last is no part of it
        settings = {name: value for name, value in vars(work.layer).items() if name != "_known"}
        costs = (work.weights, work.biases, work.macs, work.dropped, work.reaches)
        found.append((work.written, work.sources, work.output, costs, settings))
    return repr(found)


@pytest.mark.parametrize("example", EXAMPLES)
def test_a_layer_that_is_known_is_the_one_that_its_words_write_there(example: str) -> None:
    """It is read behind one volume and used behind others: odd ones, small ones, with more channels or dimensions."""
    written, _, text = example.partition(": ")
    first = Volume(map(int, written.split("x")))
    spec = parse(Source("text", text))
    memory = ExpansionMemory(spec)
    larger = [first.with_spatial([size + more for size in first.spatial]) for more in (1, 2, 5)]
    single = first.with_spatial([1] * first.dimensions)
    other = [Volume.of((*first.spatial, 8), first.channels), Volume.of(first.spatial[:1], first.channels)]
    channels = [first.with_channels(2 * first.channels), first.with_channels(3)]
    for volume in (first, *larger, single, *channels, *other, first):
        assert told(spec, volume, memory) == told(spec, volume)


def test_same_pads_each_size_as_it_needs() -> None:
    """``same`` at a stride of 2 makes ⌈W/2⌉ of W: 8 → 4 → 2 → 1, and 9 → 5 → 3 → 2, with the paddings of TensorFlow."""
    spec = parse(Source("text", "(conv 3x3x4 s2 same)*3"))
    memory = ExpansionMemory(spec)
    for size, made in ((8, [4, 2, 1]), (9, [5, 3, 2])):
        network = expand(spec, SpecSettings({"": Source("input", f"{size}x{size}x4")}), memory=memory)
        assert [node.output for node in network.layers] == [(side, side, 4) for side in made]


@pytest.mark.parametrize(("rounding", "made"), [("floor", 4), ("ceil", 5)])
def test_a_layer_is_read_again_where_windows_are_rounded_otherwise(rounding: str, made: int) -> None:
    """A pool of 2 makes 4 or 5 of 9 positions, whatever has been read before."""
    spec = parse(Source("text", "maxpool 2x2 s2"))
    memory = ExpansionMemory(spec)
    for size, mode in ((8, "floor"), (8, "ceil"), (9, rounding)):
        given = {"": Source("input", f"{size}x{size}x4")}
        network = expand(spec, SpecSettings(given, rounding=mode), memory=memory)
    assert network.output == (made, made, 4)
