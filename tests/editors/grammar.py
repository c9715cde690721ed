"""The grammar that editors colour specs by, made of the words of the language.

``python -m tests.editors.grammar`` writes it anew after a word was added; the file is read by editors and not edited.
"""

from __future__ import annotations

import json
from typing import Any

from cnncalc.layers import words
from cnncalc.layers.registry import class_of
from cnncalc.spec.expressions import _FUNCTIONS
from cnncalc.spec.parser import ROUNDINGS
from cnncalc.spec.steps import MERGES, STATEMENTS
from tests.house import ROOT

GRAMMAR = ROOT / "editors" / "vscode" / "syntaxes" / "cnncalc.tmLanguage.json"
NAME = "[a-z_][a-z0-9_]*"


def layer_words() -> list[str]:
    """Return the words that write a layer, those of this package alone, merges left out."""
    own = [word for word in words() if class_of(word).__module__.startswith("cnncalc.")]
    return sorted(set(own) - set(MERGES))


def any_of(names: Any) -> str:
    """Return a pattern for one of several words, the longest first."""
    return "|".join(sorted(names, key=lambda name: (-len(name), name)))


def rule(name: str, match: str, *captures: str) -> dict[str, Any]:
    """Return a rule: what a pattern is called, and what its groups are."""
    scopes = {str(number): {"name": f"{scope}.cnncalc"} for number, scope in enumerate(captures, 1) if scope}
    named = {"name": f"{name}.cnncalc"} if name else {}
    return {**named, "match": f"(?i){match}", **({"captures": scopes} if scopes else {})}


def statement_rules() -> list[dict[str, Any]]:
    """Return the rules for the words of statements."""
    other = sorted(set(STATEMENTS) - {"block", "param", "use", "rounding"})
    return [
        rule("", rf"\b(block)\s+({NAME})", "keyword.control", "entity.name.function"),
        rule("", rf"\b(param)\s+({NAME})", "keyword.control", "variable.parameter"),
        rule("", rf"\b(use)\s+({NAME})", "keyword.control", "entity.name.namespace"),
        rule("", rf"\b(rounding)\s+({any_of(ROUNDINGS)})\b", "keyword.control", "constant.language"),
        rule("", rf"\b(input)\s+({NAME})(?=\s+[0-9{{])", "keyword.control", "entity.name.label"),
        rule("keyword.control", rf"\b(?:{any_of(other)})\b(?!\s*[:=])"),
    ]


def grammar() -> dict[str, Any]:
    """Return the grammar as data."""
    step = [
        {"include": "#comment"},
        {"include": "#expression"},
        *statement_rules(),
        rule("", rf"\b({NAME}(?:-[0-9]+)?)\s*(:)(?![0-9{{])", "entity.name.label", "punctuation.separator"),
        rule("", rf"(@)\s*({NAME})", "punctuation.definition", "variable.other.label"),
        rule("keyword.operator.claim", r"=>"),
        rule("keyword.operator.merge", rf"\b(?:{any_of(MERGES)})\b(?=\s*\()"),
        rule("entity.name.function", rf"\b{NAME}(?=\s*\()"),
        rule("", r"(\*)\s*([0-9]+)?", "keyword.operator.repeat", "constant.numeric"),
        rule("support.function.layer", rf"\b(?:{any_of(layer_words())})(?:[0-9]+(?:-[0-9]+)?|-[0-9]+)?(?![a-z0-9_=])"),
        rule("", rf"\b({NAME})\s*(=)(?!>)", "entity.other.attribute-name", "keyword.operator.assignment"),
        rule("", r"\b(op|[spdgx])([0-9][0-9x:]*)", "entity.other.attribute-name", "constant.numeric"),
        rule("entity.other.attribute-name", r"\b(?:op|[spdgx])(?=\{)"),
        rule("constant.numeric", r"(?<![a-z_])[0-9](?:[0-9.x×:]|,(?=[0-9]{3}))*(?:e-?[0-9]+)?(?![a-z_])"),
        rule("entity.other.attribute-name", rf"\b{NAME}"),
        rule("punctuation.separator", r"->|→|[,;|]|-"),
    ]
    inside = [
        rule("support.function", rf"\b(?:{any_of(_FUNCTIONS)})(?=\s*\()"),
        rule("variable.language", r"\b[hwc]\b"),
        rule("variable.parameter", rf"\b{NAME}"),
        rule("constant.numeric", r"[0-9]+(?:\.[0-9]+)?"),
        rule("keyword.operator", r"\*\*|//|[-+*/%]"),
    ]
    ends = {"begin": r"\{", "end": r"\}|$", "name": "meta.expression.cnncalc", "patterns": inside}
    return {
        "name": "cnncalc",
        "scopeName": "source.cnncalc",
        "fileTypes": ["cnn.txt"],
        "patterns": step,
        "repository": {"comment": rule("comment.line.number-sign", r"#.*$"), "expression": ends},
    }


def text() -> str:
    """Return the grammar as it is in its file."""
    return json.dumps(grammar(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GRAMMAR.write_text(text(), encoding="utf-8")
