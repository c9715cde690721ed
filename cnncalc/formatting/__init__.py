"""One way to write a spec: the same text with its spaces, separators and indents in order."""

from cnncalc.formatting.format import format_text

__all__ = ["format_text"]
