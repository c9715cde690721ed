"""Calls that are alike are walked through once. The oracle is the walk through each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import cnncalc
from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.network.expand_steps import StepExpansion

Loaded = tuple[Any, ...]


def loaded(text: str) -> Loaded:
    """Return all that a network knows of itself, or the error that it is."""
    try:
        network = cnncalc.load(text)
    except SpecError as error:
        return error.code, str(error)
    layers = [
        (node.index, node.name, node.written, node.inputs, node.output, node.params, node.macs, node.span, node.origin)
        for node in network.layers
    ]
    return layers, network.blocks, network.arguments, network.weights_of, network.ends


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Loaded]:
    """Return a function that loads a text and walks through every call."""

    def load(text: str) -> Loaded:
        with monkeypatch.context() as patched:
            patched.setattr(StepExpansion, "_has_room", lambda self, known, prefix: False)
            return loaded(text)

    return load


TEXTS = {
    "a parameter that is defined between calls": "block b\nconv 1x1x{W}\nend\nb\nparam w = 5\nb\nb",
    "a parameter that the block uses": "param n = 2\nblock b(k)\n(conv 1x1x{k})*{n}\nend\nb(3)*2 - b(4) - b(3)",
    "a parameter that an inner block uses": "param n = 2\nblock a\n(relu)*{n}\nend\nblock b(n)\na - a\nend\nb(7)\nb(7)",
    "a default that depends on what arrives": "block b(k={C+1})\nconv 1x1x{k}\nend\nb*3 - b",
    "a block that passes its input on": "block b\n(relu)*0\nend\nb - b - relu - b",
    "branches and labels": "block b\nx: relu\nadd( conv 1x1x3 - y: bn | @x | ) - add(@y|)\nend\n(b)*3",
    "a label on calls": "block b\nrelu - bn\nend\n(down: b)*3 - add(@down|)",
    "other volumes": "block b\npool2 - relu\nend\nb*3",
    "blocks that ship": "use attention\nscse(2) - scse(2) - (scse(2))*2",
    "weights that calls share": "block b\nconv 1x1x3 - relu\nend\nb() weights=x - b() weights=x - b - b",
    "weights that layers inside share": "block b\nconv 1x1x3 weights=x\nend\nb - b",
    "the word of a layer as a block": "block relu\nbn - relu\nend\nrelu - relu - relu",
    "a block that calls itself": "block b(n)\n(b(n-1))*{n}\nrelu\nend\nb(0) - b(0)",
    "an error in the second call": "block b\npool2\nend\nb*9",
    "turns of a call": "block b(k)\nconv 1x1x{k} - relu\nend\nblock c(k)\nb(k)*3 - add( b(k) | )\nend\nc(3)*4 - c(3)",
    "turns of a call with a label": "block b()\nadd( relu | bn )\nend\ndown: b()*5 - add(@down|) - b()*3",
    "turns of a call that pass the input on": "block b(n)\n(relu)*{n}\nend\nb(0)*4 - relu - b(0)*3",
    "turns of a call in a call that changes its input": "block b()\nrelu\nend\nblock c()\nb()*4 - pool2\nend\nc()*3",
    "turns of a call that change their input": "block b()\npool2\nend\nconcat( b() | b()*3 - upsample x4 )",
    "more turns than a network may have layers": "block b()\nrelu - bn\nend\nb()*60000",
    "more turns than an expansion may take steps": "block b()\n(relu)*0\nend\nb()*200000",
    "rounding that changes": "input 7x7x3\nblock b\npool2\nend\nrounding floor\nb\nrounding ceil\nb",
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_names_places_and_errors_are_the_same(text: str, walked: Callable[[str], Loaded]) -> None:
    text = text if text.startswith("input") else f"input 16x16x3\n{text}"
    assert loaded(text) == walked(text)


@pytest.mark.parametrize("name", ["resnet152", "densenet121", "mobilenet_v3_large", "unet", "inception_v3"])
def test_networks_of_the_zoo_are_the_same(name: str, walked: Callable[[str], Loaded]) -> None:
    assert loaded(name) == walked(name)


def test_totals_are_those_of_the_layers() -> None:
    """They are there before the layers are read: three turns of 2·(1·1·3·3 + 3) parameters, the same behind them."""
    network = cnncalc.load("input 4x4x3\nblock b()\nconv 1x1x3 - conv 1x1x3\nend\nb()*3")
    assert (network.params, network.macs, len(network), network.output) == (3 * 24, 3 * 2 * 144, 6, (4, 4, 3))
    assert [node.name for node in network.layers] == [f"b{turn}.conv{place}" for turn in (1, 2, 3) for place in (1, 2)]
    assert sum(node.params for node in network.layers) == network.params


@pytest.mark.slow
def test_every_network_of_the_zoo_is_the_same(walked: Callable[[str], Loaded]) -> None:
    assert [name for name in zoo.names() if loaded(name) != walked(name)] == []
