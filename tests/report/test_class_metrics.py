"""Precision, recall and F1, next to arithmetic by hand."""

from __future__ import annotations

from cnncalc.report.class_metrics import class_metrics, macro_metrics, percent_text

CONFUSION = [[3, 1, 0, 0], [2, 0, 0, 0], [0, 0, 0, 0], [0, 4, 0, 0]]
"""Four classes: one is never told, one has no image and is never predicted, one has images and is never predicted."""


def test_shares_of_what_is_there() -> None:
    """Class 0: 3 of 5 predictions are right, and 3 of its 4 images; F1 is 2/(5/3 + 4/3)."""
    first = class_metrics(CONFUSION)[0]
    assert (first.images, first.predicted, first.right) == (4, 5, 3)
    assert (first.precision, first.recall, first.f1) == (3 / 5, 3 / 4, 2 * 3 / (4 + 5))


def test_what_is_not_known_is_none_and_not_0() -> None:
    _, wrong, absent, missed = class_metrics(CONFUSION)
    assert (wrong.precision, wrong.recall, wrong.f1) == (0, 0, 0)
    assert (absent.precision, absent.recall, absent.f1) == (None, None, None)
    assert (missed.precision, missed.recall, missed.f1) == (None, 0, 0)
    assert macro_metrics(class_metrics(CONFUSION)) == ((3 / 5 + 0) / 2, (3 / 4 + 0 + 0) / 3, (2 / 3 + 0 + 0) / 3)
    assert macro_metrics([absent]) == (None, None, None)
    assert [percent_text(share) for share in (None, 0, 2 / 3, 1)] == ["–", "0.0%", "66.7%", "100.0%"]
