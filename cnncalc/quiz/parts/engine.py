"""What the calculator says of the network of an exercise: its counts, and the lines of its worked solution."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from cnncalc.analysis import Counts, Field, count
from cnncalc.analysis.arithmetic import ArithmeticStep
from cnncalc.analysis.explained import Explanation, explained
from cnncalc.layers.window import Window
from cnncalc.loading import load
from cnncalc.quiz.parts.exercise import WorkedLine
from cnncalc.quiz.parts.phrases import Bilingual, same
from cnncalc.report.korean import step_in_korean

SIZES = ("height and width", "height", "width", "output")
PARAMETERS = ("parameters",)
MACS = ("MACs",)
FIELD = ("receptive field",)
"""The lines of a worked solution by what they are about."""


class LayerText(NamedTuple):
    """A layer as the language writes it, and as a question does."""

    spec: str
    words: Bilingual


def counted(spec: str, arriving: str) -> Counts:
    """Count a network that is written as text.

    Raises:
        SpecError: where it is none.

    """
    return count(load(f"{spec}\n", input=arriving))


def counted_layers(layers: Iterable[LayerText], arriving: str) -> Counts:
    """Count a chain of layers."""
    return counted(" - ".join([layer.spec for layer in layers]), arriving)


def misfit(window: Window, size: int) -> str:
    """Return the sum that shows that a window does not fit: ``(7 − 3 + 2·0)/3 + 1 = 2 1/3``; "" where it fits."""
    return "" if window.fits(size) else f"{window.sum(size)} = {window.result(size)}"


def field_behind(counts: Counts, layer: int = -1) -> Field:
    """Return the receptive field of the units of a layer of a chain, along one side; −1 is the last layer."""
    field = counts.rows[layer].field[0]
    assert field is not None  # a plain chain has one
    return field


def worked(counts: Counts, quantities: Collection[str], layers: Collection[int] | None = None) -> list[WorkedLine]:
    """Return the lines of the worked solution about some quantities, of all layers or of those with these numbers."""
    chosen = [row for row in counts.rows if layers is None or row.node.index in layers]
    several = len(chosen) > 1
    return [
        _named(solution.row.node.name if several else "", step)
        for solution in explained(counts, chosen, Explanation(detail=True))
        for step in solution.steps
        if step.quantity in quantities and (step.sum or step.quantity not in PARAMETERS or not several)
    ]


def _named(name: str, step: ArithmeticStep) -> WorkedLine:
    """Return a step in both languages, with the name of its layer in front where there is one."""
    both = in_both(step)
    if not name:
        return both
    return WorkedLine(*[each._replace(quantity=f"{name}: {each.quantity}") for each in both])


def in_both(step: ArithmeticStep) -> WorkedLine:
    """Return a step of the calculator in both languages."""
    return WorkedLine(step, step_in_korean(step))


def line(quantity: Bilingual, sum: str | Bilingual, result: str | Bilingual) -> WorkedLine:
    """Return a line of a solution that no layer has."""
    sums, results = (same(text) if isinstance(text, str) else text for text in (sum, result))
    return WorkedLine(*[ArithmeticStep(quantity.of(each), sums.of(each), results.of(each)) for each in ("en", "ko")])


def window_line(window: Window, size: int) -> WorkedLine:
    """Return the line with the size of what a window makes, also where it does not fit."""
    return in_both(ArithmeticStep("height and width", f"(W − F + 2P)/S + 1 = {window.sum(size)}", window.result(size)))


TOGETHER = Bilingual("together", "합계")
"""What a sum over layers is called."""


def added(terms: Iterable[int]) -> Iterator[WorkedLine]:
    """Yield the line that adds up what layers have, where several have something."""
    some = [term for term in terms if term]
    if len(some) > 1:
        yield line(TOGETHER, " + ".join([f"{term:,}" for term in some]), f"{sum(some):,}")
