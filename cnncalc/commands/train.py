"""``cnncalc train``"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from cnncalc import __version__
from cnncalc.commands.finding import RANGE_FILES, find_rate
from cnncalc.commands.options import AliasedOption, SpecArgument, spec_options, take_spec_options
from cnncalc.commands.replacing import check_output
from cnncalc.commands.training import (
    DATA,
    GroupedHelp,
    GroupedOption,
    data_options,
    device_option,
    recipe_option,
    recipe_options,
    report_errors_once,
    take_data,
    take_recipe_changes,
)
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import did_you_mean
from cnncalc.network import SpecSettings
from cnncalc.optimizers import OPTIMIZERS, readers
from cnncalc.train.data_request import TASKS
from cnncalc.train.launch import launched
from cnncalc.train.recipe.settings import key_of
from cnncalc.train.trackers import TRACKERS, check_trackers, make_trackers

if TYPE_CHECKING:
    from cnncalc.page.live.observer import PageProcess
    from cnncalc.train.engine.distributed import Processes
    from cnncalc.train.events import Observer
    from cnncalc.train.recipe.settings import Recipe
    from cnncalc.train.run.choosing import TrainRequest
    from cnncalc.train.run.planning import ObserverFactory, ResumeRequest
    from cnncalc.train.run.signals import Signals


def _check_png(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is not None and not value.lower().endswith(".png"):
        raise click.BadParameter(f"{value!r} does not end in .png")
    return value


_LOG_HELP = f"Programs that the run is logged for: {', '.join(TRACKERS)}."


def _check_trackers(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[str, ...]:
    """Return the names of the programs, each once."""
    names = tuple(dict.fromkeys(name.strip() for name in (value or "").split(",") if name.strip()))
    for name in names:
        if name not in TRACKERS:
            hints = "".join(f"; {hint}" for hint in did_you_mean(name, TRACKERS)[:1])
            raise click.BadParameter(f"{name!r} is not one of {', '.join(TRACKERS)}{hints}")
    return names


@click.command(cls=GroupedHelp)
@click.argument("spec", type=SpecArgument(), metavar="[SPEC]", required=False)
@recipe_option
@device_option
@click.option("-o", "--out", metavar="RUN", help="Folder of the run. [default: a new one in runs]")
@click.option(
    "--weights",
    cls=AliasedOption,
    aliases=("--from",),
    metavar="FILE|RUN|torchvision",
    help="Initial weights; tensors that do not fit are initialised at random.",
)
@click.option("--resume", metavar="RUN", help="Continue a run, which has its spec and its recipe.")
@click.option("--accept-changes", is_flag=True, help="With --resume: accept a changed spec or data set.")
@click.option(
    "--find-learning-rate",
    is_flag=True,
    help="Suggest a learning rate by a range test; --out FILE: .svg, .png or .csv.",
)
@click.option(
    "--show-batch",
    callback=_check_png,
    metavar="FILE.png",
    help="Write the first batch as a picture, augmented, and train nothing.",
)
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON Lines.")
@click.option("--log", "trackers", metavar="NAME,...", callback=_check_trackers, help=_LOG_HELP)
@click.option("--tensorboard", is_flag=True, help="Write logs for TensorBoard to the run's folder.")
@click.option("--live", is_flag=True, help="Serve a page at 127.0.0.1 that shows the run while it trains.")
@click.option(
    "--port", type=click.IntRange(1, 65535), metavar="N", help="Port of the page. [default: 8765, or one that is free]"
)
@click.option(
    "--task",
    "data_task",
    cls=GroupedOption,
    group=DATA,
    type=click.Choice(TASKS),
    help="What images are learned as. [default: by the spec's output and the data]",
)
@data_options
@spec_options
@recipe_options
def train(spec: str | None, resume: str | None, accept_changes: bool, find_learning_rate: bool, **options: Any) -> None:
    """Train a network on images.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. Every setting can also be given in a
    recipe file; options override it. Ctrl-C and SIGTERM save the run and end it; --resume continues it, also with other
    settings, such as a smaller --learning-rate. Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc train digits.txt --data digits --epochs 3 --out first
      cnncalc train digits.txt --live
      cnncalc train digits.txt --find-learning-rate --out rates.svg
      cnncalc train --resume first
      cnncalc train resnet18 --weights torchvision --set classes=2 --data pets --freeze body
      cnncalc train digits.txt --recipe fast --epochs 2 --precision float32 --seed 1
    """
    settings, changes, data = take_spec_options(options), take_recipe_changes(options), take_data(options)
    if (task := options.pop("data_task")) is not None:
        data["task"] = task
    if resume is not None:
        _refuse_with_resume(spec, settings, data, options)
        if options["show_batch"] is not None:
            raise click.UsageError("--show-batch shows the first batch of a new run; leave out --resume")
    elif spec is None:
        raise click.UsageError("name the SPEC to train, or the run to continue: --resume RUN")
    elif accept_changes:
        raise click.UsageError("--accept-changes goes with --resume RUN: a new run has nothing that could have changed")
    if options["port"] is not None and not options["live"]:
        raise click.UsageError("--port has no effect without --live")
    find = _rate_finder(resume, options) if find_learning_rate else None
    with optional_packages(), report_errors_once(), page_process(options) as page:
        from cnncalc.train.run import planning
        from cnncalc.train.run.signals import Signals

        check_trackers(_trackers(options))
        signals, make_observer = Signals(), _observer_factory(options, page)
        if resume is not None:
            again = planning.ResumeRequest(changes, accept_changes, data)
            complete = _resumed(resume, options, make_observer, signals, again)
        else:
            asked = asked_of(str(spec), settings, changes, data, options)
            if find:
                find(asked)
                return
            complete = _trained(asked, options, make_observer, signals)
    if not complete:
        raise click.exceptions.Exit(128 + signals.number)


def asked_of(
    spec: str, settings: SpecSettings, changes: dict[str, Any], data: dict[str, Any], options: dict[str, Any]
) -> TrainRequest:
    """Return what is asked to be trained."""
    from cnncalc.train.data import DataRequest
    from cnncalc.train.recipe.presets import load_recipe
    from cnncalc.train.run.choosing import TrainRequest

    return TrainRequest(
        spec=spec,
        settings=settings,
        recipe=_without_idle(load_recipe(options["recipe"] or "default", changes), changes),
        data=DataRequest(**data),
        device=options["device"],
        out=options["out"],
        weights=options["weights"],
    )


def _rate_finder(resume: str | None, options: dict[str, Any]) -> Callable[[TrainRequest], None]:
    """Return what finds a learning rate, or refuse what does not go with it."""
    given = {"--resume": resume is not None, "--tensorboard": options["tensorboard"], "--live": options["live"]}
    for option, is_given in given.items():
        if is_given:
            raise click.UsageError(f"{option} and --find-learning-rate exclude each other: a range test makes no run")
    path = options["out"]
    check_output(path, "--out")
    if path is not None and not path.lower().endswith(RANGE_FILES):
        raise click.UsageError(f"with --find-learning-rate, --out is a file that ends in {' or '.join(RANGE_FILES)}")
    return partial(find_rate, path=path, quiet=options["quiet"], as_json=options["as_json"])


def _trained(asked: TrainRequest, options: dict[str, Any], make_observer: ObserverFactory, signals: Signals) -> bool:
    """Train, or show a batch, and say whether that came to its end."""
    if options["show_batch"] is not None:
        from cnncalc.train.run.show_batch import show_batch

        check_output(options["show_batch"], "--show-batch")
        said = show_batch(asked, options["show_batch"])
        if not (options["quiet"] or options["as_json"]):
            click.echo(said)
        return True
    if asked.recipe.folds and not asked.recipe.fold:
        from cnncalc.train.run.folds import train_folds

        _refuse_live(options)
        ended = train_folds(asked, make_observer, signals)
        return ended.complete or not signals.number
    from cnncalc.train.run.planning import train as train_one

    return train_one(asked, make_observer, signals).complete


def _resumed(
    path: str, options: dict[str, Any], make_observer: ObserverFactory, signals: Signals, again: ResumeRequest
) -> bool:
    """Go on with a run, or with the folds of a cross-validation, and say whether that came to its end."""
    from cnncalc.train.run import folds, planning

    if not folds.is_folds(path):
        return planning.resume(path, options["device"], make_observer, signals, again).complete
    _refuse_live(options)
    ended = folds.resume_folds(path, options["device"], make_observer, signals, again)
    return ended.complete or not signals.number


def _refuse_live(options: dict[str, Any]) -> None:
    if options["live"]:
        raise click.UsageError("--live shows one run, and not the folds of a cross-validation; name one with --fold")


def _without_idle(recipe: Recipe, changes: dict[str, Any]) -> Recipe:
    """Return a recipe, or refuse a given setting of another optimizer, which would have no effect."""
    optimizer = OPTIMIZERS[recipe.optimizer]
    for name in changes:
        terms = readers(name)
        if terms and name not in optimizer.reads:
            option = key_of(name)
            message = f"--{option} has no effect with {optimizer.name}; it is {terms}"
            raise click.UsageError(f"{message}. Leave it out, or choose another --optimizer")
    if "unfreeze" in changes and recipe.unfreeze and not recipe.freeze:
        raise click.UsageError("--unfreeze has no effect without --freeze, which names the parts")
    return recipe


_MAY_MOVE = ("data", "folder", "download", "unreadable", "limit", "workers")
"""What may be said anew of a run's data: where they lie, how many are used, and how they are read."""

