"""A training run as a program has it: how it went, its network, and its curves in a notebook. Imports no torch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from cnncalc.analysis.gradient_flow import gradient_flow
from cnncalc.charts.lines import chart_svg
from cnncalc.charts.look import notebook_sheet
from cnncalc.core.cleaning import html_text
from cnncalc.shown_network import ShownNetwork
from cnncalc.train.progress import EpochMetrics, best_row
from cnncalc.train.show.curves import gradient_chart, learning_curves


@dataclass(frozen=True, repr=False)
class TrainingRun:
    """A training run, read from its folder.

    Attributes:
        path: the folder.
        network: what was trained.
        recipe: its settings by their keys, as in a recipe file.
        classes: names of the classes, in the order of the network's outputs.
        history: what each complete epoch came to: losses, accuracies, learning rate, speed, seconds.
        gradients: for each epoch for which they were recorded, by its number, the gradient norm of every layer with
            weights by its name, from the input to the output; None for what was no finite number.
        epochs: how many epochs were asked for.
        tested: what the images are called that every epoch is tested on: ``test images``, ``validation images``.

    """

    path: str
    network: ShownNetwork
    recipe: Mapping[str, Any]
    classes: tuple[str, ...]
    history: tuple[EpochMetrics, ...]
    gradients: Mapping[int, Mapping[str, float | None]]
    epochs: int
    tested: str

    @property
    def best(self) -> EpochMetrics | None:
        """The first epoch that is best by its measure, such as the accuracy; None where nothing was tested."""
        return best_row(self.history)

    def __repr__(self) -> str:
        return f"<TrainingRun {self.path}: {self._summary()}>"

    def _summary(self) -> str:
        best = self.best
        score = f"{best.measure.words} {best.measure.short_text(best.score)}" if best else ""
        shown = f", best {score} (epoch {best.epoch:,})" if best else ""
        return f"{len(self.history):,} of {self.epochs:,} epochs{shown}"

    def _repr_html_(self) -> str:
        """Return what a notebook shows of the run: its curves and gradient norms."""
        kind = f"cnncalc-{crc32(self.path.encode()):08x}"
        head = f"<p><strong>{html_text(f'{self.path}: {self._summary()}')}</strong></p>"
        charts = [*learning_curves(self.history, self.tested), gradient_chart(self.gradients)]
        drawn = "".join(f"<div>{chart_svg(chart, kind=kind)}</div>" for chart in charts if chart.known)
        flow = gradient_flow(list(self.gradients.values()))
        told = f"<p>{html_text(flow.sentence())}</p>" if flow else ""
        return (
            f'<div style="background: #fff; color: #1c2229; padding: 8px"><style>{notebook_sheet(kind)}</style>{head}'
            f'<div style="display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 0 16px">'
            f"{drawn}</div>{told}</div>"
        )
