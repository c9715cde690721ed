"""The options that all commands share, and what every command does with them."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from cnncalc import zoo
from cnncalc.analysis import Counts, count
from cnncalc.commands.assignments import assignments, input_volumes
from cnncalc.commands.replacing import check_output, refuse_replacing
from cnncalc.commands.whole import Whole
from cnncalc.core.collector import paused_collector
from cnncalc.core.errors import SpecError
from cnncalc.core.precision import SPELLINGS, STORED
from cnncalc.core.words import shorten, shorten_path
from cnncalc.core.writing import complain, encodable, write_file, write_stream
from cnncalc.loading import load_with
from cnncalc.network import Network, SpecSettings
from cnncalc.report.diagnostics import draw_note
from cnncalc.report.render import FIRST_JSON, FORMATS, render
from cnncalc.report.report import Report, Screen

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])

_BY_SUFFIX = {".txt": "table", ".json": "json", ".csv": "csv", ".md": "markdown", ".tex": "latex"}


class SpecArgument(click.ParamType[str]):
    """A file, ``-`` for standard input, a name of the zoo or the text of a spec; completes files and names."""

    name = "spec"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Let the shell offer the names of the zoo, and files."""
        from glob import escape, glob

        from click.shell_completion import CompletionItem

        names = [name for name in zoo.names() if incomplete and name.startswith(incomplete)]
        # click's script for bash forgets what stands in front of a request for files, and asks for files where nothing
        # stands behind it
        files = sorted(glob(f"{escape(incomplete)}*")) if names else []
        return [CompletionItem(incomplete, type="file"), *map(CompletionItem, [*names, *files])]


class AliasedOption(click.Option):
    """An option with older names, which still work and which the help does not show."""

    def __init__(self, declarations: Sequence[str], aliases: Sequence[str] = (), **settings: Any) -> None:
        super().__init__([*declarations, *aliases], **settings)
        self._shown = [name for name in self.opts if name not in aliases]

    def get_help_record(self, ctx: click.Context) -> tuple[str, str] | None:
        """Return the names and the meaning, as the help shows them."""
        every, self.opts = self.opts, self._shown
        try:
            return super().get_help_record(ctx)
        finally:
            self.opts = every

    def get_error_hint(self, ctx: click.Context | None) -> str:
        """Return what a message calls it."""
        return " / ".join(f"'{name}'" for name in self._shown)


class Spelled(click.Choice[str]):
    """A choice of words, some of which have other spellings too: ``float16`` for ``fp16``."""

    def __init__(self, words: Iterable[str], spellings: Mapping[str, str]) -> None:
        super().__init__(list(words), case_sensitive=False)
        self.spellings = spellings

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word that is meant."""
        word = self.spellings.get(value.lower(), value)
        return word if word == FIRST_JSON else super().convert(word, param, ctx)


@contextmanager
def hint_at_input() -> Iterator[None]:
    """Let the error of a spec without an input name the option that has one."""
    try:
        yield
    except SpecError as error:
        if error.code == "no-input":
            error.hints = (*error.hints, "or pass --input 224x224x3")
        raise


def load_spec(spec: str, settings: SpecSettings) -> Network:
    """Load a spec with the settings of the command line; its notes go to standard error."""
    context = click.get_current_context(silent=True)
    refuse_replacing(spec, context.params.get("output") if context else None)
    with hint_at_input():
        network = load_with(spec, settings)
    for note in network.notes:
        complain(draw_note(note, network.source))
    return network


def note_on_letters(language: str) -> None:
    """Say where standard output has no Korean letters, so that it shows question marks in their place."""
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if language == "ko" and encodable(_A_LETTER, encoding) != _A_LETTER:
        hint = "set PYTHONUTF8=1, or write a file with -o"
        complain(f"note: Korean letters are shown as `?`, since the output is written in {encoding}: {hint}")


_A_LETTER = "한"


def refuse_reading_twice(specs: Sequence[str]) -> None:
    """Refuse to read standard input for two specs, of which the second would be empty."""
    if specs.count("-") > 1:
        raise click.UsageError("standard input can be read once only: give - for one SPEC")


class Output(NamedTuple):
    """Where a report goes, and in what form."""

    form: str
    path: str | None

    def emit(self, report: Report) -> None:
        """Write a report."""
        if self.path is not None:
            with paused_collector():
                write_file(map(str.encode, render(report, self.form, Screen())), self.path)
            return
        with paused_collector():
            write_stream(render(report, self.form, screen_of(sys.stdout)), sys.stdout)

    def folds(self, asked: bool | None, instead: str = "") -> bool:
        """Say whether repeats and blocks fold into rows: if asked for, else in a terminal.

        Args:
            asked: whether ``--fold`` or ``--all`` was given; None for neither.
            instead: another option that says which rows there are, beside which there is nothing to fold.

        """
        if asked and instead:
            raise click.UsageError(f"--fold and {instead} exclude each other")
        if asked and self.form in ("json", FIRST_JSON):
            raise click.UsageError("--fold is not for JSON, which has every layer")
        if asked is not None or instead:
            return bool(asked)
        return self.form == "table" and self.path is None and screen_of(sys.stdout) != Screen()


class Common(NamedTuple):
    """What the commands of the calculator share."""

    spec: SpecSettings
    batch: int
    precision: str
    output: Output

    def counts_of(self, spec: str) -> Counts:
        """Load a spec and count."""
        return count(load_spec(spec, self.spec), precision=self.precision, batch=self.batch)

    def emit(self, report: Report) -> None:
        """Write a report where it is wanted, in the form in which it is wanted."""
        self.output.emit(report)


def spec_options(command: F) -> F:
    """Add the options that say how a spec is loaded; `take_spec_options` collects them."""
    return _with(command, _SPEC_OPTIONS)


def output_options(command: F) -> F:
    """Add the options that say where a report goes and in what form; `take_output` collects them."""
    return _with(command, _OUTPUT_OPTIONS)


def common_options(command: F) -> F:
    """Add the options of the calculator's commands; `gather` collects them."""
    return spec_options(_with(output_options(command), _COUNTING_OPTIONS))


