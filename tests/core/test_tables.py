"""Tables of CSV that a user writes: cards, boards and prices are read by one reader, with one set of messages."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncalc.core.errors import SpecError
from cnncalc.core.tables import TableFormat, by_name, read_table

FORM = TableFormat("bad-fish", ("name", "weight"), ("colour",))


@pytest.fixture(autouse=True)
def _beside_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def weights(text: bytes) -> dict[str, float]:
    """Return the weights of a table of fish."""
    Path("fish.csv").write_bytes(text)
    return {name: row.positive("weight") for name, row in by_name(read_table("fish.csv", FORM), "fish")}


@pytest.mark.parametrize(
    "text",
    [
        b"name,weight\ncod,2.5\ntuna,300\n",
        b"\xef\xbb\xbfname,weight\r\ncod,2.5\r\ntuna,300\r\n",
        b" weight , name \n2.5,cod\n300, tuna \n",
        b"\n\nname,weight,colour\n\ncod,2.5\n,,\ntuna,300,\n",
        b'name,weight,colour\n"cod",2.5,"grey,\nor brown"\ntuna,300,blue\n',
    ],
)
def test_how_a_table_may_be_written(text: bytes) -> None:
    """With the mark of Excel, blanks, blank lines, columns in any order, and cells in quotes."""
    assert weights(text) == {"cod": 2.5, "tuna": 300.0}


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (b"", "fish.csv has no column name\n  = the columns are name, weight, colour"),
        (b"name,length\n", "fish.csv has no column weight\n  = the columns are name, weight, colour"),
        (b"name,weight,size\n", "fish.csv has an unknown column 'size'\n  = the columns are name, weight, colour"),
        (b"name,weight,weight\ncod,1,2\n", "fish.csv has the column weight twice\n  = leave one of them out"),
        (b"name;weight\ncod;1\n", "fish.csv has no commas between its cells\n  = write the table with commas"),
        (b"name,weight\n", "fish.csv has no row below its columns"),
        (b"name,weight\n,1\n", "fish.csv, line 2: the fish has no name"),
        (b"name,weight\ncod,1,,\n", "fish.csv, line 2: there are more cells than columns"),
        (
            b"name,weight\ncod,1\n\nCod,2\n",
            "fish.csv, line 4: Cod has a row already\n  = leave out this row, or the one at fish.csv, line 2",
        ),
        (b"name,weight\n\xff,1\n", "fish.csv is not CSV in UTF-8"),
        (b'name,weight\n"cod,1\n', "fish.csv, line 2 is not CSV: unexpected end of data"),
        (b"name,weight\ncod,\n", "fish.csv, line 2: weight is a number above 0, not ''"),
        (b"name,weight\ncod,heavy\n", "fish.csv, line 2: weight is a number above 0, not 'heavy'"),
        (b"name,weight\ncod,-1\n", "fish.csv, line 2: weight is a number above 0, not '-1'"),
        (b"name,weight\ncod,nan\n", "fish.csv, line 2: weight is a number above 0, not 'nan'"),
        (b"name,weight\ncod,inf\n", "fish.csv, line 2: weight is a number above 0, not 'inf'"),
        (
            b"name,weight\ncod,1e12\n",
            "fish.csv, line 2: weight is a number from 0.000001 to 1,000,000,000, not '1e12'",
        ),
        (
            b"name,weight\ncod,1e-300\n",
            "fish.csv, line 2: weight is a number from 0.000001 to 1,000,000,000, not '1e-300'",
        ),
        (b"name,weight\ncod,\x1b[31m1\n", "fish.csv, line 2: weight is a number above 0, not '\ufffd[31m1'"),
        (
            b"name,weight\n\x1b[31mcod,1\n\x1b[31mcod,1\n",
            "fish.csv, line 3: \ufffd[31mcod has a row already\n  = leave out this row, or the one at fish.csv, line 2",
        ),
    ],
)
def test_what_a_table_may_not_say(text: bytes, error: str) -> None:
    """Each is one error that says where, what and how to mend it; no control character goes out."""
    with pytest.raises(SpecError) as refused:
        weights(text)
    assert (refused.value.code, str(refused.value)) == ("bad-fish", error)


def test_a_price_may_be_nothing_and_not_less() -> None:
    Path("fish.csv").write_text("name,weight\na,0\nb,-1\nc,1e10\n")
    a, b, c = read_table("fish.csv", FORM)
    assert a.at_least_zero("weight") == 0
    with pytest.raises(SpecError, match=r"line 3: weight is a number that is at least 0, not '-1'$"):
        b.at_least_zero("weight")
    with pytest.raises(SpecError, match=r"line 4: weight is a number from 0 to 1,000,000,000, not '1e10'$"):
        c.at_least_zero("weight")


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("no.csv", "cannot read no.csv: No such file or directory"),
        (".", "cannot read .: it is a folder, a device or a pipe"),
        ("large.csv", "cannot read large.csv: it is longer than 1,048,576 bytes"),
    ],
)
def test_what_is_no_table(path: str, error: str) -> None:
    Path("large.csv").write_bytes(b"," * (2**20 + 1))
    with pytest.raises(SpecError) as refused:
        list(read_table(path, FORM))
    assert str(refused.value) == error
