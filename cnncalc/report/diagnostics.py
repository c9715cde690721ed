"""How faults and notes are drawn for a person: code, place, the line with a caret, what would mend it."""

from __future__ import annotations

from cnncalc.core.cleaning import printable, terminal_width
from cnncalc.core.errors import CnncalcError, Note
from cnncalc.core.source import Source, Span

LONGEST_LINE = 100
"""A longer source line is shown as the stretch around the caret."""


def draw_error(error: CnncalcError) -> str:
    """Draw a fault as text, without a line end after it."""
    lines = [f"error[{error.code}]: {error.message}"]
    if error.source is None or error.span is None:
        return "\n".join([*lines, *(f"  = {hint}" for hint in error.hints)])
    return "\n".join([*lines, *_place(error.source, error.span, error.detail, [*error.hints, *error.trail])])


def draw_note(note: Note, source: Source) -> str:
    """Draw a note as text, without a line end after it."""
    return "\n".join([f"note[{note.code}]: {note.message}", *_place(note.source or source, note.span, "", [])])


def _place(source: Source, span: Span, detail: str, remarks: list[str]) -> list[str]:
    line = str(source.line(span.start))
    gutter = " " * len(line)
    shown, before, width = _excerpt(source, span)
    caret = f" {gutter} | {before}{'^' * width} {detail}".rstrip()
    lines = [
        f"{gutter} --> {printable(source.name)}:{line}:{source.column(span.start)}",
        f" {gutter} |",
        f" {line} | {shown}".rstrip(),
        caret,
    ]
    if remarks:
        lines += [f" {gutter} |", *(f" {gutter} = {remark}" for remark in remarks)]
    return lines


def _excerpt(source: Source, span: Span) -> tuple[str, str, int]:
    """Return the line to show, the white space in front of the caret, and the caret's width."""
    text = source.line_text(span.start)
    start = min(source.column(span.start) - 1, len(text))
    width = max(1, min(span.end - span.start, len(text) - start))
    if len(text) > LONGEST_LINE:
        left = max(0, min(start - LONGEST_LINE // 3, len(text) - LONGEST_LINE))
        cut = text[left : left + LONGEST_LINE]
        text = ("…" if left else "") + cut + ("…" if left + LONGEST_LINE < len(text) else "")
        start = start - left + (1 if left else 0)
        width = max(1, min(width, LONGEST_LINE - start))
    shown = printable(text)
    # tabs stay tabs, so that the caret stands where the terminal puts the character
    before = "".join("\t" if character == "\t" else " " * terminal_width(character) for character in shown[:start])
    return shown, before, max(1, terminal_width(shown[start : start + width]))
