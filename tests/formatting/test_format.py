"""The formatter: what it writes, and that the network stays what it was."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import cnncalc
from cnncalc import zoo
from cnncalc.core.source import Source
from cnncalc.formatting import format_text
from tests.house import ROOT
from tests.oracle.random_specs import Spec, specs

SHIPPED = [*sorted((ROOT / "examples").glob("*.txt")), *sorted((ROOT / "cnncalc" / "zoo").rglob("*.txt"))]


def formatted(text: str) -> str:
    """Return a formatted text."""
    return format_text(Source("text", text), zoo.blocks)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("conv 3x3x8,relu;pool2->tanh → elu-selu", "conv 3x3x8 - relu - pool2 - tanh - elu - selu\n"),
        ("CONV3-64  -RELU", "conv3-64 - relu\n"),
        ("[ ( conv 3×3×8  p1-relu ) * 2 - pool2 ] *3", "[(conv 3x3x8 p1 - relu)*2 - pool2]*3\n"),
        ("add(conv 3x3x8 p1|)", "add( conv 3x3x8 p1 | )\n"),
        ("mul( |gap-fc {  C  }  - sigmoid)*2", "mul( | gap - fc {C} - sigmoid )*2\n"),
        ("input 32, 32, 3, conv 3x3x8=>30 x 30 x 8", "input 32x32x3\nconv 3x3x8  => 30x30x8\n"),
        ("conv 3x3x8  stride = 2   pad=1", "conv 3x3x8 stride=2 pad=1\n"),
        ("relu,\n - tanh,\n", "relu\ntanh\n"),
        ("param  Width=3*( 4+H )\nfc {Width}", "param width = 3*( 4+H )\nfc {width}\n"),
        ("a:relu\nconcat(|@ a)", "a: relu\nconcat( | @a )\n"),
        ("특징:relu\nadd(|@특징)", "특징: relu\nadd( | @특징 )\n"),
        ("conv 5x5x6= > 28x28x6", "conv 5x5x6= > 28x28x6\n"),
        ("upsample   @a\nupsample 25 x 25", "upsample @a\nupsample 25 x 25\n"),
        ("rounding   floor\nuse resnet\nstage( 64,depth = 3 , )", "rounding floor\nuse resnet\nstage(64, depth=3)\n"),
        ("relu => 2x2x3 - tanh => 2x2x3", "relu => 2x2x3 - tanh  => 2x2x3\n"),
        ("\n\n# a\n\n\n\n\nrelu   \n\n", "# a\n\n\nrelu\n"),
        ("", ""),
    ],
)
def test_one_way_to_write_it(before: str, after: str) -> None:
    assert formatted(before) == after


def test_blocks_brackets_and_branches_are_indented() -> None:
    """Each branch begins with its bar, below the word of the merge."""
    before = (
        "block unit(width,stride=1)# two\nconv 3x3x{width} s{stride} p1 - bn\n# inside\n(relu -\ntanh)\nend\n"
        "add(\nunit(8)\n|conv 1x1x8\n# nothing\n|concat(\n|relu\n)\n)"
    )
    assert formatted(before) == (
        "block unit(width, stride=1)  # two\n"
        "  conv 3x3x{width} s{stride} p1 - bn\n"
        "  # inside\n"
        "  (relu\n"
        "    tanh)\n"
        "end\n"
        "add(\n"
        "  unit(8)\n"
        "| conv 1x1x8\n"
        "  # nothing\n"
        "| concat(\n"
        "  | relu\n"
        "  )\n"
        ")\n"
    )


def test_claims_and_comments_stand_below_each_other() -> None:
    before = "conv 3x3x8 => 30x30x8 # one\nrelu # two\npool2 => 15x15x8# three\n\nfc 10 # apart\n"
    assert formatted(before) == (
        "conv 3x3x8  => 30x30x8  # one\n"
        "relu                    # two\n"
        "pool2       => 15x15x8  # three\n"
        "\n"
        "fc 10  # apart\n"
    )


def test_separators_that_stood_below_each_other_still_do() -> None:
    """A table of stages stays one; spaces of one line alone go."""
    before = (
        "block stage(n)\nconv 1x1x{n}\nend\nstage(8)   -   relu\nstage(128) - tanh\nstage(9) - elu\nstage(9)   - elu\n"
    )
    assert formatted(before).split("end\n")[1] == (
        "stage(8)   - relu\nstage(128) - tanh\nstage(9) - elu\nstage(9) - elu\n"
    )


def test_the_lecture_s_table_is_kept_as_it_is_pasted() -> None:
    row = "CONV3-64: [4x4x64]   memory: 4*4*64=1K   params: (3*3*3)*64 = 1,728   # as pasted"
    total = "TOTAL params: 1,728 parameters"
    assert formatted(f"INPUT: [4x4x3]\n{row}  \n\n  {total}\n") == f"INPUT: [4x4x3]\n{row}\n\n{total}\n"


def test_numbers_in_brackets_are_kept() -> None:
    text = "conv 3x3x1 p1 kernel=[-1 0 1;\n  -2 0 2; -1 0 1] - relu\n"
    assert formatted(text) == text


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_what_ships_is_formatted(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert formatted(text) == text


def layers(spec: Spec) -> list[tuple[object, ...]]:
    """Return all that a network is: names, layers with their words, volumes and what each reads."""
    return [(node.name, node.written, node.output, node.inputs) for node in spec.load()]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs)
@pytest.mark.slow
def test_the_network_stays_the_same(spec: Spec) -> None:
    """Loaded before and after; and what is formatted is not changed again."""
    text = formatted(spec.text)
    assert layers(spec._replace(text=text)) == layers(spec)
    assert formatted(text) == text


SEPARATORS = st.sampled_from([" - ", ",", "  -\n", "\n\n", " -> ", ";", " # why\n", "\n  - ", "\t-  "])


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs, st.data())
@pytest.mark.slow
def test_however_it_was_written(spec: Spec, data: st.DataObject) -> None:
    """Separators of every kind, capitals, and comments: the same network, and every comment is still there."""
    pieces = spec.text.split(" - ")
    mixed = pieces[0]
    for piece in pieces[1:]:
        mixed += data.draw(SEPARATORS) + data.draw(st.sampled_from([piece, piece.upper()]))
    text = formatted(mixed)
    assert layers(spec._replace(text=text)) == layers(spec)
    assert text.count("# why") == mixed.count("# why")
    assert formatted(text) == text


def test_a_text_that_does_not_parse_is_refused_as_elsewhere() -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        formatted("conv 3x3x8 - (relu")
    assert caught.value.code == "unclosed"


def test_what_would_change_the_network_is_never_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is written is parsed again, and another network is a mistake of the formatter."""
    monkeypatch.setattr("cnncalc.formatting.format.aligned", lambda lines: ["relu"])
    with pytest.raises(cnncalc.SpecError) as caught:
        formatted("tanh")
    assert str(caught.value) == (
        "`text` cannot be formatted: this is a mistake in cnncalc, not in your spec\n"
        "  = please report it with the spec; the file is left as it is"
    )
