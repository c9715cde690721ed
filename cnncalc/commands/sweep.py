"""``cnncalc sweep``"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click

from cnncalc.charts.file import charts_file
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
from cnncalc.commands.design_progress import progress_bar
from cnncalc.commands.interrupts import Interrupted
from cnncalc.commands.options import (
    Output,
    output_options,
    short_names,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
    take_spec_path,
)
from cnncalc.commands.replacing import check_output
from cnncalc.commands.step_options import MOST_USED, step_options, take_setup
from cnncalc.commands.whole import Whole
from cnncalc.core.numbers import whole
from cnncalc.core.writing import complain, write_file
from cnncalc.design.journal import SweepJournal
from cnncalc.design.quantities import QUANTITIES
from cnncalc.design.running import SweepTask, run_sweep, source_of_designs
from cnncalc.design.space import MOST_DESIGNS
from cnncalc.design.sweep import Sweep, Tally
from cnncalc.design.translated import check_sizes_for
from cnncalc.loading import read_source
from cnncalc.page.designs import designs_page
from cnncalc.report.report import Report
from cnncalc.report.sweep import SweepOutcome, front_chart, sweep_report


@click.command(epilog=f"Quantities: {', '.join(QUANTITIES)}; and the spec's parameters.")
@spec_argument()
@design_options
@click.option("--pareto", metavar="A,B", help="Designs that no other beats: least of A, most of B.")
@click.option("--plot", metavar="FILE", type=click.Path(dir_okay=False), help="Picture of the front, as SVG.")
@click.option(
    "--top", type=Whole(1, 10_000), default=20, metavar="N", show_default=True, help="Number of designs in the table."
)
@click.option(
    "--sample",
    type=Whole(1, MOST_DESIGNS),
    metavar="N",
    help="Number of designs, drawn at random, that are counted. [default: all]",
)
@click.option(
    "--seed", type=Whole(0, 2**63), default=0, metavar="N", show_default=True, help="Random seed of --sample."
)
@click.option("--jobs", type=Whole(1, 1024), metavar="N", help="Number of processes. [default: the cores]")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
@step_options(MOST_USED)
@spec_options
@output_options
def sweep(spec: str, plot: str | None, sample: int | None, seed: int, jobs: int | None, **options: Any) -> None:
    """Count many designs of one spec, and show those that satisfy the conditions.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. What is varied are parameters of the
    spec, its input and its blocks. Conditions name quantities and parameters. Where nothing satisfies all conditions,
    the least relaxations are shown, and the status is 1. With -o all designs that satisfy them are written; an
    interrupted sweep continues when the same command is called again.

    \b
    Examples:
      cnncalc sweep net.txt --vary width=8..128:step=8 --vary depth=1..6 --where "params < 1M" --maximise macs
      cnncalc sweep net.txt --vary width=8..64 --where "memory < 8GiB and field >= input" --batch 64
      cnncalc sweep net.txt --vary "unit=basic|bottleneck" --vary input=96,128 --pareto macs,params --plot front.svg
    """
    quiet, settings = options.pop("quiet"), take_spec_options(options)
    output = _take_output(options)
    write = take_spec_path(options.pop("write"), "--write")
    check_output(plot, "--plot")
    refuse_set_values(options["vary"], settings)
    setup = take_setup(options)
    origin = read_source(spec)
    request = sweep_request(DesignOptions(**options), setup, plot)
    task = SweepTask.of(source_of_designs(origin, settings), settings, request)
    opened = task.open()
    check_sizes_for(origin, settings, opened.space.inputs)
    refuse_idle_setup(opened)
    designs = _designs(opened, sample, seed)
    journal = None if output.path is None else SweepJournal(output.path, (task, sample, seed))
    tally = _counted(task, designs, jobs, journal, quiet=quiet)
    if tally.counted == tally.refused.total():
        opened.counter.load(opened.counter.design(designs[0]))  # says what is wrong with it
    relaxations = None
    if not tally.met and opened.condition.comparisons:
        with progress_bar("nothing satisfies all: least relaxations", len(designs), quiet=quiet) as observe:
            relaxations = run_sweep(task, designs, observe, jobs=jobs, relaxing=True).relaxations
    rows = journal.rows if journal else None
    outcome = SweepOutcome(opened, spec, held(settings), tally, rows, relaxations, write)
    _emit(outcome, output, quiet=quiet)
    _write_more(outcome, plot)
    if journal is not None:
        journal.end()
    if not tally.met:
        raise click.exceptions.Exit(1)


def _take_output(values: dict[str, Any]) -> Output:
    """Take where the report goes out of the keyword arguments; a file that ends in .html is a page."""
    path = values["output"]
    if path and path.lower().endswith(".html") and values["form"] is None:
        check_output(path)
        del values["output"], values["form"]
        return Output("html", path)
    return take_output(values)


def _emit(outcome: SweepOutcome, output: Output, *, quiet: bool) -> None:
    """Write the report, or the page; where it goes into a file, say what was found, and always that nothing was."""
    report = sweep_report(outcome, for_people=output.path is None and output.form == "table")
    _write_report(outcome, report, output)
    if output.path is not None and not (quiet and outcome.tally.met):
        say_summary(report)


def _write_report(outcome: SweepOutcome, report: Report, output: Output) -> None:
    if output.form != "html":
        output.emit(report)
        return
    assert output.path is not None  # its ending says that it is a page
    charts = [front_chart(outcome)] if outcome.tally.front.entries else []
    title = f"Designs of {short_names([outcome.spec])[0]}"
    write_file(map(str.encode, designs_page(title, report, charts)), output.path)


def _write_more(outcome: SweepOutcome, plot: str | None) -> None:
    """Write the picture of the front, and the best design as a spec, where they are asked for."""
    if plot is not None and outcome.tally.front.entries:
        write_file(charts_file([front_chart(outcome)]).encode(), plot)
    write_best(outcome)


def _designs(sweep: Sweep, sample: int | None, seed: int) -> Sequence[int]:
    size = sweep.space.size
    if sample is None and size > MOST_DESIGNS:
        raise click.UsageError(
            f"the ranges make {whole(size)} designs, and at most {whole(MOST_DESIGNS)} are counted; "
            "draw some of them: --sample 100000"
        )
    return sweep.space.sample(sample, seed)


def _counted(
    task: SweepTask, designs: Sequence[int], jobs: int | None, journal: SweepJournal | None, *, quiet: bool
) -> Tally:
    """Count the designs; where that is broken off, say how to continue."""
    done = 0
    try:
        with progress_bar("counting designs", len(designs), quiet=quiet) as observe:

            def note(count: int, tally: Tally) -> None:
                nonlocal done
                done = count
                observe(count, tally)

            return run_sweep(task, designs, note, jobs=jobs, journal=journal)
    except Interrupted:
        if journal is not None:
            journal.pause()
            complain(
                f"{whole(done)} of {whole(len(designs))} designs are counted; the same command continues from there"
            )
        raise