_OPTION_OF = {"folder": "--data-folder"}


def _refuse_with_resume(
    spec: str | None, settings: SpecSettings, data: dict[str, Any], options: dict[str, Any]
) -> None:
    """Refuse options whose values the run has."""
    told = {"SPEC": spec is not None, "--input": settings.inputs, "--set": settings.parameters}
    given = [name for name, there in (told | {"--rounding": settings.rounding}).items() if there]
    given += [_OPTION_OF.get(name, f"--{name}") for name in data if name not in _MAY_MOVE]
    given += [f"--{name}" for name in ("recipe", "out", "weights") if options[name] is not None]
    if given:
        raise click.UsageError(f"--resume takes these from the run; leave out {', '.join(given)}")


@contextmanager
def page_process(options: dict[str, Any]) -> Iterator[PageProcess | None]:
    """Serve the page of the run, where that is wanted, in the first process of those that were started together."""
    if not options["live"] or launched().rank > 0:
        yield None
        return
    from cnncalc.page.live.observer import PageProcess

    page = PageProcess(options["port"], __version__)
    try:
        yield page
    finally:
        page.close()


def _trackers(options: dict[str, Any]) -> list[str]:
    """Return the names of the programs that the run is logged for; --tensorboard is the older way to name one."""
    return list(dict.fromkeys([*(["tensorboard"] if options["tensorboard"] else []), *options["trackers"]]))


def _observer_factory(options: dict[str, Any], page: PageProcess | None) -> ObserverFactory:
    """Return what makes the display, and the logs and the page that are wanted, in the process that speaks."""

    def make_observer(processes: Processes) -> Observer:
        from cnncalc.train.events import Observers
        from cnncalc.train.show.display import make_display

        shown = make_display(quiet=options["quiet"], as_json=options["as_json"], writes=processes.writes)
        others: list[Observer] = []
        if processes.writes:
            with optional_packages():
                others += make_trackers(_trackers(options))
        if page is not None:
            from cnncalc.page.live.observer import Addressed, LivePage

            return Observers(Addressed(shown, page.address), *others, LivePage(page))
        return Observers(shown, *others)

    return make_observer
