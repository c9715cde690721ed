"""Lines of Python, laid out as ``ruff format`` has them (88 columns)."""

from __future__ import annotations

from typing import NamedTuple

WIDTH = 88


class Brackets(NamedTuple):
    """Something with brackets, which may be opened over several lines: ``nn.Conv2d(3, 64, 3)``."""

    head: str
    items: tuple[Doc, ...]
    close: str = ")"

    @property
    def flat(self) -> str:
        """All on one line."""
        comma = "," if self.head == "(" and len(self.items) == 1 else ""
        return f"{self.head}{', '.join([flat(item) for item in self.items])}{comma}{self.close}"


Doc = str | Brackets


def flat(doc: Doc) -> str:
    """Return a text on one line."""
    return doc if isinstance(doc, str) else doc.flat


def laid_out(before: str, doc: Doc, indent: int, after: str = "") -> list[str]:
    """Return the lines of ``before doc after``: one line, or the brackets opened as far as it takes.

    Behind a name so long that not even the opening bracket fits, brackets stand around the whole.
    """
    margin = " " * indent
    line = f"{margin}{before}{flat(doc)}{after}"
    if len(line) <= WIDTH or isinstance(doc, str) or not doc.items:
        return [line]
    head, tail = f"{margin}{before}{doc.head}", f"{margin}{doc.close}{after}"
    if before.endswith(" = ") and len(head) > WIDTH >= indent + 4 + len(flat(doc)):
        return [f"{margin}{before}(", f"{margin}    {flat(doc)}", f"{margin}){after}"]
    inside = ", ".join([flat(item) for item in doc.items])
    if indent + 4 + len(inside) <= WIDTH:
        return [head, f"{margin}    {inside}", tail]
    return [head, *[line for item in doc.items for line in laid_out("", item, indent + 4, ",")], tail]
