"""What the folds of a cross-validation came to, as text."""

from __future__ import annotations

from cnncalc.train.events import FoldResult, FoldsEnded, Spread
from cnncalc.train.measures import ACCURACY, Measure
from cnncalc.train.show.lines import described, paired

_NAMES = {
    "score": "last epoch",
    "best_score": "best epoch",
    "test_score": "test images",
}
"""What the scores are of, by their names in an event."""


def folds_text(event: FoldsEnded) -> str:
    """Say what each fold came to, and the mean and the standard deviation over the complete ones."""
    whole = sum(result.complete for result in event.results)
    known = [name for name in _NAMES if any(getattr(result, name) is not None for result in event.results)]
    head = ["fold", *(_NAMES[name] for name in known)]
    rows = [_row(result, known, event.measure) for result in event.results]
    widths = [max(map(len, cells)) for cells in zip(head, *rows, strict=True)]
    lines = [
        "  ".join(f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True)) for cells in (head, *rows)
    ]
    lines.insert(1, "─" * len(lines[0]))
    spreads = [(_NAMES[name], _spread_text(spread, event.measure)) for name, spread in event.spreads.items() if spread]
    counted = f"{whole} of {event.folds} folds" if whole < event.folds else f"{event.folds} folds"
    what = "" if event.measure == ACCURACY else f" of the {event.measure.words}"
    means = paired([("folds", f"mean ± standard deviation{what} of {counted}"), *spreads])
    return "\n" + "\n\n".join(filter(None, ["\n".join(lines), means if whole else "", described(event.commands)]))


def _row(result: FoldResult, names: list[str], measure: Measure) -> list[str]:
    return [f"{result.fold}", *(measure.text(getattr(result, name)) for name in names)]


def _spread_text(spread: Spread, measure: Measure) -> str:
    if spread.deviation is None:
        return measure.text(spread.mean)
    deviation = f"{100 * spread.deviation:.2f}" if measure.share else measure.text(spread.deviation)
    return f"{measure.text(spread.mean)} ± {deviation}"
