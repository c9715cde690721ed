"""Layers that have been read: what is written alike is read once, and not once for each volume that arrives."""

from __future__ import annotations

from cnncalc.core.volume import Volume
from cnncalc.layers import Arguments, Layer

Texts = tuple[str, ...]


class KnownLayers:
    """Layers by their words, the rounding, and what of the arriving volume they depend on: mostly its dimensions."""

    def __init__(self) -> None:
        self.everywhere: dict[tuple[Texts, str, int], Layer] = {}
        self.by_channels: dict[tuple[Texts, str, int, int], Layer] = {}

    def find(self, texts: Texts, rounding: str, source: Volume) -> Layer | None:
        """Return the layer that these words write for a volume; None where it has to be read."""
        key = texts, rounding, len(source)
        return self.everywhere.get(key) or self.by_channels.get((*key, source[-1]))

    def keep(self, texts: Texts, rounding: str, arguments: Arguments, layer: Layer) -> None:
        """Keep a layer that has been read for the volumes for which its words write the same."""
        if arguments.asked_source:
            return
        sizes = arguments.dimensions + 1
        if arguments.asked_channels:
            self.by_channels[texts, rounding, sizes, arguments.channels] = layer
        else:
            self.everywhere[texts, rounding, sizes] = layer

    def clear(self) -> None:
        """Forget all layers."""
        self.everywhere.clear()
        self.by_channels.clear()
