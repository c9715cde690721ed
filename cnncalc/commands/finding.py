"""``cnncalc train --find-learning-rate``: the range test, and the file of its curve."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from cnncalc.core.errors import WriteError
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file, write_stream

if TYPE_CHECKING:
    from cnncalc.train.rate_range import RangeObserver, RateRange
    from cnncalc.train.run.choosing import TrainRequest


def find_rate(asked: TrainRequest, *, path: str | None, quiet: bool, as_json: bool) -> None:
    """Make a range test of a training, show what it found, and write its curve to a file if one is named."""
    from cnncalc.train.run.finding import find_learning_rate
    from cnncalc.train.show.rate_display import make_range_display

    _check_writable(path)
    writing = []

    def make_observer(writes: bool) -> RangeObserver:
        writing.append(writes)
        return make_range_display(quiet=quiet, as_json=as_json, writes=writes)

    found = find_learning_rate(asked, make_observer)
    if path is not None and all(writing):
        write_file(_WRITTEN[path.lower()[-4:]](found), path)
        if not quiet and not as_json:
            write_stream(f"\nwrote {shorten_path(path)}\n", sys.stdout)


def _check_writable(path: str | None) -> None:
    """Refuse before the test what cannot be written behind it."""
    folder = os.path.dirname(path or "") or "."
    if not os.path.isdir(folder):
        raise WriteError("cannot-write", f"cannot write `{shorten_path(path or '')}`: there is no such folder")
    if path and path.lower().endswith(".png"):
        import resvg_py  # noqa: F401


def _svg(found: RateRange) -> str:
    from cnncalc.charts.file import charts_file
    from cnncalc.train.show.rate_chart import rate_chart

    return charts_file([rate_chart(found)])


def _png(found: RateRange) -> bytes:
    from cnncalc.charts.image import charts_png
    from cnncalc.train.show.rate_chart import rate_chart

    return charts_png([rate_chart(found)])


_WRITTEN: Mapping[str, Callable[[RateRange], str | bytes]] = {
    ".svg": _svg,
    ".png": _png,
    ".csv": lambda found: found.to_csv(),
}
RANGE_FILES = tuple(_WRITTEN)
"""The endings of the files that the curve of a range test can be written to."""
