"""Tables that say other things of their images than one class: several labels, numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from cnncalc.train.data import Dataset
from tests.train.data.files import load, write_images

Complaint = Callable[..., str]
FILES = ("pets/cat/0.png", "pets/cat/1.png", "pets/dog/0.png")


@pytest.fixture
def table(folder: Path) -> Callable[..., Dataset]:
    """Return a function that writes a table of three images and reads it."""
    write_images(folder / "pets")

    def read(titles: str, *cells: str, outputs: int | None = None, task: str = "auto") -> Dataset:
        rows = [f"{file},{cell}" for file, cell in zip(FILES, cells, strict=True)]
        (folder / "table.csv").write_text("\n".join([titles, *rows]))
        return load("table.csv", "8x8x3", outputs, task=task)

    return read


@pytest.mark.parametrize(
    ("titles", "cells", "outputs", "kind", "names", "values"),
    [
        ("file,label", ("a;c", "b", "c | b"), 3, "labels", ("a", "b", "c"), [[1, 0, 1], [0, 1, 0], [0, 1, 1]]),
        ("file,cat,wet", ("1,1", "0,0", "0,1"), 2, "labels", ("cat", "wet"), [[1, 1], [0, 0], [0, 1]]),
        ("file,cat,dog", ("1,0", "1,0", "0,1"), 2, "classes", ("cat", "dog"), [0, 0, 1]),
        ("file,age", ("3", "7.5", "-1e2"), 1, "numbers", ("age",), [[3], [7.5], [-100]]),
        ("file,label", ("3", "7", "9"), 1, "numbers", ("label",), [[3], [7], [9]]),
        ("file,x,y", ("1,2", "3,4", "5,6.5"), 2, "numbers", ("x", "y"), [[1, 2], [3, 4], [5, 6.5]]),
        ("file,label", ("0.5;1", "1;2", "3;4"), 2, "numbers", ("label0", "label1"), [[0.5, 1], [1, 2], [3, 4]]),
        ("file,label", ("0", "1", "1"), 1, "classes", ("0", "1"), [0, 1, 1]),
        ("file,label", ("no", "yes", "no"), 1, "classes", ("no", "yes"), [0, 1, 0]),
        ("file,label", ("3", "7", "9"), 3, "classes", ("3", "7", "9"), [0, 1, 2]),
        ("file,MEL,NV", ("1.0,0.0", "0.0,1.0", "1.0,0.0"), 2, "classes", ("MEL", "NV"), [0, 1, 0]),
        ("file,cat,wet", ("True,TRUE", "False,false", "0,True"), 2, "labels", ("cat", "wet"), [[1, 1], [0, 0], [0, 1]]),
        ("file,cat,wet", ("1,1", "-1,-1", "-1,1"), 2, "labels", ("cat", "wet"), [[1, 1], [0, 0], [0, 1]]),
        ("file,cat,wet", ("1,1", "-1,0", "-1,1"), 2, "numbers", ("cat", "wet"), [[1, 1], [-1, 0], [-1, 1]]),
        ("file,tags", ("a c", "b", "d"), 4, "labels", ("a", "b", "c", "d"), [[1, 0, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1]]),
        ("file,tags", ('"a b, c"', "c", '"c, a b"'), 2, "labels", ("a b", "c"), [[1, 1], [0, 1], [1, 1]]),
        ("file,label", ("red fox", "cat", "red fox"), 2, "classes", ("cat", "red fox"), [1, 0, 1]),
        ("file,label", ("\"['a', 'b']\"", "['b']", "[]"), 2, "labels", ("a", "b"), [[1, 1], [0, 1], [0, 0]]),
        ("file,xy", ('"[0.5, 1]"', '"[1, 2]"', '"[3, 4]"'), 2, "numbers", ("xy0", "xy1"), [[0.5, 1], [1, 2], [3, 4]]),
        ("file,x,y,of", ("1,2,a", "3,4,b", "5,6.5,c"), 2, "numbers", ("x", "y"), [[1, 2], [3, 4], [5, 6.5]]),
        ("file,Unnamed: 0,x,y", ("0,1,2", "1,3,4", "2,5,6.5"), 2, "numbers", ("x", "y"), [[1, 2], [3, 4], [5, 6.5]]),
    ],
)  # fmt: skip
def test_what_a_table_says(
    table: Callable[..., Dataset],
    titles: str,
    cells: tuple[str, ...],
    outputs: int,
    kind: str,
    names: tuple[str, ...],
    values: list[object],
) -> None:
    """By its columns, its cells and the number of outputs."""
    dataset = table(titles, *cells, outputs=outputs)
    assert (dataset.kind, dataset.classes) == (kind, names)
    assert dataset.train.labels.tolist() == values


def test_the_task_says_what_the_cells_do_not(table: Callable[..., Dataset]) -> None:
    """An image may have no label at all; a single one each is what classes look like."""
    dataset = table("file,label", "cat", "", "dog", task="labels")
    assert (dataset.kind, dataset.train.labels.tolist()) == ("labels", [[1, 0], [0, 0], [0, 1]])
    assert table("file,label", "0", "1", "1", outputs=1, task="regression").kind == "numbers"


@pytest.mark.parametrize(
    ("titles", "cells", "task", "complains"),
    [
        (
            "file,label", ("cat;pet", "dog", "dog"), "classes",
            "error[bad-data]: line 2, column label of `table.csv` has several labels, `cat;pet`\n"
            "  = a classifier takes one class for each image",
        ),
        (
            "file,age", ("3", "old", "4"), "regression",
            "error[bad-data]: line 3, column age of `table.csv` has `old`, which is not a number",
        ),
        ("file,age", ("3", "", "4"), "regression", "error[bad-data]: line 3, column age of `table.csv` has no number"),
        (
            "file,age", ("3", "4", "inf"), "regression",
            "error[bad-data]: line 4, column age of `table.csv` has `inf`, which is not a number",
        ),
        (
            "file,label", ("1;2", "3", "4;5"), "regression",
            "error[bad-data]: line 3, column label of `table.csv` has 1 number, and line 2 has 2",
        ),
        (
            "file,cat,wet", ("1,1", "0,2", "0,1"), "labels",
            "error[bad-data]: line 3, column wet of `table.csv` has `2`\n"
            "  = a label has 1 where it holds, and 0 elsewhere",
        ),
    ],
)  # fmt: skip
def test_what_a_table_cannot_say(
    table: Callable[..., Dataset], complaint: Complaint, titles: str, cells: tuple[str, ...], task: str, complains: str
) -> None:
    """The line is named."""
    assert complaint(table, titles, *cells, task=task) == complains


def test_a_label_that_is_not_trained(folder: Path, complaint: Complaint) -> None:
    write_images(folder / "pets")
    (folder / "t.csv").write_text(f"file,label,split\n{FILES[0]},a;b,train\n{FILES[1]},a;c,val\n")
    assert complaint(load, "t.csv", "8x8x3", task="labels") == (
        "error[bad-data]: line 3, column label of `t.csv` has a class that is not trained\n"
        "  = the class is `c`\n  = trained are a, b"
    )
