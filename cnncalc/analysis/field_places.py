"""Where receptive fields lie: the offset and the centre of the first one, and how far apart they are."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from cnncalc.analysis.arithmetic import ArithmeticStep
from cnncalc.analysis.receptive import Field, Fields
from cnncalc.layers.dimension_names import axis_name


def place_steps(fields: Fields, spatial: tuple[int, ...]) -> Iterator[ArithmeticStep]:
    """Yield where the first receptive field lies and where the others do, once where all dimensions are alike.

    Positions of the input count from 0; padding lies at negative ones. Centres are between the first and the last.

    Args:
        fields: those of a layer, per dimension.
        spatial: the sizes of its output.

    """
    known = [field for field in fields if field is not None]
    if len(known) < len(fields) or any(len(field.intervals) > 1 or not field.sees(0) for field in known):
        return
    alike = len(set(zip(known, spatial, strict=True))) == 1
    for axis, field in enumerate(known[:1] if alike else known):
        name = "" if alike else f", {axis_name(axis, len(known))}"
        yield ArithmeticStep(f"field of unit 0{name}", "", _first(field))
        if spatial[axis] > 1:
            yield ArithmeticStep(f"centre of unit u{name}", *_centres(field))


def _first(field: Field) -> str:
    first, last = field.at(0)
    return f"positions {_signed(first)} to {_signed(last)}, centre {_fraction(field.centre(0))}"


def _centres(field: Field) -> tuple[str, str]:
    """Return the formula of the centre of unit u."""
    start, jump = field.centre(0), field.centre(1) - field.centre(0)
    step = "u" if jump == 1 else f"{_fraction(jump)}·u"
    return "", f"{_fraction(start)} + {step}" if start else step


def _signed(number: int) -> str:
    return f"−{-number}" if number < 0 else f"{number}"


def _fraction(number: Fraction) -> str:
    text = f"{float(abs(number)):g}" if number.denominator in (1, 2, 4) else f"{abs(number)}"
    return f"−{text}" if number < 0 else text
