"""``cnncalc memory --inference --precision int8``: what is printed of a microcontroller, and the status."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from tests.commands.conftest import Cnncalc

INT8 = ("--inference", "--precision", "int8")
TWO = ("conv 3x3x8 same - relu - conv 3x3x16 s2 same - relu - gap - fc 10", "--input", "32x32x3", *INT8)


def test_the_table(cnncalc: Cnncalc) -> None:
    """The arena and the flash by their parts, whether they fit, the layer at the peak, and what would take less."""
    done = cnncalc("memory", *TWO, "--sram", "10KiB", "--flash", "1MiB")
    assert done.status == 1
    assert done.out == (
        "in      what                            memory   share\n"
        "────────────────────────────────────────────────────────────────────────────\n"
        "arena   tensors and scratch buffers   12.0 KiB   91.4%   ██████████████████▎\n"
        "arena   tensor, operator records         376 B    2.8%   ▌\n"
        "arena   data of the kernels              512 B    3.8%   ▊\n"
        "arena   views of inputs and outputs      128 B    1.0%   ▎\n"
        "arena   allocators                       132 B    1.0%   ▎\n"
        "flash   weights and biases             1.6 KiB   28.0%   █████▋\n"
        "flash   scales and zero points           876 B   14.7%   ███\n"
        "flash   graph, about                   3.3 KiB   57.3%   ███████████▌\n"
        "\n"
        "budget  10.0 KiB of SRAM: 3.1 KiB too little; 1.0 MiB of flash: fits, with 1.0 MiB to spare\n"
        "arena   13,440 bytes at least\n"
        "peak    at conv2: conv1 8.0 KiB, conv2 4.0 KiB\n"
        "flash   about 5,949 bytes, 1,664 of weights and biases exactly\n"
        "of      one image, int8, converted by TensorFlow, reference kernels, pointers of 32 bits\n"
        "patches: 4.4 KiB less, 7.6 KiB of tensors (conv1 to conv2 in 4x4 patches, as MCUNetV2 does)\n"
        "not counted: in SRAM the stack, the program's own data and the scratch buffers of kernels that are "
        "optimised for a processor (CMSIS-NN, ESP-NN); in flash the program and the interpreter\n"
    )


def test_the_status_says_whether_sram_and_flash_are_large_enough(cnncalc: Cnncalc) -> None:
    """The status is 1 if the SRAM or the flash is too small; without them there is nothing to fail."""
    assert cnncalc("memory", *TWO).status == 0
    assert cnncalc("memory", *TWO, "--mcu", "STM32F746NG").status == 0
    assert cnncalc("memory", *TWO, "--sram", "1MiB").status == 0
    assert cnncalc("memory", *TWO, "--sram", "1KiB").status == 1
    assert cnncalc("memory", *TWO, "--flash", "1KiB").status == 1


def test_a_layer_at_the_peak_is_named_once(cnncalc: Cnncalc) -> None:
    """A batch norm without a convolution becomes MUL and ADD, which make 16x16x8 bytes each."""
    done = cnncalc("memory", "sub( identity | bn )", "--input", "16x16x8", *INT8)
    assert "\npeak   at bn1: bn1 4.0 KiB in 2 buffers, images 2.0 KiB\n" in done.out


def test_boards_of_a_user(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "boards.csv").write_text("name,sram_kib,flash_kib\nmine,8,64\n")
    done = cnncalc("memory", *TWO, "--boards", "boards.csv", "--mcu", "mine")
    assert done.status == 1
    assert "mine   8.0 KiB of SRAM: " in done.out


def test_json_has_parts_that_add_up_and_every_operator(cnncalc: Cnncalc) -> None:
    """The parts add up to what is used, and every operator and every buffer is there."""
    data = json.loads(cnncalc("memory", *TWO, "--mcu", "stm32f746", "--format", "json").out)
    assert sum(data["arena"].values()) == data["arena_used_bytes"] <= data["arena_bytes"]
    assert sum(data["flash"].values()) == data["flash_bytes"]
    assert data["flash"]["weights"] == (3 * 3 * 3 * 8 + 3 * 3 * 8 * 16 + 16 * 10) + 4 * (8 + 16 + 10)
    assert [each["operator"] for each in data["operators"]] == ["CONV_2D", "CONV_2D", "MEAN", "FULLY_CONNECTED"]
    assert data["operators"][0] == {
        "operator": "CONV_2D",
        "layer": "conv1",
        "output": [1, 32, 32, 8],
        "activation": "relu",
    }
    assert data["peak"]["layer"] == "conv2"
    assert (data["board"], data["sram_bytes"], data["fits"]) == ("stm32f746", 320 * 1024, True)
    assert max(each["offset"] + each["bytes"] for each in data["buffers"]) <= data["arena"]["tensors"]


def test_csv_has_a_row_for_each_part(cnncalc: Cnncalc) -> None:
    rows = list(csv.DictReader(io.StringIO(cnncalc("memory", *TWO, "--format", "csv").out)))
    assert [(row["where"], row["part"]) for row in rows[:2]] == [("arena", "tensors"), ("arena", "structures")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--precision", "int8"), "--precision int8 is for --inference: a microcontroller does not train"),
        (("--mcu", "pico"), "--mcu is for --inference --precision int8"),
        ((*INT8, "--mcu", "pico", "--sram", "3KiB"), "give either --mcu or --sram and --flash, not both"),
        (
            (*INT8, "--batch", "2"),
            "--batch has no effect with --precision int8, which runs one image at a time; leave it out",
        ),
        ((*INT8, "--optimizer", "adam"), "--optimizer has no effect with --inference; leave it out"),
        (
            (*INT8, "--mcu", "stm32f999"),
            "Invalid value for '--mcu': there is no microcontroller 'stm32f999'; did you mean stm32f767 or "
            "stm32f746 or stm32f446? Or give its memory: --sram 320KiB --flash 1MiB",
        ),
        (
            (*INT8, "--mcu", "STM32F746NE"),
            "Invalid value for '--mcu': there is no microcontroller 'STM32F746NE'; did you mean stm32f746? It has "
            "1.0 MiB of flash, and this part 512 KiB. Or give its memory: --sram 320KiB --flash 1MiB",
        ),
        (
            (*INT8, "--sram", "320"),
            "Invalid value for '--sram': it has no unit: write 320KB, 320KiB or 320B (bytes), not '320'",
        ),
    ],
)
def test_refused_options(cnncalc: Cnncalc, arguments: tuple[str, ...], message: str) -> None:
    done = cnncalc("memory", "lenet5", *arguments)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"error[usage]: {message}\n  = see `cnncalc memory --help`\n"


@pytest.mark.parametrize(
    ("spec", "size", "message", "hint"),
    [
        ("conv 3x3x4 - ln", "8x8x3", "`ln1`: the interpreter for microcontrollers has no int8 kernel for `ln`", ""),
        (
            "conv 3x3x4 - gelu",
            "8x8x3",
            "`gelu1`: the interpreter for microcontrollers has no int8 kernel for `gelu`",
            "",
        ),
        (
            "conv 9x4",
            "99x1",
            "`conv1`: the interpreter for microcontrollers has no int8 kernel for `conv 9x4`",
            "its kernels have two dimensions: write a signal of 16000x1 as 16000x1x1, and `conv 80x8` as `conv 80x1x8`",
        ),
        (
            "conv 3x3x3x4",
            "8x8x8x3",
            "`conv1`: the interpreter for microcontrollers has no int8 kernel for `conv 3x3x3x4`",
            "its kernels have two dimensions; it runs no layer on volumes of three",
        ),
        (
            "upsample 2",
            "8x8x3",
            "`upsample1`: the converter makes TILE of it, which the interpreter for microcontrollers does not have",
            "write `upsample 2 bilinear`, or `deconv`",
        ),
    ],
)
def test_layers_without_a_kernel_are_refused_by_name(
    cnncalc: Cnncalc, spec: str, size: str, message: str, hint: str
) -> None:
    done = cnncalc("memory", spec, "--input", size, *INT8)
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(f"error[not-in-format]: {message}\n  --> text:1:")
    assert not hint or done.err.endswith(f"  = {hint}\n")


def test_a_table_of_which_no_board_is_named_is_refused(cnncalc: Cnncalc, folder: Path) -> None:
    (folder / "boards.csv").write_text("name,sram_kib,flash_kib\nmine,8,64\n")
    done = cnncalc("memory", *TWO, "--boards", "boards.csv", "--sram", "320KiB")
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error[usage]: --boards has no effect without --mcu; leave it out\n  = see `cnncalc memory --help`\n"
    )


def test_a_board_that_the_given_table_has_not(cnncalc: Cnncalc, tmp_path: Path) -> None:
    """The names are those of the table, and not those that the help lists."""
    path = tmp_path / "boards.csv"
    path.write_text("name,sram_kib,flash_kib\nfirst,64,512\nsecond,128,512\n")
    done = cnncalc("memory", "lenet5", *INT8, "--mcu", "pico", "--boards", str(path))
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error[usage]: Invalid value for '--mcu': there is no microcontroller 'pico'; --boards has first, second. "
        "Or give its memory: --sram 320KiB --flash 1MiB\n  = see `cnncalc memory --help`\n"
    )
