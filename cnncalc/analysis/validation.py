"""Checks of the arguments of a Python program: each names the argument, what it takes and what it got.

The command line checks its own options, so that here only calls of the library fail.
"""

from __future__ import annotations

from collections.abc import Collection
from math import inf
from operator import index
from os import PathLike, fsdecode
from typing import Any

from cnncalc.core.errors import ArgumentError, ArgumentTypeError
from cnncalc.core.words import did_you_mean, listed, shorten, type_text
from cnncalc.network import Network


def check_network(network: Any) -> None:
    """Refuse what is no network: a spec that was not loaded, mostly."""
    if not isinstance(network, Network):
        hints = ["load it first: cnncalc.load(spec)"] if isinstance(network, str) else []
        raise ArgumentTypeError("bad-argument", f"network is a Network, not {type_text(network)}", hints=hints)


def check_whole(name: str, value: Any, least: int = 1, most: int | None = None) -> int:
    """Return a whole number as an `int`, also one of NumPy's, whose sums would overflow."""
    try:
        if isinstance(value, bool):
            raise TypeError
        number = index(value)
    except TypeError:
        hints = [f"write {int(value)}"] if isinstance(value, float) and value.is_integer() else []
        message = f"{name} is a whole number, not {_shown(value)}"
        raise ArgumentTypeError("bad-argument", message, hints=hints) from None
    if number < least:
        raise ArgumentError("out-of-range", f"{name} is at least {least}, not {shorten(repr(number))}")
    if most is not None and number > most:
        raise ArgumentError("out-of-range", f"{name} is at most {most}, not {shorten(repr(number))}")
    return number


def check_number(name: str, value: Any) -> float:
    """Return a finite number that is at least 0."""
    if isinstance(value, (bool, str, bytes)) or not hasattr(value, "__float__"):
        message = f"{name} is a number, not {_shown(value)}"
        raise ArgumentTypeError("bad-argument", message)
    number = float(value)
    if not 0 <= number < inf:
        raise ArgumentError("out-of-range", f"{name} is a number that is at least 0, not {number:g}")
    return number


def check_choice(name: str, value: Any, known: Collection[str]) -> None:
    """Refuse a name that is not among the known ones."""
    if not isinstance(value, str):
        message = f"{name} is one of {listed(known)}, not {_shown(value)}"
        raise ArgumentTypeError("bad-argument", message)
    if value not in known:
        hints = [*did_you_mean(value, known), f"there are {listed(known)}"]
        raise ArgumentError("bad-option", f"there is no {name} `{shorten(value)}`", hints=hints)


def check_path(name: str, value: Any) -> str:
    """Return a path as text."""
    if not isinstance(value, (str, PathLike)):
        raise ArgumentTypeError("bad-argument", f"{name} is a path, not {_shown(value)}")
    return fsdecode(value)


def check_flag(name: str, value: Any) -> None:
    """Refuse what is neither True nor False, such as ``"no"``, which Python takes for true."""
    if not isinstance(value, bool):
        message = f"{name} is True or False, not {_shown(value)}"
        raise ArgumentTypeError("bad-argument", message)


def _shown(value: Any) -> str:
    return "None" if value is None else f"{shorten(repr(value))} ({type_text(value)})"
