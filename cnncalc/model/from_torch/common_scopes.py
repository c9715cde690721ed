"""Which modules all parts of something lie in."""

from __future__ import annotations

from collections.abc import Sequence

from cnncalc.model.from_torch.operations import ReadLayer
from cnncalc.model.from_torch.traced_modules import ModuleScope

Scopes = tuple[ModuleScope, ...]


def scopes_of(operation: ReadLayer, branches: Sequence[Scopes | None]) -> Scopes | None:
    """Return the scopes of a merge with all that is in its branches."""
    inside = [scopes for scopes in branches if scopes is not None]
    if not inside:
        return operation.scopes
    shared = common(inside)
    if operation.scopes is None or shared[: len(operation.scopes)] != operation.scopes:
        return shared if operation.scopes is None else common([shared, operation.scopes])
    return operation.scopes


def common(many: Sequence[Scopes]) -> Scopes:
    """Return the scopes that all have, from the outermost inwards."""
    first = many[0]
    count = min([len(scopes) for scopes in many])
    same = next((place for place in range(count) if any(s[place] != first[place] for s in many)), count)
    return first[:same]
