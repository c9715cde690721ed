"""The options that `cnncalc sweep` and `cnncalc search` share: what is varied, what must hold, what is best."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import NamedTuple

import click

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.commands.given import first_given
from cnncalc.commands.options import F
from cnncalc.commands.step_options import MOST_USED
from cnncalc.core.words import did_you_mean, shorten_path
from cnncalc.core.writing import complain, write_file
from cnncalc.design.pareto import Goal, read_goals
from cnncalc.design.quantities import QUANTITIES
from cnncalc.design.space import refuse_set_too
from cnncalc.design.sweep import Sweep, SweepRequest
from cnncalc.design.vary import read_variations
from cnncalc.design.writing import written_design
from cnncalc.network import SpecSettings
from cnncalc.report.report import Report
from cnncalc.report.sweep import SweepOutcome


class DesignOptions(NamedTuple):
    """The options that say which designs are counted and which of them are shown, as they were written."""

    vary: tuple[str, ...]
    where: tuple[str, ...]
    maximise: str | None
    minimise: str | None
    pareto: str | None
    show: str | None
    top: int


_OPTIONS = (
    click.option(
        "--vary", multiple=True, metavar="NAME=RANGE", help="Parameter, input or block and its values. May be repeated."
    ),
    click.option(
        "--where",
        multiple=True,
        metavar="CONDITION",
        help="Condition on designs, such as params < 1M. May be repeated.",
    ),
    click.option(
        "--maximise", "--maximize", metavar="QUANTITY", help="Quantity of which the best design has the most."
    ),
    click.option(
        "--minimise", "--minimize", metavar="QUANTITY", help="Quantity of which the best design has the least."
    ),
    click.option("--show", metavar="A,B", help="Further quantities in the table."),
    click.option(
        "--write", metavar="FILE", type=click.Path(dir_okay=False), help="File for the best design, as a spec."
    ),
)


def design_options(command: F) -> F:
    """Add the options that name designs; all but ``write`` are the fields of `DesignOptions`."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def write_best(outcome: SweepOutcome) -> None:
    """Write the best design as a spec, where that is asked for."""
    if outcome.written is not None and outcome.tally.met:
        counter = outcome.sweep.counter
        design = counter.design(outcome.tally.ranked()[0].design)
        write_file(written_design(counter.spec, design, counter.settings_of(design)).encode(), outcome.written)


def say_summary(report: Report) -> None:
    """Write what stands below the table of a report to standard error."""
    width = max(len(word) for word, _ in report.summary)
    complain("\n".join([*(f"{word:<{width}}  {text}" for word, text in report.summary), *report.remarks]))


def refuse_set_values(vary: Sequence[str], settings: SpecSettings) -> None:
    """Refuse what is varied and has one value by ``--set``, which would have no effect."""
    for each in read_variations(vary) if settings.parameters else ():
        refuse_set_too(each, settings)


def sweep_request(options: DesignOptions, setup: TrainingSetup, plot: str | None) -> SweepRequest:
    """Return what is asked of a sweep."""
    if not options.vary:
        raise click.UsageError("say what is varied: --vary width=8..128:step=8")
    if options.maximise and options.minimise:
        raise click.UsageError("--maximise and --minimise exclude each other; --pareto weighs quantities")
    if plot is not None and not plot.lower().endswith(".svg"):
        raise click.UsageError(f"--plot writes SVG: {shorten_path(plot)!r} should end in .svg")
    if plot is not None and not options.pareto:
        raise click.UsageError("--plot draws a front: say which, --pareto macs,params")
    best = Goal(options.maximise, True) if options.maximise else None
    best = Goal(options.minimise, False) if options.minimise else best
    front = read_goals(options.pareto) if options.pareto else ()
    return SweepRequest(options.vary, options.where, best, front, setup, _columns(options.show), options.top)


def _columns(text: str | None) -> tuple[str, ...]:
    """Read the names of further quantities."""
    names = tuple([name.strip().lower() for name in (text or "").split(",") if name.strip()])
    for name in names:
        if name not in QUANTITIES:
            near = did_you_mean(name, QUANTITIES)
            raise click.BadParameter(f"there is no quantity {name!r}; {near[0] if near else ', '.join(QUANTITIES)}")
    return names


def held(settings: SpecSettings) -> str:
    """Return the options that hold for every design, as they are written."""
    inputs = settings.inputs.items()
    found = [f"--set {shlex.quote(f'{name}={each.text}')}" for name, each in settings.parameters.items()]
    found += [f"--input {name}={each.text}" if name else f"--input {each.text}" for name, each in inputs]
    found += [f"--rounding {settings.rounding}"] if settings.rounding else []
    return " ".join(found)


def refuse_idle_setup(sweep: Sweep) -> None:
    """Refuse what is said of a training step where its memory is not asked for."""
    idle = first_given(MOST_USED)
    if idle and "memory" not in sweep.columns:
        raise click.UsageError(f"{idle} is for the memory of designs: add --show memory")
