"""A step of DDP and ZeRO-1: every card holds all parameters and gradients, and buckets in which they are exchanged.

The buckets are there from the first step on. As views of them gradients exist from the start, and each new one is
copied into its bucket as soon as it is made; else it stays beside its bucket. In a step of several passes the
gradients of all but the last one are not exchanged: they lie beside the buckets.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

from cnncalc.analysis.memory import TrainingSetup
from cnncalc.analysis.memory.lasting import FLOAT, Lasting
from cnncalc.analysis.memory.prediction import Step
from cnncalc.analysis.memory.timeline import FORWARD
from cnncalc.analysis.memory.trace import FIRST_USE, ONLY
from cnncalc.analysis.parallel.buckets import buckets
from cnncalc.analysis.parallel.course import CardExtra, CardStep, Pass, Piece
from cnncalc.analysis.parallel.owners import shared_out
from cnncalc.analysis.parallel.setup import Parallel
from cnncalc.analysis.parallel.variants import Steps, accumulating, single
from cnncalc.optimizers import StepMemory


def replicated_step(parallel: Parallel, setup: TrainingSetup, steps: Steps) -> CardStep:
    """Return the step of the card that takes most; ``setup`` is that of the card."""
    fresh, added = single(setup), accumulating(setup)
    last = steps(added if parallel.views or setup.accumulate > 1 else fresh)
    lasting = last.lasting
    sizes = gradient_sizes(lasting)
    held = sum(map(setup.rounded, buckets(sizes)))
    whole = sum(map(setup.rounded, sizes))
    if not parallel.views:
        again = setup.accumulate > 1
        passes = [_flat(last, added if again else fresh, CardExtra(buckets=held, gradients=whole if again else 0))]
        behind = passes[0].pieces[0].extra
    elif setup.accumulate == 1:
        passes = [_flat(last, added, CardExtra(buckets=held))]
        behind = CardExtra(buckets=held)
    else:
        passes = _unsynchronised(steps, setup, held, whole)
        last = steps(added)
        passes.append(Pass(last.walk, added, _handed_over(last, setup, held)))
        behind = CardExtra(buckets=held)
    kept = lasting.kinds(setup) | {"parameter_gradients": 0}
    whole_step = CardStep(last.walk, lasting, passes, kept, lasting.step_bytes(setup), behind)
    if parallel.way != "zero1":
        return whole_step
    shares = [
        replace(whole_step, kept=kept | {"optimizer_state": state}, update=update)
        for state, update in _largest_shares(parallel, setup, lasting)
    ]
    return max(shares, key=lambda step: step.peak(setup))


def gradient_sizes(lasting: Lasting) -> list[int]:
    """Return the bytes of the gradients of parameters in the order in which they are made."""
    return [FLOAT * values for values in reversed(lasting.trained)]


def _flat(step: Step, setup: TrainingSetup, extra: CardExtra) -> Pass:
    return Pass(step.walk, setup, [Piece(0, len(step.walk.timeline.moments), extra)])


def _unsynchronised(steps: Steps, setup: TrainingSetup, held: int, whole: int) -> list[Pass]:
    """Return the passes whose gradients are not exchanged yet: the first one makes them, the next ones add to them."""
    passes = [_flat(steps(single(setup)), single(setup), CardExtra(buckets=held))]
    if setup.accumulate > 2:
        passes.append(_flat(steps(accumulating(setup)), accumulating(setup), CardExtra(held, gradients=whole)))
    return passes


def _handed_over(step: Step, setup: TrainingSetup, held: int) -> list[Piece]:
    """Return the pieces of the last pass: gradients move into their buckets one after the other, and are given back."""
    trace, timeline = step.walk.trace, step.walk.timeline
    uses = [op.use in (ONLY, FIRST_USE) for op in trace.distinct]
    own = [
        sum([setup.rounded(FLOAT * values) for values in trace.distinct[number].learned])
        if reached and uses[number]
        else 0
        for number, reached in zip(trace.ops, memoryview(step.lasting.reached)[1:], strict=True)
    ]
    upto = list(accumulate(own))
    pieces: list[Piece] = []
    for place, (phase, op) in enumerate(zip(timeline.phases, timeline.ops, strict=True)):
        left = upto[-1] if phase == FORWARD else upto[op]
        if pieces and pieces[-1].extra.gradients == left:
            pieces[-1] = pieces[-1]._replace(stop=place + 1)
        else:
            pieces.append(Piece(place, place + 1, CardExtra(held, gradients=left)))
    return pieces


def _largest_shares(parallel: Parallel, setup: TrainingSetup, lasting: Lasting) -> set[tuple[int, int]]:
    """Return the bytes of the optimizer's state and of its step's temporaries on the cards that may take most.

    The largest state counts where the peak is in a pass, and its sum with the temporaries where it is in the step.
    """
    sizes = [setup.rounded(FLOAT * values) for values in lasting.trained]
    scalars = setup.state_scalars * setup.rounded(FLOAT)
    decays, on_cuda = setup.effective_weight_decay != 0, setup.device == "cuda"
    shares = []
    for places in shared_out(lasting.trained, parallel.cards):
        own = [sizes[place] for place in places]
        state = setup.state_tensors * sum(own) + scalars * len(own)
        step = StepMemory(setup.implementation, decays, own, [], on_cuda)
        shares.append((state, setup.rule.step_bytes(step)))
    return {max(shares), max(shares, key=sum)}
