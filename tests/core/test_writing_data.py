"""Messages that are data are written as they are, however narrow a terminal is."""

from __future__ import annotations

import io
import json

import pytest

from cnncalc.core.writing import complain


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_data_is_not_broken_between_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """An error as JSON has no line end within a text; the same sentence as text is broken."""
    monkeypatch.setenv("COLUMNS", "40")
    text = json.dumps({"message": "a sentence that is quite a bit longer than forty columns are"})
    for data in (True, False):
        stream = Terminal()
        monkeypatch.setattr("sys.stderr", stream)
        complain(text, data=data)
        assert (stream.getvalue() == text + "\n") is data
