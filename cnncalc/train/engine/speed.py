"""The fastest of the ways to compute the same training: a few real steps are timed in each before a run begins."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import NamedTuple

import torch

from cnncalc.core.numbers import counted
from cnncalc.train.engine.devices import finish
from cnncalc.train.engine.metrics import StepMetrics
from cnncalc.train.engine.plan import RunPlan
from cnncalc.train.engine.sampling import local_parts
from cnncalc.train.engine.session import Session
from cnncalc.train.engine.stepping import Part, Stepper
from cnncalc.train.progress import Progress
from cnncalc.train.recipe.settings import AUTO, Recipe

SHARE = 0.02
"""Share of the run's own time that choosing may take, by the time of its first step."""

MOST_SECONDS = 2.0
"""Longest time that choosing takes, but for the first step of each way."""

LEAST_STEPS = 2
"""Steps of each way that are timed at least; else nothing is chosen."""

TOO_SLOW = 1.25
"""A way whose fastest step takes this many times the seconds of the best's is timed no longer."""


class Way(NamedTuple):
    """A way to compute: the layout of images in memory, and the threads of a CPU (0: as many as PyTorch takes)."""

    channels_last: bool
    threads: int

    def text(self) -> str:
        """Say it to people."""
        layout = "channels last" if self.channels_last else "channels first"
        return f"{layout}, {counted(self.threads, 'thread')}" if self.threads else layout


class Chosen(NamedTuple):
    """A recipe with nothing left open, and a sentence about what was timed; "" where nothing was."""

    recipe: Recipe
    said: str = ""


def plain_way(recipe: Recipe) -> Recipe:
    """Return a recipe whose layout and threads are PyTorch's own, where they were left open."""
    layout = False if recipe.channels_last == AUTO else recipe.channels_last
    return replace(recipe, channels_last=layout, threads=max(0, recipe.threads))


def fastest_way(plan: RunPlan) -> Chosen:
    """Time the ways that a recipe leaves open on the run's own images, and return it with the fastest.

    Nothing is timed where nothing is open, with ``speed = "plain"`` or ``deterministic``, with several processes, whose
    choices could differ, and where a run is so short that it would not pay. The ways differ in rounding alone.
    """
    plain, ways = plain_way(plan.recipe), _ways(plan)
    if len(ways) < 2:
        return Chosen(plain)
    with _threads_kept():
        clock = _Clock(plan, ways)
        if not clock.pays:
            return Chosen(plain)
        seconds = clock.medians()
    best = min(seconds, key=lambda way: seconds[way])
    chosen = replace(plain, channels_last=best.channels_last, threads=best.threads)
    others = max(seconds.values()) / seconds[best]
    return Chosen(chosen, f"{best.text()}: the fastest of {len(ways)} ways, up to {others:.2f} times as fast")


def use_threads(recipe: Recipe) -> None:
    """Let PyTorch compute with as many threads as a recipe says; 0 for its own choice."""
    if recipe.threads > 0:
        torch.set_num_threads(recipe.threads)


def _ways(plan: RunPlan) -> list[Way]:
    recipe, plain = plan.recipe, plain_way(plan.recipe)
    first = Way(bool(plain.channels_last), plain.threads)
    if recipe.speed == "plain" or recipe.deterministic or plan.place.processes.shared:
        return [first]
    open_layout = recipe.channels_last == AUTO and plan.logits.input.dimensions == 2
    layouts = [False, True] if open_layout else [first.channels_last]
    threads = [first.threads]
    if recipe.threads == AUTO and plan.place.device.type == "cpu":
        threads = sorted({torch.get_num_threads(), 1}, reverse=True)
    return [Way(layout, count) for count in threads for layout in layouts]


@contextmanager
def _threads_kept() -> Iterator[None]:
    before = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(before)


class _Clock:
    """Times steps of several ways in turn, so that what else the machine does meets all of them alike."""

    def __init__(self, plan: RunPlan, ways: Sequence[Way]) -> None:
        self._ways = ways
        self._plan = plan
        first = self._made(ways[0])
        slowest = max(first.step(), 1e-6)  # the second step of a way is like all others, the first is not
        self._budget = min(MOST_SECONDS, SHARE * slowest * first.steps)
        self.pays = self._budget >= LEAST_STEPS * len(ways) * slowest
        self._timed = {ways[0]: first}

    def _made(self, way: Way) -> _Timed:
        timed = _Timed(self._plan, way)
        timed.step()
        return timed

    def medians(self) -> dict[Way, float]:
        """Return the median seconds of a step of each way."""
        self._timed |= {way: self._made(way) for way in self._ways[1:]}
        seconds: dict[Way, list[float]] = {way: [] for way in self._ways}
        started, rounds, open_ways = time.perf_counter(), 0, list(self._ways)
        while rounds < LEAST_STEPS or (len(open_ways) > 1 and time.perf_counter() - started < self._budget):
            for way in open_ways:
                seconds[way].append(self._timed[way].step())
            rounds += 1
            if rounds >= LEAST_STEPS:
                open_ways = _near_the_best(open_ways, seconds)
        return {way: sorted(found)[len(found) // 2] for way, found in seconds.items()}


def _near_the_best(ways: Sequence[Way], seconds: Mapping[Way, Sequence[float]]) -> list[Way]:
    """Return the ways that may still be the fastest; what else runs disturbs the fastest step of each least."""
    best = min(min(seconds[way]) for way in ways)
    return [way for way in ways if min(seconds[way]) < TOO_SLOW * best]


class _Timed:
    """A session of its own that takes the same first step of the run again and again."""

    def __init__(self, plan: RunPlan, way: Way) -> None:
        recipe = replace(plan.recipe, channels_last=way.channels_last, threads=way.threads)
        self._threads = way.threads
        session = self._session = Session(plan._replace(recipe=recipe))
        self._stepper = Stepper(session, StepMetrics(session))
        train, processes = session.splits.train, session.processes
        order = torch.arange(len(train), device=session.device if train.in_memory else "cpu")
        indices = local_parts(order, session.bounds, 0, processes.rank, processes.size, recipe.accumulate)
        first = [part for _, part in zip(range(recipe.accumulate), indices, strict=False)]
        self._parts: list[Part] = list(zip(first, train.batches(first, seed=0), strict=True))
        self.steps = session.steps

    def step(self) -> float:
        """Take the step, and return its seconds."""
        if self._threads:
            torch.set_num_threads(self._threads)
        self._session.begin_epoch(0)
        finish(self._session.device)
        started = time.perf_counter()
        self._stepper.take(iter(self._parts), Progress())
        finish(self._session.device)
        return time.perf_counter() - started
