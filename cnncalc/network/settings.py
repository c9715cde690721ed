"""How a spec is loaded beside its text: what the caller sets from outside."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from cnncalc.core.source import Source
from cnncalc.core.words import one_spelling

InputTexts = str | Mapping[str, str] | None
"""The volume of an input without a name, or the volumes of several by their names."""


@dataclass(frozen=True)
class SpecSettings:
    """What the caller sets from outside; each overrides what the spec says.

    Inputs and parameters are texts, so that they may be expressions too. A source's name is where its faults are shown.

    Attributes:
        inputs: the volumes of inputs by their names; "" is the name of one that has none.
        parameters: the values of the spec's parameters.
        rounding: strict, floor or ceil; None for the spec's own.

    """

    inputs: Mapping[str, Source] = field(default_factory=dict)
    parameters: Mapping[str, Source] = field(default_factory=dict)
    rounding: str | None = None

    @classmethod
    def of_texts(cls, input: InputTexts, parameters: Mapping[str, str], rounding: str | None) -> SpecSettings:
        """Return settings as the library takes them: a fault is shown at its argument."""
        inputs = {name: Source(f"input[{name!r}]" if name else "input", text) for name, text in _named(input)}
        sources = {name.lower(): Source(f"params[{name!r}]", text) for name, text in parameters.items()}
        return cls(inputs, sources, rounding)

    @classmethod
    def of_options(cls, input: InputTexts, parameters: Mapping[str, str], rounding: str | None) -> SpecSettings:
        """Return settings as the command line takes them: a fault is shown at its option."""
        inputs = {name: Source(f"--input {name}" if name else "--input", text) for name, text in _named(input)}
        sources = {name.lower(): Source(f"--set {name}", text) for name, text in parameters.items()}
        return cls(inputs, sources, rounding)

    def texts(self) -> dict[str, Any]:
        """Return the settings as they were written, which `of_texts` reads back."""
        return {
            "input": self._input_texts(),
            "parameters": {name: source.text for name, source in self.parameters.items()},
            "rounding": self.rounding,
        }

    def _input_texts(self) -> InputTexts:
        """Return the text of the one input without a name, those of others by their names, None where none is set."""
        texts = {name: source.text for name, source in self.inputs.items()}
        return texts.get("", texts or None)


def _named(input: InputTexts) -> Iterator[tuple[str, str]]:
    """Go through the names and the texts of inputs; names are read as a spec's are."""
    if isinstance(input, str):
        yield "", input
    elif input is not None:
        yield from [(one_spelling(name.strip().lower()), text) for name, text in input.items()]
