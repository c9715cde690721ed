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


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("file,label\r\npets\\cat\\0.png,고양이\r\npets\\dog\\0.png,개 한마리\r\n", "utf-8-sig"),
        ("file\tlabel\r\npets\\cat\\0.png\t고양이\r\npets\\dog\\0.png\t개 한마리\r\n", "utf-16"),
        ("file,label\nC:\\Users\\kim\\pets\\cat\\0.png,고양이\nC:\\Users\\kim\\pets\\dog\\0.png,개 한마리\n", "utf-8"),
        ("file,label\n../input/x/pets/cat/0.png,고양이\n../input/x/pets/dog/0.png,개 한마리\n", "utf-8"),
        ("/home/kim/pets/cat/0.png,고양이\n/home/kim/pets/dog/0.png,개 한마리\n", "utf-8"),
    ],
    ids=["Windows", "Excel's Unicode text", "a disk of Windows", "Kaggle's input", "another home"],
)
def test_paths_and_texts_of_other_machines(table: Callable[..., None], folder: Path, text: str, encoding: str) -> None:
    table("")
    (folder / "labels.csv").write_bytes(text.encode(encoding))
    dataset = load("labels.csv", "8x8x3")
    assert (dataset.classes, dataset.train.labels.tolist()) == (("개 한마리", "고양이"), [1, 0])


def test_two_paths_of_another_machine_are_not_one_file(table: Callable[..., None], complaint: Complaint) -> None:
    table("file,label\n/a/pets/cat/0.png,cat\n/b/pets/cat/0.png,dog\n")
    assert complaint(load, "labels.csv", "8x8x3") == (
        "error[no-such-data]: 2 of 2 images that `labels.csv` names are not there\n"
        "  = line 2, column file: `/a/pets/cat/0.png`\n"
        "  = line 3, column file: `/b/pets/cat/0.png`\n"
        "  = paths are looked up from the table's folder"
    )


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("id_code,diagnosis\npets/cat/0,1\npets/dog/0,0\n", "column id_code names the images"),
        (
            "lesion,image_id,dx,age\na,pets/cat/0,nv,40\nb,pets/cat/1,nv,41\nc,pets/dog/0,mel,42\n",
            "column dx says what they are: it alone has 2 values",
        ),
        (
            "Image Index,Finding,age,sex\npets/cat/0,nv,4,f\npets/cat/1,nv,5,f\npets/dog/0,mel,6,f\n",
            "column Image Index names the images; column Finding says what they are: it alone has 2 values",
        ),
        (
            "file,label,fold\npets/cat/0.png,cat,0\npets/dog/0.png,dog,1\n",
            "the column fold is not read: --folds makes folds of all images",
        ),
    ],
)
def test_columns_that_are_known_by_what_stands_in_them(table: Callable[..., None], text: str, note: str) -> None:
    """As tables of APTOS, HAM10000 and others have them."""
    table(text)
    dataset = load("labels.csv", "8x8x3", 2)
    assert (len(dataset.classes), len(dataset.train)) == (2, text.count("pets"))
    assert dataset.notes == (note,)


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
            "picture,weight\npets/cat/9.png,3\n",
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
    (folder / "labels.csv").write_bytes(b"f\xff\xfe\0")
    assert complaint(load, "labels.csv", "8x8x3") == (
        "error[bad-data]: `labels.csv` is not UTF-8 text\n"
        "  = save it as UTF-8: in Excel as CSV UTF-8, elsewhere with iconv, such as iconv -f cp949 -t utf-8"
    )
