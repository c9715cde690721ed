"""The folder for VS Code: its grammar has the words of the language, and colours specs; its matcher reads `check`."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from cnncalc.commands.cli import run
from cnncalc.layers import find
from cnncalc.spec.steps import MERGES, STATEMENTS
from tests.editors.grammar import GRAMMAR, layer_words, text

FOLDER = GRAMMAR.parents[1]
MODULES = Path(os.environ.get("CNNCALC_TEXTMATE", "build/textmate/node_modules")).absolute()
"""Where `.ci/browser` puts vscode-textmate, by which VS Code itself reads grammars."""


def patterns() -> dict[str, list[re.Pattern[str]]]:
    """Return the patterns of the grammar by what they are called, as Python reads them."""
    found: dict[str, list[re.Pattern[str]]] = {}
    for one in json.loads(GRAMMAR.read_text(encoding="utf-8"))["patterns"]:
        if "match" in one:
            name = one.get("name") or one["captures"]["1"]["name"]
            found.setdefault(name.removesuffix(".cnncalc"), []).append(re.compile(one["match"]))
    return found


def test_the_grammar_is_that_of_the_words() -> None:
    """Run `python -m tests.editors.grammar` after a word was added."""
    assert GRAMMAR.read_text(encoding="utf-8") == text()


def test_every_word_of_the_language_is_coloured() -> None:
    """Each layer, statement and merge, in capitals too; and nothing that is none."""
    layer = patterns()["support.function.layer"][0]
    assert [word for word in layer_words() if not layer.fullmatch(word) or not layer.fullmatch(word.upper())] == []
    assert all(layer.fullmatch(word) for word in ("conv3-64", "fc-4096", "pool2"))
    assert not any(layer.fullmatch(word) for word in ("relux", "convolve", "block"))
    control = patterns()["keyword.control"]
    for word in STATEMENTS:
        assert any(pattern.match(f"{word} floor") for pattern in control)
    assert all(patterns()["keyword.operator.merge"][0].match(f"{word}( a | b )") for word in MERGES)
    assert all(find(word) for word in layer_words())


SPEC = """\
# LeNet
input 32x32x1
param Width = 6
block unit(n, stride=2)
  enc: CONV3-64 => 28x28x6
end
add( unit({2*C}) | @enc - conv 3x3x{min(n, 4)} s2 p{n} nobias )*3
rounding floor
"""
COLOURS = """\
# LeNet/comment.line.number-sign
input/keyword.control 32x32x1/constant.numeric
param/keyword.control Width/variable.parameter 6/constant.numeric
block/keyword.control unit/entity.name.function n/entity.other.attribute-name ,/punctuation.separator \
stride/entity.other.attribute-name =/keyword.operator.assignment 2/constant.numeric
enc/entity.name.label :/punctuation.separator CONV3-64/support.function.layer =>/keyword.operator.claim \
28x28x6/constant.numeric
end/keyword.control
add/keyword.operator.merge unit/entity.name.function {/meta.expression 2/constant.numeric */keyword.operator \
C/variable.language }/meta.expression |/punctuation.separator @/punctuation.definition enc/variable.other.label \
-/punctuation.separator conv/support.function.layer 3x3x/constant.numeric {/meta.expression min/support.function \
(/meta.expression n/variable.parameter ,/meta.expression 4/constant.numeric )/meta.expression }/meta.expression \
s/entity.other.attribute-name 2/constant.numeric p/entity.other.attribute-name {/meta.expression n/variable.parameter \
}/meta.expression nobias/entity.other.attribute-name */keyword.operator.repeat 3/constant.numeric
rounding/keyword.control floor/constant.language
"""


def coloured(lines: str) -> str:
    """Return the tokens of lines, each with its innermost scope, as VS Code's own reader finds them."""
    node = shutil.which("node")
    if node is None or not (MODULES / "vscode-textmate").is_dir():
        pytest.skip("there is no vscode-textmate")
    script = Path(__file__).with_name("tokenise.js")
    done = subprocess.run(
        [node, str(script), str(MODULES), str(GRAMMAR)], input=lines, capture_output=True, text=True, check=True
    )
    found = [
        [(text.strip(), scope.removesuffix(".cnncalc")) for text, scope in line] for line in json.loads(done.stdout)
    ]
    return "\n".join(" ".join(f"{text}/{scope}" for text, scope in line if scope != "source") for line in found)


def test_a_spec_in_colours() -> None:
    assert coloured(SPEC) == COLOURS


def test_the_matcher_reads_what_check_prints(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Severity, code and message, then file, line and column, from the two lines in a row that a problem has."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.txt").write_text("input 8x8x3\nconv 3x3x8 - relo\n")
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert run(["check", "a.txt"]) == 1
    [matcher] = json.loads((FOLDER / "package.json").read_text())["contributes"]["problemMatchers"]
    first, second = (re.compile(pattern["regexp"]) for pattern in matcher["pattern"])
    lines = printed.getvalue().splitlines()
    head, place = first.match(lines[0]), second.match(lines[1])
    assert head and head.groups() == ("error", "unknown-layer", "there is no layer `relo`")
    assert place and place.groups() == ("a.txt", "2", "14")


def test_what_the_package_names_is_there() -> None:
    contributes = json.loads((FOLDER / "package.json").read_text())["contributes"]
    [language], [grammar] = contributes["languages"], contributes["grammars"]
    assert (FOLDER / language["configuration"]).is_file()
    assert (FOLDER / grammar["path"]) == GRAMMAR
    assert grammar["scopeName"] == json.loads(GRAMMAR.read_text())["scopeName"]
    assert re.match(language["firstLine"], "input 32x32x3")


@pytest.mark.parametrize(
    ("line", "deeper", "back"),
    [
        ("block unit(n)  # two", True, False),
        ("add(", True, False),
        ("[(conv 3x3x8)*2", False, False),
        ("| concat( # here", True, True),
        ("  end", False, True),
        (")*2", False, True),
        ("conv 3x3x8 - relu", False, False),
        ("# add(", False, False),
    ],
)
def test_the_indents_of_an_editor_are_those_of_the_formatter(line: str, deeper: bool, back: bool) -> None:
    """What is typed behind a line is indented, and the line itself is taken back."""
    rules = json.loads((FOLDER / "language-configuration.json").read_text())["indentationRules"]
    assert bool(re.match(rules["increaseIndentPattern"], line)) is deeper
    assert bool(re.match(rules["decreaseIndentPattern"], line)) is back
