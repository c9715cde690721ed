"""The part of ``cnncalc memory`` that is about microcontrollers: its options, and what they ask for."""

from __future__ import annotations

from typing import Any

import click
from click.core import ParameterSource

from cnncalc.commands.options import F, Output
from cnncalc.commands.sizes import SizeInBytes
from cnncalc.commands.step_options import refuse_idle
from cnncalc.core.words import listed, shorten
from cnncalc.microcontrollers.boards import BOARDS, Boards, board_named, closest_boards, read_boards
from cnncalc.network import Network

EPILOG = f"Microcontrollers: {', '.join(BOARDS)}."
"""What the help says at its end."""

_ONE_IMAGE = ("batch", "inplace", "device", "budget", "gpu", "cards", "gpus", "parallel", "views", "prices")
"""Options of a step of PyTorch that an interpreter does not have."""

_SIZE = SizeInBytes(("KB", "KiB"), "320KiB, 320KB or 1MiB")


class BoardName(click.ParamType[str]):
    """The name of a board, however it is spelled; completes the names that there are."""

    name = "mcu"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the name under which a board is listed."""
        boards = _boards_of(ctx)
        name = board_named(value, boards)
        if name is None:
            near = " or ".join(closest_boards(value, boards))
            others = f"--boards has {shorten(listed(boards), 80)}"
            names = "`cnncalc memory --help` lists them" if boards is BOARDS else others
            known = f"did you mean {near}?" if near else f"{names}."
            message = f"there is no microcontroller {value!r}; {known} Or give its memory: --sram 320KiB --flash 1MiB"
            self.fail(message, param, ctx)
        return name

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Let the shell offer the names."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in _boards_of(ctx) if name.startswith(incomplete.lower())]


def _boards_of(context: click.Context | None) -> Boards:
    """Return the boards that may be named: those of ``--boards``, which is read first, or those that are known."""
    return (context and context.params.get("boards")) or BOARDS


def _read(context: click.Context, parameter: click.Parameter, value: str | None) -> Boards:
    return BOARDS if value is None else read_boards(value)


def mcu_options(command: F) -> F:
    """Add the options; `take_board` collects them."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS = (
    click.option(
        "--mcu", type=BoardName(), metavar="NAME", help="Microcontroller that an int8 network is to fit; see below."
    ),
    click.option("--sram", type=_SIZE, metavar="SIZE", help="RAM of a microcontroller, such as 320KiB."),
    click.option("--flash", type=_SIZE, metavar="SIZE", help="Flash of a microcontroller, such as 1MiB."),
    click.option(
        "--boards",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        callback=_read,
        is_eager=True,
        help="CSV table of microcontrollers in place of the built-in one.",
    ),
)


def take_board(options: dict[str, Any]) -> tuple[str, int | None, int | None]:
    """Take the options of a microcontroller out of a command's: its name, or "", and bytes of RAM and flash, if given.

    Raises:
        click.UsageError: where they are given without an int8 inference, and where they contradict each other.

    """
    name, sram, flash = options.pop("mcu"), options.pop("sram"), options.pop("flash")
    boards: Boards = options.pop("boards")
    given = next((f"--{word}" for word in ("mcu", "sram", "flash", "boards") if _is_given(word)), "")
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
    return "", sram, flash


def _is_given(name: str) -> bool:
    return click.get_current_context().get_parameter_source(name) is ParameterSource.COMMANDLINE


def memory_on_mcu(network: Network, board: tuple[str, int | None, int | None], output: Output) -> bool:
    """Write the report of an int8 network on a microcontroller; say whether it fits."""
    from cnncalc.microcontrollers.prediction import predict_mcu
    from cnncalc.microcontrollers.report import Room, mcu_report

    command = click.get_current_context().command
    names = {parameter.name: parameter.opts[0] for parameter in command.params}
    refuse_idle(True)
    idle = next((names[name] for name in _ONE_IMAGE if _is_given(name)), None)
    if idle is not None:
        raise click.UsageError(
            f"{idle} has no effect with --precision int8, which runs one image at a time; leave it out"
        )
    prediction = predict_mcu(network)
    room = Room(*board)
    output.emit(mcu_report(prediction, room))
    return room.fits(prediction)
