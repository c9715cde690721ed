"""The documentation says what the program does."""

import doctest
import re
from pathlib import Path

import click
import pytest

import cnncalc
from cnncalc.analysis.receptive import MAX_PERIOD
from cnncalc.commands.cli import cli
from cnncalc.core import limits, volume
from cnncalc.core.precision import BYTES, STORED
from cnncalc.layers import find, words
from cnncalc.layers.base import MAX_WINDOWS
from cnncalc.report.diagnostics import draw_error
from cnncalc.spec.expressions import RESERVED_NAMES
from cnncalc.spec.parser import ROUNDINGS, STATEMENTS

ROOT = Path(__file__).parent.parent
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md"))}
LANGUAGE, CONVENTIONS = PAGES["language.md"], PAGES["conventions.md"]
OWN_WORDS = [word for word in words() if (found := find(word)) and found[0].__module__.startswith("cnncalc.")]
FENCE = re.compile(r"^```([a-z-]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[object]:
    """Return the fenced blocks of one kind, each with the place it comes from as the test's name."""
    return [
        pytest.param(match[2], id=f"{name}:{text.count(chr(10), 0, match.start()) + 1}")
        for name, text in PAGES.items()
        for match in FENCE.finditer(text)
        if match[1] == kind
    ]


def code_words(text: str) -> set[str]:
    """Return the words that stand in backticks, and inside fenced blocks none."""
    return {word for span in re.findall(r"`([^`\n]+)`", FENCE.sub("", text)) for word in re.findall(r"[a-z_]\w*", span)}


def get_command(name: str) -> click.Command:
    """Return a command."""
    command = cli.get_command(click.Context(cli), name)
    assert command is not None
    return command


def section(text: str, title: str) -> str:
    """Return what stands below a heading, up to the next one of its rank."""
    return re.split(r"^## ", text.split(f"\n## {title}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]


# ---- specs on the pages


@pytest.mark.parametrize("text", blocks("spec"))
def test_specs_load(text: str) -> None:
    """A spec on a page is valid, with all claims it makes."""
    assert cnncalc.load(text).layers


@pytest.mark.parametrize("text", blocks("spec-error"))
def test_wrong_specs_fail_as_they_say(text: str) -> None:
    """A wrong spec on a page fails with the code that its first line names."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(text)

    assert text.splitlines()[0] == f"# error: {caught.value.code}"


def test_the_drawn_error_is_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """The error on the page of the language is drawn like that."""
    monkeypatch.chdir(ROOT)
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load("examples/too-big-stride.txt")

    assert f"```text\n{draw_error(caught.value)}\n```" in LANGUAGE


# ---- the language


@pytest.mark.parametrize("word", OWN_WORDS)
def test_every_layer_is_documented(word: str) -> None:
    """Every word that writes a layer stands on the page of the language."""
    assert word in code_words(section(LANGUAGE, "Layers"))


@pytest.mark.parametrize("word", [*STATEMENTS, *ROUNDINGS])
def test_every_statement_is_documented(word: str) -> None:
    """Every statement, and every rounding, stands in the table of statements."""
    assert word in code_words(section(LANGUAGE, "Statements"))


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
def test_every_reserved_name_is_documented(name: str) -> None:
    """Functions and the sizes of the arriving volume stand in the part on expressions."""
    assert name in code_words(section(LANGUAGE, "Expressions").lower())


def codes() -> set[str]:
    """Return the codes of all faults that the package can raise."""
    pattern = re.compile(r"(?:\w*Error|Fault|error|TableFormat)\(\s*\"([a-z-]+)\"")
    return {code for path in (ROOT / "cnncalc").rglob("*.py") for code in pattern.findall(path.read_text("utf-8"))}


def test_every_error_code_is_documented() -> None:
    """The tables list every code of a fault, those of the command line included, and no other."""
    listed = re.findall(r"^\| ((?:`[a-z-]+`(?:, )?)+) \|", section(LANGUAGE, "Errors"), re.MULTILINE)
    documented = set(re.findall(r"`([a-z-]+)`", " ".join(listed))) | {"usage", "cannot-write"}

    assert documented == codes()
    assert {"usage", "cannot-write"} <= set(re.findall(r"`([a-z-]+)`", section(PAGES["json.md"], "Errors")))


LIMITS = {
    "characters in a text": "MAX_TEXT",
    "parts of a text": "MAX_PARTS",
    "layers in a network": "MAX_LAYERS",
    "inputs of a network": "MAX_INPUTS",
    "steps to expand a spec": "MAX_STEPS",
    "nesting of brackets": "MAX_NESTING",
    "words of one layer": "MAX_WORDS",
    "characters of a name": "MAX_NAME",
    "numbers and names in one expression": "MAX_TERMS",
    "largest number": "MAX_NUMBER",
    "digits of a number": "MAX_DIGITS",
}


@pytest.mark.parametrize(("limit", "constant"), [*LIMITS.items(), ("spatial dimensions", "MAX_DIMENSIONS")])
def test_limits_are_those_of_the_code(limit: str, constant: str) -> None:
    """The table of limits has the numbers that hold."""
    value = getattr(volume if constant == "MAX_DIMENSIONS" else limits, constant)

    assert re.search(rf"^\| {limit}[^|]*\| {value:,} \|$", section(LANGUAGE, "Limits"), re.MULTILINE)


def test_every_limit_is_documented() -> None:
    """No limit of the language is missing in the table; those of images stand on the page about data."""
    of_images = {"MAX_IMAGE_SIDE", "MAX_IMAGE_BYTES"}
    assert set(LIMITS.values()) | of_images == {name for name in vars(limits) if name.startswith("MAX_")}


# ---- what is counted


def test_types_are_those_of_the_code() -> None:
    """The table of types lists every type with its bytes."""
    rows = re.findall(r"^\| (`.*) \| (\d) \|$", section(CONVENTIONS, "Activation memory"), re.MULTILINE)

    assert {name: int(size) for names, size in rows for name in re.findall(r"`(\w+)`", names)} == {
        name: BYTES[name] for name in STORED
    }


def test_unknown_receptive_fields_begin_where_the_page_says() -> None:
    """The page gives the limit beyond which a receptive field is not known."""
    text = " ".join(section(CONVENTIONS, "Receptive field").split())

    assert f"by more than {MAX_WINDOWS:,} in one dimension" in text
    assert f"more than {MAX_PERIOD:,} different stretches" in text


@pytest.mark.parametrize(
    ("spec", "macs"),
    [
        ("input 224x224x3, conv 3x3x64 p1", 224 * 224 * 64 * 3 * 3 * 3),
        ("input 2x2x3, deconv 2x2x1 s2 nobias", 2 * 2 * 3 * 2 * 2 * 1),
    ],
)
def test_counts_that_others_get_otherwise(spec: str, macs: int) -> None:
    """The MACs in the comparison with others are those that are counted."""
    assert cnncalc.load(spec).macs == macs
    assert f"= {macs:,} |" in CONVENTIONS


def test_the_sum_of_the_lecture_s_rows() -> None:
    """The rows of the lecture's memory column add up to what the page says, and to what is counted."""
    rows = section(CONVENTIONS, "The lecture's sum of the memory").split("```")[1]
    *parts, total = [int(number.replace(",", "")) for number in re.findall(r"([\d,]+)$", rows, re.MULTILINE)]

    assert sum(parts) == total == cnncalc.load(ROOT / "examples" / "vgg16.txt").activations


@pytest.mark.parametrize(
    ("example", "layer", "size"), [("vgg16", "pool5", 212), ("vgg16", "fc1", 404), ("resnet50", "keep12.relu1", 427)]
)
def test_receptive_fields_on_the_page(example: str, layer: str, size: int) -> None:
    """The receptive fields of VGG-16 and ResNet-50 are those that the page derives."""
    rows = cnncalc.count(cnncalc.load(ROOT / "examples" / f"{example}.txt")).rows
    (row,) = [row for row in rows if row.node.name == layer]

    assert [field.size for field in row.field if field] == [size, size]
    assert str(size) in section(CONVENTIONS, "Receptive field")


def test_the_first_outgrown_layer() -> None:
    """Of twenty 3x3 layers on 32x32, the seventeenth is the first whose input has seen everything."""
    rows = cnncalc.count(cnncalc.load("input 32x32x3, conv 3x3x8 p1 * 20")).rows

    assert [row.node.index for row in rows if row.outgrown] == [17, 18, 19, 20]


# ---- memory


def test_every_option_of_memory_is_documented() -> None:
    """The page on memory explains each option that the command has of its own."""
    shared = {option.name for option in get_command("shapes").params} - {"batch"}
    own = [option for option in get_command("memory").params if option.name not in shared]
    explained = set(re.findall(r"`(--[a-z-]+)`", section(PAGES["memory.md"], "Options")))

    assert len(own) > 10
    assert all(explained & {*option.opts, *option.secondary_opts} for option in own)


@pytest.mark.parametrize("word", OWN_WORDS)
def test_what_every_layer_keeps_is_documented(word: str) -> None:
    """The page on memory has every word, or says that it is among the other activations."""
    text = section(PAGES["memory.md"], "What a layer keeps")

    layer, _, _ = find(word) or pytest.fail()

    assert word in code_words(text) or layer.role == "activation"


# ---- the library, and the house


def test_the_library_page_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every example of the library page gives what it shows."""
    monkeypatch.chdir(ROOT)
    result = doctest.testfile(
        str(ROOT / "docs" / "library.md"), module_relative=False, optionflags=doctest.ELLIPSIS, encoding="utf-8"
    )

    assert result.failed == 0
    assert result.attempted > 20


def test_the_python_of_the_page_on_values_runs() -> None:
    assert doctest.testfile(str(ROOT / "docs" / "values.md"), module_relative=False, encoding="utf-8").failed == 0


def test_a_layer_is_added_as_the_page_says() -> None:
    """The class on the page is the one that `tests/layers/test_own_layers.py` installs and tries."""
    (layer,) = [match[2] for match in FENCE.finditer(PAGES["architecture.md"]) if match[1] == "python"]

    assert layer in (ROOT / "tests" / "layers" / "own" / "own_layers.py").read_text(encoding="utf-8")


# ---- links


def anchor(heading: str) -> str:
    """Return the anchor that a heading gets."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Links between the pages lead to a page and a heading that are there."""
    for page, place in re.findall(r"\]\(([\w.]*)(?:#([\w-]+))?\)", FENCE.sub("", PAGES[name])):
        target = PAGES[page or name]
        assert not place or place in map(anchor, re.findall(r"^#+ (.*)$", target, re.MULTILINE)), (page, place)
