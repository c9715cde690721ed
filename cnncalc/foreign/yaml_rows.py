"""The little of YAML that model files of Ultralytics use: keys, values in brackets, and rows behind dashes."""

from __future__ import annotations

import re
from typing import Any

from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import damaged, quoted
from cnncalc.foreign.literals import Literals, PlacedList, PlacedTable

_KEY = re.compile(r"([A-Za-z_][\w-]*)[^\S\n]*:(?=\s|$)[^\S\n]*")
_DASH = re.compile(r"-[^\S\n]+")


class YamlRows(Literals):
    """Reads a text of keys at the margin; below a key stand a value in brackets, rows with dashes, or more keys."""

    def mapping(self) -> PlacedTable:
        """Return the keys of the text with their values.

        Raises:
            SpecError: ``bad-format`` for what is none of this, and for brackets that are not closed.
        """
        table = PlacedTable()
        self.space()
        while self.position < len(self.text):
            key = self._key("a key such as `nc: 80`")
            if key in table:
                self.fail(f"the key {quoted(key)} stands twice")
            table[key] = self._below()
            self.space()
        return table

    def _key(self, what: str) -> str:
        match = _KEY.match(self.text, self.position)
        if match is None:
            self.fail(f"{what} should stand here")
        self.position = match.end()
        return match[1]

    def _column(self) -> int:
        return self.source.column(self.position)

    def _below(self) -> Any:
        """Return the value of a key: on its line, or on the lines below it."""
        line = self.source.line(self.position)
        self.space()
        same_line = self.position < len(self.text) and self.source.line(self.position) == line
        if same_line or self.text[self.position : self.position + 1] == "[":
            return self.value()
        if _DASH.match(self.text, self.position):
            return self._rows()
        return self._keys() if self._column() > 1 and self.position < len(self.text) else None

    def _rows(self) -> PlacedList:
        rows, start, column = PlacedList(), self.position, self._column()
        while (dash := _DASH.match(self.text, self.position)) and self._column() == column:
            self.position = dash.end()
            rows.append(self.value())
            self.space()
        rows.span = Span(start, self.position)
        return rows

    def _keys(self) -> PlacedTable:
        table, start, column = PlacedTable(), self.position, self._column()
        while self.position < len(self.text) and self._column() == column:
            key = self._key("a key and its value")
            self.space()
            table[key] = self.value()
            self.space()
        if self.position < len(self.text) and self._column() > 1:
            self.fail("this line is set in otherwise than those above it")
        table.span = Span(start, self.position)
        return table


def yaml_table(source: Source) -> PlacedTable:
    """Return the keys of a text with their values."""
    if "\t" in source.text and re.search(r"^[^\S\n]*\t", source.text, re.MULTILINE):
        at = re.search(r"^[^\S\n]*\t", source.text, re.MULTILINE)
        assert at is not None
        damaged(source, Span.of(at), "YAML is set in by blanks, not by tabs")
    return YamlRows(source).mapping()
