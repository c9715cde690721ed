"""``cnncalc explain``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.analysis import Counts, LayerCounts
from cnncalc.analysis.explained import Explanation
from cnncalc.commands.options import common_options, gather, note_on_letters, spec_argument
from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten
from cnncalc.core.writing import complain
from cnncalc.report.explain import Explained, explain_report
from cnncalc.report.korean import LANGUAGES


@click.command()
@spec_argument()
@click.argument("layer", required=False)
@click.option("--layer", "named", metavar="LAYER", help="The same as LAYER after SPEC.")
@click.option("--detail", is_flag=True, help="Add formulas in letters, FLOPs, neurons, sharing, centres of fields.")
@click.option("--backward", is_flag=True, help="Add the gradients of the backward pass and their MACs.")
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the words.")
@common_options
def explain(
    spec: str, layer: str | None, named: str | None, detail: bool, backward: bool, lang: str, **options: Any
) -> None:
    """Show the arithmetic of every layer, or of one: sizes, parameters, MACs.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes. LAYER is a layer's name or number
    as `cnncalc shapes` shows them, or the name of a block for all its layers.

    \b
    Examples:
      cnncalc explain "conv 5x5x10 s1 p2" --input 32x32x3
      cnncalc explain vgg16.txt conv3 --detail --backward
      cnncalc explain lenet5.txt --lang ko --format latex
    """
    if layer is not None and named is not None:
        raise click.UsageError("LAYER is given twice, after SPEC and by --layer; leave one of them out")
    common = gather(options)
    counts = common.counts_of(spec)
    if not counts.rows:
        complain("note: the spec has no layers, so there is nothing to explain")
    what = Explained(counts, _chosen(counts, layer if named is None else named), Explanation(detail, backward), lang)
    if common.output.path is None:
        note_on_letters(lang)
    common.emit(explain_report(what))


def _chosen(counts: Counts, wanted: str | None) -> list[LayerCounts]:
    """Return the layers that are meant: all, one by name or number, or those of a block."""
    if wanted is None:
        return list(counts.rows)
    name = wanted.lower()
    chosen = [row for row in counts.rows if name in (row.node.name, str(row.node.index))]
    chosen = chosen or [row for row in counts.rows if row.node.name.startswith(name + ".")]
    if chosen:
        return chosen
    from cnncalc.draw.layer.choosing import near_names  # only on the way to an error

    hints = near_names(counts.network, name)
    raise SpecError("unknown-name", f"there is no layer `{shorten(wanted)}`", hints=hints)
