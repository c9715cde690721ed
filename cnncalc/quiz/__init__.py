"""Exercises drawn from a seed, with wrong answers from the usual mistakes: as sheets, and asked in a terminal."""

from cnncalc.quiz.drawing import Wanted, sheet
from cnncalc.quiz.parts.exercise import LEVELS, TOPICS, Exercise

__all__ = ["LEVELS", "TOPICS", "Exercise", "Wanted", "sheet"]
