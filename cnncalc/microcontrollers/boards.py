"""Microcontrollers: how much memory they have for a program and its data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from cnncalc.core.numbers import bytes_text
from cnncalc.core.tables import CsvRow, TableFormat, by_name, read_table
from cnncalc.core.words import closest

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

COLUMNS = ("name", "sram_kib", "flash_kib", "source", "date")
"""The columns of a table; the first three are needed."""


def read_boards(path: str | Path) -> Boards:
    """Read a table of boards: CSV with the columns of `COLUMNS`.

    Raises:
        SpecError: with the code ``bad-boards``, for a table that cannot be read, and for what it may not say.

    """
    found = by_name(read_table(path, TableFormat("bad-boards", COLUMNS[:3], COLUMNS[3:])), "board")
    return {name: _board(row) for name, row in found}


def _board(row: CsvRow) -> Board:
    sram, flash = (int(row.positive(column) * KIBIBYTE) for column in ("sram_kib", "flash_kib"))
    return Board(sram, flash, row.text("source"), row.text("date"))


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
    listed, letter = _of_series(wanted, plain)
    if listed is None or letter == "x":
        return listed
    return listed if boards[listed].flash == STM32_FLASH.get(letter, 0) * KIBIBYTE else None


def _of_series(wanted: str, plain: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the board that is listed for a part number's series, and the letter of its flash, ``x`` for any."""
    series = wanted[: len("stm32f746")]
    part = STM32_PART.fullmatch(wanted)
    letter = part[1] if part else "x"
    return plain.get(f"{series}x{letter}") or plain.get(series), letter


def other_flash(name: str, boards: Boards = BOARDS) -> str:
    """Say which board a part number was taken for that is listed with another flash; "" where it is none of those."""
    listed, letter = _of_series(_plain(name), {_plain(each): each for each in boards})
    if listed is None or letter not in STM32_FLASH:
        return ""
    here, there = bytes_text(STM32_FLASH[letter] * KIBIBYTE), bytes_text(boards[listed].flash)
    return f"did you mean {listed}? It has {there} of flash, and this part {here}."


def closest_boards(name: str, boards: Boards = BOARDS) -> list[str]:
    """Return the names of the boards that may have been meant, the likeliest first."""
    plain = {_plain(listed): listed for listed in boards}
    return [plain[match] for match in closest(_plain(name), plain, 3)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())
