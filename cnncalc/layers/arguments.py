"""What is written after a layer's word, read one question at a time.

A layer asks for what it knows (`size`, `option`, `flag`, …) and at the end calls `done`, which refuses
whatever nobody asked for. Options may come in any order, so nothing here depends on their places.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, NoReturn

from cnncalc.core.errors import Fault
from cnncalc.core.limits import MAX_DIGITS, MAX_NAME, MAX_NUMBER
from cnncalc.core.volume import Volume
from cnncalc.core.words import closest, one_spelling, shorten
from cnncalc.layers.number_lists import Filters, read_number, read_numbers
from cnncalc.layers.pieces import put_together

_SPELLINGS = {
    "s": "stride",
    "p": "pad",
    "padding": "pad",
    "d": "dilation",
    "g": "groups",
    "op": "outpad",
    "output_padding": "outpad",
    "x": "factor",
}
_SHORT = re.compile(r"(s|p|d|g|op|x)([-+.]?[0-9].*)")
_WRITTEN = {"stride": "s2 (stride=2)", "pad": "p1 (pad=1)", "dilation": "d2 (dilation=2)"} | {
    "groups": "g2 (groups=2)",
    "outpad": "op1 (output_padding=1)",
    "factor": "x2",
}

_FEW_DIGITS = MAX_DIGITS - 2
Pair = tuple[int, int]


class Labelled(NamedTuple):
    """What a label stands for that is an argument of a layer: ``@pool1``.

    Attributes:
        name: the label.
        volume: the labelled volume.
        layer: the layer (`cnncalc.layers.base.Layer`) that made it; None for the network's input.
        sources: the volumes that this layer read.

    """

    name: str
    volume: Volume
    layer: Any
    sources: tuple[Volume, ...]


_NO_LABELS: Mapping[str, Labelled] = MappingProxyType({})


class Arguments:
    """The words after a layer's word, and the volume that arrives.

    Attributes:
        word: the layer's word as written, without the digits of a shorthand (``conv`` of ``conv3-64``).
        head: those digits (``3-64``), or "".
        dimensions: the number of spatial dimensions of the volume that arrives.
        rounding: strict, floor or ceil, where the layer says nothing else.
        labels: what the labels among the words stand for.
        places: which word answered a question, by the question's name: where an error's caret belongs.
        asked_source, asked_channels: whether the volume that arrives was asked for, or its channels. A layer for which
            neither was is the same for all volumes of these dimensions, and is read once.

    """

    def __init__(
        self,
        word: str,
        head: str,
        texts: Sequence[str],
        source: Volume,
        rounding: str,
        labels: Mapping[str, Labelled] = _NO_LABELS,
    ) -> None:
        self.word = word
        self.head = head
        self.dimensions = len(source) - 1
        self.asked_source = self.asked_channels = False
        self.rounding = rounding
        self.labels = labels
        self.places: dict[str, int] = {}
        self._source = source
        self._texts = texts
        self._known: list[str] = []
        self._options: dict[str, tuple[int, str]] = {}
        self._bare: dict[int, str] = {}

    def sort(self) -> None:
        """Sort the words into options and others, before the first question."""
        for place, text in put_together(self._texts):
            self._sort(place, text)

    # ---- what arrives

    @property
    def source(self) -> Volume:
        """The volume that arrives; where its dimensions or its channels will do, ask for these."""
        self.asked_source = True
        return self._source

    @property
    def channels(self) -> int:
        """The channels that arrive."""
        self.asked_channels = True
        return self._source[-1]

    # ---- questions

    def size(self, expected: str) -> tuple[int, ...]:
        """Return the sizes that come first, ``3x3x64`` as (3, 3, 64); ``{0}`` in ``expected`` is the layer's word."""
        text = self._first_number("size")
        if text is None:
            raise Fault("missing-size", f"{self.word} needs its size", hints=["write " + expected.format(self.word)])
        return self.whole_numbers(text, "size", least=1)

    def groups(self, example: str) -> int:
        """Return the number of groups that comes first; it divides the channels that arrive."""
        sizes = self.size(f"`{example}`: the number of groups")
        if len(sizes) != 1:
            raise Fault("bad-size", f"{self.word} takes one number of groups", about="size")
        if self.channels % sizes[0]:
            self.refuse_groups(sizes[0], "size")
        return sizes[0]

    def refuse_groups(self, groups: int, about: str) -> NoReturn:
        """Refuse a number of groups that does not divide the channels that arrive."""
        channels = self.channels
        fitting = [count for count in range(1, min(channels, 4096) + 1) if channels % count == 0]
        nearest = sorted(sorted(fitting, key=lambda count: abs(count - groups))[:3])
        raise Fault(
            "bad-groups",
            f"{groups} groups do not divide {channels} channels",
            about=about,
            detail=f"{channels}/{groups} = {channels // groups} remainder {channels % groups}",
            hints=["fits with: groups " + ", ".join(map(str, nearest))],
        )

    def number(self, name: str, default: float) -> float:
        """Return the number that comes first, such as a slope or a rate."""
        text = self._first_number(name)
        return default if text is None else self._float(text, name)

    def text(self, name: str) -> str | None:
        """Return the number-like word that comes first, unread: ``0:{C/2}``."""
        return self._first_number(name)

    def option(self, name: str) -> str | None:
        """Return the value of an option as written, or None."""
        self._known.append(name)
        if name not in self._options:
            return None  # as of most
        self.places[name], value = self._options.pop(name)
        return value

    def whole(self, name: str, default: int, least: int = 1) -> int:
        """Return an option that is one whole number."""
        value = self.option(name)
        return default if value is None else self.whole_number(value, name, least)

    def decimal(self, name: str, default: float) -> float:
        """Return an option that is a number, such as ``eps=1e-3``."""
        value = self.option(name)
        return default if value is None else self._float(value, name)

    def per_dimension(self, name: str, default: Sequence[int], least: int = 1) -> tuple[int, ...]:
        """Return an option with one number for all dimensions, or one per dimension (``s2x1``)."""
        value = self.option(name)
        if value is None:
            return tuple(default)
        return self.spread(self.whole_numbers(value, name, least), name)

    def padding(self, name: str, default: str | None) -> tuple[Pair, ...]:
        """Return (before, after) per dimension: ``p1``, ``p1x2``, ``p0:1x0:1``."""
        value = self.option(name)
        return self.pairs(value if value is not None else default or "0", name)

    def pairs(self, text: str, name: str) -> tuple[Pair, ...]:
        """Read (before, after) per dimension from ``1``, ``1x2`` or ``0:1x0:1``."""
        if "x" not in text:
            return ((0, 0) if text == "0" else self._pair(text, name),) * self.dimensions
        pairs = [self._pair(part, name) for part in text.split("x")]
        self._right_count(len(pairs), name)
        return tuple(pairs)

    def shared_weights(self) -> str:
        """Return the name under which layers share their weights, ``weights=head``; "" where none is written."""
        place, written = self._options.pop("weights", (None, ""))
        if place is None:
            return ""
        self.places["weights"] = place
        name = one_spelling(written)
        if not name.isidentifier() or len(name) > MAX_NAME:
            hints = ["write letters, digits and `_`, as in `weights=head`"]
            raise Fault("bad-option", f"`{shorten(written)}` is not a name for weights", about="weights", hints=hints)
        return name

    def numbers(self, name: str) -> Filters | None:
        """Return an option that is a list of numbers, ``kernel=[-1 0 1; -1 0 1]``; None where none is in brackets."""
        self._known.append(name)
        if not self._options.get(name, (0, ""))[1].startswith("["):
            return None
        return read_numbers(self.option(name) or "", name)

    def label(self) -> Labelled | None:
        """Return what a label behind the layer's word stands for, ``unpool @pool1``; None where none is written."""
        self._known.append("@label")
        for place, text in self._bare.items():
            if text.startswith("@"):
                self.places["label"] = place
                del self._bare[place]
                return self.labels[text[1:]]
        return None

    def flag(self, name: str) -> bool:
        """Say whether a word stands there."""
        self._known.append(name)
        for place, text in self._bare.items():
            if text == name:
                self.places[name] = place
                del self._bare[place]
                return True
        return False

    def one_of(self, *names: str) -> str | None:
        """Return which of several words that exclude each other stands there, or None."""
        self._known += names
        if not self._bare or frozenset(names).isdisjoint(self._bare.values()):
            return None  # as for most
        found = [name for name in names if self.flag(name)]
        if len(found) > 1:
            raise Fault("bad-option", f"{self.word} cannot be both `{found[0]}` and `{found[1]}`", about=found[1])
        return found[0] if found else None

    @property
    def all_read(self) -> bool:
        """Whether every word has been asked for, so that further questions have nothing to find."""
        return not self._bare and not self._options

    def done(self) -> None:
        """Refuse every word that no question was about."""
        if not self.all_read:
            left = [*self._bare.items(), *((place, name) for name, (place, _) in self._options.items())]
            raise self._unknown(*min(left))

    # ---- numbers

    def spread(self, numbers: tuple[int, ...], name: str) -> tuple[int, ...]:
        """Return one number per dimension, given one for all or one for each."""
        if len(numbers) == 1:
            return numbers * self.dimensions
        self._right_count(len(numbers), name)
        return numbers

    def whole_numbers(self, text: str, name: str, least: int) -> tuple[int, ...]:
        """Read whole numbers joined by ``x``."""
        if "x" not in text:
            return (self.whole_number(text, name, least),)
        return tuple([self.whole_number(part, name, least) for part in text.split("x")])

    def whole_number(self, text: str, name: str, least: int) -> int:
        """Read one whole number, at least ``least``."""
        if len(text) < _FEW_DIGITS and text.isascii() and text.isdecimal() and (number := int(text)) >= least:
            return number  # by far the most
        digits = text.removeprefix("-")
        if not (digits.isascii() and digits.isdigit()):
            message = f"`{shorten(text)}` is not a whole number" if text else "a number is missing"
            raise Fault("bad-number", message, about=name)
        if len(digits) > MAX_DIGITS or abs(number := int(text)) > MAX_NUMBER:
            raise Fault("out-of-range", f"numbers go up to {MAX_NUMBER:,}", about=name)
        if number < least:
            raise Fault("out-of-range", f"{_called(name)} is at least {least}, not {number}", about=name)
        return number

    # ---- how the words are sorted

    def _sort(self, place: int, text: str) -> None:
        if "=" in text:
            name, _, value = text.partition("=")
        elif short := _SHORT.fullmatch(text):
            name, value = short.groups()
        else:
            self._bare[place] = text
            return
        name = _SPELLINGS.get(name, name)
        if name == "pad" and value in ("same", "valid"):
            self._bare[place] = value
            return
        self.places[name] = place
        if name in self._options:
            raise Fault("bad-option", f"{self.word} is given its {_called(name)} twice", about=name)
        self._options[name] = (place, value)

    def _first_number(self, name: str) -> str | None:
        for place, text in self._bare.items():
            if text[0] in "0123456789.-+":
                self.places[name] = place
                del self._bare[place]
                return text
        return None

    def _float(self, text: str, name: str) -> float:
        self.places.setdefault(name, 0)
        return read_number(text, name)

    def _pair(self, text: str, name: str) -> Pair:
        before, colon, after = text.partition(":")
        first = self.whole_number(before, name, 0)
        return (first, self.whole_number(after, name, 0) if colon else first)

    def _right_count(self, count: int, name: str) -> None:
        dimensions = self.dimensions
        if count != dimensions:
            message = f"{_called(name)} has {count} numbers, but the input {self.source} has "
            raise Fault(
                "bad-size",
                f"{message}{dimensions} spatial dimension{'s' if dimensions > 1 else ''}",
                about=name,
                hints=["write one number for all dimensions, or one for each"],
            )

    def _unknown(self, place: int, name: str) -> Fault:
        self.places["unknown"] = place
        text = self._texts[place]
        if text.startswith("@"):
            hints = [f"to continue from `{shorten(text)}`, write ` - ` or a line end in front of it"]
            return Fault("unknown-option", f"{self.word} takes no label", about="unknown", hints=hints)
        known = [word for word in dict.fromkeys(self._known) if word]
        words = [*known, *(long for short, long in _SPELLINGS.items() if _SPELLINGS[short] in known)]
        hints = [f"did you mean `{match}`?" for match in closest(name, words)]
        hints.append(f"{self.word} takes " + ", ".join(_WRITTEN.get(word, word) for word in known))
        if not known:
            hints = [f"{self.word} takes no options"]
        if text[0].isalpha() and "=" not in text:
            hints.append("layers are separated by ` - ` or a line end")
        return Fault("unknown-option", f"{self.word} has no option `{shorten(text)}`", about="unknown", hints=hints)


def _called(name: str) -> str:
    return {"pad": "padding", "outpad": "output padding"}.get(name, name)
