"""Kernels with a name: edges, blurs and what else image programs filter with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import comb, prod
from typing import Any

from cnncalc.core.errors import Fault
from cnncalc.core.words import closest, shorten

MOST_NUMBERS = 4096
"""Most numbers of a kernel that has a name: 64x64."""

Sides = tuple[int, ...]


def _binomial(sides: Sides) -> Any:
    if not sides:
        return 1.0
    count = sides[0] - 1
    return tuple([_times(_binomial(sides[1:]), comb(count, place) / 2**count) for place in range(sides[0])])


def _times(values: Any, factor: float) -> Any:
    return tuple([_times(value, factor) for value in values]) if isinstance(values, tuple) else values * factor


def _box(sides: Sides) -> Any:
    return _filled(sides, 1 / prod(sides))


def _filled(sides: Sides, value: float) -> Any:
    return (_filled(sides[1:], value),) * sides[0] if sides else value


def _identity(sides: Sides) -> Any:
    if not sides:
        return 1.0
    middle = (sides[0] - 1) // 2
    return tuple([_times(_identity(sides[1:]), float(place == middle)) for place in range(sides[0])])


_ANY_SIZE: Mapping[str, Callable[[Sides], Any]] = {
    "binomial": _binomial,
    "gaussian": _binomial,
    "box": _box,
    "blur": _box,
    "identity": _identity,
}
_LAPLACE = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))
_SQUARE = {
    "sobelx": ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0)),
    "sobely": ((-1.0, -2.0, -1.0), (0.0, 0.0, 0.0), (1.0, 2.0, 1.0)),
    "prewittx": ((-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0), (-1.0, 0.0, 1.0)),
    "prewitty": ((-1.0, -1.0, -1.0), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)),
    "scharrx": ((-3.0, 0.0, 3.0), (-10.0, 0.0, 10.0), (-3.0, 0.0, 3.0)),
    "scharry": ((-3.0, -10.0, -3.0), (0.0, 0.0, 0.0), (3.0, 10.0, 3.0)),
    "laplace": _LAPLACE,
    "laplacian": _LAPLACE,
    "outline": ((-1.0, -1.0, -1.0), (-1.0, 8.0, -1.0), (-1.0, -1.0, -1.0)),
    "sharpen": ((0.0, -1.0, 0.0), (-1.0, 5.0, -1.0), (0.0, -1.0, 0.0)),
    "emboss": ((-2.0, -1.0, 0.0), (-1.0, 1.0, 1.0), (0.0, 1.0, 2.0)),
}
KERNELS = (*_ANY_SIZE, *_SQUARE)
"""The names of kernels."""

SAME_AS_NEXT = ("binomial", "box", "laplace")
"""Those that have a second name, which comes behind them."""

WRITTEN_KERNELS = ("binomial", "box", "sobelx", "sobely", "laplace")
"""The names that an import writes."""


def has_size(name: str, sides: Sides) -> bool:
    """Say whether a kernel can be as large as that."""
    return prod(sides) <= MOST_NUMBERS and (name in _ANY_SIZE or sides == (3, 3))


def named_kernel(name: str, sides: Sides) -> Any:
    """Return the numbers of a kernel, tuples in tuples.

    Raises:
        Fault: for a name or a size that there is not.

    """
    if prod(sides) > MOST_NUMBERS:
        message = f"a kernel with a name has at most {MOST_NUMBERS:,} numbers, not {prod(sides):,}"
        raise Fault("out-of-range", message, about="size")
    if name in _ANY_SIZE:
        return _ANY_SIZE[name](sides)
    if name not in _SQUARE:
        hints = [f"did you mean `{match}`?" for match in closest(name, KERNELS)]
        hints.append(f"kernels are {', '.join(KERNELS)}, or numbers: `kernel=[-1 0 1; -1 0 1; -1 0 1]`")
        raise Fault("bad-option", f"there is no kernel `{shorten(name)}`", about="kernel", hints=hints)
    if sides != (3, 3):
        written = "x".join(map(str, sides))
        raise Fault("bad-size", f"the kernel `{name}` is 3x3, not {written}", about="kernel")
    return _SQUARE[name]
