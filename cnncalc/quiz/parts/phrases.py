"""Texts in every language of the exercises, next to each other, so that both say the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple


class Bilingual(NamedTuple):
    """A text in English and in Korean.

    Attributes:
        en, ko: the texts; both have the same fields, such as ``{size}``, before they are filled.

    """

    en: str
    ko: str

    def filled(self, values: Mapping[str, Any]) -> Bilingual:
        """Return the phrase with its fields filled; what is a phrase fills each language with its own."""
        return Bilingual(*[self._filled(language, values) for language in ("en", "ko")])

    def _filled(self, language: str, values: Mapping[str, Any]) -> str:
        shown = {
            name: value.of(language) if isinstance(value, Bilingual) else str(value).replace("-", "−")
            for name, value in values.items()
        }
        return self.of(language).format_map(shown)

    def of(self, language: str) -> str:
        """Return the text in a language."""
        return self.ko if language == "ko" else self.en


def same(text: str) -> Bilingual:
    """Return a text that is the same in all languages, such as a number."""
    return Bilingual(text, text)
