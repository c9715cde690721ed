"""Logs of a run: TensorBoard, Weights & Biases, MLflow, trackio, energy by Zeus; one class in one file each."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cnncalc.train.trackers.base import Tracker

TRACKERS = ("tensorboard", "wandb", "mlflow", "trackio", "zeus")
"""Their names, which are those of the files here and of the extras that install them."""


def check_trackers(names: Sequence[str]) -> None:
    """Refuse trackers whose packages are missing, before anything is begun; none of them is imported.

    Raises:
        ModuleNotFoundError: for the first one.

    """
    for name in names:
        if find_spec(name) is None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


def make_trackers(names: Sequence[str]) -> list[Tracker]:
    """Return the trackers of some names; the package of each is imported.

    Raises:
        ModuleNotFoundError: where a package is not installed.

    """
    return [import_module(f"{__name__}.{name}").TRACKER() for name in names]
