"""The command ``cnncalc``: its subcommands, each loaded only when it is used, and how faults are shown."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from io import TextIOWrapper
from itertools import pairwise
from keyword import iskeyword

import click

from cnncalc import __version__
from cnncalc.commands.interrupts import Interrupted, Interrupts
from cnncalc.core.errors import CnncalcError, ReaderGone, WriteError
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.core.writing import complain, give_up
from cnncalc.report.diagnostics import draw_error

COMMANDS = (
    "shapes",
    "params",
    "explain",
    "compute",
    "compare",
    "memory",
    "time",
    "sweep",
    "search",
    "inputs",
    "draw",
    "report",
    "playground",
    "quiz",
    "zoo",
    "new",
    "format",
    "check",
    "verify",
    "export",
    "import",
    "train",
    "tune",
    "evaluate",
    "inspect",
    "predict",
)


COMPLETION = "_CNNCALC_COMPLETE"
"""The variable by which a shell asks click for its script, and for what a word may become."""

READER_GONE = 141
"""The status where the reader of the output has gone, as behind ``| head``: what a shell says of SIGPIPE."""


class Commands(click.Group):
    """Finds ``cnncalc NAME`` in ``cnncalc.commands.NAME``, with an underscore after a word of Python's own."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order in which a reader needs them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load a command."""
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(f"cnncalc.commands.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one may have been meant."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hints = did_you_mean(args[0], COMMANDS) or [f"commands are {', '.join(COMMANDS)}"]
            raise click.UsageError(f"there is no command {args[0]!r}; {hints[0]}", ctx)
        return super().resolve_command(ctx, args)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="cnncalc %(version)s")
def cli() -> None:
    """Work out the sizes, parameters, MACs and memory of a convolutional network that is written as text.

    The same text is drawn, exported to PyTorch and ONNX, and trained.

    \b
    Examples:
      cnncalc shapes vgg16.txt
      cnncalc params "conv 5x5x10 s1 p2" --input 32x32x3
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and leave with its status: 0, 1 for a fault, 2 for a wrong call, 141 without a reader."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(given: list[str], interrupts: Interrupts | None = None) -> int:
    """Run the command line and return its status; in a process of its own, ``interrupts`` handles its signals."""
    signals = interrupts or Interrupts()
    try:
        status, message = _answered(given)
    except Interrupted:
        status, message = 0, ""
    if signals.number:
        return signals.report()
    if message:
        complain(message, data=_wants_json(given))
    return status


def _answered(given: list[str]) -> tuple[int, str]:
    """Run the command line, and return its status and what is to be said of what went wrong."""
    as_json = _wants_json(given)
    try:
        return _called(given), ""
    except ReaderGone:
        return READER_GONE, ""
    except CnncalcError as error:
        return 1, _json(error) if as_json else draw_error(error)
    except click.exceptions.Abort:
        return 130, "interrupted"
    except click.ClickException as error:
        usage = CnncalcError("usage", error.format_message())
        return error.exit_code, _json(usage) if as_json else _usage(error)
    except MemoryError:
        fault = CnncalcError("out-of-memory", "memory ran out", hints=["a smaller network or input takes less"])
        return 1, _json(fault) if as_json else draw_error(fault)
    except OSError as error:
        if error.filename is not None or sys.stdout is None:
            return _mistake(error, as_json=as_json)
        give_up(sys.stdout)  # click prints help and versions itself
        if isinstance(error, BrokenPipeError):
            return READER_GONE, ""
        fault = WriteError("cannot-write", f"cannot write to standard output: {error.strerror or error}")
        return 1, _json(fault) if as_json else draw_error(fault)
    except Exception as error:
        return _mistake(error, as_json=as_json)


def _called(given: list[str]) -> int:
    """Let click read the command line and call the command; where nothing is given, show the help."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # click's help has a β, which not every terminal has
    elif sys.stdout is None and {"-h", "--help", "--version"} & set(given):  # click would say nothing
        raise WriteError("cannot-write", "cannot write to standard output: it is closed")
    try:
        status = cli.main(given, prog_name="cnncalc", standalone_mode=False)
    except click.exceptions.NoArgsIsHelpError as bare:
        click.echo(bare.format_message())
        return 0
    except SystemExit as left:  # click leaves behind a shell's completion, and where the reader of its help is gone
        if COMPLETION in os.environ:
            return int(left.code or 0)
        raise BrokenPipeError from None
    return status if isinstance(status, int) else 0


def _mistake(error: Exception, *, as_json: bool) -> tuple[int, str]:
    """Say that this should never have happened, in one clear line in place of a traceback."""
    if os.environ.get("CNNCALC_DEBUG"):
        raise error
    fault = _internal(error)
    return 70, _json(fault) if as_json else draw_error(fault)


def _internal(error: Exception) -> CnncalcError:
    """Make the fault for what should never happen: one clear line in place of a traceback."""
    hints = ["please report it with the spec; CNNCALC_DEBUG=1 in the environment shows where it happened"]
    message = f"this is a mistake in cnncalc, not in your spec: {type(error).__name__}: {shorten(str(error), 200)}"
    return CnncalcError("internal", message, hints=hints)


def _usage(error: click.ClickException) -> str:
    message = f"error[usage]: {error.format_message()}"
    if "unexpected extra argument" in message:
        message += '\n  = put a spec that is written out in quotes: "conv 3x3x16 p1 - relu"'
    if "Missing argument 'SPEC" in message:
        message += '\n  = SPEC is a file, a network such as vgg16, or the text in quotes: "conv 3x3x16 p1 - relu"'
    context = getattr(error, "ctx", None)
    return f"{message}\n  = see `{context.command_path} --help`" if context else message


def _wants_json(given: list[str]) -> bool:
    """Say whether JSON was asked for, also where the call is so wrong that its options are not read."""
    if given[:1] == ["export"]:  # its model.json is TensorFlow's, and its errors are for a person
        return False
    if "--json" in given:
        return True
    if "--format" in given or "--format=json" in given:
        return "--format=json" in given or ("--format", "json") in pairwise(given)
    return any(option in ("-o", "--output") and value.lower().endswith(".json") for option, value in pairwise(given))


def _json(error: CnncalcError) -> str:
    from cnncalc.report.json_form import to_text
    from cnncalc.report.schema import error_data

    return to_text(error_data(error))
