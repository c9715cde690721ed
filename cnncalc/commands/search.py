"""``cnncalc search``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from cnncalc import zoo
from cnncalc.commands.design_options import (
    DesignOptions,
    design_options,
    held,
    refuse_idle_setup,
    refuse_set_values,
    say_summary,
    sweep_request,
    write_best,
)
from cnncalc.commands.options import (
    Output,
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
    take_spec_path,
)
from cnncalc.commands.step_options import MOST_USED, step_options, take_setup
from cnncalc.core.collector import paused_collector
from cnncalc.design.quantities import QUANTITIES
from cnncalc.design.running import SweepTask, source_of_designs
from cnncalc.design.scaling import (
    ScaleFactor,
    read_factors,
    scaled_designs,
    scaled_relaxations,
    usual_texts,
)
from cnncalc.design.search import DesignSearch
from cnncalc.design.search_relaxing import least_relaxations
from cnncalc.design.sweep import Tally
from cnncalc.design.translated import check_sizes_for
from cnncalc.loading import read_source
from cnncalc.report.report import Report
from cnncalc.report.search import scaling_report, search_report
from cnncalc.report.sweep import SweepOutcome
from cnncalc.spec import parse


@click.command(epilog=f"Quantities: {', '.join(QUANTITIES)}; and the spec's parameters.")
@spec_argument()
@design_options
@click.option("--scale", metavar="NAME=FACTOR,…", help="Scale several names by one number, as EfficientNet does.")
@step_options(MOST_USED)
@spec_options
@output_options
def search(spec: str, scale: str | None, **options: Any) -> None:
    """Find the one best design of a spec, without counting all of them.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. Where parameters, MACs, activations
    and layers can only rise with what is varied, many designs are excluded at once. It is the design that a sweep over
    all would find, or one as good. Where none satisfies the conditions, the least relaxations are shown, and the status
    is 1.

    With --scale, width, depth and input grow together: what is scaled is multiplied by its factor to the power of one
    number, and the largest number that satisfies the conditions is found; without one, the least relaxations, too.

    \b
    Examples:
      cnncalc search net.txt --vary width=1..999 --vary depth=1..99 --where "params < 1M" --maximise macs
      cnncalc search net.txt --scale width=1.1:8,depth=1.2,input=1.15:32 --where "macs < 400M"
    """
    settings = take_spec_options(options)
    output = take_output(options)
    write = take_spec_path(options.pop("write"), "--write")
    refuse_set_values(options["vary"], settings)
    setup = take_setup(options)
    origin = read_source(spec)
    source = source_of_designs(origin, settings)
    wanted = DesignOptions(**options, pareto=None, top=1)
    if scale is not None:
        factors = read_factors(scale)
        wanted = _of_scale(wanted, usual_texts(parse(source, zoo.blocks), settings, factors, scale), write)
    elif not (wanted.maximise or wanted.minimise):
        raise click.UsageError("say what is best: --maximise params")
    opened = SweepTask.of(source, settings, sweep_request(wanted, setup, None)).open()
    check_sizes_for(origin, settings, opened.space.inputs)
    refuse_idle_setup(opened)
    outcome = SweepOutcome(opened, spec, held(settings), Tally(), written=write)
    with paused_collector():
        met = _searched(outcome, output) if scale is None else _scaled(outcome, factors, output)
    if not met:
        raise click.exceptions.Exit(1)


def _of_scale(wanted: DesignOptions, vary: tuple[str, ...], write: str | None) -> DesignOptions:
    """Return the options of a network that is scaled."""
    if wanted.vary or wanted.maximise or wanted.minimise or write:
        raise click.UsageError("--scale says itself what is varied, and what is best is the largest scale")
    return wanted._replace(vary=vary)


def _searched(outcome: SweepOutcome, output: Output) -> bool:
    """Search, show what was found, and say whether anything was."""
    designs = DesignSearch(outcome.sweep)
    found = designs.found()
    if found.best is None and outcome.sweep.condition.comparisons:
        outcome = outcome._replace(relaxations=least_relaxations(designs))
    if found.best is not None:
        outcome.tally.met = 1
        outcome.tally.keep(0, found.best, 1)
    _emit(search_report(outcome, found), output)
    write_best(outcome)
    return found.best is not None


def _scaled(outcome: SweepOutcome, factors: Sequence[ScaleFactor], output: Output) -> bool:
    """Scale, show the designs, and say whether any satisfies the conditions."""
    designs = list(scaled_designs(outcome.sweep, factors))
    met = any(each.met for each in designs)
    if not met:
        outcome = outcome._replace(relaxations=scaled_relaxations(outcome.sweep, designs))
    _emit(scaling_report(outcome, factors, designs), output)
    return met


def _emit(report: Report, output: Output) -> None:
    """Write a report; where it goes into a file, say what was found."""
    output.emit(report)
    if output.path is not None:
        say_summary(report)
