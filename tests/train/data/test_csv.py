"""Tables of files and classes: what is read, and what is refused by its line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.train.data.files import load, write_images

Complaint = Callable[..., str]


@pytest.fixture
def table(folder: Path) -> Callable[..., None]:
    """Return a function that writes a table beside six images: pets/cat/0.png to pets/dog/2.png."""
    write_images(folder / "pets")

    def write(text: str, name: str = "labels.csv") -> None:
        (folder / name).write_text(text)

    return write


ROWS = "pets/cat/0.png,cat\npets/cat/1.png,cat\npets/dog/0.png,dog\n"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (f"file,label\n{ROWS}", "labels.csv"),
        (ROWS, "labels.csv"),
        (f"\ufeffFileName,Species\n{ROWS}\n\n", "labels.csv"),
        (f"file\tlabel\n{ROWS}".replace(",", "\t"), "labels.tsv"),
        (f"file,label\n{ROWS}".replace(".png", ""), "labels.csv"),
    ],
    ids=["titles", "no titles", "other titles, from Excel", "tabs", "no endings"],
)
def test_a_table_gives_what_a_folder_gives(table: Callable[..., None], text: str, name: str) -> None:
    """The same pixels as the folders of the same images, and classes in the same order."""
    table(text, name)
    dataset, theirs = load(name, "8x8x3"), load("pets", "8x8x3")
    assert (dataset.name, dataset.classes) == (name, theirs.classes)
    (pixels, labels), *_ = dataset.train.batches([torch.arange(3)])
    (wanted, _), *_ = theirs.train.batches([torch.tensor([0, 1, 3])])
    assert torch.equal(pixels, wanted)
    assert labels.tolist() == [0, 0, 1]


def test_a_column_says_the_parts(table: Callable[..., None]) -> None:
    table(
        "label,image,split\ncat,pets/cat/0.png,train\ndog,pets/dog/0.png,TRAIN\n"
        "cat,pets/cat/1.png,valid\ndog,pets/dog/1.png,test\ndog,pets/dog/2.png,test\n"
    )
    dataset = load("labels.csv", "8x8x3")
    assert {part: split.labels.tolist() for part, split in dataset.parts()} == {
        "training": [0, 1],
        "validation": [0],
        "test": [1, 1],
    }


def test_images_may_lie_in_a_folder_beside_the_table(folder: Path) -> None:
    """As competitions hand them out: train.csv with identifiers, and the folder train."""
    write_images(folder / "set" / "train", ("",), count=4)
    (folder / "set" / "labels.csv").write_text("id,breed\n0,pug\n1,collie\n2,pug\n3,pug\n")
    dataset = load("set/labels.csv", "8x8x3", limit=2)
    assert dataset.classes == ("collie", "pug")
    assert dataset.train.labels.tolist() == [1, 1]


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        ("", "error[bad-data]: `labels.csv` is empty"),
        (
            "name,weight,size\npets/cat/0.png,3,4\n",
            "error[bad-data]: `labels.csv` has no column label\n"
            "  = its first line is name, weight, size\n"
            "  = write the title label over the classes, or give one column for each output of the network",
        ),
        (
            "picture,weight\npets/cat/0.png,3\n",
            "error[bad-data]: `labels.csv` has no columns file and label\n"
            "  = its first line is picture, weight\n"
            "  = write the titles file,label in the first line",
        ),
        ("file,label\n", "error[bad-data]: `labels.csv` has no images to train with"),
        (
            "file,label\npets/cat/0.png\n",
            "error[bad-data]: line 2, column label of `labels.csv` has no label\n"
            "  = write one there, or leave the line out",
        ),
        ("file,label\n,cat\n", "error[bad-data]: line 2, column file of `labels.csv` has no file"),
        (
            f"{ROWS}pets/cat/9.png,cat\nno,dog\n",
            "error[no-such-data]: 2 of 5 images that `labels.csv` names are not there\n"
            "  = line 4, column 1: `pets/cat/9.png`\n"
            "  = line 5, column 1: `no`\n"
            "  = paths are looked up from the table's folder",
        ),
        (
            "pets/cat/0.png,cat\n",
            "error[bad-data]: labels.csv has one class, `cat`: a classifier needs two or more\n"
            "  = every row is an image and its class",
        ),
        (
            "file,label,split\npets/cat/0.png,cat,later\n",
            "error[bad-data]: line 2, column split of `labels.csv` has a part called `later`\n"
            "  = it is train, val or test",
        ),
        (
            "file,label,split\npets/cat/0.png,cat,train\npets/dog/0.png,dog,train\npets/dog/1.png,cow,val\n",
            "error[bad-data]: line 4, column label of `labels.csv` has a class that is not trained\n"
            "  = the class is `cow`\n"
            "  = trained are cat, dog",
        ),
    ],
)
def test_what_is_refused(table: Callable[..., None], complaint: Complaint, text: str, complains: str) -> None:
    table(text)
    assert complaint(load, "labels.csv", "8x8x3") == complains


def test_a_table_that_is_no_text(folder: Path, complaint: Complaint) -> None:
    (folder / "labels.csv").write_bytes(b"\xff\xfe\0f")
    assert complaint(load, "labels.csv", "8x8x3") == "error[bad-data]: `labels.csv` is not UTF-8 text"
