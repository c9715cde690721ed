"""What every format of a foreign text answers, and which formats there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from cnncalc.core.source import Source
from cnncalc.foreign.draft import Draft


class ForeignFormat(ABC):
    """One format: how it is recognised, and how it is read.

    A text that is a valid spec is never asked about, so that a format need only be told from other formats and from
    specs with a mistake in them. Reading runs nothing and opens no other file.

    Attributes:
        what: what a text of this format is, for a person: ``a Darknet cfg``.
    """

    what: ClassVar[str]

    @abstractmethod
    def recognises(self, source: Source) -> bool:
        """Say whether a text is of this format, from marks that no spec has; cheap, whatever the text."""

    @abstractmethod
    def read(self, draft: Draft) -> None:
        """Add what the text describes to its draft.

        Raises:
            SpecError: ``bad-format`` for a text that is cut off or breaks the format's rules, ``cannot-import`` for
                what the spec language has no word for; both with their place in the text.
        """
