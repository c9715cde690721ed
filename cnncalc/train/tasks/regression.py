"""Numbers: one or several for each image."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from cnncalc.core.numbers import with_minus
from cnncalc.report.evaluate import TestedOn, tested_data, tested_lines
from cnncalc.report.predict import left_out_lines, predictions_data
from cnncalc.report.report import Report
from cnncalc.report.table import Column, Table
from cnncalc.train.measures import MAE, R2, RMSE, named_by
from cnncalc.train.tasks.base import LeftOut, Task
from cnncalc.train.tasks.collecting import Collected


class NumberScore(NamedTuple):
    """How far predicted numbers lie from the true ones.

    Attributes:
        images: how many were tested.
        squares: of each number, the mean of its squared errors.
        absolutes: likewise of their absolute values.
        variances: of each true number, the mean of its squared distances from its mean.
        means: of each true number.

    """

    images: int
    squares: Sequence[float]
    absolutes: Sequence[float]
    variances: Sequence[float]
    means: Sequence[float]

    @property
    def loss(self) -> float:
        """The mean of all squared errors."""
        return sum(self.squares) / len(self.squares)

    @property
    def determination(self) -> list[float | None]:
        """R² of each number; None where it is the same for all images."""
        pairs = zip(self.squares, self.variances, strict=True)
        return [1 - square / variance if variance else None for square, variance in pairs]

    @property
    def mean_determination(self) -> float | None:
        """The mean R² of the numbers that differ among images."""
        known = [value for value in self.determination if value is not None]
        return sum(known) / len(known) if known else None

    @property
    def metrics(self) -> Mapping[str, float | None]:
        """Over all numbers together, by their names; R² is the mean over them."""
        absolute = sum(self.absolutes) / len(self.absolutes)
        return {RMSE.name: self.loss**0.5, MAE.name: absolute, R2.name: self.mean_determination}


class Regression(Task):
    """``regression``: an image has one number or several; the loss is the mean squared error."""

    name = "regression"
    learned = "numbers"
    named = named_by("regression")
    loss_words = "mean squared error"
    ends = ()
    measures = (RMSE, MAE, R2)
    model_words = "network that estimates numbers"
    hub_task = "image-regression"
    evaluates = "the errors of each number"
    predicts = "predicts the numbers of images"
    confuses = False

    def first_biases(self, targets: Tensor) -> Tensor:
        """Return the means of the numbers, so that the first outputs lie around them."""
        return targets.double().mean(0)

    def plain_loss(
        self, outputs: Tensor, targets: Tensor, smoothing: float = 0.0, weights: Tensor | None = None
    ) -> Tensor:
        """Return the mean squared error of N x numbers; numbers are not smoothed."""
        return functional.mse_loss(outputs.flatten(1).float(), targets)

    def joined(self, views: Sequence[Tensor]) -> Tensor:
        """Return the mean over all views, N x numbers."""
        return torch.stack([view.flatten(1).float() for view in views]).mean(0)

    def tally(self, images: int, like: Tensor) -> Collected[NumberScore]:
        """Return what keeps the numbers of all images."""
        return Collected(images, len(self.names), like, number_score)

    def report(self, tested: TestedOn, score: NumberScore) -> Report:
        """Return a row for each number, with its errors."""
        columns = (
            Column("number", "number"),
            Column("rmse", "RMSE", _short, right=True),
            Column("mae", "MAE", _short, right=True),
            Column("r2", "R²", _short, right=True),
            Column("mean", "mean", _short, right=True, rank=1),
            Column("deviation", "deviation", _short, right=True, rank=1),
        )
        squares, spreads = ([value**0.5 for value in values] for values in (score.squares, score.variances))
        values = (squares, score.absolutes, score.determination, score.means, spreads)
        rows = list(zip(self.names, *values, strict=True))
        metrics = score.metrics
        lines = [
            ("RMSE", f"{_short(metrics[RMSE.name])} (root mean square error of {score.images:,} images)"),
            ("MAE", f"{_short(metrics[MAE.name])} (mean absolute error)"),
            ("R²", f"{_short(metrics[R2.name])} (1: no error; 0: no better than the mean)"),
            ("loss", f"{score.loss:.4g} (mean squared error)"),
        ]
        return Report(Table(columns, rows), lambda: self._data(tested, score), tested_lines(tested, lines))

    def _data(self, tested: TestedOn, score: NumberScore) -> dict[str, Any]:
        return {
            **tested_data(tested),
            "images": score.images,
            "numbers": list(self.names),
            **score.metrics,
            "loss": score.loss,
            "number_rmse": [value**0.5 for value in score.squares],
            "number_mae": list(score.absolutes),
            "number_r2": score.determination,
        }

    def results(self, predicted: Tensor) -> Tensor:
        """Return the numbers, N x numbers."""
        return predicted

    def caption(self, target: Tensor) -> str:
        """Name the numbers."""
        return ", ".join(f"{name} {_short(value)}" for name, value in zip(self.names, target.tolist(), strict=True))

    def captioned(self, target: Tensor, result: Tensor) -> str:
        """Name the numbers, and those that are predicted."""
        return f"{self.caption(target)}; predicted {self.estimated(result)}"

    def estimated(self, result: Tensor) -> str:
        """Name the numbers."""
        return self.caption(result)

    def guesses(self, result: Tensor, most: int) -> list[tuple[str, float]]:
        """Return nothing: numbers are no shares."""
        return []

    def predictions(self, model: str, told: Sequence[tuple[str, Tensor]], left_out: LeftOut, top: int) -> Report:
        """Return the numbers of each image, a row with a column for each of them."""
        columns = (
            Column("image", "image"),
            *(Column(name, name, lambda value: with_minus(f"{value:.6g}"), right=True) for name in self.names),
        )
        rows = [(path, *numbers.tolist()) for path, numbers in told]
        data = [
            {"image": path, "numbers": dict(zip(self.names, numbers.tolist(), strict=True))} for path, numbers in told
        ]
        return Report(Table(columns, rows), lambda: predictions_data(model, data, left_out), left_out_lines(left_out))


def number_score(targets: Tensor, predicted: Tensor) -> NumberScore:
    """Return the score of predicted numbers, both float64 [N x numbers]."""
    errors = predicted - targets
    values = (errors.square(), errors.abs(), (targets - targets.mean(0)).square(), targets)
    return NumberScore(len(targets), *(value.mean(0).tolist() for value in values))


def _short(value: float | None) -> str:
    return "–" if value is None else with_minus(f"{value:.4g}")
