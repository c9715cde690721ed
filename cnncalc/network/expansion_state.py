"""What an expansion knows on its way: layers so far, names, values, its share of time, errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from typing import Any

from cnncalc.core.errors import Fault, Note, SpecError
from cnncalc.core.limits import MAX_STEPS
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, listed, shorten
from cnncalc.layers import Arguments, find, foreign, words
from cnncalc.network.inputs import Inputs
from cnncalc.network.known_layers import KnownLayers
from cnncalc.network.made_layers import Repetition
from cnncalc.network.node import Node, Operation
from cnncalc.network.repeated_calls import BlockCall, CallMemory
from cnncalc.network.scope import Scope, joined
from cnncalc.network.settings import SpecSettings
from cnncalc.network.shared_weights import SharedWeights
from cnncalc.spec import tree
from cnncalc.spec.expressions import SIZES, Expression, Literal
from cnncalc.spec.parser import layer_words
from cnncalc.spec.steps import MERGES, STATEMENTS
from cnncalc.spec.values import evaluate, read_volume

_STEPS_OF_AN_EXPRESSION = 6
_CHARACTERS_IN_A_STEP = 4
"""What takes longer than unrolling a repeat by one, in such steps; all are measured, and rounded up."""


class ExpansionMemory:
    """What one walk leaves to the next one through the same syntax tree, with other values.

    Attributes:
        calls: what calls of blocks made.
        operations: what layers do, by what they are read from.
        layers: what has been read, for any volume.
        sizes: what H, W and C are, by the volume that arrives.

    """

    def __init__(self, spec: tree.Spec, *, several: bool = True) -> None:
        """Take a spec; ``several`` says whether it serves more than one walk."""
        self.calls = CallMemory(spec, several=several)
        self.operations: dict[tuple[Any, ...], Operation] = {}
        self.layers = KnownLayers()
        self.sizes: dict[Volume, dict[str, int]] = {}


class ExpansionState:
    """The state of one walk: the layers so far, and what is being called."""

    def __init__(
        self, spec: tree.Spec, settings: SpecSettings, most_steps: int, memory: ExpansionMemory | None = None
    ) -> None:
        memory = memory or ExpansionMemory(spec, several=False)
        self.spec = spec
        self.settings = settings
        self.source = spec.source
        self.inputs = Inputs(spec, settings)
        self.called_at: Span | None = None  # in a block of another text: the call in the spec that led there
        self.nodes: list[Node] = []
        self.volumes: list[Volume] = []
        self.made: list[Operation | None] = [None]  # what made each volume; None for the input
        self.parameters: dict[str, int] = {}
        self.top = Scope("", self.parameters, spec.labels)
        self.hides_sizes = any(name in SIZES for name in _parameters(spec))
        self.most_steps = most_steps
        self.rounding = settings.rounding or "strict"
        self.notes: list[Note] = []
        self.path: tuple[str, ...] = ()  # the blocks that are being called
        self.called: list[BlockCall] = []
        self.repetitions: list[Repetition] = []  # what is not in its place in `nodes` and `called` yet
        self.repeated: Repetition | None = None  # the last call, if it was taken over
        self.known_calls = memory.calls
        self.shared = SharedWeights()
        self.sharing = 0  # how many layers have shared their weights so far
        self.tied = False  # whether the layers of the call that is walked through share their weights
        self.outputs: tuple[int, ...] = ()
        self.output_names: tuple[str, ...] = ()
        self.depth = 0
        self.steps = 0
        self.arriving: tuple[int, ...] = ()  # the indices of the volumes that a layer is read for
        self.changes: tuple[tuple[int, int], ...] = ()
        self.sizes, self.operations, self.layers = memory.sizes, memory.operations, memory.layers

    # ---- values

    def names(self, at: int, parameters: MutableMapping[str, int]) -> Mapping[str, int]:
        """Return what names stand for: the parameters, and H, W and C of the volume that arrives.

        A parameter of such a name hides the size.
        """
        if not self.volumes or (not at and self.inputs.named):
            return parameters
        volume = self.volumes[at]
        sizes = self.sizes.get(volume) or self._sizes_of(volume)
        return joined(parameters, sizes)

    def _sizes_of(self, volume: Volume) -> dict[str, int]:
        sizes = self.sizes[volume] = dict(zip("wh", volume.spatial[::-1], strict=False))
        sizes["c"] = volume.channels
        return sizes

    def value(
        self, expression: Expression, at: int, parameters: MutableMapping[str, int], source: Source | None = None
    ) -> int:
        """Return the value of an expression where a volume arrives."""
        if type(expression) is Literal and type(expression.value) is int:
            return expression.value  # as most are: nothing is computed
        self.spend(cost(expression.span), expression.span)
        return evaluate(source or self.source, expression, self.names(at, parameters))

    def volume(self, word: tree.Word, names: Mapping[str, int]) -> Volume:
        """Return the volume that a word writes."""
        self.spend(6 * cost(word.span), word.span)
        return read_volume(self.source, word, names)

    # ---- blocks

    def is_call(self, name: str) -> bool:
        """Say whether a block's name alone calls it: inside it, and in other texts, a layer of that name is meant."""
        own = self.spec.blocks[name].source is self.source and name not in self.path
        return own or not find(name, elsewhere=False)

    def bound(self, block: tree.BlockSyntax, call: tree.CallSyntax, at: int, scope: Scope) -> MutableMapping[str, int]:
        """Return the parameters inside a block: the spec's, then the block's own."""
        given = self.given(block, call, at, scope) if call.arguments else {}
        outer = self.parameters
        if self.hides_sizes and block.source is not self.spec.source:  # it means the sizes, whatever the spec calls so
            outer = {name: value for name, value in outer.items() if name not in SIZES}
        bound = joined({}, outer)
        for parameter in block.parameters:
            if parameter.name in given:
                bound[parameter.name] = given[parameter.name]
            elif parameter.value is not None:
                bound[parameter.name] = self.value(parameter.value, at, bound, block.source)
            else:
                hints = [f"write {shorten(block.signature, 80)}"]
                message = f"`{block.name}` needs a value for `{parameter.name}`"
                raise self.error("bad-call", message, call.span, hints)
        return bound

    def given(self, block: tree.BlockSyntax, call: tree.CallSyntax, at: int, scope: Scope) -> dict[str, int]:
        """Return the values that a call gives to the parameters of a block, by name."""
        known = [parameter.name for parameter in block.parameters]
        given: dict[str, int] = {}
        for place, argument in enumerate(call.arguments):
            if argument.name is None and place >= len(known):
                message = f"`{block.name}` takes {_plural(len(known), 'value')}, not {len(call.arguments)}"
                raise self.error("bad-call", message, argument.span, _defined(block))
            name = argument.name or known[place]
            if name not in known:
                hints = [*did_you_mean(name, known), *_defined(block)]
                message = f"`{block.name}` has no parameter `{shorten(name)}`"
                raise self.error("bad-call", message, argument.span, hints)
            if name in given:
                raise self.error("bad-call", f"`{name}` is given twice", argument.span, _defined(block))
            given[name] = self.value(argument.value, at, scope.parameters)
        return given

    # ---- limits

    def spend(self, steps: int, span: Span) -> None:
        """Count what takes time, so that no text can take more than its share."""
        self.steps += steps
        if self.steps > self.most_steps:
            raise self.too_many_steps(span)

    def too_many_steps(self, span: Span) -> SpecError:
        """Return the error for a text that takes more than its share."""
        hints = ["look at the repeats and the block calls"]
        return self.error("too-long", f"the spec takes more than {MAX_STEPS:,} steps to expand", span, hints)

    # ---- errors

    def error(self, code: str, message: str, span: Span, hints: Iterable[str] = ()) -> SpecError:
        """Return an error at a place of the text."""
        return SpecError(code, message, span=span, source=self.source, hints=hints)

    def from_fault(self, fault: Fault, span: Span) -> SpecError:
        """Return the error for what a layer finds wrong with itself."""
        self.changes = fault.changes
        return SpecError(
            fault.code, fault.message, span=span, source=self.source, detail=fault.detail, hints=fault.hints
        )

    def word(self, item: tree.LayerSyntax, place: int) -> Span:
        """Return where a word of a layer stands."""
        spans = layer_words(self.source, item.span)
        return spans[place] if place < len(spans) else item.span  # a row of a table takes its size from its volume

    def place_of(self, fault: Fault, item: tree.LayerSyntax, arguments: Arguments) -> Span:
        """Return the word that a fault is about; the layer's size, or the layer, where none is written."""
        for question in (fault.about, "size"):
            if question and question in arguments.places:
                return self.word(item, arguments.places[question] + 1)
        return self.word(item, 0) if arguments.head else item.span

    def no_input(self, span: Span) -> SpecError:
        """Return the error for a spec without an input."""
        hints = ["put `input 224x224x3` in front"]
        return self.error("no-input", "the spec has no input volume", span, hints)

    def unknown_layer(self, word: str, item: tree.LayerSyntax) -> SpecError:
        """Return the error for a word that is not a layer."""
        span = self.word(item, 0)
        if word in MERGES:
            hints = [f"write its branches in brackets: {word}( conv 3x3x64 p1 | )"]
            return self.error("bad-merge", f"`{word}` needs branches", span, hints)
        if word == "output":
            hints = ["write it as the last line, at the top level: `output @p3 @p4`"]
            return self.error("misplaced", "`output` may not stand here", span, hints)
        if word in self.spec.blocks:
            hints = [f"write {shorten(self.spec.blocks[word].signature, 80)}"]
            return self.error("bad-call", f"`{word}` is a block and is called with brackets", span, hints)
        if word in self.spec.labels or any(word in block.labels for block in self.spec.blocks.values()):
            hints = [f"`{word}` is a label: `@{word}` takes its volume"]
            return self.error("unknown-layer", f"there is no layer `{shorten(word)}`", span, hints)
        ours = foreign().get(word)
        hints = [f"did you mean `{ours}`?"] if ours else []
        known = [name for name in (*words(), *STATEMENTS, *self.spec.blocks) if not _is_another_word(word, name)]
        hints = hints or did_you_mean(word, known)
        return self.error("unknown-layer", f"there is no layer `{shorten(word)}`", span, hints)

    def unknown_label(self, item: tree.TakeSyntax, scope: Scope) -> SpecError:
        """Return the error for a label that is not there: nowhere, or not inside this block."""
        if item.label in self.top.labels:
            hints = [f"blocks see no labels from outside: write `@{shorten(item.label)}` in front of the call"]
            message = f"there is no label `{shorten(item.label)}` inside this block"
            return self.error("unknown-name", message, item.span, hints)
        hints = did_you_mean(item.label, scope.labels)
        known = listed(scope.labels)
        hints.append(f"labels before this place: {known}" if known else "set it on an earlier layer: `name: layer`")
        hints += self.inputs.hints_on(item.label)
        return self.error("unknown-name", f"there is no label `{shorten(item.label)}` here", item.span, hints)

    def unknown_merge(self, item: tree.MergeSyntax) -> SpecError:
        """Return the error for a word in front of branches that merges nothing."""
        hints = did_you_mean(item.word, MERGES) or [f"branches are merged by {', '.join(MERGES)}"]
        span = Span(item.span.start, item.span.start + len(item.word))
        return self.error("bad-merge", f"`{shorten(item.word)}` does not merge branches", span, hints)

    def unknown_block(self, item: tree.CallSyntax) -> SpecError:
        """Return the error for a call of what is not a block."""
        hints = did_you_mean(item.name, [*self.spec.blocks, *MERGES])
        if find(item.name) is not None:
            hints = [f"`{item.name}` is a layer: write it without brackets, and ` - ` in front of a group"]
        span = Span(item.span.start, item.span.start + len(item.name))
        hints = hints or [f"define it: `block {shorten(item.name)}(…)` … `end`"]
        return self.error("unknown-block", f"there is no block `{shorten(item.name)}`", span, hints)


def _parameters(spec: tree.Spec) -> Iterator[str]:
    """Go through the names of all parameters, of the spec and of its blocks."""
    for statement in spec.statements:
        if type(statement) is tree.ParameterSyntax:
            yield statement.name
    for block in spec.blocks.values():
        yield from [parameter.name for parameter in block.parameters]


def _is_another_word(word: str, name: str) -> bool:
    """Say whether two words begin otherwise: ``unpool`` is not a mistyped ``pool``, nor a mistyped ``minpool``."""
    mistyped = (word[1:], name[1:]) if len(word) == len(name) else (word.removeprefix(word[:1]), name)
    return word[:1] != name[:1] and mistyped[0] != mistyped[1] and word != name[1:]


def cost(span: Span) -> int:
    """Return the steps that computing an expression takes."""
    start, end = span
    return _STEPS_OF_AN_EXPRESSION + (end - start) // _CHARACTERS_IN_A_STEP


def _defined(block: tree.BlockSyntax) -> list[str]:
    return [f"it is defined as {shorten(block.signature, 80)}"]


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
