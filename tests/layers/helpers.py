"""What the tests of the layers share."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc import Network, Node, SpecError


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
