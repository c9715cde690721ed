"""What an operation does with its operands: which use of its weights it is, and the gradients of what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from cnncalc.analysis.memory.trace import (
    AT_ONCE,
    CAST_ALONE,
    FIRST_USE,
    LAST_USE,
    MADE_ALONE,
    OTHER_USE,
    Op,
    Size,
    Value,
)
from cnncalc.layers.kernels import (
    BOTH,
    INDEX,
    INPUTS,
    NOTHING,
    OTHERS,
    OUTPUT,
    PASSED,
    PASSED_TO_FIRST,
    PASSED_TO_WHOLE,
    SUMMED,
    Kernel,
)


def uses(weights_of: Mapping[int, int]) -> dict[int, int]:
    """Return which use of its weights every layer is that shares them."""
    found = dict.fromkeys(weights_of.values(), FIRST_USE)
    last = {weights_of[index]: index for index in sorted(weights_of)}
    return found | {index: LAST_USE if last[first] == index else OTHER_USE for index, first in weights_of.items()}


def used(op: Op, use: int) -> Op:
    """Return an operation as one of several uses of its weights; autocast's copy of them is that of the first."""
    if op.finish == CAST_ALONE:
        op = op._replace(parameters=(), lowered=0, reorders=0)
    op = op._replace(finish=AT_ONCE)
    if use == FIRST_USE:
        return op._replace(use=use)
    saves = op.saves and bool(op.keeps or op.beside)
    return op._replace(use=use, cached=(), keeps_cached=0, saves=saves)


def cast_behind(ops: Sequence[Op]) -> list[Op]:
    """Let the cast of an operand cast the parameters' gradients behind its own, as the engine does.

    It takes what was made last first: of a call under autocast the parameters are cast first, then the operand.
    """
    if len(ops) < 2 or ops[0].operation != "copy":
        return list(ops)
    cast, op = ops
    if not cast.wants or cast.gradients == (None,) or not op.parameters or op.standardised:
        return list(ops)
    moved = cast._replace(parameters=op.parameters, lowered=op.lowered, reorders=op.reorders, finish=CAST_ALONE)
    return [moved, op._replace(finish=MADE_ALONE)]


def extra_sizes(
    kernel: Kernel, arriving: int, lowered: int, device: str, statistics: int, *, wanted: bool, training: bool
) -> tuple[Size, ...]:
    """Return the sizes of what a kernel makes beside its result.

    Args:
        kernel: what runs.
        arriving: bytes of a value that it reads.
        lowered: the same under autocast; 0 without it.
        device: where it runs.
        statistics: bytes that the standardisation of its weights keeps; they come last.
        wanted: whether the gradient of what it reads is wanted.
        training: whether it runs as it does in training.

    """
    found = []
    for extra in kernel.extras:
        runs = not (extra.of_inference if training else extra.of_training)
        if runs and (wanted or not extra.of_gradient):
            size = arriving if extra.size is None else extra.size
            size = lowered if extra.lowered else size
            if device == "cuda" and extra.cuda_size is not None:
                size = extra.cuda_size
            found.append(Size(extra.per_image * size, extra.fixed * size))
    return (*found, *[Size(0, statistics)][: statistics > 0])


def places_of(kernel: Kernel, back: int, layout: str) -> tuple[Value, Op]:
    """Return the tensor in which a max pool returns where the maxima were, and what makes it; it has no gradient."""
    size = Size(kernel.makes * INDEX, 0)
    op = Op("places", size, (back,), (back,))
    return Value(kernel.makes, INDEX, has_gradient=False, layout=layout), op


def copy_of(value: Value, size: int, back: int, *, wanted: bool) -> Op:
    """Return what copies a tensor in another order or precision; its gradient is brought back from the latter."""
    wants = (back,) * wanted
    gradients = (None if size == value.size else bytes_of(value),) * wanted
    waiting = (bytes_of(value),) * wanted
    made = Size(value.values * size, 0)
    return Op("copy", made, (back,), (back,), wants=wants, gradients=gradients, waiting=waiting)


def learned(kernel: Kernel) -> tuple[int, ...]:
    """Return the values of each learned tensor of a kernel."""
    return (*kernel.standardised[:1], *kernel.parameters, *kernel.standardised[1:])


def kept_by(kernel: Kernel, here: int, reads: Sequence[int], operands: Sequence[Value]) -> list[int]:
    """Return how far back was made what a kernel keeps for its backward pass: 0 its result, 1 the places of a pool."""
    if kernel.keeps == NOTHING:
        return []
    if kernel.keeps == OUTPUT:
        return [0]
    if kernel.keeps in (INPUTS, BOTH):
        result = [0] if kernel.keeps == BOTH else []
        return [*result, *[here - read for read in reads], *([1] if kernel.places else [])]
    assert kernel.keeps == OTHERS
    wanted = [operand.has_gradient for operand in operands]
    return [here - read for place, read in enumerate(reads) if any(wanted[:place] + wanted[place + 1 :])]


def gradient_bytes(kernel: Kernel, place: int, operand: Value, size: int) -> int | None:
    """Return the bytes of an operand's gradient for one image; None where it is the gradient that arrives."""
    whole = kernel.gradient == PASSED or operand.values == kernel.makes
    passed = whole and (
        kernel.gradient in (PASSED, PASSED_TO_WHOLE) or (kernel.gradient == PASSED_TO_FIRST and not place)
    )
    return None if passed and operand.size == size else bytes_of(operand)


def scratch_bytes(kernel: Kernel, operands: Sequence[Value], wanted: Sequence[int], size: int) -> int:
    """Return the bytes that a backward pass needs for a moment, beside the gradients that it makes.

    What is summed is made as large as the result first. All gradients are made of values as large as the result's, and
    then the engine brings one after the other into the size and the precision of its operand.

    Args:
        kernel: what runs.
        operands: what it reads.
        wanted: the places of the operands whose gradients are made.
        size: bytes of a value of the result.

    """
    spreads = kernel.gradient in (SUMMED, PASSED_TO_FIRST)
    narrow = [place for place in wanted if operands[place].size < size]
    if not spreads and not narrow:
        return kernel.scratch * size  # each gradient is made as it stays, as most are
    whole = kernel.makes * size
    steps = []  # what is made of each gradient, one after the other
    for place in wanted:
        operand = operands[place]
        sums = spreads and (kernel.gradient == SUMMED or bool(place)) and operand.values < kernel.makes
        wide = whole if sums else operand.values * size
        made = [0 if gradient_bytes(kernel, place, operand._replace(size=size), size) is None else wide]
        steps.append(made + [operand.values * size] * sums + [bytes_of(operand)] * (operand.size < size))
    alive = sum([made[0] for made in steps])
    most = alive + kernel.scratch * size
    if kernel.parameters and not kernel.learned_first:  # the gradients of these, which are summed last
        alive += kernel.scratch * size
    for made in steps:
        for before, after in pairwise(made):
            most = max(most, alive + after)
            alive += after - before
    return most - sum([made[-1] for made in steps])


def bytes_of(value: Value) -> int:
    """Return the bytes of a tensor for one image."""
    return value.values * value.size
