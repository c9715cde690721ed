"""PyTorch modules as Python code: parsed with `ast`, never run."""

from __future__ import annotations

import ast
import re
from pathlib import PurePath

from cnncalc.core.limits import MAX_NESTING
from cnncalc.core.source import Source, Span
from cnncalc.foreign.draft import Draft, quoted
from cnncalc.foreign.formats import ForeignFormat
from cnncalc.foreign.python_values import PythonText
from cnncalc.foreign.pytorch_layers import add_module

_MODULE = (
    r"(?:torch\.)?nn\.[A-Z]\w*|(?:Conv(?:Transpose)?|MaxPool|AvgPool|BatchNorm|AdaptiveAvgPool|Dropout)[123]d|Linear|"
    r"Sequential|ReLU"
)
_BEGINS = re.compile(
    rf"(?:\s|#[^\n]*\n|\"\"\"[^\"]*\"\"\")*(?:import\s+\w|from\s+[\w.]+\s+import|class\s+\w+|[\[(\s]*(?:[\w.]+\s*=(?!>)\s*)?(?:{_MODULE})\s*\("
    rf"|[\w.]+\s*=(?!>)[^\n]*\n[^$]{{0,4000}}?(?:{_MODULE})\s*\()"
)
_CALL = re.compile(rf"(?<![\w.])(?:{_MODULE})\s*\(|\bnn\.Module\b")


class PyTorchCalls(ForeignFormat):
    """``nn.Conv2d(3, 10, 5, padding=2)``, an `nn.Sequential`, or a list of such."""

    what = "PyTorch calls"

    def recognises(self, source: Source) -> bool:
        head = source.text[:20_000]
        return (
            _CALL.search(head) is not None
            and _BEGINS.match(head) is not None
            and not re.search(r"^\s*\(\w+\): ", head, re.MULTILINE)
        )

    def read(self, draft: Draft) -> None:
        reader = _Reader(draft, PythonText(draft.source))
        reader.statements()
        if not draft.steps:
            draft.damaged(Span(0, 1), "there is no layer in these calls")


