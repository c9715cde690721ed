"""A second way to every answer: an exercise is read as a student reads it, and worked out by PyTorch or by counting.

For each kind there is what its English question looks like, and a function of the numbers in it that says whether an
answer is right. Nothing of the calculator is used here.
"""

from tests.quiz.oracle import costs, design, fields, fitting, sizes, values
from tests.quiz.oracle.reading import ORACLES, numbers_of, right_answers
from tests.quiz.oracle.sums import value_of

__all__ = [
    "ORACLES",
    "costs",
    "design",
    "fields",
    "fitting",
    "numbers_of",
    "right_answers",
    "sizes",
    "value_of",
    "values",
]
