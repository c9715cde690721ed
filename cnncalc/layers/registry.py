"""From a word to the class of its layer.

A class registers its words where it is defined, so that a new layer touches one file.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from cnncalc.core.errors import SpecError
from cnncalc.core.words import shorten
from cnncalc.layers.base import Layer

if TYPE_CHECKING:
    from types import ModuleType

    from cnncalc.layers.torch_calls import Signature

L = TypeVar("L", bound=Layer)


class Entry(NamedTuple):
    """A layer's class, and what may be glued to its word: ``3-64`` in ``conv3-64``."""

    layer: type[Layer]
    heads: re.Pattern[str]


SELDOM: Mapping[str, tuple[str, ...]] = {
    "channel_convolution": ("channelconv",),
    "channels": ("scale", "shuffle", "slice"),
    "local": ("local",),
    "local_response": ("lrn",),
    "parts": ("glu", "groupmax", "groupsum", "maxout"),
    "piecewise": ("step", "threshold"),
    "reductions": ("channelmax", "channelmean", "channelsum"),
    "rearranging": ("padchannels", "pixelshuffle", "pixelunshuffle", "reshape"),
    "response": ("grn", "l2norm", "rmsnorm"),
    "transposed": ("deconv",),
    "unpooling": ("unpool",),
    "upsampling": ("upsample",),
}
"""Files of this folder whose words few networks have, with these words: each is loaded when one of its words is met."""

_FILE_OF = {word: name for name, words in SELDOM.items() for word in words}

GROUP = "cnncalc.layers"
"""The entry points by which a package says which of its classes are layers."""

_ENTRIES: dict[str, Entry] = {}
_SHORTHAND = re.compile(r"([a-z_]+?)(-?\d.*)")


def register(*words: str, heads: str = "") -> Callable[[type[L]], type[L]]:
    """Register a class under its words; the same word twice is a mistake in this project."""

    def add(layer: type[L]) -> type[L]:
        if not layer.__module__.startswith(f"{__package__}."):
            seldom()  # the words of this package are its own, also where another package comes first
        for word in words:
            if word in _ENTRIES:
                raise ValueError(f"two layers are written {word!r}")
            _ENTRIES[word] = Entry(layer, re.compile(heads))
        torch_modules.cache_clear()
        return layer

    return add


_STATEMENTS: dict[str, type[Layer]] = {}
"""Layers that a statement makes and no word of a layer."""


def statement(word: str) -> Callable[[type[L]], type[L]]:
    """Register a class as what a statement makes."""

    def add(layer: type[L]) -> type[L]:
        _STATEMENTS[word] = layer
        return layer

    return add


def find(written: str, *, elsewhere: bool = True) -> tuple[type[Layer], str, str] | None:
    """Return a layer's class, its word and the shorthand glued to it; None for an unknown word.

    ``elsewhere`` says whether to ask the packages that bring layers of their own, which takes some milliseconds.
    """
    found = _find(written)
    if found is None and written in _FILE_OF:
        import_module(f"{__package__}.{_FILE_OF[written]}")
        found = _find(written)
    return _find(written) if found is None and elsewhere and packages() else found


def class_of(word: str) -> type[Layer]:
    """Return the class of a word that is known, or of a statement that makes a layer."""
    if word in _STATEMENTS:
        return _STATEMENTS[word]
    found = find(word)
    assert found is not None
    return found[0]


def _find(written: str) -> tuple[type[Layer], str, str] | None:
    entry = _ENTRIES.get(written)
    if entry is not None:
        return entry.layer, written, ""
    match = _SHORTHAND.fullmatch(written)
    if match is None:
        return None
    entry = _ENTRIES.get(match[1])
    if entry is None or not entry.heads.fullmatch(match[2]):
        return None
    return entry.layer, match[1], match[2]


@cache
def seldom() -> tuple[ModuleType, ...]:
    """Load the files whose words few networks have, once, and return them."""
    return tuple([import_module(f"{__package__}.{name}") for name in SELDOM])


@cache
def packages() -> tuple[str, ...]:
    """Load the layers of other packages, once, and return the names of the packages.

    Raises:
        SpecError: for a package whose layers cannot be loaded.
    """
    from importlib.metadata import entry_points

    seldom()
    found = []
    for point in entry_points(group=GROUP):
        package = point.dist.name if point.dist else point.value
        try:
            point.load()
        except Exception as error:
            reason = f"{type(error).__name__}: {shorten(str(error), 160)}"
            hints = [f"mend its entry point `{shorten(point.value)}` in the group {GROUP}, or uninstall it"]
            message = f"the layers of the package `{shorten(package)}` cannot be loaded: {reason}"
            raise SpecError("bad-package", message, hints=hints) from error
        found.append(package)
    return tuple(found)


def layers() -> list[type[Layer]]:
    """Return the classes of all layers, those of other packages too."""
    packages()
    return list(dict.fromkeys([entry.layer for entry in _ENTRIES.values()]))


@cache
def torch_modules() -> dict[str, Signature]:
    """Return what the modules of ``torch.nn`` are given, by their names, as the layers list them."""
    from cnncalc.layers.torch_calls import signatures  # what only counts need not load it

    declared = [text for layer in layers() for text in vars(layer).get("torch_calls", ())]
    named = [(signature.name, signature) for signature in signatures(declared)]
    return {name.removeprefix("torch.nn."): signature for name, signature in named if name.startswith("torch.nn.")}


def foreign() -> dict[str, str]:
    """Return the words of other tools for layers, with the words that they have here."""
    return {other: word for word, others, _ in _other_names() for other in others.split()}


def spoken() -> dict[str, str]:
    """Return patterns for what lectures and papers call layers, with the words that they have here."""
    return {pattern: word for word, _, pattern in _other_names() if pattern}


def _other_names() -> list[tuple[str, str, str]]:
    return [names for layer in layers() for names in vars(layer).get("other_names", ())]


def words() -> list[str]:
    """Return every word that writes a layer, those of other packages too."""
    packages()
    return list(_ENTRIES)
