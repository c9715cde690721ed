"""A training run as a program has it: how it went, its network, and its curves in a notebook. Imports no torch."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from cnncalc.analysis.gradient_flow import gradient_flow
from cnncalc.charts.lines import chart_figure
from cnncalc.charts.look import notebook_sheet
from cnncalc.core.cleaning import html_text
from cnncalc.shown_network import ShownNetwork
from cnncalc.shown_picture import ShownPicture
from cnncalc.train.progress import EpochMetrics, best_row
from cnncalc.train.show.curves import gradient_chart, learning_curves


class RunEvaluation:
    """What a test came to; in a notebook and as text it is the table that ``cnncalc evaluate`` prints.

    Attributes:
        metrics: the task's measures and the loss, by their names: ``accuracy``, ….

    """

    def __init__(self, metrics: Mapping[str, float], text: str) -> None:
        self.metrics = metrics
        self._text = text

    def __repr__(self) -> str:
        return self._text


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

    def curves(self) -> ShownPicture:
        """Return the learning curves as a picture; needs the extra ``draw``.

        Raises:
            SpecError: where resvg is not installed.

        """
        from cnncalc.charts.image import charts_png

        charts = learning_curves(self.history, self.tested)
        return ShownPicture(charts_png(charts), f"learning curves of {self.path}")

    def evaluate(
        self,
        data: str | None = None,
        *,
        weights: str = "best",
        views: int | None = None,
        limit: int | None = None,
        device: str = "auto",
    ) -> RunEvaluation:
        """Test the network on the run's test images, as ``cnncalc evaluate`` does. Imports torch.

        Args:
            data: another data set, folder or file to test on.
            weights: ``best`` or ``last``.
            views: how many views of an image are averaged, 1, 2 or 6; None for as many as in training.
            limit: images at most, evenly spaced.
            device: ``auto``, ``cpu``, ``cuda``, ….

        Raises:
            SpecError: where the run has no weights yet, and for data that do not suit.

        """
        from cnncalc.train.run.using import evaluate_run

        given = {name: value for name, value in (("data", data), ("limit", limit)) if value is not None}
        text, metrics = evaluate_run(self.path, given, weights=weights, views=views, device=device)
        return RunEvaluation(metrics, text)

    def predict(
        self, *images: str | os.PathLike[str], weights: str = "best", top: int = 3, device: str = "auto"
    ) -> list[dict[str, Any]]:
        """Say what image files show, as ``cnncalc predict`` does. Imports torch.

        Args:
            images: paths of images, or of folders with images.
            weights: ``best`` or ``last``.
            top: classes that are listed of each image, the likeliest first.
            device: ``auto``, ``cpu``, ``cuda``, ….

        Returns:
            For each image what ``cnncalc predict --format json`` writes.

        Raises:
            SpecError: where the run has no weights yet, and for an image that cannot be used.

        """
        from cnncalc.train.run.using import predict_by_run

        return predict_by_run(self.path, [os.fspath(image) for image in images], weights, top, device)

    def inspect(
        self,
        *images: str | os.PathLike[str],
        only: Sequence[str] = (),
        layers: Sequence[str] = (),
        units: Sequence[int] = (),
        weights: str = "best",
        theme: str = "light",
        device: str = "auto",
        **data: Any,
    ) -> ShownPicture:
        """Return a picture of what the network sees, as ``cnncalc inspect -o look.png`` draws it. Imports torch.

        Args:
            images: paths of images; a few of the test images where there are none.
            only: parts: ``filters``, ``maps``, ``cam``, ``patches``, ``mistakes``, ``metrics``; else all.
            layers: names of layers; a few where there are none.
            units: channels whose patches are shown.
            weights: ``best`` or ``last``.
            theme: ``light`` or ``dark``.
            device: ``auto``, ``cpu``, ``cuda``, ….
            data: ``data``, ``limit`` and so on, as ``cnncalc inspect`` has them.

        Raises:
            SpecError: for a layer, a unit or an image that is not there.

        """
        from cnncalc.inspect.look import look_at
        from cnncalc.inspect.options import LookOptions
        from cnncalc.inspect.sheet import look_sheet
        from cnncalc.inspect.subject import subject_of_run
        from cnncalc.train.engine.devices import choose_device

        options = LookOptions(tuple(os.fspath(image) for image in images), tuple(layers), tuple(units), tuple(only))
        subject = subject_of_run(self.path, weights, choose_device(device), data)
        return ShownPicture(look_sheet(look_at(subject, options), theme), f"what {self.path} sees")

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
        drawn = "".join(chart_figure(chart, kind) for chart in charts)
        flow = gradient_flow(list(self.gradients.values()))
        told = f"<p>{html_text(flow.sentence())}</p>" if flow else ""
        return (
            f'<div style="background: #fff; color: #1c2229; padding: 8px"><style>{notebook_sheet(kind)}</style>{head}'
            f'<div style="display: grid; grid-template-columns: repeat(auto-fit, minmax(340px, 1fr)); gap: 0 16px">'
            f"{drawn}</div>{told}</div>"
        )
