"""``cnncalc sweep``"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.charts.file import charts_file
from cnncalc.commands.design_progress import progress_bar
from cnncalc.commands.given import first_given
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
from cnncalc.core.words import did_you_mean, shorten_path
from cnncalc.core.writing import complain, write_file
from cnncalc.design.journal import SweepJournal
from cnncalc.design.pareto import Goal, read_goals
from cnncalc.design.quantities import QUANTITIES
from cnncalc.design.running import SweepTask, run_sweep, source_of_designs
from cnncalc.design.space import MOST_DESIGNS, refuse_set_too
from cnncalc.design.sweep import Sweep, SweepRequest, Tally
from cnncalc.design.translated import check_sizes_for
from cnncalc.design.vary import read_variations
from cnncalc.design.writing import written_design
from cnncalc.loading import read_source
from cnncalc.network import SpecSettings
from cnncalc.page.designs import designs_page
from cnncalc.report.sweep import SweepOutcome, front_chart, sweep_report


class SweepWishes(NamedTuple):
    """What the options of a sweep say, as they are written."""

    vary: tuple[str, ...]
    where: tuple[str, ...]
    maximise: str | None
    minimise: str | None
    pareto: str | None
    show: str | None
    top: int


@click.command(epilog=f"Quantities: {', '.join(QUANTITIES)}; and the spec's parameters.")
@spec_argument()
@click.option("--vary", multiple=True, metavar="NAME=RANGE", help="What is varied, and its values. May be repeated.")
@click.option("--where", multiple=True, metavar="CONDITION", help="What must hold. May be repeated.")
@click.option("--maximise", "--maximize", metavar="QUANTITY", help="Show the designs with most of it.")
@click.option("--minimise", "--minimize", metavar="QUANTITY", help="Show the designs with least of it.")
@click.option("--pareto", metavar="A,B", help="Designs that no other beats: least of A, most of B.")
@click.option("--plot", metavar="FILE", type=click.Path(dir_okay=False), help="Picture of the front, as SVG.")
@click.option("--write", metavar="FILE", type=click.Path(dir_okay=False), help="The best design as a spec.")
@click.option("--show", metavar="A,B", help="Further quantities in the table.")
@click.option("--top", type=Whole(1, 10_000), default=20, show_default=True, help="Designs in the table.")
@click.option("--sample", type=Whole(1, MOST_DESIGNS), metavar="N", help="Count so many designs, drawn at random.")
@click.option("--seed", type=Whole(0, 2**63), default=0, show_default=True, help="Seed of the draw.")
@click.option("--jobs", type=Whole(1, 1024), metavar="N", help="Number of processes. [default: the cores]")
@click.option("--quiet", is_flag=True, help="Show no progress bar.")
@step_options(MOST_USED)
@spec_options
@output_options
def sweep(spec: str, plot: str | None, sample: int | None, seed: int, jobs: int | None, **options: Any) -> None:
    """Count many designs of one spec, and show those that satisfy the conditions.

    What is varied are parameters of the spec, its input and its blocks. Conditions name quantities and parameters.
    Where nothing satisfies all conditions, the least relaxations are shown, and the status is 1. With -o all designs
    that satisfy them are written; an interrupted sweep continues when the same command is called again.

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
    request = sweep_request(SweepWishes(**options), setup, plot)
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
    _emit(outcome, output)
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


def _emit(outcome: SweepOutcome, output: Output) -> None:
    """Write the report, or the page."""
    report = sweep_report(outcome, for_people=output.path is None and output.form == "table")
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


def write_best(outcome: SweepOutcome) -> None:
    """Write the best design as a spec, where that is asked for."""
    if outcome.written is not None and outcome.tally.met:
        counter = outcome.sweep.counter
        design = counter.design(outcome.tally.ranked()[0].design)
        write_file(written_design(counter.spec, design, counter.settings_of(design)).encode(), outcome.written)


def refuse_set_values(vary: Sequence[str], settings: SpecSettings) -> None:
    """Refuse what is varied and has one value by ``--set``, which would have no effect."""
    for each in read_variations(vary) if settings.parameters else ():
        refuse_set_too(each, settings)


def sweep_request(wishes: SweepWishes, setup: TrainingSetup, plot: str | None) -> SweepRequest:
    """Return what is asked of a sweep."""
    if not wishes.vary:
        raise click.UsageError("say what is varied: --vary width=8..128:step=8")
    if wishes.maximise and wishes.minimise:
        raise click.UsageError("--maximise and --minimise exclude each other; --pareto weighs quantities")
    if plot is not None and not plot.lower().endswith(".svg"):
        raise click.UsageError(f"--plot writes SVG: {shorten_path(plot)!r} should end in .svg")
    if plot is not None and not wishes.pareto:
        raise click.UsageError("--plot draws a front: say which, --pareto macs,params")
    best = Goal(wishes.maximise, True) if wishes.maximise else None
    best = Goal(wishes.minimise, False) if wishes.minimise else best
    front = read_goals(wishes.pareto) if wishes.pareto else ()
    return SweepRequest(wishes.vary, wishes.where, best, front, setup, _columns(wishes.show), wishes.top)


def _columns(text: str | None) -> tuple[str, ...]:
    """Read the names of further quantities."""
    names = tuple([name.strip().lower() for name in (text or "").split(",") if name.strip()])
    for name in names:
        if name not in QUANTITIES:
            near = did_you_mean(name, QUANTITIES)
            raise click.BadParameter(f"there is no quantity {name!r}; {near[0] if near else ', '.join(QUANTITIES)}")
    return names


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
    """Count the designs; where that is broken off, say how to go on."""
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


def held(settings: SpecSettings) -> str:
    """Return the options that hold for every design, as they are written."""
    inputs = settings.inputs.items()
    found = [f"--set {shlex.quote(f'{name}={each.text}')}" for name, each in settings.parameters.items()]
    found += [f"--input {name}={each.text}" if name else f"--input {each.text}" for name, each in inputs]
    found += [f"--rounding {settings.rounding}"] if settings.rounding else []
    return " ".join(found)


def refuse_idle_setup(sweep: Sweep) -> None:
    """Refuse what is said of a training step where nobody asks for its memory."""
    idle = first_given(MOST_USED)
    if idle and "memory" not in sweep.columns:
        raise click.UsageError(f"{idle} is for the memory of designs: add --show memory")
