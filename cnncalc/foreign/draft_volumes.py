"""The volumes of a draft, for formats that let two layers meet whose volumes differ."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.core.errors import Fault
from cnncalc.core.volume import Volume
from cnncalc.foreign.draft import Draft, DraftStep
from cnncalc.layers import Arguments, class_of, find


class DraftVolumes:
    """What the steps of a draft make, worked out when it is asked for."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.known: list[Volume | None] = []

    def of(self, index: int) -> Volume | None:
        """Return the volume of a step; None where a step in front of it has sizes that are expressions, or no fit."""
        if not self.known:
            self.known.append(_volume(self.draft.entering))
        for step in self.draft.steps[len(self.known) - 1 : index]:
            self.known.append(self._made(step))
        return self.known[index]

    def forget(self, index: int) -> None:
        """Forget a step, and those behind it, since it is another one now."""
        del self.known[index:]

    def _made(self, step: DraftStep) -> Volume | None:
        if step.enters:
            return _volume(step.enters)
        sources = [self.known[source] for source in step.inputs]
        volume = _merged(step.merge, sources) if step.merge else sources[0]
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


def _volume(written: str) -> Volume | None:
    """Return the volume that a draft writes as ``8x8x3``; None for one that is not said."""
    sizes = [int(size) for size in written.split("x") if size]
    return Volume(sizes) if len(sizes) > 1 else None


def _merged(word: str, sources: Sequence[Volume | None]) -> Volume | None:
    """Return what a merge makes; None where a source is not known, or where they do not fit."""
    known = [source for source in sources if source is not None]
    if len(known) < len(sources) or len({source.dimensions for source in known}) > 1:
        return None
    try:
        return class_of(word)().output(tuple(known))
    except Fault:
        return None
