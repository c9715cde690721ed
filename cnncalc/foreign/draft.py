"""A network as a foreign text describes it, while it is read: steps that name what they take, and where they stand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, NoReturn

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_NAME, MAX_PARTS
from cnncalc.core.source import Source, Span
from cnncalc.core.words import shorten

INPUT = 0
"""The index of the network's input; steps count from 1."""


class DraftStep(NamedTuple):
    """What one piece of a foreign text does.

    Attributes:
        layers: the layers as a spec writes them, one after the other.
        inputs: the indices of the steps that it takes.
        span: where it stands in the foreign text.
        merge: the word of the merge that joins its inputs in front of the layers; "" where it takes a single one.
        name: what the foreign text calls it, or "".
        claim: the volume that it makes, where the text states that: ``28x28x6``.
        channels: the channels that arrive, where the text states them.
        values: the values that arrive, where the text states them.
        parameters: its learned parameters, where the text states them.
        keeps: running statistics of every channel that the stated parameters count too.
        remark: a comment behind it.
        enters: the volume of one of several inputs, which it is; "" for a step that computes.
    """

    layers: tuple[str, ...]
    inputs: tuple[int, ...]
    span: Span
    merge: str = ""
    name: str = ""
    claim: str = ""
    channels: int | None = None
    values: int | None = None
    parameters: int | None = None
    keeps: int = 0
    remark: str = ""
    enters: str = ""


class Draft:
    """The steps of a foreign text, in the order in which they are computed.

    Attributes:
        source: the foreign text.
        what: what it is, for a person: ``a Darknet cfg``.
        given: volumes that the caller gives in the place of the text's own, by the names of inputs; "" is no name.
        input: the input volume as a spec writes it; "" where the text does not say it. Several are steps that `enter`.
        like: a volume with letters for what is not said, ``HxWx3``, for the hint.
        rounding: what holds where a window does not fit.
        blocks: blocks that the layers call, as a spec writes them.
        outputs: the indices of the steps whose volumes leave the network; empty where that is the last one's.
        total: the stated number of all learned parameters, and where it stands.
        names_all: whether every step that has a name is written with it, or only those that are read again.
    """

    def __init__(self, source: Source, what: str, given: Mapping[str, str] | None = None) -> None:
        self.source = source
        self.what = what
        self.given = {label_text(name): volume for name, volume in (given or {}).items()}
        self.steps: list[DraftStep] = []
        self.input = ""
        self.like = ""
        self.rounding = "floor"
        self.blocks: list[str] = []
        self.outputs: list[int] = []
        self.total: tuple[int, Span] | None = None
        self.names_all = True
        self.remarks: list[str] = []

    @property
    def entering(self) -> str:
        """The volume of the one input: the caller's, or else that of the text; "" where neither says it."""
        return self.given.get("", self.input)

    @property
    def last(self) -> int:
        """The index of the last step; that of the input where there is none."""
        return len(self.steps)

    def add(self, layers: str | Sequence[str], span: Span, inputs: Sequence[int] | None = None, **more: object) -> int:
        """Add a step and return its index; without ``inputs`` it takes what the step before makes."""
        if len(self.steps) >= MAX_PARTS:
            self.exceed(span, f"this makes more than {MAX_PARTS:,} layers", "too-long")
        written = (layers,) if isinstance(layers, str) else tuple(layers)
        taken = (self.last,) if inputs is None else tuple(inputs)
        self.steps.append(DraftStep(written, taken, span, **more))  # type: ignore[arg-type]  # the fields say what
        return self.last

    def enter(self, name: str, volume: str, span: Span) -> int:
        """Add one of several inputs and return its index; each must say its volume, where the caller does not."""
        volume = self.given.get(label_text(name), volume)
        if not volume:
            self.refuse(span, f"the size of the input {quoted(name)} is not known, and several inputs need theirs")
        return self.add((), span, (INPUT,), name=name, enters=volume)

    def join(self, merge: str, inputs: Sequence[int], span: Span, then: Sequence[str] = (), **more: object) -> int:
        """Add a merge of several steps, with layers behind it; a single one is passed on."""
        if len(inputs) == 1:
            return self.add(then, span, inputs, **more) if then else inputs[0]
        return self.add(then, span, inputs, merge=merge, **more)

    def amend(self, **more: object) -> None:
        """Say more of the last step."""
        self.steps[-1] = self.steps[-1]._replace(**more)  # type: ignore[arg-type]

    def damaged(self, span: Span, message: str, *, hints: Sequence[str] = ()) -> NoReturn:
        """Say that the foreign text breaks its own format's rules."""
        damaged(self.source, span, message, hints=hints)

    def refuse(self, span: Span, message: str, *, hints: Sequence[str] = ()) -> NoReturn:
        """Say that a spec has no word for what stands at a place of the foreign text."""
        refuse(self.source, span, message, hints=hints)

    def exceed(self, span: Span, message: str, code: str) -> NoReturn:
        """Say that the foreign text asks for more than the limits allow."""
        exceed(self.source, span, message, code)


def damaged(source: Source, span: Span, message: str, *, hints: Sequence[str] = ()) -> NoReturn:
    """Raise the error for a text that breaks its own format's rules, or is cut off."""
    raise SpecError("bad-format", message, span=span, source=source, hints=hints)


def refuse(source: Source, span: Span, message: str, *, hints: Sequence[str] = ()) -> NoReturn:
    """Raise the error for what a spec has no word for."""
    raise SpecError("cannot-import", message, span=span, source=source, hints=hints)


def exceed(source: Source, span: Span, message: str, code: str) -> NoReturn:
    """Raise the error for a text that asks for more than the limits allow."""
    raise SpecError(code, message, span=span, source=source)


def quoted(text: object, limit: int = 40) -> str:
    """Return a word of a foreign text, for a message."""
    return f"`{shorten(str(text), limit)}`"


def label_text(name: str) -> str:
    """Return a name as a label may be written; "" where nothing is left of it."""
    kept = "".join([letter if letter.isascii() and letter.isalnum() else "_" for letter in name.lower()]).strip("_")
    if kept[:1].isdigit():
        kept = f"l{kept}"
    return kept[: MAX_NAME - 8]
