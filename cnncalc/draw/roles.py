"""What a picture says of a layer, in a few words.

Its role, which gives its colour, and its caption are those of its class.
"""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers import Layer
from cnncalc.layers.captions import sizes
from cnncalc.network import Network, Node

_SIGNS = {"add": "+", "mul": "×", "sub": "−"}
"""What stands in the circle of a merge; another one is written out."""

_LONGEST = 24
"""Characters of a layer that is named as it is written."""


def sign_of(layer: Layer) -> str:
    """Return what stands in the circle of a merge."""
    return _SIGNS.get(layer.kind, layer.kind)


def times(numbers: Sequence[int]) -> str:
    """Write sizes as a person does: ``3×3``, ``56×56×64``."""
    return sizes(numbers)


def inputs_said(network: Network) -> str:
    """Write the volumes that go in: ``224×224×3``, or ``rgb 64×64×3 and flow 32×32×2``."""
    if not network.inputs_at:
        return times(network.input)
    named = zip(network.input_names, network.inputs, strict=True)
    return " and ".join([f"{name} {times(volume)}" for name, volume in named])


def title(node: Node) -> str:
    """Return what a layer is: its caption, or what is written, where that says more and is short; an input's name."""
    if node.layer.role == "input":
        return node.name
    caption = node.layer.caption()
    says_more = caption == node.layer.kind and len(node.written) < _LONGEST
    return node.written if says_more else caption


def kernel_of(layer: Layer) -> tuple[int, ...]:
    """Return the window of a layer; () for a layer without one."""
    windows = getattr(layer, "windows", None)
    if windows is not None:
        return tuple([window.kernel for window in windows])
    kernel = getattr(layer, "kernel", ())
    return kernel if isinstance(kernel, tuple) else ()


def word(node: Node) -> str:
    """Return a layer in one word, for the list of what shares a box: ``relu``."""
    return node.written.split(" ", 1)[0]
