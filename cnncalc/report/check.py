"""What a check found, for a person, for GitHub's annotations and as SARIF."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from cnncalc.core.cleaning import printable, printable_lines
from cnncalc.core.errors import CnncalcError
from cnncalc.core.source import Source, Span
from cnncalc.report.diagnostics import draw_error, draw_note
from cnncalc.report.json_form import to_text


class Finding(NamedTuple):
    """One fault or note, with its place: lines and columns are counted from 1.

    Attributes:
        path: the file that was checked.
        level: ``error`` or ``note``.
        code: the kind of fault, such as ``does-not-fit``.
        message: what is wrong; ``remarks`` are the sum and the hints.
        drawn: the same for a person.
        source, span: the place, or None.

    """

    path: str
    level: str
    code: str
    message: str
    remarks: tuple[str, ...]
    drawn: str
    source: Source | None
    span: Span | None

    @property
    def region(self) -> dict[str, int]:
        """The place as SARIF and GitHub name it, or nothing: the end is the column behind the last character."""
        if self.source is None or self.span is None or self.source.name != self.path:
            return {}
        start, end = self.span.start, max(self.span)
        line = self.source.line(start)
        last = min(end, start + len(self.source.line_text(start)) - self.source.column(start) + 1)
        column = self.source.column(start)
        return {"startLine": line, "startColumn": column, "endLine": line, "endColumn": column + max(1, last - start)}


def of_error(path: str, error: CnncalcError) -> Finding:
    """Return a fault as a finding."""
    remarks = (*([error.detail] if error.detail else []), *error.hints, *error.trail)
    drawn = draw_error(error)
    return Finding(path, "error", error.code, error.message, remarks, drawn, error.source, error.span)


def of_note(path: str, note: Any, source: Source) -> Finding:
    """Return a note as a finding."""
    place = note.source or source
    return Finding(path, "note", note.code, note.message, (), draw_note(note, source), place, note.span)


def as_text(findings: Sequence[Finding], paths: Sequence[str]) -> str:
    """Return the findings for a person, with a line that adds up."""
    wrong = {finding.path for finding in findings if finding.level == "error"}
    errors = sum(finding.level == "error" for finding in findings)
    files = f"{len(paths)} {'file' if len(paths) == 1 else 'files'}"
    faults = f"{errors} {'fault' if errors == 1 else 'faults'}"
    total = f"{files} checked: {faults} in {len(wrong)}" if errors else f"{files} checked: no faults"
    return "".join(f"{printable_lines(finding.drawn)}\n" for finding in findings) + f"{total}\n"


def as_github(findings: Sequence[Finding], paths: Sequence[str]) -> str:
    """Return a line for each finding that GitHub shows beside the changed lines."""
    return "".join(_annotation(finding) + "\n" for finding in findings)


def _annotation(finding: Finding) -> str:
    command = {"error": "error", "note": "notice"}[finding.level]
    region = finding.region
    names = {"startLine": "line", "endLine": "endLine", "startColumn": "col", "endColumn": "endColumn"}
    place = {"file": _relative(finding.path), **{names[key]: str(region[key]) for key in names if key in region}}
    properties = ",".join(f"{key}={_escaped(value, ':,')}" for key, value in {**place, "title": finding.code}.items())
    return f"::{command} {properties}::{_escaped(_whole(finding), '')}"


def _escaped(text: str, more: str) -> str:
    """Escape what ends a command or a property of GitHub's workflow commands; what steers a terminal is not written."""
    for character in ("%", "\r", "\n", *more):
        text = text.replace(character, f"%{ord(character):02X}")
    return printable(text)


def _whole(finding: Finding) -> str:
    return "\n".join([finding.message, *finding.remarks])


def as_sarif(findings: Sequence[Finding], paths: Sequence[str]) -> str:
    """Return the findings as SARIF 2.1.0, which code scanning and editors read."""
    codes = list(dict.fromkeys(finding.code for finding in findings))
    rules = [{"id": code, "shortDescription": {"text": code.replace("-", " ")}} for code in codes]
    driver = {"name": "cnncalc", "version": _version(), "rules": rules}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "artifacts": [{"location": {"uri": _uri(path)}} for path in paths],
        "results": [dict(_result(finding, codes)) for finding in findings],
    }
    return to_text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}) + "\n"


_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def _result(finding: Finding, codes: list[str]) -> Iterator[tuple[str, Any]]:
    yield "ruleId", finding.code
    yield "ruleIndex", codes.index(finding.code)
    yield "level", finding.level
    yield "message", {"text": _whole(finding)}
    place: dict[str, Any] = {"artifactLocation": {"uri": _uri(finding.path)}}
    yield "locations", [{"physicalLocation": {**place, **({"region": finding.region} if finding.region else {})}}]


def _relative(path: str) -> str:
    """Return a path as it is seen from the working directory, with slashes."""
    return os.path.normpath(path).replace(os.sep, "/")


def _uri(path: str) -> str:
    return quote(_relative(path))


def _version() -> str:
    from importlib.metadata import version

    return version("cnncalc")


FORMS: dict[str, Callable[[Sequence[Finding], Sequence[str]], str]] = {
    "text": as_text,
    "sarif": as_sarif,
    "github": as_github,
}
"""The formats of a check, by name."""
