"""The syntax tree: what stands in a spec, before anybody asks what it means.

No node knows a layer. Every node keeps the span of text that it came from.
"""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.core.source import Source, Span
from cnncalc.spec.expressions import Expression


class Word(NamedTuple):
    """A run of characters such as ``3x3x{4*width}``: texts and the expressions between them.

    ``constant`` is the whole word where it holds no expression, so that nothing has to be computed.
    """

    parts: tuple[str | Expression, ...]
    span: Span
    constant: str | None


class LayerSyntax(NamedTuple):
    """A layer as written: its word (``conv``, ``conv3-64``), then sizes, options and labels.

    Exactly one of ``texts`` and ``words`` is there: the texts where nothing has to be computed, which is
    most of the time, and else the words with their expressions. ``labels`` are those among its words.
    """

    span: Span
    texts: tuple[str, ...] | None
    words: tuple[Word, ...] = ()
    labels: tuple[TakeSyntax, ...] = ()


class ArgumentSyntax(NamedTuple):
    """An argument of a block call; ``name`` is None for one that goes by its place."""

    name: str | None
    value: Expression
    span: Span


class CallSyntax(NamedTuple):
    """A call of a block: ``project(128, stride=2)``; ``weights`` is the name that its layers' weights share."""

    name: str
    arguments: tuple[ArgumentSyntax, ...]
    span: Span
    weights: str = ""


class MergeSyntax(NamedTuple):
    """``add( A | B )`` and its kin; an empty branch passes the volume through."""

    word: str
    branches: tuple[Sequence, ...]
    span: Span


class Group(NamedTuple):
    """Steps in brackets."""

    body: Sequence
    span: Span


class TakeSyntax(NamedTuple):
    """``@name``: go on from the volume that carries this label."""

    label: str
    span: Span


class Here(NamedTuple):
    """Nothing but a claim: ``=> 28x28x6`` on a line of its own."""

    span: Span


Item = LayerSyntax | CallSyntax | MergeSyntax | Group | TakeSyntax | Here


class Stated(NamedTuple):
    """A number that a row of the lecture's table states: ``params: (3*3*3)*64 = 1,728``.

    ``unit`` is the size of its last significant digit: 1 for 1,728 and 100,000 for 3.2M.
    """

    quantity: str
    value: int
    unit: int
    span: Span


class StepSyntax(NamedTuple):
    """An item with what is written around it: a label, a repeat, a claim, stated numbers."""

    item: Item
    span: Span
    label: str | None = None
    repeats: tuple[Expression, ...] = ()
    claim: Word | None = None
    stated: tuple[Stated, ...] = ()


Sequence = tuple[StepSyntax, ...]


class ParameterSyntax(NamedTuple):
    """``name = value``: a parameter of the spec, or of a block (there the value may be missing)."""

    name: str
    value: Expression | None
    span: Span


class BlockSyntax(NamedTuple):
    """``block name(a, b=1)`` … ``end``; ``source`` is the text that it stands in."""

    name: str
    parameters: tuple[ParameterSyntax, ...]
    body: Sequence
    labels: frozenset[str]
    span: Span
    source: Source

    @property
    def signature(self) -> str:
        """How the block is called: ``project(width, stride=…)``."""
        names = [p.name if p.value is None else f"{p.name}=…" for p in self.parameters]
        return f"{self.name}({', '.join(names)})"


class Input(NamedTuple):
    """``input 224x224x3``, or one of several: ``input left 64x64x3``; ``name`` is "" where there is none."""

    volume: Word
    span: Span
    stated: tuple[Stated, ...] = ()
    name: str = ""


class Rounding(NamedTuple):
    """``rounding floor``"""

    mode: str
    span: Span


class OutputSyntax(NamedTuple):
    """``output @p3 @p4``"""

    labels: tuple[TakeSyntax, ...]
    span: Span


Statement = Input | Rounding | ParameterSyntax | StepSyntax | OutputSyntax


class Spec(NamedTuple):
    """A whole text: its statements in order, its blocks by name, and totals that a table states.

    ``unread`` are rows of totals whose numbers could not be read.
    """

    source: Source
    statements: tuple[Statement, ...]
    blocks: dict[str, BlockSyntax]
    labels: frozenset[str]
    totals: tuple[Stated, ...] = ()
    unread: tuple[Span, ...] = ()
