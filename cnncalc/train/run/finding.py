"""Finding a learning rate: a range test on what is to be trained, without a folder of a run."""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.train.engine.range_test import range_test
from cnncalc.train.engine.speed import plain_way, use_threads
from cnncalc.train.rate_range import RangeObserver, RateRange
from cnncalc.train.run.choosing import TrainRequest, chosen_plan, joined
from cnncalc.train.run.faults import explained_faults


def find_learning_rate(request: TrainRequest, make_observer: Callable[[bool], RangeObserver]) -> RateRange:
    """Train with a rising learning rate until the loss explodes; nothing is written.

    Args:
        request: of the training that the rate is for; its own learning rate, its schedule and its folder do not matter.
        make_observer: makes the observer; its argument is whether this process writes to the terminal.

    Raises:
        SpecError: for everything that is wrong with the request.

    """
    with joined(request.device) as place:
        chosen = chosen_plan(request, place)
        plan = chosen.plan._replace(recipe=plain_way(chosen.plan.recipe))
        use_threads(plan.recipe)
        observer = make_observer(place.processes.writes)
        try:
            observer.begin(chosen._replace(plan=plan).about())
            with explained_faults(plan.recipe, None):
                found = range_test(plan, observer.step)
            observer.end(found)
        finally:
            observer.close()
    return found
