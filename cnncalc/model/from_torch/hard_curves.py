"""Hard sigmoids and hard swishes that people write out by hand, as implementations of MobileNetV3 do."""

from __future__ import annotations

from collections import Counter
from math import isclose

from cnncalc.model.from_torch.operations import ReadLayer, Readout
from cnncalc.model.from_torch.simplify import without


def with_hard_curves(readout: Readout) -> Readout:
    """Return the same network with a word for ``relu6(x + 3) / 6``, and one for x times that in either order."""
    finder = _Finder(readout)
    for index in range(1, len(readout.operations) + 1):
        finder.look_at(index)
    found = readout._replace(operations=tuple(finder.operations))
    return without(found, [index in finder.gone for index in range(1, len(finder.operations) + 1)])


class _Finder:
    """Goes over operations in their order and writes the last one of each curve anew.

    Attributes:
        operations: those of the readout, from 1 in `at`.
        gone: the places of the others of each curve, from 1.

    """

    def __init__(self, readout: Readout) -> None:
        self.operations = list(readout.operations)
        self.gone: set[int] = set()
        self.readers = Counter([source for each in readout.operations for source in each.inputs])
        self.readers.update(readout.ends)

    def look_at(self, index: int) -> None:
        """Write the operation at a place anew, if it ends a curve."""
        at = self.at(index)
        if _is(at, "times", 1 / 6):
            (before,) = at.inputs
            if (source := self.shifted(before)) is not None:
                self.end(index, "hardsigmoid", source, (before, self.at(before).inputs[0]))
            elif self.inner(before, "mul") and (pair := self.product(before)):
                source, curve = pair
                self.end(index, "hardswish", source, (before, curve, self.at(curve).inputs[0]))
        elif at.word == "mul" and len(at.inputs) == 2:
            for source, curve in (at.inputs, at.inputs[::-1]):
                if self.inner(curve, "hardsigmoid") and self.at(curve).inputs == (source,):
                    self.end(index, "hardswish", source, (curve,))
                    return

    def at(self, index: int) -> ReadLayer:
        return self.operations[index - 1]

    def inner(self, index: int, word: str) -> bool:
        """Say whether an operation is of a word and read once, so that it may be a part of another."""
        return index > 0 and self.at(index).word == word and self.readers[index] == 1

    def shifted(self, index: int) -> int | None:
        """Return x where an operation is ``relu6(x + 3)``, of which nothing else reads a part; None for any other."""
        if not self.inner(index, "relu6"):
            return None
        (before,) = self.at(index).inputs
        return self.at(before).inputs[0] if self.inner(before, "plus") and _is(self.at(before), "plus", 3) else None

    def product(self, index: int) -> tuple[int, int] | None:
        """Return x and ``relu6(x + 3)`` where an operation is their product; None for any other."""
        inputs = self.at(index).inputs
        pairs = [inputs, inputs[::-1]] if len(inputs) == 2 else []
        return next(((source, curve) for source, curve in pairs if self.shifted(curve) == source), None)

    def end(self, index: int, word: str, source: int, parts: tuple[int, ...]) -> None:
        """Write an operation as a curve of another one, and take its parts away."""
        self.operations[index - 1] = self.at(index)._replace(word=word, tokens=(), inputs=(source,))
        self.gone.update(parts)


def _is(operation: ReadLayer, word: str, number: float) -> bool:
    """Say whether an operation adds or multiplies by a number."""
    if operation.word != word or len(operation.tokens) != 1:
        return False
    (written, *more) = operation.tokens[0].numbers
    return not more and isclose(float(written), number, rel_tol=1e-6)