class _Reader:
    def __init__(self, draft: Draft, python: PythonText) -> None:
        self.draft = draft
        self.python = python
        self.modules: dict[str, ast.expr] = {}
        self.used: set[str] = set()

    def statements(self) -> None:
        """Read what stands one after another: imports, values, modules with or without a name."""
        loose: list[tuple[str, ast.expr]] = []
        for statement in self.python.statements:
            if isinstance(statement, ast.Import | ast.ImportFrom):
                continue
            if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
                self.assign(statement.targets[0], statement.value, loose)
            elif isinstance(statement, ast.Expr) and not isinstance(statement.value, ast.Constant):
                loose.append(("", statement.value))
            elif not isinstance(statement, ast.Expr):
                self.refuse(statement)
        for name, value in loose:
            if name not in self.used:
                self.module(value, name)

    def assign(self, target: ast.expr, value: ast.expr, loose: list[tuple[str, ast.expr]]) -> None:
        if isinstance(target, ast.Name | ast.Attribute):
            name = target.id if isinstance(target, ast.Name) else target.attr
            if isinstance(value, ast.Call) or (isinstance(value, ast.List | ast.Tuple) and _holds_calls(value)):
                self.modules[name] = value
                self.used |= {
                    each.id for each in ast.walk(value) if isinstance(each, ast.Name) and each.id in self.modules
                }
                loose.append((name, value))
            else:
                self.python.names[name] = self.python.value(value)
            return
        self.draft.refuse(self.python.span(target), "only a name is given a module or a value")

    def refuse(self, statement: ast.stmt) -> None:
        whole = self.whole_network() or statement
        if isinstance(whole, ast.ClassDef | ast.FunctionDef):
            hints = [f"import the module itself: cnncalc import {self.dotted()}:{whole.name} --input 224x224x3"]
            message = f"`{whole.name}` is a program, and nothing of it is run here"
            self.draft.refuse(self.python.span(whole), message, hints=hints)
        message = "this statement would have to be run; modules, values and imports are read"
        self.draft.refuse(self.python.span(statement), message)

    def whole_network(self) -> ast.ClassDef | None:
        """Return the last class of a module that no other one names, which is no block of another; None for none."""
        classes = [each for each in self.python.statements if isinstance(each, ast.ClassDef) and _is_module(each)]
        alone = [each for each in classes if not any(_names(other, each.name) for other in classes if other != each)]
        return alone[-1] if alone else None

    def dotted(self) -> str:
        """Return the name by which Python imports the text, from the folder that its path begins in or from its own."""
        path = PurePath(self.draft.source.name)
        parts = path.with_suffix("").parts
        parts = parts if all(part.isidentifier() for part in parts) else parts[-1:]
        return ".".join(parts) if path.suffix == ".py" and parts[0].isidentifier() else "your_module"

    def module(self, node: ast.expr, label: str = "", depth: int = 0) -> None:
        """Read a module, or several in a row."""
        if depth > MAX_NESTING:
            self.draft.exceed(self.python.span(node), f"modules nest at most {MAX_NESTING} deep", "too-deep")
        if isinstance(node, ast.Starred):
            self.module(node.value, "", depth + 1)
        elif isinstance(node, ast.List | ast.Tuple):
            for each in node.elts:
                self.module(each, "", depth + 1)
        elif isinstance(node, ast.Name) and node.id in self.modules:
            self.module(self.modules[node.id], node.id, depth + 1)
        elif isinstance(node, ast.Call):
            self.call(node, label, depth)
        else:
            self.draft.refuse(self.python.span(node), f"{quoted(ast.unparse(node))} is not a module of PyTorch")

    def call(self, node: ast.Call, label: str, depth: int) -> None:
        span, name = self.python.span(node), self.called(node)
        if name == "Sequential":
            self.sequential(node, depth)
        elif name in ("ModuleList", "ModuleDict"):
            self.draft.refuse(span, f"a {name} does not say in which order its modules are called")
        else:
            given = {str(keyword.arg): self.python.value(keyword.value) for keyword in node.keywords}
            add_module(self.draft, name, [self.python.value(each) for each in node.args], given, span, label)

    def called(self, node: ast.Call) -> str:
        """Return the name of a module's class."""
        function = node.func
        owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else "nn"
        if isinstance(function, ast.Name | ast.Attribute) and owner in ("nn", "torch.nn"):
            return function.id if isinstance(function, ast.Name) else function.attr
        hints = ["write its module: nn.ReLU() for F.relu"] if owner in ("F", "torch.nn.functional", "torch") else []
        self.draft.refuse(
            self.python.span(node), f"{quoted(ast.unparse(function))} is not a module of PyTorch", hints=hints
        )

    def sequential(self, node: ast.Call, depth: int) -> None:
        for each in node.args:
            if isinstance(each, ast.Call) and ast.unparse(each.func).rpartition(".")[2] == "OrderedDict":
                self.ordered(each, depth)
            else:
                self.module(each, "", depth + 1)

    def ordered(self, node: ast.Call, depth: int) -> None:
        """Read ``OrderedDict([("conv1", nn.Conv2d(…)), …])``."""
        pairs = node.args[0] if node.args else node
        if isinstance(pairs, ast.Dict):
            keyed = list(zip(pairs.keys, pairs.values, strict=True))
        else:
            rows = pairs.elts if isinstance(pairs, ast.List | ast.Tuple) else [pairs]
            keyed = [
                (row.elts[0], row.elts[1])
                for row in rows
                if isinstance(row, ast.Tuple | ast.List) and len(row.elts) == 2
            ]
            if len(keyed) != len(rows):
                self.draft.refuse(self.python.span(pairs), "an OrderedDict takes pairs of a name and a module")
        for key, value in keyed:
            name = key.value if isinstance(key, ast.Constant) else ""
            self.module(value, str(name), depth + 1)


def _holds_calls(node: ast.expr) -> bool:
    return any(isinstance(each, ast.Call) for each in ast.walk(node))


def _is_module(statement: ast.ClassDef) -> bool:
    return any(ast.unparse(base).rpartition(".")[2] == "Module" for base in statement.bases)


def _names(statement: ast.stmt, name: str) -> bool:
    return any(isinstance(each, ast.Name) and each.id == name for each in ast.walk(statement))
