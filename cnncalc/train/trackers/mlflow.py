"""Logs for MLflow: in ``mlflow.db`` of the current folder, or where MLFLOW_TRACKING_URI says."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # it is read when the package is imported

from mlflow.entities import Metric, Param, RunTag
from mlflow.tracking import MlflowClient

from cnncalc.train.trackers.base import PROJECT, TrackedRun, Tracker

STORE = "mlflow.db"
_TAG = "cnncalc.id"
_MOST_CHARACTERS = 500
"""Characters of a parameter that every version of MLflow keeps."""


class MLflow(Tracker):
    """Logs parameters and metrics; ``mlflow ui`` in the same folder shows them."""

    title = "MLflow"
    _client: MlflowClient
    _id: str

    def open(self, run: TrackedRun) -> None:
        """Find the run by its id in the store, or begin it."""
        logging.getLogger("mlflow").setLevel(logging.ERROR)  # it logs every table that it makes
        logging.getLogger("alembic").setLevel(logging.ERROR)
        self._client = MlflowClient(os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{os.path.abspath(STORE)}")
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME") or PROJECT
        known = self._client.get_experiment_by_name(name)
        experiment = known.experiment_id if known else self._client.create_experiment(name)
        earlier = self._client.search_runs([experiment], f"tags.`{_TAG}` = '{run.id}'")
        if earlier:
            self._id = earlier[0].info.run_id
            self._client.update_run(self._id, "RUNNING")
            return
        self._id = self._client.create_run(experiment, run_name=run.name, tags={_TAG: run.id}).info.run_id
        texts = {**run.settings, **{f"about.{name}": text for name, text in run.about.items()}}
        parameters = [Param(_key(name), str(value)[:_MOST_CHARACTERS]) for name, value in texts.items()]
        for start in range(0, len(parameters), 100):  # a request holds no more
            self._client.log_batch(self._id, params=parameters[start : start + 100])

    def add(self, values: Mapping[str, float], step: int) -> None:
        """Log the values in one request."""
        now = int(time.time() * 1000)
        self._client.log_batch(self._id, metrics=[Metric(name, value, now, step) for name, value in values.items()])

    def finish(self, summary: Mapping[str, float | str]) -> None:
        """Log what the run came to as tags."""
        self._client.log_batch(self._id, tags=[RunTag(name, str(value)) for name, value in summary.items()])

    def shut(self) -> None:
        """Say that nothing follows."""
        self._client.set_terminated(self._id)


def _key(name: str) -> str:
    """Return a parameter's name with the characters that MLflow takes."""
    return "".join(c if c.isalnum() or c in "_-./ " else "-" for c in name)


TRACKER = MLflow
