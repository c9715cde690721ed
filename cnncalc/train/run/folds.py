"""Cross-validation: a run for every fold, all in one folder, and what they come to together."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from statistics import fmean, stdev
from typing import Any

from cnncalc.core.errors import RunError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file
from cnncalc.train.engine.plan import Place
from cnncalc.train.events import Ended, FoldResult, FoldsEnded, Spread
from cnncalc.train.measures import ACCURACY, measure_of
from cnncalc.train.progress import is_number
from cnncalc.train.run.choosing import TrainRequest, joined, load_for
from cnncalc.train.run.folder import RunFolder, free_folder
from cnncalc.train.run.lock import held
from cnncalc.train.run.planning import (
    ObserverFactory,
    PlannedRun,
    ResumeRequest,
    carry_out,
    make,
    plan_new,
    resume_at,
    spec_name,
)
from cnncalc.train.run.signals import Signals
from cnncalc.train.run_files import FOLDS

SCHEMA = "cnncalc-folds/1"
_MOST_BYTES = 2**20
_MOST_FOLDS = 100_000


def is_folds(path: str) -> bool:
    """Say whether a folder has the runs of a cross-validation."""
    return os.path.exists(os.path.join(path, FOLDS))


def train_folds(request: TrainRequest, make_observer: ObserverFactory, signals: Signals) -> FoldsEnded:
    """Begin a run for every fold of a recipe, and train them one after the other.

    The data are read once, and the way to compute is chosen once. All runs are begun before the first is trained, so
    that `resume_folds` continues them wherever they were interrupted.

    Raises:
        CnncalcError: for everything that is wrong, before anything is written; and where a run fails.
        WriteError: where something cannot be written.

    """
    with joined(request.device) as place:
        loaded = load_for(request)
        path = request.out or place.processes.agree_on(free_folder(spec_name(loaded.network)))
        _check_blank(path)
        recipe = request.recipe
        planned: list[PlannedRun] = []
        for fold in range(1, recipe.folds + 1):
            asked = request._replace(recipe=replace(recipe, fold=fold), out=_fold_path(path, fold))
            planned.append(_without_known_hints(plan_new(loaded, asked, place), planned[:1]))
            recipe = replace(planned[0].plan.recipe, fold=0)  # with nothing left open: the folds compute alike
        for one in planned:
            make(one, place.processes)
        results: list[FoldResult] = []
        _write(path, len(planned), results, place)
        for fold, one in enumerate(planned, 1):
            with held(one.folder, place.processes):
                ended = carry_out(one, make_observer, signals)
            results.append(_result(fold, ended))
            _write(path, len(planned), results, place)
            if not ended.complete:
                break
        return _told(path, len(planned), results, place, make_observer)


def _without_known_hints(one: PlannedRun, first: Sequence[PlannedRun]) -> PlannedRun:
    """Leave out the hints that the first fold gives as well: each is said once."""
    known = [pair for other in first for pair in other.about if pair[0] == "hint"]
    return one._replace(about=[pair for pair in one.about if pair not in known])


def resume_folds(
    path: str, device: str, make_observer: ObserverFactory, signals: Signals, request: ResumeRequest
) -> FoldsEnded:
    """Go on with the folds that are not complete, or with all where settings change; raises like `train_folds`."""
    count, known = _read(path)
    results: list[FoldResult] = []
    with joined(device) as place:
        for fold in range(1, count + 1):
            before = known.get(fold)
            if before and before.complete and not (request.changes or request.data):
                results.append(before)
                continue
            ended = resume_at(RunFolder(_fold_path(path, fold)), place, request, make_observer, signals)
            results.append(_result(fold, ended))
            later = [known[other] for other in range(fold + 1, count + 1) if other in known]
            _write(path, count, [*results, *later], place)
            if not ended.complete:
                break
        return _told(path, count, results, place, make_observer)


def _fold_path(path: str, fold: int) -> str:
    return os.path.join(path, f"fold-{fold}")


def _check_blank(path: str) -> None:
    if os.path.isdir(path) and os.listdir(path):
        hints = [f"to continue it: {RunFolder(path).command('train --resume')}"] if is_folds(path) else []
        message = f"there is something in `{shorten_path(path)}` already"
        raise RunError("run-exists", message, hints=[*hints, "name another folder with --out"])


def _result(fold: int, ended: Ended) -> FoldResult:
    scores = ended.score, ended.best_score, ended.best_epoch, ended.test_score
    return FoldResult(fold, ended.folder, ended.complete and not ended.goes_on, *scores, ended.measure.name)


def _told(
    path: str, count: int, results: Sequence[FoldResult], place: Place, make_observer: ObserverFactory
) -> FoldsEnded:
    ended = ended_of(path, count, results)
    observer = make_observer(place.processes)
    try:
        observer.folds(ended)
    finally:
        observer.close()
    return ended


def ended_of(path: str, count: int, results: Sequence[FoldResult]) -> FoldsEnded:
    """Return what the folds came to: the mean and the standard deviation over those that are complete."""
    whole = [result for result in results if result.complete]
    spreads = {name: _spread([getattr(result, name) for result in whole]) for name in _SCORES}
    go_on = RunFolder(path).command("train --resume")
    commands = [] if len(whole) == count else [(go_on, "continues with the folds that are left")]
    measure = measure_of(results[0].measure) if results else ACCURACY
    return FoldsEnded(path, count, results, len(whole) == count, spreads, commands, measure)


_SCORES = ("score", "best_score", "test_score")


def _spread(values: Sequence[float | None]) -> Spread | None:
    """Return mean and standard deviation (of a sample, so divided by n - 1); None where a value is not known."""
    known = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    return Spread(fmean(known), stdev(known) if len(known) > 1 else None)


# ---- what is kept


def _write(path: str, count: int, results: Sequence[FoldResult], place: Place) -> None:
    if not place.processes.writes:
        return
    ended = ended_of(path, count, results)
    measure, spreads = ended.measure, ended.spreads
    told = {
        "schema": SCHEMA,
        "folds": count,
        "measure": measure.name,
        "results": [{**result.named(), "folder": os.path.basename(result.folder)} for result in results],
        **measure.named({name: spread and spread._asdict() for name, spread in spreads.items()}),
    }
    write_file(json.dumps(told, indent=2) + "\n", os.path.join(path, FOLDS))


def _read(path: str) -> tuple[int, dict[int, FoldResult]]:
    """Return how many folds there are, and the results that are known.

    Raises:
        RunError: where the file is not what `_write` wrote.

    """
    file = os.path.join(path, FOLDS)
    try:
        found = json.loads(read_regular(file, _MOST_BYTES))
        count = found["folds"]
        if found["schema"] != SCHEMA or type(count) is not int or not 2 <= count <= _MOST_FOLDS:
            raise ValueError(SCHEMA)
        read = [_result_of(path, told, found["measure"]) for told in found["results"]]
        results = {result.fold: result for result in read}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        message = f"`{shorten_path(file)}` is not what cnncalc wrote"
        raise RunError("no-run", message, hints=["put back the file that `cnncalc train --folds` wrote"]) from None
    return count, results


def _result_of(path: str, told: Mapping[str, Any], measure: str) -> FoldResult:
    called = {name: field for field, name in measure_of(measure).names.items()}
    result = FoldResult(**{called.get(name, name): value for name, value in told.items()}, measure=measure)
    right = all(score is None or is_number(score) for score in (result.score, result.best_score, result.test_score))
    if not right or type(result.fold) is not int or type(result.best_epoch) is not int or result.complete not in (0, 1):
        raise ValueError(told)
    return result._replace(folder=_fold_path(path, result.fold))
