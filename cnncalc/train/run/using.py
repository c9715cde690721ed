"""A run used from a program: tested, and asked what images show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnncalc.core.errors import WriteError
from cnncalc.report.evaluate import TestedOn
from cnncalc.report.render import render
from cnncalc.report.report import Screen
from cnncalc.train.engine.devices import choose_device
from cnncalc.train.run.card import write_card
from cnncalc.train.run.evaluations import keep_test, measured_test
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.predicting import RunPredictor, images_of, predictions
from cnncalc.train.run.trained import load_trained
from cnncalc.train.tasks import Task
from cnncalc.train.tasks.base import TaskScore


def record_in_card(on: TestedOn, task: Task, score: TaskScore) -> str:
    """Write a test into the run's model card; return why that could not be done, "" where it could."""
    folder = RunFolder(on.run)
    try:
        keep_test(folder, measured_test(on, task, score))
        write_card(folder)
    except WriteError as error:
        return error.message
    return ""


def evaluate_run(
    path: str, given: Mapping[str, Any], *, weights: str, views: int | None, device: str
) -> tuple[str, dict[str, float]]:
    """Test a run; return the table of ``cnncalc evaluate`` and what was measured, by its name.

    Raises:
        SpecError: where this is no run, or for data that do not suit.

    """
    trained = load_trained(path, weights, choose_device(device))
    tested = trained.test(given, views)
    on = TestedOn(path, weights, trained.epoch, tested.data, tested.views, tested.notes)
    record_in_card(on, trained.task, tested.score)
    text = "".join(render(trained.task.report(on, tested.score), "table", Screen()))
    return text.rstrip("\n"), trained.task.measured(tested.score)


def predict_by_run(path: str, images: Sequence[str], weights: str, top: int, device: str) -> list[dict[str, Any]]:
    """Return what images show, as ``cnncalc predict --format json`` writes it.

    Raises:
        SpecError: where this is no run.
        DataError: for an image that cannot be used; in a folder it is passed over.

    """
    trained = load_trained(path, weights, choose_device(device))
    predictor = RunPredictor(trained, str(trained.facts.data.get("resize", "none")), trained.views(None))
    paths, folders = images_of(images)
    found = list(predictions(predictor, paths, passing=folders))
    told = [(one.path, one.result) for one in found if not one.fault and one.result is not None]
    left_out = [(one.path, one.fault) for one in found if one.fault]
    report = predictor.task.predictions(path, told, left_out, top)
    predicted: list[dict[str, Any]] = list(report.data()["predictions"])
    return predicted
