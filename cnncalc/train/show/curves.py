"""The curves of a run: loss, accuracy, learning rate, and the gradient norms of its layers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cnncalc.charts.file import charts_file
from cnncalc.charts.lines import Chart, ChartLine
from cnncalc.charts.look import depth_look
from cnncalc.core.cleaning import cell
from cnncalc.train.measures import ACCURACY, Measure
from cnncalc.train.progress import EpochMetrics, best_row

TRAINED, TESTED = "trained", "tested"


def learning_curves(
    rows: Sequence[EpochMetrics], tested: str, steps: Sequence[tuple[float, float]] = ()
) -> list[Chart]:
    """Return the charts of the loss, of the measure that says which epoch is best, and of the learning rate.

    Args:
        rows: of the epochs so far.
        tested: what the images are called that every epoch is tested on.
        steps: pairs of a place in epochs and a loss, within epochs.

    """
    ends = _ends(rows, steps)
    best, measure = best_row(rows), rows[0].measure if rows else ACCURACY
    marks = [(float(best.epoch), "best")] if best and len(rows) > 2 else []
    trained = "training images"
    losses = [
        ChartLine("steps", steps, "now"),
        _line(trained, TRAINED, rows, lambda row: row.train_loss),
        _line(tested, TESTED, rows, lambda row: row.loss),
    ]
    scores = [_line(tested, TESTED, rows, lambda row: _shown(row.score, measure))]
    if measure.name == ACCURACY.name:
        scores.insert(0, _line(trained, TRAINED, rows, lambda row: _shown(row.train_accuracy, measure)))
    title, unit = measure.words[0].upper() + measure.words[1:], "%" if measure.share else ""
    rates = _line("learning rate", "only", rows, lambda row: row.learning_rate)._replace(named=False)
    return [
        Chart("Loss", losses, zero=True, ends=ends, marks=marks),
        Chart(title, scores, unit=unit, zero=not measure.share, ends=ends, marks=marks, below=measure.share),
        Chart("Learning rate", [rates], zero=True, ends=ends),
    ]


def draw_curve(rows: Sequence[EpochMetrics], tested: str) -> str:
    """Return the learning curves as the text of an SVG file.

    Args:
        rows: of the epochs so far.
        tested: which images every epoch is tested on, ``validation`` or ``test``.

    """
    return charts_file(learning_curves(rows, images_name(tested)))


def images_name(tested: str) -> str:
    """Return what the images are called that every epoch is tested on; ``tested`` is "" where that is not known."""
    return f"{tested} images" if tested else "tested images"


def gradient_chart(norms: Mapping[int, Mapping[str, float | None]]) -> Chart:
    """Return the chart of gradient norms: a line for each layer, coloured by its place from the first to the last.

    Args:
        norms: of each epoch, by its number, the norm of each layer from the input to the output.

    """
    layers = list(dict.fromkeys(name for row in norms.values() for name in row))
    lines = [
        ChartLine(
            cell(layer),
            [(epoch, row.get(layer)) for epoch, row in norms.items()],
            depth_look(place, len(layers)),
            named=place in named_layers(len(layers)),
        )
        for place, layer in enumerate(layers)
    ]
    return Chart("Gradient norm", lines, logarithmic=True)


MOST_NAMED = 6
"""So many layers all have their names above the chart."""


def named_layers(count: int) -> set[int]:
    """Return the places of the layers whose names stand above the chart: the first, the last, and of few all."""
    return set(range(count)) if count <= MOST_NAMED else {0, count // 2, count - 1}


def _ends(rows: Sequence[EpochMetrics], steps: Sequence[tuple[float, float]]) -> tuple[float, float] | None:
    """Return the ends of the horizontal axes, which are the same in all charts; None where nothing is known."""
    places = [*(float(row.epoch) for row in rows), *(place for place, _ in steps)]
    return (min(places), max(places)) if places else None


def _line(
    name: str, look: str, rows: Sequence[EpochMetrics], value: Callable[[EpochMetrics], float | None]
) -> ChartLine:
    return ChartLine(name, [(row.epoch, value(row)) for row in rows], look)


def _shown(value: float | None, measure: Measure) -> float | None:
    return 100 * value if value is not None and measure.share else value
