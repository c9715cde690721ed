"""Python without what only people and type checkers read, for a browser that has to load it."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from itertools import chain, product
from string import ascii_lowercase


def lean(text: str) -> str:
    """Return Python without comments, docstrings and most types, with short names and one blank for an indentation.

    What it leaves out is a third of the whole. The types of attributes stay, which make classes.
    """
    lines = ast.unparse(ast.fix_missing_locations(_Lean().visit(ast.parse(text)))).split("\n")
    narrow = "\n".join([" " * ((len(line) - len(line.lstrip(" "))) // 4) + line.lstrip(" ") for line in lines])
    return narrow if _says_the_same(narrow, lines) else "\n".join(lines)


def is_for_types(node: ast.AST) -> bool:
    """Say whether a statement is read by type checkers alone: ``if TYPE_CHECKING``."""
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _says_the_same(text: str, lines: Iterable[str]) -> bool:
    """Say whether only blanks between statements differ; a text of several lines has its own."""
    try:
        return ast.dump(ast.parse(text)) == ast.dump(ast.parse("\n".join(lines)))
    except SyntaxError:
        return False


class _Lean(ast.NodeTransformer):
    """Takes out of a module what is there for people and for type checkers."""

    def __init__(self) -> None:
        self.within_function = False

    def visit_Module(self, node: ast.Module) -> ast.AST:
        node.body = self._statements(node.body)
        return node

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        before, self.within_function = self.within_function, False
        node.body = self._statements(node.body)
        self.within_function = before
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        self.visit(node.args)
        node.returns = None
        before, self.within_function = self.within_function, True
        node.body = self._statements(node.body)
        self.within_function = before
        _shorten_names(node)
        return node

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if is_for_types(node) else self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | None:
        if not self.within_function:
            return node
        return ast.Assign([node.target], node.value) if node.value else None

    def _statements(self, lines: Iterable[ast.stmt]) -> list[ast.stmt]:
        kept = [self.visit(line) for line in lines if not _is_text(line)]
        return [line for line in kept if line is not None] or [ast.Pass()]


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


_NAMING = (ast.Global, ast.Nonlocal, ast.MatchAs, ast.MatchStar, ast.MatchMapping, ast.ExceptHandler)
_SCOPES = (ast.FunctionDef, ast.Lambda, ast.ClassDef)


def _shorten_names(function: ast.FunctionDef) -> None:
    """Give the variables of a function names of a letter or two, where nothing but the function can know them.

    Its arguments keep theirs, by which they are called. A function with another one inside, or one that names
    variables by more than assigning to them, stays as it is.
    """
    inner = [node for line in function.body for node in ast.walk(line)]
    if any(isinstance(node, (*_NAMING, *_SCOPES, ast.Import, ast.ImportFrom)) for node in inner):
        return
    names = [node for node in inner if isinstance(node, ast.Name)]
    arguments = {argument.arg for argument in ast.walk(function.args) if isinstance(argument, ast.arg)}
    taken = arguments | {name.id for name in names}
    own = dict.fromkeys([name.id for name in names if isinstance(name.ctx, ast.Store) and name.id not in arguments])
    short = dict(zip(own, _free(taken), strict=False))
    for name in names:
        name.id = short.get(name.id, name.id)


def _free(taken: Iterable[str]) -> Iterator[str]:
    """Yield short names that are not taken, and no words of Python."""
    known = {*taken, "as", "if", "in", "is", "or"}
    letters = chain(ascii_lowercase, map("".join, product(ascii_lowercase, repeat=2)))
    return (name for name in letters if name not in known)
