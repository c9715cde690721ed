"""The sections of a Darknet configuration: ``[name]`` and lines of ``key=value``, with their places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NoReturn

from cnncalc.core.limits import MAX_DIGITS
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import damaged, quoted, refuse

_NUMBER = re.compile(r"[-+]?\d+(?:\.0*)?")


class Section:
    """A section's name, its settings as they are written, and where each stands."""

    def __init__(self, source: Source, name: str, span: Span) -> None:
        self.source = source
        self.name = name
        self.span = span
        self.settings: dict[str, tuple[str, Span]] = {}

    def has(self, name: str) -> bool:
        """Say whether a setting is written."""
        return name in self.settings

    def text(self, name: str, usual: str) -> str:
        """Return a setting as text."""
        return self.settings[name][0].lower() if name in self.settings else usual

    def number(self, name: str, usual: int | None = None, least: int | None = None) -> int:
        """Return a setting that is a whole number."""
        if name not in self.settings:
            if usual is None:
                self.damaged(f"[{self.name}] has no {quoted(name)}")
            return usual
        text, span = self.settings[name]
        if not _NUMBER.fullmatch(text) or len(text) > MAX_DIGITS:
            damaged(self.source, span, f"{name} is {quoted(text)}, which is not a whole number")
        found = int(text.partition(".")[0])
        if least is not None and found < least:
            damaged(self.source, span, f"{name} is at least {least}, not {found}")
        return found

    def decimal(self, name: str, usual: float) -> float:
        """Return a setting that is a number."""
        if name not in self.settings:
            return usual
        text, span = self.settings[name]
        try:
            value = float(text)
        except ValueError:
            value = float("inf")
        if not abs(value) < 1e9:
            damaged(self.source, span, f"{name} is {quoted(text)}, which is not a number")
        return value

    def numbers(self, name: str) -> list[int]:
        """Return a setting that is a list of whole numbers."""
        if name not in self.settings:
            self.damaged(f"[{self.name}] has no {quoted(name)}")
        text, span = self.settings[name]
        parts = [part.strip() for part in text.split(",") if part.strip()]
        if not parts or any(not _NUMBER.fullmatch(part) or len(part) > MAX_DIGITS for part in parts):
            damaged(self.source, span, f"{name} is {quoted(text)}, which is not a list of whole numbers")
        return [int(part.partition(".")[0]) for part in parts]

    def damaged(self, message: str) -> NoReturn:
        """Say that the section breaks Darknet's rules."""
        damaged(self.source, self.span, message)

    def refuse(self, message: str, hints: Sequence[str] = ()) -> NoReturn:
        """Say that a spec has no word for the section."""
        refuse(self.source, self.span, message, hints=hints)


def sections_of(source: Source) -> list[Section]:
    """Return the sections of a configuration, of which there is at least one."""
    found: list[Section] = []
    at = 0
    for line in source.text.split("\n"):
        start, text = at + len(line) - len(line.lstrip()), line.strip()
        at += len(line) + 1
        if not text or text[0] in "#;":
            continue
        span = Span(start, start + len(text))
        if text.startswith("["):
            found.append(_opened(source, text, span))
        elif not found:
            damaged(source, span, "a configuration begins with [net]")
        else:
            _set(source, found[-1], text, span)
    if not found:
        damaged(source, Span(0, 1), "there is no section in this configuration")
    return found


def _opened(source: Source, text: str, span: Span) -> Section:
    name, closed, rest = text[1:].partition("]")
    if not closed or (rest.strip() and rest.strip()[0] not in "#;"):
        damaged(source, span, "the name of a section stands in brackets, such as [convolutional]")
    return Section(source, name.strip().lower(), span)


def _set(source: Source, section: Section, text: str, span: Span) -> None:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        damaged(source, span, f"a setting is written as key=value, not {quoted(text)}")
    value = re.split(r"[#;]", value)[0].strip()
    section.settings[name.strip().lower()] = value, span
