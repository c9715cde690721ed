"""What every format answers that a network is written in for another tool."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from cnncalc.core.errors import SpecError
from cnncalc.core.words import listed
from cnncalc.network import Network, Node


def check_learned(network: Network, what: str) -> None:
    """Refuse weights that are fixed, which these formats have no place for; ``what`` is the format."""
    for node in network.layers:
        if node.layer.is_fixed():
            message = f"`{node.name}`: {what} is written with learned weights only, and these are fixed"
            hints = ["leave `fixed` out, or export PyTorch source or ONNX"]
            raise SpecError("not-in-format", message, span=node.span, source=network.source, hints=hints)


def check_single(network: Network, what: str) -> None:
    """Refuse several inputs and outputs and shared weights, which are not written; ``what`` is the format."""
    if network.inputs_at:
        names = ", ".join(network.input_names)
        message = f"{what} reads one image, and the network has {len(network.inputs_at)} inputs: {names}"
        raise SpecError("not-in-format", message, hints=["export PyTorch source, Keras or ONNX"])
    if network.outputs_at:
        names = listed([f"@{name}" for name in network.output_names])
        message = f"{what} is written for one output, and the network has {len(network.outputs_at)}: {names}"
        raise SpecError("not-in-format", message, hints=["leave `output` out, or export PyTorch source or ONNX"])
    for index, first in network.weights_of.items():
        node, owner = network.layers[index - 1], network.layers[first - 1]
        message = f"{what} is written for layers with weights of their own; `{node.name}` has those of `{owner.name}`"
        hints = ["leave `weights=` out, or export PyTorch source or ONNX"]
        raise SpecError("not-in-format", message, span=node.span, source=network.source, hints=hints)


def cannot_say(network: Network, node: Node, message: str, hints: Sequence[str] = ()) -> SpecError:
    """Make the error for a layer that a format has no way to say, at its place in the spec."""
    text = f"`{node.name}`: {message}"
    return SpecError("not-in-format", text, span=node.span, source=network.source, hints=hints)


class ForeignWriter(ABC):
    """A network in another tool's format: a text, and its weights in a file beside it.

    Attributes:
        what: how errors call the format.
        weights_ending: how the name of the file of weights ends.

    """

    what: ClassVar[str]
    weights_ending: ClassVar[str]

    @abstractmethod
    def __init__(self, network: Network) -> None:
        """Take a network; raise `SpecError` for a layer that the format cannot say."""

    @abstractmethod
    def text(self, weights_file: str = "") -> str:
        """Return the text; ``weights_file`` is the name of the file of weights, or "" where there is none."""

    @abstractmethod
    def weights_file(self, values: Mapping[str, Any]) -> bytes:
        """Return the file of weights.

        Args:
            values: arrays of NumPy by the names that `cnncalc.build` gives them.
        """