def _with(command: F, options: Sequence[Callable[[Any], Any]]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


def spec_argument(name: str = "spec", **settings: Any) -> Callable[[F], F]:
    """Return the argument that names a spec."""
    several = "..." if settings.get("nargs") == -1 else ""
    return click.argument(name, type=SpecArgument(), metavar=f"SPEC{several}", **settings)


def take_spec_options(values: dict[str, Any]) -> SpecSettings:
    """Take what `spec_options` added out of a command's keyword arguments."""
    return SpecSettings.of_options(values.pop("input"), values.pop("parameters"), values.pop("rounding"))


def take_output(values: dict[str, Any]) -> Output:
    """Take what `output_options` added out of a command's keyword arguments."""
    path, form = values.pop("output"), values.pop("form")
    check_output(path)
    return Output(form or _form_of(path), path)


def output_of(path: str | None) -> Output:
    """Return where a report goes that is asked for by a path alone, whose ending says the form."""
    return Output(_form_of(path), path)


def take_spec_path(path: str | None, option: str = "-o") -> str | None:
    """Return the path that a spec is written to, whose ending does not promise anything else."""
    check_output(path, option)
    ending = os.path.splitext(path or "")[1].lower()
    if ending not in ("", ".txt"):
        raise click.UsageError(f"a spec is a text: {shorten_path(path or '')!r} should end in .txt, not {ending}")
    return path


def _form_of(path: str | None) -> str:
    """Return the form that a file's ending says; a device or a named pipe gets what a terminal would."""
    if path is None or (os.path.exists(path) and not os.path.isfile(path)):
        return "table"
    ending = os.path.splitext(path)[1].lower()
    if ending not in _BY_SUFFIX:
        raise click.UsageError(
            f"the ending of {shorten_path(path)!r} names no output format: use {', '.join(_BY_SUFFIX)}, or --format"
        )
    return _BY_SUFFIX[ending]


def gather(values: dict[str, Any]) -> Common:
    """Take what `common_options` added out of a command's keyword arguments."""
    return Common(take_spec_options(values), values.pop("batch"), values.pop("precision"), take_output(values))


LONGEST_NAME = 24


def short_names(specs: list[str], longest: int = LONGEST_NAME) -> list[str]:
    """Return a short name for every spec, a file's without its folder; equal ones are numbered."""
    whole = ["standard input" if spec == "-" else spec for spec in specs]
    short = [shorten(os.path.basename(spec) if os.path.isfile(spec) else spec, longest) for spec in whole]
    times = Counter(short)
    return [name if times[name] == 1 else f"{place}: {name}" for place, name in enumerate(short, 1)]


def screen_of(stream: Any) -> Screen:
    """Return what a stream is: a terminal of some width, or anything else, where nothing is cut."""
    if not getattr(stream, "isatty", bool)():
        return Screen()
    from shutil import get_terminal_size  # costs more than the rest of this file, and only a terminal needs it

    dumb = os.environ.get("TERM") == "dumb" or bool(os.environ.get("NO_COLOR"))
    return Screen(get_terminal_size().columns, colour=not dumb)


_SPEC_OPTIONS = (
    click.option(
        "--input",
        metavar="[NAME=]HxWxC",
        multiple=True,
        callback=input_volumes,
        help="Input volume, such as 224x224x3; overrides the spec's own. Repeated for several.",
    ),
    click.option(
        "--set",
        "parameters",
        metavar="NAME=VALUE",
        multiple=True,
        callback=assignments,
        help="Value of a parameter of the spec. May be repeated.",
    ),
    click.option(
        "--rounding",
        type=click.Choice(["strict", "floor", "ceil"]),
        help="Rounding where a window does not fit; overrides the spec's own.",
    ),
)


def batch_option(help: str) -> Callable[[F], F]:
    """Return the option for the number of images."""
    return click.option(
        "--batch",
        cls=AliasedOption,
        aliases=["--batch-size"],
        type=Whole(1, 10**9),
        metavar="N",
        default=1,
        show_default=True,
        help=help,
    )


def precision_option(names: Sequence[str], help: str) -> Callable[[F], F]:
    """Return the option for the type of numbers."""
    return click.option(
        "--precision",
        cls=AliasedOption,
        aliases=["--dtype"],
        type=Spelled(names, SPELLINGS),
        default="float32",
        show_default=True,
        help=help,
    )


def fold_option(command: F) -> F:
    """Add the option that says whether a table folds; `Output.folds` reads it."""
    return click.option(
        "--fold/--all",
        default=None,
        help="Fold repeats and blocks, or show every layer. [default: fold in a terminal]",
    )(command)


_COUNTING_OPTIONS = (
    batch_option("Images whose activations are counted."),
    precision_option(STORED, "Precision of activations and parameters."),
)
_OUTPUT_OPTIONS = (
    click.option(
        "--format",
        "form",
        type=Spelled(FORMATS, {FIRST_JSON: FIRST_JSON}),
        help="Output format. [default: by the ending of -o, else table]",
    ),
    click.option(
        "-o",
        "--output",
        metavar="FILE",
        type=click.Path(dir_okay=False),
        help="Output file: .txt, .json, .csv, .md or .tex. [default: the terminal]",
    ),
)
