"""What every format answers that a network is written in for another tool."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

from cnncalc.network import Network


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
