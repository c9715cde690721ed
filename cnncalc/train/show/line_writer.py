"""Lines of text and of JSON that report on a run: to a terminal, a file or a pipe."""

from __future__ import annotations

import json
import sys
from typing import Any, TextIO

from rich.console import Console

from cnncalc.core.cleaning import json_text, printable_lines
from cnncalc.core.errors import WriteError
from cnncalc.core.writing import encodable, write_stream


class LineWriter:
    """Writes lines to a stream, or to a terminal above its progress bars.

    A stream that cannot be written any more, such as that of ``| head``, gets nothing further: training continues.

    Args:
        stream: a text stream; None where standard output is closed.
        console: a terminal, in place of the stream.

    """

    def __init__(self, stream: TextIO | None, console: Console | None = None) -> None:
        self._stream, self._console = stream, console

    def write(self, text: str) -> None:
        """Write a text and a line end; nothing for an empty text."""
        if not text:
            return
        if self._console is not None:
            self._console.print(printable_lines(text), markup=False, highlight=False, soft_wrap=True)
        elif self._stream is not None:
            try:
                write_stream(printable_lines(text) + "\n", self._stream)
            except WriteError:
                self._stream = None

    def write_event(self, event: str, **facts: Any) -> None:
        """Write an event with its facts as a line of JSON (JSON Lines)."""
        self.write(json_text(json.dumps({"event": event, **facts}, ensure_ascii=False)))


def console_with_bars() -> Console | None:
    """Return the terminal if standard output is one that has the characters of progress bars; else None."""
    plain = encodable("─", getattr(sys.stdout, "encoding", None)) != "─"
    return Console() if getattr(sys.stdout, "isatty", bool)() and not plain else None
