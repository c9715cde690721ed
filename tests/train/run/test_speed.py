"""Choosing the fastest way: the run is the one that its recipe says outright, and nothing is timed in vain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cnncalc.train.engine import speed
from cnncalc.train.recipe.settings import AUTO
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.signals import Signals
from tests.train.runs import RANDOM, SPEC, Heard, resume, train, weights

LONG: dict[str, Any] = {**RANDOM, "epochs": 40, "speed": "auto"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[speed.Way]:
    """A step takes 2 s with channels first and 1 s with channels last; returns the ways that are timed."""
    seen: list[speed.Way] = []
    right = speed._Timed.step

    def step(timed: speed._Timed) -> float:
        right(timed)
        layout = bool(timed._session.recipe.channels_last)
        seen.append(speed.Way(layout, timed._threads))
        return 1.0 if layout else 2.0

    monkeypatch.setattr(speed._Timed, "step", step)
    monkeypatch.setattr(speed, "MOST_SECONDS", 0.1)
    monkeypatch.setattr(speed, "LEAST_STEPS", 0)
    return seen


def test_the_fastest_is_taken_said_and_kept(folder: Path, clock: list[speed.Way]) -> None:
    """The tests run with one thread, so the layouts alone are left to choose from."""
    heard = Heard()
    train(SPEC, "run", **{**LONG, "epochs": 1}, heard=heard)
    (begun,) = heard.all("begin")
    assert dict(begun.facts)["speed"] == "channels last, 1 thread: the fastest of 2 ways, up to 2.00 times as fast"
    recipe = RunFolder("run").recipe()
    assert (recipe.speed, recipe.channels_last, recipe.threads) == ("auto", True, 1)
    assert {*clock} == {speed.Way(False, 1), speed.Way(True, 1)}


@pytest.mark.slow
def test_a_repetition_from_the_recipe_and_a_run_that_goes_on_are_equal_to_the_bit(
    folder: Path, clock: list[speed.Way]
) -> None:
    """Timing takes real steps, and leaves no trace in the run."""
    settings = {**RANDOM, "epochs": 3, "speed": "auto"}
    train(SPEC, "first", **settings)
    train(SPEC, "again", **{**settings, "channels_last": True, "threads": 1})
    assert weights("again") == weights("first")
    signals = Signals()
    train(SPEC, "half", **settings, signals=signals, heard=Heard(epoch=lambda row: signals.receive(15, None)))
    timed = len(clock)
    resume("half")
    assert weights("half") == weights("first")
    assert len(clock) == timed


@pytest.mark.parametrize(
    "settings",
    [{"speed": "plain"}, {"deterministic": True}, {"channels_last": False, "threads": 1}],
    ids=["plain", "deterministic", "said outright"],
)
def test_nothing_is_timed(folder: Path, clock: list[speed.Way], settings: dict[str, Any]) -> None:
    train(SPEC, "run", **{**LONG, "epochs": 1, **settings})
    assert clock == []
    recipe = RunFolder("run").recipe()
    assert AUTO not in (recipe.channels_last, recipe.threads)
    assert not recipe.channels_last


def test_a_way_that_takes_twice_as_long_is_soon_timed_no_longer(
    folder: Path, clock: list[speed.Way], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each way is timed twice after its first step, and the first way once more, to know how long a step takes."""
    monkeypatch.setattr(speed, "LEAST_STEPS", 2)
    monkeypatch.setattr(speed, "MOST_SECONDS", 100.0)
    signals = Signals()
    train(SPEC, "run", **LONG, signals=signals, heard=Heard(epoch=lambda row: signals.receive(15, None)))
    assert clock.count(speed.Way(False, 1)) == 4
    assert clock.count(speed.Way(True, 1)) == 3
    assert RunFolder("run").recipe().channels_last


def test_a_short_run_does_not_pay_for_it(folder: Path, clock: list[speed.Way], monkeypatch: pytest.MonkeyPatch) -> None:
    """One epoch of seven steps: only the first way is tried, to know how long a step takes."""
    monkeypatch.setattr(speed, "LEAST_STEPS", 2)
    train(SPEC, "run", **{**LONG, "epochs": 1})
    assert {*clock} == {speed.Way(False, 1)}
    assert not RunFolder("run").recipe().channels_last
