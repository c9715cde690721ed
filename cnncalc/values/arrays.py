"""Arrays of exact numbers, without numpy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from math import inf, prod
from typing import Any, NamedTuple

from cnncalc.layers.operations import Number, exact


class Numbers(NamedTuple):
    """Numbers in an array of any number of dimensions.

    Volumes have the shape (channels, height, width), as PyTorch lays them out, and tensors the shape that PyTorch
    gives them. What can be exact is an `int` or a `fractions.Fraction`; what cannot is a `float`.

    Attributes:
        shape: the sizes, outermost first.
        flat: the numbers, the last dimension fastest.

    """

    shape: tuple[int, ...]
    flat: tuple[Number, ...]

    @classmethod
    def of(cls, shape: Sequence[int], numbers: Iterable[Number]) -> Numbers:
        """Return an array; fractions that are whole become whole numbers."""
        return cls(tuple(shape), tuple(map(simplest, numbers)))

    def at(self, *index: int) -> Number:
        """Return the number at an index, one for each dimension."""
        place = 0
        for number, size in zip(index, self.shape, strict=True):
            if not 0 <= number < size:
                raise IndexError(f"{index} is outside of {self.shape}")
            place = place * size + number
        return self.flat[place]

    def nested(self) -> Any:
        """Return the numbers as lists in lists."""
        return _nested(list(self.flat), self.shape)

    def decimals(self) -> Any:
        """Return the numbers as floats, in lists in lists."""
        return _nested(list(map(decimal_of, self.flat)), self.shape)

    def grids(self) -> Iterator[tuple[tuple[int, ...], list[list[Number]]]]:
        """Yield the last two dimensions as rows, each with its index in those before; one dimension is one row."""
        rows, columns = (1, 1, *self.shape)[-2:]
        outer = self.shape[:-2]
        for number in range(prod(outer)):
            index, rest = [], number
            for size in reversed(outer):
                rest, own = divmod(rest, size)
                index.append(own)
            start = number * rows * columns
            cells = self.flat[start : start + rows * columns]
            yield tuple(reversed(index)), [list(cells[row * columns : (row + 1) * columns]) for row in range(rows)]

    @property
    def is_exact(self) -> bool:
        """Whether none of the numbers is a float."""
        return not any(isinstance(number, float) for number in self.flat)


def _nested(flat: list[Any], shape: Sequence[int]) -> Any:
    if not shape:
        return flat[0]
    if len(shape) == 1:
        return flat
    size = prod(shape[1:])
    return [_nested(flat[start : start + size], shape[1:]) for start in range(0, len(flat), size)]


def simplest(number: Number) -> Number:
    """Return a fraction that is whole as a whole number."""
    return number.numerator if isinstance(number, Fraction) and number.denominator == 1 else number


def decimal_of(number: Number) -> float:
    """Return a number as a float; one that is too large is infinite."""
    try:
        return float(number)
    except OverflowError:
        return inf if number > 0 else -inf


def flattened(numbers: Any) -> list[Number]:
    """Return numbers in sequences in sequences as one list; floats that were written as fractions become exact.

    Raises:
        TypeError: for what is no number and no sequence.

    """
    if isinstance(numbers, Numbers):
        return list(numbers.flat)
    if hasattr(numbers, "tolist"):  # an array of NumPy or a tensor of PyTorch
        numbers = numbers.tolist()
    if isinstance(numbers, (int, float, Fraction)) and not isinstance(numbers, bool):
        return [exact(numbers)]
    if isinstance(numbers, (str, bytes)) or not isinstance(numbers, Iterable):
        raise TypeError(f"{numbers!r} is not a number")
    return [number for part in numbers for number in flattened(part)]
