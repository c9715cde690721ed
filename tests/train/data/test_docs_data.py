"""The page on data says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from PIL import Image

from cnncalc.core.limits import MAX_IMAGE_BYTES, MAX_IMAGE_SIDE
from cnncalc.train.data import DataRequest, dataset_names
from cnncalc.train.data.array_files import NAMES
from cnncalc.train.data.column_names import FILE_COLUMNS, LABEL_COLUMNS, PART_COLUMNS
from cnncalc.train.data.csv_paths import IMAGE_FOLDERS
from cnncalc.train.data.folder_layout import OF_SYSTEMS, PARTS
from cnncalc.train.data.images import SUFFIXES
from cnncalc.train.data.statistics import STREAMED
from cnncalc.train.data.synthetic import IMAGES
from cnncalc.train.data_request import COLOURS, LAYOUTS, RESIZES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return what stands below a heading."""
    return PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def first_cells(text: str) -> list[str]:
    """Return the words in backticks of the first cells of the rows of a table."""
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    return [word for cell in cells for word in re.findall(r"`(.+?)`", cell)]


def test_every_name_is_on_the_page() -> None:
    assert first_cells(section("Kinds of data")) == ["--data", "auto", *dataset_names()]


def test_every_way_to_resize_is_on_the_page() -> None:
    assert first_cells(section("Sizes and colours")) == ["--resize", *RESIZES, "--colour", *COLOURS]


def test_every_title_of_a_table_is_on_the_page() -> None:
    cells = [row.split("|")[2].split(": with")[0] for row in section("Tables").splitlines() if row.startswith("| ")]
    titles = [tuple(re.findall(r"`(\w+)`", cell)) for cell in cells]
    assert [names for names in titles if names] == [FILE_COLUMNS, LABEL_COLUMNS, PART_COLUMNS]
    folders = section("Tables").split("folder, and in ")[1].split(" beside")[0]
    assert ("", *re.findall(r"`(\w+)`", folders)) == IMAGE_FOLDERS


def test_every_name_of_a_part_is_on_the_page() -> None:
    rows = [line.split("|") for line in section("Folders of images").splitlines() if line.startswith("| ")]
    assert {row[1].strip(): tuple(re.findall(r"`(\w+)`", row[2])) for row in rows[2:]} == PARTS
    left_behind = section("Folders of images").split("operating systems create: ")[1].split(". ")[0]
    assert tuple(name.lower() for name in re.findall(r"`(.+?)`", left_behind)) == OF_SYSTEMS


def test_every_ending_is_on_the_page() -> None:
    assert set(re.findall(r"`(\.\w+)`", section("Folders of images"))) == set(SUFFIXES)


def test_every_name_of_an_array_is_on_the_page() -> None:
    rows = [tuple(re.findall(r"`(\w+)`", line)) for line in section("Arrays").splitlines() if line.count("`, `") > 2]
    assert tuple(rows) == NAMES


def test_every_layout_is_on_the_page() -> None:
    table = section("Arrays").split("| `--layout`")[1]
    assert tuple(first_cells(table)) == LAYOUTS


def test_every_code_is_on_the_page() -> None:
    """The codes that the files of this room raise, but for a request that cannot be met."""
    files = (ROOT / "cnncalc" / "train" / "data").glob("*.py")
    raised = {code for path in files for code in re.findall(r'DataError\(\s*"([a-z-]+)"', path.read_text("utf-8"))}
    assert set(first_cells(section("What is checked"))) == raised - {"bad-option"}


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"or {IMAGES:,} |" in section("Kinds of data")
    assert f"at most {STREAMED:,} of a stream" in section("Memory and streams")
    assert f"than {DataRequest().memory_limit // 2**30} GiB" in section("Memory and streams")
    refused = " ".join(section("Images that cannot be used").split())
    assert f"more than {Image.MAX_IMAGE_PIXELS:,} pixels or a side of more than {MAX_IMAGE_SIDE:,}" in refused
    assert f"are larger than {MAX_IMAGE_BYTES // 2**30} GiB" in refused
