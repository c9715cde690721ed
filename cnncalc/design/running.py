"""Carries a sweep out: part by part, on several cores, in the order of the designs."""

from __future__ import annotations

import os
import signal
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import active_children, get_context, parent_process
from multiprocessing.resource_tracker import ensure_running
from threading import Thread

from cnncalc import zoo
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.design.journal import SweepJournal
from cnncalc.design.sweep import Sweep, SweepPart, SweepRequest, Tally
from cnncalc.loading import load_source
from cnncalc.network import SpecSettings
from cnncalc.spec import parse

DESIGNS_OF_A_PART = 1000
"""Designs that are counted in one go."""
DEAR_DESIGNS_OF_A_PART = 100
"""The same where their layers are made."""

_FEW_PARTS = 12
"""So many parts are faster counted by one process: others take a while to start."""

Observer = Callable[[int, Tally], None]
"""Called after each part with the number of designs that are done, and the tally of them."""

CountPart = Callable[[Sequence[int]], SweepPart]


@dataclass(frozen=True)
class SweepTask:
    """What a process needs to know to count designs of a sweep; it goes from one process to another.

    Attributes:
        source: the text of the spec.
        inputs, parameters, rounding: what the options say of these.
        request: what is asked.

    """

    source: Source
    inputs: tuple[tuple[str, Source], ...]
    parameters: tuple[tuple[str, Source], ...]
    rounding: str | None
    request: SweepRequest

    @classmethod
    def of(cls, source: Source, settings: SpecSettings, request: SweepRequest) -> SweepTask:
        """Return the task of a spec with its settings."""
        inputs, parameters = tuple(settings.inputs.items()), tuple(settings.parameters.items())
        return cls(source, inputs, parameters, settings.rounding, request)

    @property
    def settings(self) -> SpecSettings:
        """How the spec is loaded."""
        return SpecSettings(dict(self.inputs), dict(self.parameters), self.rounding)

    def open(self) -> Sweep:
        """Return the sweep."""
        return Sweep(parse(self.source, zoo.blocks), self.settings, self.request)


def source_of_designs(source: Source, settings: SpecSettings) -> Source:
    """Return the text of a spec whose designs are counted, that of another tool as the spec as which it is read.

    Raises:
        SpecError: where it cannot be read as one.
    """
    try:
        parse(source, zoo.blocks)
    except SpecError:
        return load_source(source, settings).source  # which says what is wrong, or translates it
    if source.name == "text" and not source.text.split()[1:]:
        _refuse_missing(source, settings)
    return source


def _refuse_missing(source: Source, settings: SpecSettings) -> None:
    """Refuse a single word that is no layer: it names a file or a network that is not there."""
    try:
        load_source(source, settings)
    except SpecError as error:
        if error.code == "no-such-file":
            raise


@lru_cache(maxsize=1)
def _opened(task: SweepTask) -> Sweep:
    return task.open()


def _part(task: SweepTask, rows: bool, relaxing: bool, designs: Sequence[int]) -> SweepPart:
    return _opened(task).part(designs, rows=rows, relaxing=relaxing)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def run_sweep(
    task: SweepTask,
    designs: Sequence[int],
    observe: Observer,
    *,
    jobs: int | None = None,
    journal: SweepJournal | None = None,
    relaxing: bool = False,
) -> Tally:
    """Count designs, and return what is known of them.

    Args:
        task: what is asked.
        designs: their numbers.
        observe: called after each part.
        jobs: the number of processes; None for one for each core, and for a single one where there is little to do.
        journal: where all that satisfy the conditions are written; it says where an earlier run was broken off.
        relaxing: whether it is noted by how much the others miss the conditions.

    """
    sweep = task.open()
    most = task.request.keep
    tally = Tally(relaxing=relaxing)
    done = 0
    if journal is not None:
        done = journal.begin(tally, most)
        observe(done, tally)
    size = DEAR_DESIGNS_OF_A_PART if sweep.is_dear else DESIGNS_OF_A_PART
    starts = range(done, len(designs), size)
    jobs = jobs or (1 if len(starts) <= _FEW_PARTS else usable_cores())
    count = partial(_part, task, journal is not None, relaxing)
    stretches = (designs[start : start + size] for start in starts)
    with _parts(count, stretches, jobs) as parts:
        for part in parts:
            tally.add(part.tally, most)
            done += part.tally.counted
            if journal is not None:
                journal.write(part.rows, done, tally)
            observe(done, tally)
    return tally


@contextmanager
def _parts(count: CountPart, stretches: Iterator[Sequence[int]], jobs: int) -> Iterator[Iterator[SweepPart]]:
    """Yield the parts in order, counted by so many processes."""
    if jobs == 1:
        yield map(count, stretches)
        return
    # a process of its own has no threads and no signals of this one
    others = active_children()
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_begin)
    try:
        yield _in_order(pool, count, stretches, 2 * jobs)
    except BaseException:
        for process in set(active_children()).difference(others):
            process.terminate()  # those that have not started yet would wait for ever, and this one for them
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ProcessPoolExecutor,
    count: Callable[[Sequence[int]], SweepPart],
    stretches: Iterator[Sequence[int]],
    ahead: int,
) -> Iterator[SweepPart]:
    """Yield parts in order, with a few counted ahead, so that neither time nor memory is lost."""
    waiting: deque[Future[SweepPart]] = deque()
    for stretch in stretches:
        with _no_ctrl_c():
            waiting.append(pool.submit(count, stretch))  # which starts a process
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


@contextmanager
def _no_ctrl_c() -> Iterator[None]:
    """Block Ctrl-C while a process starts, which receives it too, and would end with a traceback before it is ready."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    ensure_running()  # it would unblock the signal when the first process starts
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _begin() -> None:
    """Leave Ctrl-C to the parent process, and end with it, also where it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait until the parent process is gone, and end; this process would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
