"""The ways in which a trace may be read, of which the first that can be said is taken."""

from __future__ import annotations

from torch import nn

from cnncalc.core.errors import SpecError
from cnncalc.model.from_torch.emitter import Emitter
from cnncalc.model.from_torch.given import GivenInput
from cnncalc.model.from_torch.lifting import lifted
from cnncalc.model.from_torch.operations import Readout
from cnncalc.model.from_torch.readers import Readers
from cnncalc.model.from_torch.reading import TraceWalk
from cnncalc.model.from_torch.trace import Traced


def read(traced: Traced, module: nn.Module, given: tuple[GivenInput, ...], readers: Readers) -> Readout:
    """Read the trace of a module.

    A single input that cannot be read as it is given may be a volume without the dimension of its one channel, and
    parts of the module may work in other numbers of dimensions.

    Raises:
        SpecError: for what a spec cannot express, with the module's path and the operation.
    """
    refused: list[tuple[int, SpecError]] = []
    nodes = list(traced.graph.nodes)
    forms = [given, (given[0].of_one_channel,)] if len(given) == 1 else [given]
    for several in (False, True):
        asked = False
        for form in forms:
            emitter = Emitter(traced, module, form, several_dimensions=several)
            walk = TraceWalk(traced, emitter, form, readers)
            try:
                return _with_notes(lifted(walk.readout()))
            except SpecError as error:
                refused.append((nodes.index(walk.node), error))
            asked |= emitter.other_dimensions
        if not asked:
            break
    raise max(refused, key=lambda place: place[0])[1]  # the reading that came further knows better what is missing


def _with_notes(readout: Readout) -> Readout:
    """Return what was read with a note on each input whose tensor has fewer dimensions than its volume."""
    fewer = [each for each in readout.given if each.taken]
    shapes = [" x ".join(["N", *map(str, each.shape[1:])]) for each in fewer]
    notes = [
        f"the module takes {shape}, and the spec the same numbers as {each.volume}"
        for shape, each in zip(shapes, fewer, strict=True)
    ]
    return readout._replace(notes=(*notes, *readout.notes))
