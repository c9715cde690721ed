"""What a person may hand to `cnncalc.load`, and what happens where it cannot be read."""

from __future__ import annotations

import io
import socket
import sys
from pathlib import Path
from typing import Any

import pytest

import cnncalc

SPEC = "input 32x32x3\nconv 5x5x10 p2\n"
PARAMS = (5 * 5 * 3 + 1) * 10


def code(spec: Any, **settings: Any) -> str:
    """Return the code of the error that a spec gives."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(spec, **settings)
    return caught.value.code


def error(spec: Any, **settings: Any) -> cnncalc.SpecError:
    """Return the error that a spec gives."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(spec, **settings)
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Return a file with a spec."""
    path = tmp_path / "net.txt"
    path.write_text(SPEC)
    return path


def test_a_path_object_is_a_path(file: Path) -> None:
    """A `Path` is read as a file, and the file's name is the network's."""
    network = cnncalc.load(file)
    assert network.params == PARAMS
    assert network.source.name == str(file)


def test_a_string_that_names_a_file_is_a_path(file: Path) -> None:
    """A string is a path where there is such a file."""
    assert cnncalc.load(str(file)).params == PARAMS


def test_a_file_may_have_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without an ending is found too, if the file is there."""
    monkeypatch.chdir(tmp_path)
    Path("my net").write_text(SPEC)
    assert cnncalc.load("my net").params == PARAMS


def test_the_name_of_a_file_may_have_a_line_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the file, as the shell hands it over; a text of several lines that names no file stays a text."""
    monkeypatch.chdir(tmp_path)
    Path("my\nnet.txt").write_text(SPEC)
    assert cnncalc.load("my\nnet.txt").params == PARAMS
    assert cnncalc.load(SPEC).source.name == "text"
    Path("my\nnet.txt").write_text("input 8x8x1\nconw 3x3x4")
    assert str(error("my\nnet.txt")).splitlines()[0] == "my\ufffdnet.txt:2:1: there is no layer `conw`"


@pytest.mark.parametrize("text", [SPEC, "input 32x32x3 - conv 5x5x10 p2", "INPUT 32x32x3; conv 5x5x10 p2"])
def test_any_other_string_is_the_text(text: str) -> None:
    """A string that names no file is the spec itself."""
    assert cnncalc.load(text).params == PARAMS
    assert cnncalc.load(text).source.name == "text"


def test_a_text_may_be_longer_than_a_file_name() -> None:
    """A line of more than 255 characters, too long for a file's name, is a text."""
    assert len(cnncalc.load("input 32x32x3" + " - relu" * 100)) == 100


@pytest.mark.parametrize("name", ["vgg16.txt", "nets/vgg16", "../net.spec", "C:\\nets\\vgg", "model.cfg"])
def test_a_word_with_a_slash_or_an_ending_looks_like_a_file(name: str) -> None:
    """A missing file is called missing, and is not read as a spec."""
    assert code(name) == "no-such-file"


@pytest.mark.parametrize("text", ["relu", "fc-10", "conv3-64", "dropout 0.5", "[relu]*2", "conv 1x1x{4/2}", "fc{C/1}"])
def test_these_do_not_look_like_files(text: str) -> None:
    """Words of the language, numbers with a point and divisions in braces are text."""
    try:
        cnncalc.load(text, input="8x8x4")
    except cnncalc.SpecError as caught:
        assert caught.code != "no-such-file"


def test_a_missing_file_suggests_the_nearest_name(file: Path) -> None:
    """A typing mistake in a file's name is met with the name that was meant."""
    fault = error(file.with_name("nte.txt"))
    assert fault.code == "no-such-file"
    assert fault.hints == (f"did you mean `{file}`?",)
    assert (fault.line, fault.column) == (None, None)


def test_a_directory_is_no_spec(file: Path) -> None:
    """A directory says so, and names the files in it."""
    fault = error(file.parent)
    assert fault.code == "not-a-file"
    assert "net.txt" in fault.hints[0]


