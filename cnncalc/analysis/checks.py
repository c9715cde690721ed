"""Numbers that were calculated, beside what an oracle says."""

from __future__ import annotations

from typing import Any, NamedTuple


class Check(NamedTuple):
    """One number, as it was calculated and as PyTorch has it.

    Attributes:
        subject: the layer's name, or ``total``.
        quantity: what is compared.
        ours: what was calculated.
        theirs: what the oracle says.
        oracle: who says it.
    """

    subject: str
    quantity: str
    ours: Any
    theirs: Any
    oracle: str

    @property
    def holds(self) -> bool:
        """Whether both agree."""
        return bool(self.ours == self.theirs)
