"""``cnncalc tune``"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cnncalc.commands.options import SpecArgument, spec_options, take_spec_options
from cnncalc.commands.train import asked_of
from cnncalc.commands.training import (
    GroupedHelp,
    data_options,
    device_option,
    recipe_option,
    recipe_options,
    take_data,
    take_recipe_changes,
)
from cnncalc.commands.whole import Whole
from cnncalc.core.needs import optional_packages
from cnncalc.design.vary import read_variations
from cnncalc.network import SpecSettings

if TYPE_CHECKING:
    from cnncalc.tune.study import TuneRequest

TRIALS = 20


@click.command(cls=GroupedHelp)
@click.argument("spec", type=SpecArgument(), metavar="[SPEC]", required=False)
@click.option(
    "--vary", metavar="NAME=RANGE", multiple=True, help="Parameter or setting and its values. May be repeated."
)
@click.option(
    "--where", metavar="CONDITION", multiple=True, help="Condition on designs, such as params < 1M. May be repeated."
)
@click.option("--trials", type=Whole(1, 10**6), metavar="N", help=f"Number of trials. [default: {TRIALS}]")
@click.option("-o", "--out", metavar="STUDY", help="Folder of the study. [default: a new one in studies]")
@click.option("--resume", metavar="STUDY", help="Continue a study, or help another process with it.")
@click.option("--storage", metavar="URL|FILE", help="Database or journal of Optuna. [default: a file in the folder]")
@click.option("--sampler", type=click.Choice(["tpe", "random"]), help="How settings are proposed. [default: tpe]")
@click.option("--no-pruning", is_flag=True, help="Train every trial to its end.")
@recipe_option
@device_option
@click.option("--weights", metavar="FILE|RUN|torchvision", help="Initial weights of every trial.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.option("--json", "as_json", is_flag=True, help="Print events as JSON Lines.")
@data_options
@spec_options
@recipe_options
def tune(spec: str | None, **options: Any) -> None:
    """Find settings by trials.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. --vary names a parameter of the
    spec, its input, or a setting of a recipe, with a range or its values: width=16..64:step=8,
    learning-rate=1e-4..1e-1:log, optimizer=adamw,sgd. Optuna proposes the settings and ends weak trials early; every
    trial is a run in the study's folder. Ctrl-C saves the study; --resume continues it. Needs PyTorch and Optuna: pip
    install "cnncalc[train,tune]".

    \b
    Examples:
      cnncalc tune digits.txt --vary learning-rate=1e-4..1e-1:log --trials 30 --data digits --out study
      cnncalc tune net.txt --vary width=16..64 --vary optimizer=adamw,muon --where "params < 100k"
      cnncalc tune --resume study --trials 50
    """
    settings, changes, data = take_spec_options(options), take_recipe_changes(options), take_data(options)
    resume = options["resume"]
    if resume is not None:
        _refuse_with_resume(spec is not None or settings != SpecSettings() or bool(changes), data, options)
    elif spec is None:
        raise click.UsageError("name the SPEC to tune, or the study to continue: --resume STUDY")
    elif not options["vary"]:
        raise click.UsageError("name what is varied, for example --vary learning-rate=1e-4..1e-1:log")
    _refuse_given_too(options["vary"], changes)
    with optional_packages():
        from cnncalc.train.run.signals import Signals
        from cnncalc.tune.display import make_study_display
        from cnncalc.tune.study import begin_study, resume_study

        signals = Signals()
        shown = make_study_display(quiet=options["quiet"], as_json=options["as_json"])
        try:
            if resume is not None:
                more = options["device"], options["trials"], options["storage"] or ""
                complete = resume_study(resume, *more, shown, signals)
            else:
                complete = begin_study(_asked(str(spec), settings, changes, data, options), shown, signals)
        finally:
            shown.close()
    if not complete:
        raise click.exceptions.Exit(128 + signals.number)


def _refuse_given_too(vary: tuple[str, ...], changes: dict[str, Any]) -> None:
    """Refuse a setting that is varied and has one value by its option, which would have no effect."""
    for each in read_variations(vary):
        name = each.name.lower().replace("-", "_")
        if each.owner != "spec" and name in changes:
            message = f"`{each.name}` is varied, and --{name.replace('_', '-')} gives it one value"
            raise each.error("bad-name", message, ["leave out one of the two"])


def _asked(
    spec: str, settings: SpecSettings, changes: dict[str, Any], data: dict[str, Any], options: dict[str, Any]
) -> TuneRequest:
    """Return what is asked to be tried."""
    from cnncalc.tune.study import TuneRequest

    return TuneRequest(
        train=asked_of(spec, settings, changes, data, options),
        vary=options["vary"],
        where=options["where"],
        trials=options["trials"] or TRIALS,
        storage=options["storage"] or "",
        sampler=options["sampler"] or "tpe",
        prunes=not options["no_pruning"],
        validates="validation" not in changes,
    )


def _refuse_with_resume(spec: bool, data: dict[str, Any], options: dict[str, Any]) -> None:
    """Refuse options whose values the study has."""
    given = ["SPEC, its options or settings of a recipe"] if spec else []
    given += [f"--{name.replace('_', '-')}" for name in data]
    names = ("vary", "where", "out", "sampler", "no_pruning", "recipe", "weights")
    given += [f"--{name.replace('_', '-')}" for name in names if options[name]]
    if given:
        raise click.UsageError(f"--resume takes these from the study; leave out {', '.join(given)}")
