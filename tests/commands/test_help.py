"""What a user reads: every option says what it sets in a line, in the words of the field."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

import click
import pytest

import cnncalc.commands.cli as entry
from tests.house import ROOT

MOST = 80
"""Characters of the help of an option, its default included."""

DIALECT = (
    r"taken for what",
    r"(?<!there )\bis no (?:run|folder|file|image|tensor|spec|number of)\b",
    r"\bare no images\b",
    r"makes (?:a single|one) (?:score|a class)",
    r"\bends in scores\b",
    r"a JSON object a line",
    r"goes on by itself",
    r"does not say what goes in",
    r"[Rr]ule that updates",
    r"often every training image",
    r"turns gradients into steps",
    r"\bpull of weights\b",
    r"\bwhat (?:goes|comes) (?:in|out)\b",
    r"\bgo(?:es)? on\b",
    r"\bbehind\b",
    r"\bis none\b",
    r"(?<![Tt]here )(?<![Tt]here\n)\b(?:is|are|was|were) no\b",
    r"\bstrangers?\b",
    r"\b[Nn]obody\b",
    r"\bway back\b",
    r"\bhand(?:s|ed|ing)? (?:out|over|back)\b",
    r"\blook(?:s|ed)? around\b",
    r"\band touch",
    r"\basks? for nothing\b",
    r"\bby (?:itself|themselves)\b",
    r"\bhold most\b",
    r"\b(?:tells?|told)\b",
    r"\bwins\b",
    r"\ball the same\b",
    r"\b(?:what|that) arrives?\b",
    r"\b(?:is|are) said\b",
)
"""Ways of saying things that are not the field's: single phrases first, then kinds of them, each with a better word.

What goes in is the input; a run continues or is resumed; a layer comes after another, not behind it; `x` is not a file;
an untrusted text; what arrives is the input of a layer; a message is printed or shown.
"""


def commands() -> dict[str, click.Command]:
    """Return all commands by their names."""
    context = click.Context(entry.cli)
    return {name: entry.cli.get_command(context, name) for name in entry.cli.list_commands(context)}  # type: ignore[misc]


def options() -> Iterator[tuple[str, click.Option]]:
    for name, command in commands().items():
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                yield f"{name} {parameter.opts[0]}", parameter


OPTIONS = dict(options())


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_says_what_it_sets_in_a_line(name: str) -> None:
    """A sentence that begins with a capital letter, ends with a full stop or its default, and is at most 80 long."""
    text = OPTIONS[name].help or ""
    assert len(text) <= MOST
    assert re.fullmatch(r"[A-Zεβ].*[.)](?: \[(?:required|default: [^]]+)\])?", text)


FAMILIES = {
    ("shapes", "params", "explain", "compare"): {"--count"},  # params counts with it alone, the others add a column
    ("memory", "sweep", "search"): {"--precision"},  # int8 is for one network
    ("train", "tune"): {"--out", "--resume", "--weights"},  # of a run, or of a study
    ("export", "evaluate", "inspect", "predict"): {"--format", "--output", "--precision", "--weights"},
}
"""Commands that do the same kind of thing, and the options that mean something else in one of them."""


@pytest.mark.parametrize("family", FAMILIES, ids=" ".join)
def test_an_option_of_several_commands_has_the_same_words_in_each(family: tuple[str, ...]) -> None:
    texts: dict[str, set[str]] = {}
    for name, option in OPTIONS.items():
        called = next(each for each in option.opts if each.startswith("--"))
        if name.split()[0] in family and called not in FAMILIES[family]:
            texts.setdefault(called, set()).add(option.help or "")
    assert {called: words for called, words in texts.items() if len(words) > 1} == {}


SPEC = "SPEC is a file, - for standard input, a name of the zoo, or the text in quotes"


def test_every_command_that_takes_a_spec_says_in_the_same_words_what_one_is() -> None:
    taking = {
        name
        for name, command in commands().items()
        if any("SPEC" in (each.metavar or "") for each in command.params if isinstance(each, click.Argument))
    }
    assert {name for name in taking if SPEC not in " ".join((commands()[name].help or "").split())} == {"predict"}


def test_old_spellings_work_and_are_not_shown() -> None:
    """`--batch-size` and `--dtype` are options, and no help names them."""
    for name, command in commands().items():
        text = command.get_help(click.Context(command, info_name=name))
        assert re.search(r"--(batch-size|dtype)\b", text) is None
    assert "--batch-size" in OPTIONS["train --batch"].opts
    assert "--dtype" in OPTIONS["shapes --precision"].opts


@cache
def visible() -> tuple[tuple[str, str], ...]:
    """Return the texts of the package that a user may read, each with its place."""
    return tuple(_visible())


def _visible() -> Iterator[tuple[str, str]]:
    """Go through the texts of the package that a user may read: all but what says something about the code."""
    for path in sorted((ROOT / "cnncalc").rglob("*.py")):
        tree = ast.parse(path.read_text())
        about = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in about:
                yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value
    for name, command in commands().items():
        yield f"help of {name}", command.get_help(click.Context(command, info_name=name))
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        yield str(page.relative_to(ROOT)), page.read_text()


@pytest.mark.parametrize("word", [r"[Ss]omebody", r"[Ww]hoever", r"[Hh]ears?", r"[Ww]ish(?:es|ed)?", r"\w*Keeper"])
def test_the_code_has_the_words_of_programmers(word: str) -> None:
    """An observer is notified, an argument is passed, a run is resumed: also in names, comments and docstrings."""
    sources = sorted((ROOT / "cnncalc").rglob("*.py"))
    assert [path.name for path in sources if re.search(rf"\b{word}\b", path.read_text())] == []


@pytest.mark.parametrize("phrase", DIALECT)
def test_the_words_are_those_of_the_field(phrase: str) -> None:
    assert [place for place, text in visible() if re.search(phrase, text)] == []
