"""``cnncalc compare``"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, NamedTuple

import click

from cnncalc.analysis import Counts
from cnncalc.commands.foreign_count import count_option
from cnncalc.commands.options import (
    Common,
    common_options,
    gather,
    refuse_reading_twice,
    short_names,
    spec_argument,
)
from cnncalc.commands.replacing import check_output
from cnncalc.core.words import did_you_mean, listed, shorten
from cnncalc.core.writing import write_file
from cnncalc.report.compare import compare_report
from cnncalc.zoo.catalogue import Accuracy, published_accuracy

PICTURES = (".svg", ".png", ".pdf", ".html")
"""The endings of what is a chart, and no table."""


class Compared(NamedTuple):
    """Networks that are compared, under their names, with the accuracies that are known."""

    names: Sequence[str]
    counts: Sequence[Counts]
    accuracies: Sequence[Accuracy | None]


@click.command()
@spec_argument("first")
@spec_argument("others", nargs=-1)
@click.option(
    "--accuracy",
    multiple=True,
    metavar="SPEC=PERCENT",
    help="Top-1 accuracy of one of the specs. May be repeated. [default: published ones]",
)
@count_option("Add what another tool counts. May be repeated.")
@common_options
def compare(
    first: str, others: tuple[str, ...], accuracy: tuple[str, ...], counter: tuple[str, ...], **options: Any
) -> None:
    """Compare networks side by side, with ratios to the first and published accuracies.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. With -o FILE.svg (.png, .pdf or
    .html) networks are bubbles in a chart: MACs across, accuracy up, parameters as areas.

    \b
    Examples:
      cnncalc compare vgg16.txt resnet50.txt
      cnncalc compare "(conv 3x3x64 p1 nobias)*3" "conv 7x7x64 p3 nobias" --input 56x56x64
      cnncalc compare resnet50 efficientnet_b0 mine.txt --accuracy mine.txt=76.5 -o bubbles.svg
      cnncalc compare resnet50 efficientnet_b0 --count fvcore --count thop
    """
    specs = [first, *others]
    picture = _take_picture(options)
    if not others and not picture:
        raise click.UsageError("name two specs or more: the others are compared with the first")
    common = _gather(options)
    refuse_reading_twice(specs)
    given = _given(accuracy, specs)
    counts = [common.counts_of(spec) for spec in specs]
    known = [given.get(spec) or _published(each, common) for spec, each in zip(specs, counts, strict=True)]
    compared = Compared(short_names(specs), counts, known)
    if picture:
        _draw(compared, picture)
        return
    common.emit(compare_report(*compared, counted=_counted(counts, counter)))


def _gather(options: dict[str, Any]) -> Common:
    """Take the common options; an ending that is neither of a table nor of a chart is refused with both."""
    try:
        return gather(options)
    except click.UsageError as error:
        raise click.UsageError(f"{error.message}; for a chart {', '.join(PICTURES)}") from None


def _take_picture(options: dict[str, Any]) -> str:
    """Take the file of a chart out of the options; "" where a table is wanted."""
    path = options["output"]
    check_output(path)
    if not path or os.path.splitext(path)[1].lower() not in PICTURES:
        return ""
    if options["form"]:
        raise click.UsageError(f"--format is for tables, and {shorten(path)} is a chart")
    options["output"] = None
    return str(path)


def _given(written: Sequence[str], specs: Sequence[str]) -> dict[str, Accuracy]:
    """Read the accuracies of ``--accuracy`` by their specs, which may go without a folder."""
    names = {**{os.path.basename(spec): spec for spec in specs}, **{spec: spec for spec in specs}}
    given = {}
    for each in written:
        name, equals, text = each.rpartition("=")  # a text may have such signs, too
        if not equals:
            raise click.BadParameter(f"write it as SPEC=PERCENT, not {shorten(each)!r}", param_hint="'--accuracy'")
        if name not in names:
            hint = (did_you_mean(name, names) or [f"there are {listed(shorten(spec) for spec in specs)}"])[0]
            raise click.BadParameter(f"no spec {shorten(name)!r} is compared; {hint}", param_hint="'--accuracy'")
        try:
            percent = float(text.strip().removesuffix("%"))
        except ValueError:
            percent = -1.0
        if not 0 <= percent <= 100:
            message = f"an accuracy is a percentage from 0 to 100, not {shorten(text)!r}"
            raise click.BadParameter(message, param_hint="'--accuracy'")
        if names[name] in given:
            message = f"{shorten(names[name])} is given an accuracy twice; leave one of them out"
            raise click.BadParameter(message, param_hint="'--accuracy'")
        given[names[name]] = Accuracy("", percent, None, "--accuracy")
    return given


def _published(counts: Counts, common: Common) -> Accuracy | None:
    """Return what was published of a network of the zoo, as long as nothing of it is set otherwise."""
    return None if common.spec.inputs or common.spec.parameters else published_accuracy(counts.network.source)


def _counted(counts: Sequence[Counts], counters: Sequence[str]) -> dict[str, list[int]]:
    """Return what other tools count of each network."""
    if not counters:
        return {}
    from cnncalc.counters.count import count_like
    from cnncalc.counters.registry import COUNTERS

    return {name: [count_like(each.network, COUNTERS[name]).total for each in counts] for name in counters}


def _draw(compared: Compared, path: str) -> None:
    """Write the chart, or a page with it and with the numbers."""
    from cnncalc.draw.bubbles import Bubble, bubble_picture
    from cnncalc.draw.styles.files import WRITERS
    from cnncalc.report.accuracies import data_of, networks_report

    data = data_of(compared.accuracies)
    bubbles = [
        Bubble(name, counts.network.params, counts.network.macs, _up(accuracy, data))
        for name, counts, accuracy in zip(*compared, strict=True)
    ]
    picture = bubble_picture(bubbles, data)
    ending = os.path.splitext(path)[1].lower()
    if ending != ".html":
        write_file(WRITERS[ending](picture, "auto"), path)
        return
    from cnncalc.page.designs import designs_page

    drawn = str(WRITERS[".svg"](picture, "auto"))
    write_file(
        map(str.encode, designs_page(f"{len(bubbles)} networks compared", networks_report(*compared), (), [drawn])),
        path,
    )


def _up(accuracy: Accuracy | None, data: str) -> float | None:
    """Return the accuracy on the images of the chart, of which a given one is always."""
    return accuracy.top1 if accuracy and accuracy.data in ("", data) else None
