"""What an operation does with its operands: which use of its weights it is, and the gradients of what it reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cnncalc.analysis.memory.trace import FIRST_USE, LAST_USE, OTHER_USE, Op, Size, Value
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
    if use == FIRST_USE:
        return op._replace(use=use)
    saves = op.saves and bool(op.keeps or op.beside)
    return op._replace(use=use, cached=(), keeps_cached=0, saves=saves)


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
        if (wanted or not extra.of_gradient) and (training or not extra.of_training):
            size = arriving if extra.size is None else extra.size
            size = lowered if extra.lowered else size
            if device == "cuda" and extra.cuda_size is not None:
                size = extra.cuda_size
            found.append(Size(extra.per_image * size, extra.fixed * size))
    return (*found, *[Size(0, statistics)][: statistics > 0])


def places_of(kernel: Kernel, back: int, layout: str) -> tuple[Value, Op]:
    """Return the tensor in which a max pool returns where the maxima were, and what makes it; it has no gradient."""
    size = Size(kernel.makes * INDEX, 0)
    op = Op("places", size, (back,), (back,), False, (), (), (), 0, (), (), (), (), 0, 0, False, 0, 0)
    return Value(kernel.makes, INDEX, has_gradient=False, layout=layout), op


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


def scratch_values(kernel: Kernel, wanted: Sequence[int], places: Sequence[int]) -> int:
    """Return the values that a backward pass needs for a moment, beside the gradients that it makes.

    What is summed is made as large as the result first, for all operands, and then summed one after the other.
    """
    if kernel.gradient not in (SUMMED, PASSED_TO_FIRST):
        return kernel.scratch
    made = [place for place in range(len(places)) if kernel.gradient == SUMMED or places[place]]
    smaller = [wanted[place] for place in made if wanted[place] < kernel.makes]
    large = len(smaller) * kernel.makes
    return max(large - sum(smaller[1:]), large - sum(smaller) + kernel.scratch)


def bytes_of(value: Value) -> int:
    """Return the bytes of a tensor for one image."""
    return value.values * value.size
