"""What the tests of the layers share."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import Network, Node, SpecError
from cnncalc.layers import class_of, words


def load(text: str, volume: str) -> Network:
    """Read a spec's text."""
    return cnncalc.load(text + "\n", input=volume)


def layer(text: str, volume: str) -> Node:
    """Read a spec of one layer."""
    (node,) = load(text, volume)
    return node


def fault(text: str, volume: str) -> SpecError:
    """Return the fault of a spec that has one."""
    with pytest.raises(SpecError) as raised:
        load(text, volume)
    return raised.value


def told(text: str, volume: str) -> tuple[str, str]:
    """Return a fault's code and its message."""
    error = fault(text, volume)
    return error.code, error.message


def hints(text: str, volume: str) -> str:
    """Return what would mend a fault, on one line."""
    return "; ".join(fault(text, volume).hints)


def marked(text: str, volume: str) -> str:
    """Return the words that a fault is about."""
    error = fault(text, volume)
    assert error.span is not None
    return text[slice(*error.span)]


def example(text: str, around: str = "{}") -> Network:
    """Read an example of a layer, ``8x8x4: gn 2``, perhaps with layers around it: ``conv {ones}8 - {}``."""
    volume, _, layer = text.partition(": ")
    return load(around.format(layer, ones="1x" * volume.count("x")), volume)


def first_examples() -> dict[str, str]:
    """Return for every word the first example that begins with it."""
    own = {word: class_of(word).examples for word in words()}
    return {
        word: found[0] for word, texts in own.items() if (found := [text for text in texts if word in _words(text)])
    }


def _words(text: str) -> list[str]:
    """Return the words with which the layers of an example begin."""
    return [step.split("(")[0].split(": ")[-1].split()[0] for step in text.partition(": ")[2].split(" - ")]
