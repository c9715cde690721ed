"""The volumes of a draft, for formats that let two layers meet whose volumes differ."""

from __future__ import annotations

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import INPUT, Draft, DraftStep
from cnncalc.layers import Arguments, find


class DraftVolumes:
    """What the steps of a draft make, worked out when it is asked for."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.known: list[Volume | None] = []

    def of(self, index: int) -> Volume | None:
        """Return the volume of a step; None where a step in front of it has sizes that are expressions, or no fit."""
        if not self.known:
            sizes = [int(size) for size in self.draft.input.split("x") if size]
            self.known.append(Volume.of(sizes[:-1], sizes[-1]) if len(sizes) > 1 else None)
        for step in self.draft.steps[len(self.known) - 1 : index]:
            self.known.append(self._made(step))
        return self.known[index]

    def _made(self, step: DraftStep) -> Volume | None:
        sources = [self.known[source] for source in step.inputs]
        volume = sources[0] if sources else self.known[INPUT]
        if step.merge == "concat":
            channels = [source.channels for source in sources if source is not None]
            volume = volume.with_channels(sum(channels)) if volume and len(channels) == len(sources) else None
        for layer in step.layers:
            volume = volume and self._behind(volume, layer)
        return volume

    def _behind(self, source: Volume, layer: str) -> Volume | None:
        word, *texts = layer.split()
        found = find(word)
        if found is None or "{" in layer:
            return None
        kind, word, head = found
        arguments = Arguments(word, head, texts, source, self.draft.rounding)
        try:
            arguments.sort()
            return kind.read(arguments).output((source,))
        except Fault:
            return None
