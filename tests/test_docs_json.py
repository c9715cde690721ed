"""The page on JSON says what the commands print."""

import json
import re
from collections.abc import Iterator

import pytest

import cnncalc
from cnncalc.analysis.memory import KINDS
from cnncalc.commands.cli import run
from cnncalc.report.schema import error_data
from tests.test_docs import FENCE, PAGES, section

JSON_PAGE = PAGES["json.md"]

# ---- JSON


def example(page: str, number: int) -> object:
    """Return one of the JSON examples of a page."""
    return json.loads([match[2] for match in FENCE.finditer(page) if match[1] == "json"][number])


def spec_of(page: str, kind: str) -> str:
    """Return the first spec of a kind on a page."""
    return next(match[2] for match in FENCE.finditer(page) if match[1] == kind)


def keys(data: object) -> Iterator[str]:
    """Yield the keys of nested data."""
    if isinstance(data, dict):
        for key, value in data.items():
            yield key
            yield from keys(value)
    if isinstance(data, list):
        for value in data:
            yield from keys(value)


def fields(text: str, column: int = 0) -> set[str]:
    """Return the names that stand in a column of the tables of a section."""
    cells = [line.split(" | ")[column] for line in text.splitlines() if line.startswith("| `")]
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


def test_the_json_example_is_real() -> None:
    """The example on the page is what comes out, byte by byte but for the line ends inside of short lists."""
    assert example(JSON_PAGE, 0) == json.loads(cnncalc.load(spec_of(JSON_PAGE, "spec")).to_json())


def test_the_json_fields_are_documented() -> None:
    """The page documents the fields that are produced, and no other."""
    assert fields(section(JSON_PAGE, "Fields")) == set(keys(example(JSON_PAGE, 0)))


def test_the_json_error_is_real() -> None:
    """The error on the page is what comes out, and its table has all its fields."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(spec_of(JSON_PAGE, "spec-error"))

    assert example(JSON_PAGE, 1) == error_data(caught.value)
    assert fields(section(JSON_PAGE, "Errors")) == set(error_data(caught.value))


@pytest.mark.parametrize("command", ["params", "explain"])
def test_the_json_of_other_commands(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The layers of params and explain have the documented fields."""
    assert run([command, "conv 3x3x4", "--input", "8x8x3", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    table = section(JSON_PAGE, "The other commands")
    own = {name for line in table.splitlines() if line.startswith(f"| `{command}` |") for name in fields(line, 1)}

    assert set(data) - {"total", "metrics"} == {"schema", "spec", "input", "conventions", "layers"}
    assert set(data["layers"][0]) == {"index", "name", "line", "layer"} | own


def test_the_json_of_a_microcontroller(capsys: pytest.CaptureFixture[str]) -> None:
    """The page documents the fields that are produced, and no other."""
    words = [
        "memory",
        "conv 3x3x4 - relu",
        "--input",
        "8x8x3",
        "--inference",
        "--precision",
        "int8",
        "--format",
        "json",
    ]
    assert run([*words, "--sram", "1MiB"]) == 0
    data = json.loads(capsys.readouterr().out)
    del data["metrics"]
    nested = {"change", "effect", "tensors_bytes", "order"}  # of advice, which there is none of
    text = section(JSON_PAGE, "Microcontrollers")
    assert fields(text) == {*data, "metrics"} - {"schema", "spec", "input"}
    assert set(keys(data)) - {"schema", "spec", "input"} | nested <= fields(text) | fields(text, 2)


def test_the_json_of_compare(capsys: pytest.CaptureFixture[str]) -> None:
    """A comparison has a list of specs and a list of ratios, with the documented fields."""
    assert run(["compare", "conv 3x3x4", "conv 5x5x4", "--input", "8x8x3", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    row = next(line for line in section(JSON_PAGE, "The other commands").splitlines() if line.startswith("| `specs`"))

    assert set(data) == {"schema", "specs", "ratios"}
    assert set(data["specs"][0]) == set(re.findall(r"`(\w+)`", row.split("|")[3]))


def test_the_json_of_memory(capsys: pytest.CaptureFixture[str]) -> None:
    """The page documents the fields of a prediction, and no other."""
    call = ["memory", "conv 3x3x4 - relu - fc 3", "--input", "8x8x3", "--batch", "9999", "--budget", "1GiB"]
    assert run([*call, "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)
    parts = set(data.pop("parts"))

    assert data["advice"]
    described = data.pop("metrics")
    assert {name: metric["complete"] for name, metric in described.items()} == {
        "peak_bytes": False, "saved_bytes": True, "largest_batch": False,
    }  # fmt: skip
    assert fields(section(JSON_PAGE, "Memory")) | {"schema", "spec", "input"} == {*keys(data), "parts", "metrics"}
    assert parts == set(KINDS) == fields(section(PAGES["memory.md"], "The parts of the peak"))


def test_the_json_of_several_cards(capsys: pytest.CaptureFixture[str]) -> None:
    """The page documents the fields of the cards, of what they exchange and of prices, and no other."""
    assert (
        run(["memory", "conv 3x3x4 - fc 3", "--input", "8x8x3", "--batch", "8", "--gpus", "4", "--format", "json"]) == 0
    )
    data = json.loads(capsys.readouterr().out)
    own = set(keys(data["cards"])) | set(keys(data["prices"]))

    assert fields(section(JSON_PAGE, "Memory of several cards")) == own


def test_a_receptive_field_that_is_not_known_is_incomplete() -> None:
    """Behind an enlargement of more than 1,024 phases a field is not known, and so it is behind it."""
    known, unknown = (json.loads(cnncalc.load(text, input="9x9x1").to_json()) for text in ("conv 3x3x1", UNKNOWN))
    assert known["metrics"]["receptive_field"]["complete"] is True
    assert unknown["metrics"]["receptive_field"]["complete"] is False
    assert unknown["layers"][-1]["receptive_field"] is None
    assert set(unknown["total"]) <= set(unknown["metrics"])


UNKNOWN = "upsample x2001 - conv 3x3x1 s2 p1 floor"


def test_the_json_of_what_is_saved(capsys: pytest.CaptureFixture[str]) -> None:
    """`shapes --saved` adds the one field that the page names."""
    assert run(["shapes", "conv 3x3x4 - relu", "--input", "8x8x3", "--saved", "--format", "json"]) == 0
    data = json.loads(capsys.readouterr().out)

    assert set(keys(data)) - fields(section(JSON_PAGE, "Fields")) == {"saved_bytes"}
