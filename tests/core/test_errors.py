"""Errors: a small tree, each also the built-in that fits, whole as a text and in another process."""

from __future__ import annotations

import pickle

import pytest

import cnncalc
from cnncalc.core.source import Source, Span


@pytest.mark.parametrize(
    ("kind", "built_in"),
    [
        (cnncalc.SpecError, ValueError),
        (cnncalc.ArgumentError, cnncalc.SpecError),
        (cnncalc.ArgumentTypeError, TypeError),
        (cnncalc.DataError, ValueError),
        (cnncalc.DeviceError, RuntimeError),
        (cnncalc.RunError, RuntimeError),
        (cnncalc.WriteError, OSError),
    ],
)
def test_every_error_is_also_the_built_in_that_fits(kind: type[cnncalc.CnncalcError], built_in: type) -> None:
    """Who catches ValueError or OSError need not know this package."""
    assert issubclass(kind, cnncalc.CnncalcError)
    assert issubclass(kind, built_in)
    assert str(kind("bad-thing", "it is bad", hints=["mend it"])) == "it is bad\n  = mend it"


def test_the_text_of_an_error_is_whole() -> None:
    """The place, the message, the sum, the hints, and the blocks that led there."""
    source, span = Source("net.txt", "input 7x7x3\nconv 3x3x16 s3\n"), Span(24, 26)
    named = {"detail": "7/3 = 2 1/3", "hints": ["write s2", "or s1"], "trail": ["in `block(3)`"]}
    error = cnncalc.SpecError("does-not-fit", "it does not fit", source=source, span=span, **named)

    assert str(error) == ("net.txt:2:13: it does not fit\n  7/3 = 2 1/3\n  = write s2\n  = or s1\n  = in `block(3)`")


def test_the_place_of_an_error_cannot_steer_a_terminal() -> None:
    """A file's name may hold anything."""
    error = cnncalc.SpecError("no-input", "no input", source=Source("\x1b[2Ja.txt", "relu"), span=Span(0, 4))

    assert str(error) == "�[2Ja.txt:1:1: no input"


@pytest.mark.parametrize("kind", [cnncalc.SpecError, cnncalc.WriteError, cnncalc.RunError])
def test_errors_cross_from_one_process_to_another_whole(kind: type[cnncalc.CnncalcError]) -> None:
    """What multiprocessing hands over is the same error."""
    source, span = Source("text", "conv 3x3"), Span(0, 4)
    error = kind("bad-thing", "it is bad", source=source, span=span, detail="1 = 2", hints=["mend it"], trail=["in a"])
    found = pickle.loads(pickle.dumps(error))

    assert type(found) is kind
    assert vars(found) == vars(error)
    assert str(found) == str(error)
