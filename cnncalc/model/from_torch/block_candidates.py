"""Modules that do the same but for numbers: what may become a block of an imported text."""

from __future__ import annotations

from dataclasses import dataclass

from cnncalc.model.from_torch.text_parts import Phrases, length
from cnncalc.model.from_torch.units import Unit


@dataclass(eq=False)
class Family:
    """Modules that do the same but for numbers: what may become a block."""

    units: list[Unit]
    bodies: list[Phrases]
    kind: str
    contains: bool
    name: str = ""

    @property
    def keeps(self) -> bool:
        """Whether what leaves them has the size of what arrives."""
        return all(body[0].before == body[-1].after for body in self.bodies)

    @property
    def most(self) -> int:
        """The most that a block of it could save."""
        return sum(map(length, self.bodies)) - max(map(length, self.bodies))

    @property
    def longest(self) -> int:
        """How long the longest of them is."""
        return max(map(length, self.bodies))

    def overlaps(self, other: Family) -> bool:
        """Say whether a module belongs to both."""
        paths = {unit.scope.path for unit in self.units}
        return any(unit.scope.path in paths for unit in other.units)
