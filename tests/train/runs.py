"""Runs for the tests: small, in this process, and the same every time."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from cnncalc.network import SpecSettings
from cnncalc.train.data import DataRequest
from cnncalc.train.engine.distributed import Processes
from cnncalc.train.events import Ended, Observer
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run import planning
from cnncalc.train.run.choosing import TrainRequest
from cnncalc.train.run.signals import Signals

SPEC = """
input 8x8x1
conv 3x3x6 p1 nobias - bn - relu - pool2
conv 3x3x6 p1 - relu - dropout 0.2
gap - fc 10
"""
"""A network whose training is random in every way: dropout draws numbers, and a norm keeps statistics."""
RANDOM: dict[str, Any] = {"ema": 0.9, "shift": 1, "cutout": 2, "flip": "random", "clip": 1.0}
"""Settings that go with it."""
DIGITS = DataRequest("digits", limit=200)
SHORT: dict[str, Any] = {"speed": "plain", "epochs": 3, "batch": 32, "learning_rate": 0.02}


class Heard(Observer):
    """An observer that remembers everything, and that may be told to do something at an event."""

    def __init__(self, **at: Callable[[Any], None]) -> None:
        self.events: list[tuple[str, Any]] = []
        self._at = at

    def _hear(self, name: str, event: Any) -> None:
        self.events.append((name, event))
        self._at.get(name, lambda event: None)(event)

    def begin(self, event: Any) -> None:
        self._hear("begin", event)

    def steps(self, event: Any) -> None:
        self._hear("steps", event)

    def epoch(self, row: Any) -> None:
        self._hear("epoch", row)

    def note(self, text: Any) -> None:
        self._hear("note", text)

    def end(self, event: Any) -> None:
        self._hear("end", event)

    def close(self) -> None:
        self._hear("close", None)

    def all(self, name: str) -> list[Any]:
        """Return all events of a name."""
        return [event for found, event in self.events if found == name]


def train(
    spec: str,
    out: str,
    *,
    heard: Observer | None = None,
    signals: Signals | None = None,
    data: DataRequest = DIGITS,
    first: str | None = None,
    **changes: Any,
) -> Ended:
    """Train in this process, on the CPU, with the recipe ``default`` and some changes."""
    asked = TrainRequest(
        spec=spec,
        settings=SpecSettings(),
        recipe=load_recipe("default", SHORT | changes),
        data=data,
        device="cpu",
        out=out,
        weights=first,
    )
    return planning.train(asked, make_observer(heard), signals or Signals())


def resume(out: str, heard: Observer | None = None) -> Ended:
    """Go on with a run in this process."""
    return planning.resume(out, "cpu", make_observer(heard), Signals())


def make_observer(heard: Observer | None) -> planning.ObserverFactory:
    def make(processes: Processes) -> Observer:
        return heard or Heard()

    return make


def weights(out: str | Path) -> dict[str, bytes]:
    """Return the files of weights of a run."""
    return {name: (Path(out) / f"{name}.safetensors").read_bytes() for name in ("best", "last")}