def test_a_file_that_cannot_be_opened_says_why(tmp_path: Path) -> None:
    """A socket, which no process can open as a file, gives the system's reason."""
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        fault = error(path)
    assert fault.code == "cannot-read"
    assert fault.message.startswith(f"cannot read `{path}`: ")


def test_a_path_that_no_system_allows_is_an_error() -> None:
    """A zero byte in a path is refused by the system, and is told like any other reason."""
    assert code(Path("net\0.txt")) == "cannot-read"


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + SPEC.encode(),
        SPEC.replace("\n", "\r\n").encode(),
        SPEC.upper().encode(),
        SPEC.replace("x", "×").encode(),
        SPEC.replace(" ", "\t").encode(),
        SPEC.replace(" ", "\u00a0").encode(),
        SPEC.strip().encode(),
    ],
)
def test_the_same_spec_in_other_clothes(data: bytes, file: Path) -> None:
    """A byte order mark, Windows line ends, capitals, the sign ×, tabs and hard spaces make no difference."""
    file.write_bytes(data)
    assert cnncalc.load(file).params == PARAMS


def test_lines_of_an_old_mac(file: Path) -> None:
    """A carriage return alone ends each line, in a spec and in a file of another tool; an error names its line."""
    file.write_bytes(b"input 8x8x3\rconv 3x3x4\rrelu\r")
    assert [node.written for node in cnncalc.load(file)] == ["conv 3x3x4", "relu"]
    file.write_bytes(b"[net]\rheight=8\rwidth=8\rchannels=3\r[convolutional]\rfilters=4\rsize=3\rstride=1\r")
    assert cnncalc.load(file).params == 3 * 3 * 3 * 4 + 4
    file.write_bytes(b"input 8x8x3\rconv 9x9x4\r")
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load(file)
    assert caught.value.line == 2


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32"])
def test_other_encodings_are_refused(encoding: str, file: Path) -> None:
    """Only UTF-8 is read; what is in another encoding is no text here."""
    file.write_bytes(SPEC.encode(encoding))
    assert code(file) == "not-text"


def test_bytes_that_are_no_text_say_where(file: Path) -> None:
    """The first byte that is not UTF-8 is named by its place and its value."""
    file.write_bytes(b"# Gr\xf6\xdfe\n")
    assert error(file).message == f"`{file}` is not a text in UTF-8: byte 5 is 0xf6"


