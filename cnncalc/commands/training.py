"""What the commands that train and test share: options of recipes and data, and a help with sections."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from cnncalc.commands.options import AliasedOption
from cnncalc.commands.replacing import refuse_replacing
from cnncalc.commands.whole import Whole
from cnncalc.core.errors import CnncalcError
from cnncalc.train.data_request import COLOURS, LAYOUTS, RESIZES, UNREADABLE
from cnncalc.train.launch import launched
from cnncalc.train.recipe.settings import Kind, Setting, Wrong, key_of, settings
from cnncalc.train.run_files import BEST, CARD, CURVE, EVALUATIONS, GRADIENTS, LAST, METRICS, RECIPE, RUN, SPEC, WEIGHTS

F = TypeVar("F", bound=Callable[..., Any])

DATA = "Data"


class GroupedHelp(click.Command):
    """A command with many options, whose help shows them in sections."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of each group under its title; those of none come first."""
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):
                groups[getattr(parameter, "group", "Options")].append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)


class GroupedOption(AliasedOption):
    """An option that stands in a section of the help."""

    def __init__(self, declarations: Sequence[str], group: str, **settings: Any) -> None:
        super().__init__(declarations, **settings)
        self.group = group


class SettingType(click.ParamType[Any]):
    """The value of a recipe's setting."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self.name = kind.shown

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """Return how the value is written."""
        return self.kind.shown

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Check the value, or say what it should be; the recipe reads it."""
        try:
            self.kind.read(value)
        except Wrong as wrong:
            self.fail(f"{value!r} is not {wrong}", param, ctx)
        return value

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        """Let the shell offer the words that it may be."""
        from click.shell_completion import CompletionItem

        return [CompletionItem(word) for word in self.kind.choices if word.startswith(incomplete)]


def recipe_options(command: F) -> F:
    """Add an option for every setting of a recipe; `take_recipe_changes` collects those that were given."""
    for setting in reversed(list(settings())):
        command = _recipe_option(setting)(command)
    return command


_NEVER_OFF = ("seed", "fold")
_ALIASES = {"batch": ("--batch-size",)}
"""Older names of an option, which the help does not show."""
_FLAG: dict[str, Any] = {"is_flag": True}


def _recipe_option(setting: Setting) -> Callable[[F], F]:
    key = key_of(setting.name)
    if setting.kind.is_switch:
        names, form = f"--{key}/--no-{key}", _FLAG
    else:
        names, form = f"--{key}", {"type": SettingType(setting.kind)}
    return click.option(
        names,
        f"recipe_{setting.name}",
        cls=GroupedOption,
        aliases=_ALIASES.get(setting.name, ()),
        group=setting.group,
        default=None,
        help=f"{setting.meaning} [default: {_shown(setting)}]",
        **form,
    )


def _shown(setting: Setting) -> str:
    default = setting.kind.written(setting.default)
    if isinstance(default, bool):
        return "on" if default else "off"
    if default == "":
        return "none"
    if default == 0:
        return "0, off" if setting.name not in _NEVER_OFF else "0"
    return f"{default:g}" if isinstance(default, float) else str(default)


def take_recipe_changes(values: dict[str, Any]) -> dict[str, Any]:
    """Take what `recipe_options` added out of a command's arguments, and return what was given."""
    taken = {setting.name: values.pop(f"recipe_{setting.name}") for setting in settings()}
    return {name: value for name, value in taken.items() if value is not None}


_DATA_OPTIONS = (
    (
        "--data",
        {"metavar": "NAME|PATH"},
        "Data set, folder of images, table, arrays, shards or IDX files. [default: auto]",
    ),
    ("--data-folder", {"metavar": "DIR"}, "Folder of the data sets with a name. [default: data]"),
    ("--download", {"is_flag": True, "default": None}, "Download the data set if it is missing."),
    ("--resize", {"type": click.Choice(RESIZES)}, "Resizing of images of another size. [default: none]"),
    ("--colour", {"type": click.Choice(COLOURS)}, "Colours of the images; auto: as the spec's input. [default: auto]"),
    ("--layout", {"type": click.Choice(LAYOUTS)}, "Axis order of an array of images. [default: auto]"),
    ("--unreadable", {"type": click.Choice(UNREADABLE)}, "Refuse unreadable images, or skip them. [default: refuse]"),
    ("--limit", {"type": Whole(1), "metavar": "N"}, "Number of training images, evenly spaced. [default: all]"),
    ("--workers", {"type": Whole(0, 256), "metavar": "N"}, "Processes that load images from disk. [default: 2]"),
)
_FIELDS = {"data-folder": "folder"}


