"""The part of ``cnncalc memory`` that is about microcontrollers: its options, and what they ask for."""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.given import first_given, refuse_idle
from cnncalc.commands.options import F, Output
from cnncalc.commands.sizes import SizeInBytes
from cnncalc.commands.step_options import refuse_idle_in_inference
from cnncalc.commands.table_names import NamedTable, RowName
from cnncalc.microcontrollers.boards import BOARDS, Boards, board_named, closest_boards, other_flash, read_boards
from cnncalc.network import Network

EPILOG = f"Microcontrollers: {', '.join(BOARDS)}."
"""What the help says at its end."""

_ONE_IMAGE = ("batch", "inplace", "device", "budget", "gpu", "cards", "gpus", "parallel", "views", "prices")
"""Options of a step of PyTorch that an interpreter does not have."""

_SIZE = SizeInBytes(("KB", "KiB"), "320KiB, 320KB or 1MiB")


_TABLE = NamedTable("boards", "microcontroller", BOARDS, read_boards, board_named, closest_boards, other_flash)


def mcu_options(command: F) -> F:
    """Add the options; `take_board` collects them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--mcu",
        type=RowName("mcu", _TABLE, "Or give its memory: --sram 320KiB --flash 1MiB"),
        metavar="NAME",
        help="Microcontroller that an int8 network is to fit; see below.",
    ),
    click.option("--sram", type=_SIZE, metavar="SIZE", help="RAM of a microcontroller, such as 320KiB."),
    click.option("--flash", type=_SIZE, metavar="SIZE", help="Flash of a microcontroller, such as 1MiB."),
    _TABLE.file_option("CSV table of microcontrollers in place of the built-in one."),
)


def take_board(options: dict[str, Any]) -> tuple[str, int | None, int | None]:
    """Take the options of a microcontroller out of a command's: its name, or "", and bytes of RAM and flash, if given.

    Raises:
        click.UsageError: where they are given without an int8 inference, and where they contradict each other.

    """
    name, sram, flash = options.pop("mcu"), options.pop("sram"), options.pop("flash")
    boards: Boards = options.pop("boards")
    given = first_given(("mcu", "sram", "flash", "boards"))
    if options["precision"] != "int8":
        if given:
            raise click.UsageError(f"{given} is for --inference --precision int8")
        return "", None, None
    if not options["inference"]:
        raise click.UsageError("--precision int8 is for --inference: a microcontroller does not train")
    if name and (sram is not None or flash is not None):
        raise click.UsageError("give either --mcu or --sram and --flash, not both")
    if name:
        return name, boards[name].sram, boards[name].flash
    refuse_idle(["boards"], "without --mcu")
    return "", sram, flash


def memory_on_mcu(network: Network, board: tuple[str, int | None, int | None], output: Output) -> bool:
    """Write the report of an int8 network on a microcontroller; say whether it fits."""
    from cnncalc.microcontrollers.prediction import predict_mcu
    from cnncalc.microcontrollers.report import McuBudget, mcu_report

    refuse_idle_in_inference()
    refuse_idle(_ONE_IMAGE, "with --precision int8, which runs one image at a time")
    prediction = predict_mcu(network)
    budget = McuBudget(*board)
    output.emit(mcu_report(prediction, budget))
    return budget.fits(prediction)
