"""Values in Python's notation, read from its syntax tree: nothing is run."""

from __future__ import annotations

import ast
import operator
import re
import warnings
from collections.abc import Callable, Mapping
from typing import Any

from cnncalc.core.limits import MAX_NUMBER
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import damaged, exceed, quoted, refuse

_LONGEST = 400_000
_OPERATORS: Mapping[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
}
_PRINTED = ("same", "valid", "zeros", "reflect", "replicate", "circular")


class PythonText:
    """A Python text as its syntax tree, and the places of its nodes."""

    def __init__(self, source: Source, text: str | None = None, start: int = 0) -> None:
        """Parse ``text``, which stands in the source from ``start`` on; all of it where no text is given."""
        self.source = source
        self.text = source.text if text is None else text
        self.start = start
        self.names: dict[str, Any] = {}
        self._added = ""
        if len(self.text) > _LONGEST:
            exceed(
                source, Span(start, start + 1), f"Python code of over {_LONGEST:,} characters is not read", "too-long"
            )
        lines = self.text.splitlines(keepends=True)
        first = next((line for line in lines if line.strip() and not line.lstrip().startswith("#")), "")
        if first[:1] in (" ", "\t"):  # a stretch that is copied from the inside of something
            self._added = "if True:\n"
        self._starts = [0, *[match.end() for match in re.finditer("\n", self.text)]]
        self._bytes = [line.encode() for line in (self._added + self.text).split("\n")]
        self.tree = self._parsed()

    def _parsed(self) -> ast.Module:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # Python's warnings on the file's code, such as on `1if x else 2`
                return ast.parse(self._added + self.text)
        except SyntaxError as error:
            line = (error.lineno or 1) - self._added.count("\n")
            at = self._offset(max(1, line), max(0, (error.offset or 1) - 1))
            reason = "a bracket is not closed" if "never closed" in str(error.msg) else "this is not Python"
            damaged(self.source, Span(at, at + 1), f"{reason}: {error.msg}")
        except (ValueError, RecursionError, MemoryError):
            exceed(self.source, Span(self.start, self.start + 1), "this Python code is nested too deeply", "too-deep")

    @property
    def statements(self) -> list[ast.stmt]:
        """What the text says, one statement after another."""
        body = self.tree.body
        return body[0].body if self._added and body and isinstance(body[0], ast.If) else body

    def _offset(self, line: int, column: int) -> int:
        """Return the offset of a line, counted from 1, and a column of the text."""
        at = self._starts[min(line, len(self._starts)) - 1]
        return min(self.start + at + column, max(0, len(self.source.text) - 1))

    def span(self, node: ast.AST) -> Span:
        """Return where a node stands in the source, on its first line."""
        line, column = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        own = self._bytes[line - 1][:column].decode("utf-8", "ignore")
        start = self._offset(line - self._added.count("\n"), len(own))
        end = self.source.text.find("\n", start)
        last = len(self.source.text) if end < 0 else end
        if getattr(node, "end_lineno", line) == line:
            last = min(last, start + max(1, (getattr(node, "end_col_offset", column + 1) or column + 1) - column))
        return Span(start, max(start + 1, last))

    def value(self, node: ast.expr) -> Any:
        """Return what a node means: a number, a text, a tuple of such, or the arithmetic of numbers."""
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float | str | None):
            return self._small(node, node.value)
        if isinstance(node, ast.Tuple | ast.List):
            return tuple([self.value(each) for each in node.elts])
        if isinstance(node, ast.Name) and (node.id in self.names or node.id in _PRINTED):
            return self.names.get(node.id, node.id)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            return -self._number(node.operand)
        if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
            left, right = self._number(node.left), self._number(node.right)
            try:
                return self._small(node, _OPERATORS[type(node.op)](left, right))
            except (ZeroDivisionError, OverflowError):
                damaged(self.source, self.span(node), "this cannot be computed")
        refuse(
            self.source,
            self.span(node),
            f"{quoted(ast.unparse(node))} is not a number, a text or a tuple of such",
            hints=["nothing of the text is run: put its value here"],
        )

    def _number(self, node: ast.expr) -> Any:
        value = self.value(node)
        if not isinstance(value, int | float):
            damaged(self.source, self.span(node), "a number should stand here")
        return value

    def _small(self, node: ast.expr, value: Any) -> Any:
        if isinstance(value, int | float) and not abs(value) <= MAX_NUMBER:
            exceed(self.source, self.span(node), f"a number is at most {MAX_NUMBER:,}", "out-of-range")
        return value
