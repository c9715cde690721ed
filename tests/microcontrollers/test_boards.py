"""The table of boards, the built-in one and those of users."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cnncalc.core.errors import SpecError
from cnncalc.microcontrollers.boards import BOARDS, board_named, read_boards

HEAD = "name,sram_kib,flash_kib\n"


def test_a_board_is_what_its_data_sheet_says() -> None:
    """ST's STM32F746NG: 320 KB of SRAM and 1 MB of flash."""
    board = BOARDS["stm32f746"]
    assert (board.sram, board.flash) == (320 * 1024, 1024 * 1024)
    assert board.source.startswith("PlatformIO ststm32 19.6.0: disco_f746ng (STM32F746xG); ")
    assert board.date == "2026-11"


@pytest.mark.parametrize("name", BOARDS)
def test_every_board_has_a_source_with_its_version_and_a_date(name: str) -> None:
    board = BOARDS[name]
    assert len(board.date) == 7
    assert re.search(r" (\d+\.\d+\.\d+|[0-9a-f]{7}):", board.source), "a source has a version or a commit"
    assert board.sram < board.flash


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("STM32F746NG", "stm32f746"),
        ("stm32-f746", "stm32f746"),
        ("STM32F746xx", "stm32f746"),
        ("STM32F746G-DISCO", "stm32f746"),
        ("STM32H743ZIT6", "stm32h743"),
        ("STM32U585AII6Q", "stm32u585"),
        ("STM32F401RE", "stm32f401"),
        ("STM32F401CCU6", "stm32f401xc"),
        ("STM32F746NE", None),
        ("STM32F407VET6", None),
        ("ESP32-S3", "esp32s3"),
        ("Arduino Nano 33 BLE", "arduino-nano-33-ble"),
        ("stm32f999", None),
        ("", None),
    ],
)
def test_names_as_people_write_them(written: str, name: str | None) -> None:
    assert board_named(written) == name


def test_a_table_of_a_user(tmp_path: Path) -> None:
    path = tmp_path / "boards.csv"
    path.write_text("\ufeffflash_kib, name ,sram_kib\n512, mine ,64\n")
    boards = read_boards(path)
    assert list(boards) == ["mine"]
    assert boards["mine"][:2] == (64 * 1024, 512 * 1024)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "boards.csv has no column name"),
        ("name,sram_kib\nx,1\n", "boards.csv has no column flash_kib"),
        ("name,sram_kib,flash_kib,eeprom\n", "boards.csv has an unknown column 'eeprom'"),
        (f"{HEAD},5,1\n", "boards.csv, line 2: the board has no name"),
        (f"{HEAD}x,5,1,1\n", "boards.csv, line 2: there are more cells than columns"),
        (f"{HEAD}x,5,1\ny,much,1\n", "boards.csv, line 3: sram_kib is a number above 0, not 'much'"),
        (f"{HEAD}x,5,\n", "boards.csv, line 2: flash_kib is a number above 0, not ''"),
        (f"{HEAD}x,nan,1\n", "boards.csv, line 2: sram_kib is a number above 0, not 'nan'"),
    ],
)
def test_tables_that_are_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "boards.csv"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        read_boards(path)
    assert caught.value.code == "bad-boards"
    assert caught.value.message.endswith(message)
