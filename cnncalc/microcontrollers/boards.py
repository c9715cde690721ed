"""Microcontrollers: how much memory they have for a program and its data."""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import closest, shorten, shorten_path

KIBIBYTE = 1024


class Board(NamedTuple):
    """A microcontroller, or a board with one.

    Attributes:
        sram: bytes of the largest piece of its RAM, in which an arena can lie.
        flash: bytes of its flash, with what a bootloader takes of it.
        source, date: where these were read, and when.

    """

    sram: int
    flash: int
    source: str = ""
    date: str = ""


Boards = Mapping[str, Board]
"""Boards by their names."""

BOARDS_FILE = Path(__file__).with_name("boards.csv")
"""The boards that are known. Data sheets write KB and MB for 1,024 and 1,048,576 bytes."""

STM32_PART = re.compile(r"stm32\w{4}[a-z]([0-9a-z])([a-z]\d.*)?")
"""A part number of ST: series, a letter for the pins, one for the flash, perhaps package and temperature."""

STM32_FLASH = {"8": 64, "b": 128, "c": 256, "d": 384, "e": 512, "f": 768, "g": 1024, "h": 1536, "i": 2048}
"""KiB of flash by the letter that says them in a part number of ST."""

MAX_TABLE_BYTES = 2**20
"""Largest table of boards that is read, 1 MiB."""

COLUMNS = ("name", "sram_kib", "flash_kib", "source", "date")
"""The columns of a table; the first three are needed."""


def read_boards(path: str | Path) -> Boards:
    """Read a table of boards: CSV with the columns of `COLUMNS`.

    Raises:
        SpecError: with the code ``bad-boards``, for a table that cannot be read, and for what it may not say.

    """
    name = shorten_path(str(path))
    try:
        text = read_regular(str(path), MAX_TABLE_BYTES).decode("utf-8-sig")
        rows = csv.DictReader(text.splitlines(), restval="")
        titles = [title.strip() for title in rows.fieldnames or ()]
        rows.fieldnames = titles
        _check_titles(titles, name)
        return {row["name"].strip(): _board(row, f"{name}, line {rows.line_num}") for row in rows}
    except OSError as error:
        raise SpecError("bad-boards", f"cannot read {name}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error):
        raise SpecError("bad-boards", f"{name} is not CSV in UTF-8") from None


def _check_titles(titles: list[str], name: str) -> None:
    hints = [f"the columns are {', '.join(COLUMNS)}"]
    for needed in COLUMNS[:3]:
        if needed not in titles:
            raise SpecError("bad-boards", f"{name} has no column {needed}", hints=hints)
    unknown = [title for title in titles if title not in COLUMNS]
    if unknown:
        raise SpecError("bad-boards", f"{name} has an unknown column {shorten(unknown[0], 40)!r}", hints=hints)


def _board(row: Mapping[str, str], where: str) -> Board:
    if None in row:
        raise SpecError("bad-boards", f"{where}: there are more cells than columns")
    if not row["name"].strip():
        raise SpecError("bad-boards", f"{where}: the board has no name")
    sram, flash = (_kibibytes(row, column, where) for column in ("sram_kib", "flash_kib"))
    return Board(sram, flash, row.get("source", "").strip(), row.get("date", "").strip())


def _kibibytes(row: Mapping[str, str], column: str, where: str) -> int:
    """Return bytes."""
    text = row[column].strip()
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1e9:
        raise SpecError("bad-boards", f"{where}: {column} is a number above 0, not {shorten(text, 40)!r}")
    return int(value * KIBIBYTE)


BOARDS = read_boards(BOARDS_FILE)
"""The boards that are known, by their usual names."""


def board_named(name: str, boards: Boards = BOARDS) -> str | None:
    """Return the name under which a board is listed, however it is spelled; None for a board that is not.

    ``STM32F746NG`` and ``stm32-f746`` are ``stm32f746``. A part number with another size of flash than the listed
    one is another board: ``STM32F401CC`` is ``stm32f401xc``, and ``STM32F746NE`` is not listed.
    """
    plain = {_plain(listed): listed for listed in boards}
    wanted = _plain(name)
    if wanted in plain or not wanted.startswith("stm32"):
        return plain.get(wanted)
    series = wanted[: len("stm32f746")]
    part = STM32_PART.fullmatch(wanted)
    letter = part[1] if part else "x"
    listed = plain.get(f"{series}x{letter}") or plain.get(series)
    if listed is None or letter == "x":
        return listed
    return listed if boards[listed].flash == STM32_FLASH.get(letter, 0) * KIBIBYTE else None


def closest_boards(name: str, boards: Boards = BOARDS) -> list[str]:
    """Return the names of the boards that may have been meant, the likeliest first."""
    plain = {_plain(listed): listed for listed in boards}
    return [plain[match] for match in closest(_plain(name), plain, 3)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