def data_options(command: F) -> F:
    """Add the options that say which data are meant; `take_data` collects those that were given."""
    return _with_data(command, {})


def tested_data_options(command: F) -> F:
    """Add the same options to a command that tests a run: what is not given is as in training."""
    as_in_training = {
        name: meaning.rsplit(" [", 1)[0] + " [default: as in training]" for name, _, meaning in _DATA_OPTIONS
    }
    own = {
        "--data": "Other data: data set, folder, .npz or IDX. [default: the run's own]",
        "--download": "Download the data set if it is missing.",
        "--limit": "Number of test images, evenly spaced. [default: all]",
    }
    return _with_data(command, as_in_training | own)


def _with_data(command: F, meanings: dict[str, str]) -> F:
    for name, form, meaning in reversed(_DATA_OPTIONS):
        field = f"data_{_FIELDS.get(name[2:], name[2:])}"
        shown = meanings.get(name, meaning)
        command = click.option(name, field, cls=GroupedOption, group=DATA, help=shown, **form)(command)
    return command


def take_data(values: dict[str, Any]) -> dict[str, Any]:
    """Take what `data_options` added out of a command's arguments, and return the fields that were given."""
    fields = [_FIELDS.get(name[2:], name[2:]) for name, _, _ in _DATA_OPTIONS]
    taken = {field: values.pop(f"data_{field}") for field in fields}
    return {field: value for field, value in taken.items() if value is not None}


def run_argument(command: F) -> F:
    """Add the argument that names a run."""
    return click.argument("run", metavar="RUN", type=click.Path())(command)


def refuse_replacing_run(run: str, path: str | None, option: str = "-o") -> None:
    """Refuse an output that would be written over a file of the run that it is made of."""
    for name in (SPEC, RECIPE, RUN, METRICS, GRADIENTS, CURVE, BEST, LAST, CARD, EVALUATIONS):
        refuse_replacing(os.path.join(run, name), path, f"the run's own {name}", option)


def recipe_option(command: F) -> F:
    """Add the option that names a recipe."""
    return click.option(
        "--recipe",
        metavar="NAME|FILE",
        help="Recipe: default, fast, lecture or a TOML file. [default: default]",
    )(command)


def device_option(command: F) -> F:
    """Add the option that names the device on which a network is trained or used."""
    return click.option(
        "--device", metavar="NAME", default="auto", show_default=True, help="Device: auto, cpu, cuda, cuda:N or mps."
    )(command)


def weights_option(command: F) -> F:
    """Add the option that says which weights are meant."""
    choice = click.Choice(list(WEIGHTS))
    return click.option(
        "--weights", type=choice, default="best", show_default=True, help="Weights of the best epoch, or of the last."
    )(command)


def views_option(command: F) -> F:
    """Add the option that says how many views of an image are averaged."""
    choice = click.Choice(["1", "2", "6"])
    return click.option(
        "--views",
        type=choice,
        callback=lambda context, parameter, value: None if value is None else int(value),
        help="Test-time augmentation: number of views averaged. [default: as in training]",
    )(command)


@contextmanager
def report_errors_once() -> Iterator[None]:
    """Let one process of each machine report an error that occurs in all of them.

    Raises:
        click.exceptions.Exit: in the others, in place of the error.

    """
    try:
        yield
    except CnncalcError:
        if _is_another():
            raise click.exceptions.Exit(1) from None
        raise


def _is_another() -> bool:
    """Say whether this process was started beside the first one of its machine."""
    try:
        return launched().local_rank > 0
    except CnncalcError:
        return False