def test_a_file_that_is_too_long_is_refused(file: Path) -> None:
    """More than 4,000,000 characters are no spec, in a file or as a string."""
    file.write_bytes(b" " * 4_000_001)
    assert code(file) == "too-long"
    file.write_bytes(b" " * 16_000_001)
    assert code(file) == "too-long"
    assert code("\n" * 4_000_001) == "too-long"


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """``-`` reads what is piped in."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(SPEC.encode())))
    network = cnncalc.load("-")
    assert (network.params, network.source.name) == (PARAMS, "standard input")


# ---- the arguments


@pytest.mark.parametrize(
    "volume", ["28x28x3", (28, 28, 3), [28, 28, 3], cnncalc.Volume((28, 28, 3)), "28 × 28".replace(" ", "") + "X3"]
)
def test_an_input_overrides_the_one_in_the_spec(volume: Any) -> None:
    """The input may be a text or a sequence of sizes: spatial sizes first, channels last."""
    assert cnncalc.load(SPEC, input=volume).output == (28, 28, 10)


def test_two_sizes_are_a_signal_and_one_is_a_vector() -> None:
    """``16000x1`` is one-dimensional, and 784 alone stands for 1x1x784."""
    assert cnncalc.load("conv 3x8", input="16000x1").output == (16000 - 3 + 1, 8)
    assert cnncalc.load("fc 10", input=(784,)).params == (784 + 1) * 10


@pytest.mark.parametrize(
    ("volume", "expected"),
    [
        ((0, 1, 2), "out-of-range"),
        ((-1, 1, 2), "bad-volume"),
        ((32.0, 32, 3), "bad-volume"),
        ((True, 32, 3), "bad-volume"),
        ((), "syntax"),
        ("", "syntax"),
        ("32x32x", "bad-volume"),
        ("32 32 x", "syntax"),
        ("32x32x3 relu", "syntax"),
        ("{n}x1", "unknown-name"),
        ("1" * 5000, "out-of-range"),
        (5, "bad-volume"),
        ((10**13, 1, 1), "out-of-range"),
        ((1,) * 20, "bad-volume"),
        (object(), "bad-volume"),
        ("32x32\ud800", "bad-volume"),
    ],
)
def test_an_input_that_is_no_volume_is_a_spec_error(volume: Any, expected: str) -> None:
    """Whatever stands for the input, it is a volume or a `SpecError`."""
    assert code(SPEC, input=volume) == expected


def test_a_number_that_python_refuses_to_write_is_a_spec_error() -> None:
    """Python turns no number of over 4300 digits into text; even so it is a `SpecError`."""
    assert code(SPEC, input=(10**5000, 1, 1)) == "bad-volume"
    assert code("input 32x32x3\nparam n = 1", params={"n": 10**5000}) == "bad-name"


def test_params_override_those_of_the_spec() -> None:
    """A parameter may be a number or an expression as a text; upper and lower case are the same."""
    spec = "input 32x32x3\nparam n = 10\nparam m = 2*n\nfc {m}"
    assert cnncalc.load(spec).output == (1, 1, 2 * 10)
    assert cnncalc.load(spec, params={"n": 7}).output == (1, 1, 2 * 7)
    assert cnncalc.load(spec, params={"N": "2**5"}).output == (1, 1, 2 * 2**5)
    assert cnncalc.load(spec, params={"m": 5}).output == (1, 1, 5)


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"n": 2.5}, "not-whole"),
        ({"n": ""}, "bad-expression"),
        ({"n": None}, "unknown-name"),
        ({"n": "2 3"}, "syntax"),
        ({"n": 10**13}, "out-of-range"),
        ({"n": [1]}, "bad-expression"),
        ({"n": "(" * 100_000}, "too-deep"),
        ({"m": 3}, "unknown-name"),
        ({5: 3}, "bad-name"),
        ([("n", 3)], "bad-name"),
        ("n=3", "bad-name"),
    ],
)
def test_params_that_are_no_numbers_are_spec_errors(params: Any, expected: str) -> None:
    """Whatever stands for a parameter, it is a whole number or a `SpecError`."""
    assert code("input 32x32x3\nparam n = 1\nfc {n}", params=params) == expected


def test_rounding_overrides_the_one_in_the_spec() -> None:
    """A 2x2 window with stride 2 makes 3 of 7 with floor, and 4 with ceil."""
    spec = "input 7x7x1\nrounding floor\npool 2x2"
    assert cnncalc.load(spec).output == (3, 3, 1)
    assert cnncalc.load(spec, rounding="ceil").output == (4, 4, 1)
    assert code(spec, rounding="strict") == "does-not-fit"


@pytest.mark.parametrize("rounding", ["", "FLOOR ", "up", 1, [], ("floor",)])
def test_a_rounding_that_is_none_is_a_spec_error(rounding: Any) -> None:
    """There are three roundings: strict, floor and ceil."""
    assert code(SPEC, rounding=rounding) == "bad-rounding"


def test_an_error_knows_its_place() -> None:
    """A fault in a text has a line and a column, counted from 1, and says them first."""
    fault = error("input 32x32x3\n  rleu")
    assert (fault.line, fault.column) == (2, 3)
    assert str(fault) == "text:2:3: there is no layer `rleu`\n  = did you mean `relu`?"


def test_a_long_path_is_named_by_its_end(tmp_path: Path) -> None:
    """What tells one file from another stands last."""
    deep = "/".join(["a-folder-with-a-long-name"] * 8)
    assert error(f"{deep}/net.txt").message == "there is no file `…" + f"{deep}/net.txt"[-119:] + "`"


def test_bytes_on_the_command_line_that_are_no_text() -> None:
    """Python hands them on as lone surrogates, which no file can hold."""
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load("input 8x8x1\nfc 10 # \udcff")
    assert (caught.value.code, caught.value.message) == (
        "not-text",
        "`text` is not a text in UTF-8: character 21 is not valid",
    )
