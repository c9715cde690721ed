"""Which operation every way to another goes through."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.layers import class_of
from cnncalc.model.from_torch.operations import ReadLayer


def dominators(operations: Sequence[ReadLayer]) -> list[int]:
    """Return for each index the last one before it that every way from the input goes through."""
    found = [0]
    level = [0]
    for operation in operations:
        at = operation.inputs[0]
        for other in () if class_of(operation.word).reads_places else operation.inputs[1:]:
            to = other
            while at != to:
                if level[at] < level[to]:
                    to = found[to]
                else:
                    at = found[at]
        found.append(at)
        level.append(level[at] + 1)
    return found
