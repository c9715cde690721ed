"""A PyTorch module as `print` shows it: nested Sequentials, whose modules are called in the printed order."""

from __future__ import annotations

import ast
import re
from typing import Any

from cnncalc.core.limits import MAX_NESTING
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.python_values import PythonText
from cnncalc.foreign.pytorch_layers import add_module

_HEAD = re.compile(r"(?:\s|#[^\n]*\n)*[A-Z]\w*\(\s*\n\s*\([\w.-]+\):")
_ROW = re.compile(r"[ \t]*(?:\((?P<name>[\w.-]+)\): )?(?:(?P<times>\d{1,5}) x )?(?P<kind>\w+)\((?P<rest>.*)$")
IN_ORDER = (
    "Sequential",
    "ConvNormActivation",
    "Conv2dNormActivation",
    "ConvBNReLU",
    "ConvBNActivation",
    "Conv3dNormActivation",
)
"""Containers that call what they hold in its order; those of torchvision are subclasses of Sequential."""


class PrintedModule(ForeignFormat):
    r"""``Sequential(\n  (0): Conv2d(3, 10, kernel_size=(5, 5), stride=(1, 1))``…"""

    what = "a printed PyTorch module"

    def recognises(self, source: Source) -> bool:
        return _HEAD.match(source.text[:20_000]) is not None

    def read(self, draft: Draft) -> None:
        _Printed(draft).read()
        if not draft.steps:
            draft.damaged(Span(0, 1), "this module holds no layer")


class _Printed:
    """Reads line by line; a stack has the containers that are open, with how often each is repeated."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self.stack: list[tuple[str, int, int, Span]] = []

    def read(self) -> None:
        at, closed = 0, False
        for line in self.draft.source.text.split("\n"):
            text = line.strip()
            start = at + len(line) - len(line.lstrip())
            span = Span(start, start + max(1, len(text)))
            at += len(line) + 1
            if not text or text.startswith("#"):
                continue
            if closed:
                self.draft.damaged(span, "the module has ended, and something follows")
            self.line(text, span)
            closed = not self.stack
        if self.stack:
            self.draft.damaged(self.stack[-1][3], "this module is cut off: its closing bracket is missing")

    def line(self, text: str, span: Span) -> None:
        if text == ")":
            self.close(span)
            return
        row = _ROW.fullmatch(text)
        if row is None:
            self.draft.damaged(span, f"{quoted(text)} is not a line of a printed module")
        times = int(row["times"] or 1)
        if row["rest"] == "":
            self.open(row["kind"], times, span)
        elif not self.stack:
            self.draft.damaged(span, "a printed module begins with its class, such as `Sequential(`")
        else:
            name = row["name"] or ""
            first = self.draft.last
            self.leaf(row["kind"], f"{row['kind']}({row['rest']}", "" if name[:1].isdigit() else name, span)
            self.repeat(first, times)

    def open(self, kind: str, times: int, span: Span) -> None:
        if kind not in IN_ORDER:
            hints = ["import the module itself: cnncalc import your_module:Net --input 224x224x3"]
            message = f"in which order {quoted(kind)} calls its modules is not printed; only Sequentials say it"
            self.draft.refuse(span, message, hints=hints)
        if len(self.stack) >= MAX_NESTING:
            self.draft.exceed(span, f"modules nest at most {MAX_NESTING} deep", "too-deep")
        self.stack.append((kind, times, self.draft.last, span))

    def close(self, span: Span) -> None:
        if not self.stack:
            self.draft.damaged(span, "this bracket closes nothing")
        _, times, first, _ = self.stack.pop()
        self.repeat(first, times)

    def repeat(self, first: int, times: int) -> None:
        """Add what stands behind a step again, so that it is there several times."""
        held = self.draft.steps[first:]
        for _ in range(times - 1 if held else 0):
            for step in held:
                self.draft.add(step.layers, step.span, channels=step.channels, values=step.values)

    def leaf(self, kind: str, text: str, name: str, span: Span) -> None:
        start = self.draft.source.text.find(text, span.start)
        python = PythonText(self.draft.source, text, start)
        statement = python.statements[0] if python.statements else None
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            self.draft.damaged(span, f"{quoted(text)} is not a printed module")
        call = statement.value
        given: dict[str, Any] = {str(keyword.arg): python.value(keyword.value) for keyword in call.keywords}
        add_module(self.draft, kind, [python.value(each) for each in call.args], given, span, name)
