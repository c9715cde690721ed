"""How a spec is loaded beside its text: what the caller sets from outside."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cnncalc.core.source import Source


@dataclass(frozen=True)
class SpecSettings:
    """What the caller sets from outside; each overrides what the spec says.

    Input and parameters are texts, so that they may be expressions too. A source's name is where its faults are shown.
    """

    input: Source | None = None
    parameters: Mapping[str, Source] = field(default_factory=dict)
    rounding: str | None = None

    @classmethod
    def of_texts(cls, input: str | None, parameters: Mapping[str, str], rounding: str | None) -> SpecSettings:
        """Return settings as the library takes them: a fault is shown at its argument."""
        sources = {name.lower(): Source(f"params[{name!r}]", text) for name, text in parameters.items()}
        return cls(_source("input", input), sources, rounding)

    @classmethod
    def of_options(cls, input: str | None, parameters: Mapping[str, str], rounding: str | None) -> SpecSettings:
        """Return settings as the command line takes them: a fault is shown at its option."""
        sources = {name.lower(): Source(f"--set {name}", text) for name, text in parameters.items()}
        return cls(_source("--input", input), sources, rounding)

    def texts(self) -> dict[str, Any]:
        """Return the settings as they were written, which `of_texts` reads back."""
        return {
            "input": self.input.text if self.input else None,
            "parameters": {name: source.text for name, source in self.parameters.items()},
            "rounding": self.rounding,
        }


def _source(name: str, text: str | None) -> Source | None:
    return None if text is None else Source(name, text)
