"""From a syntax tree to a network: blocks are called, repeats unrolled, volumes computed.

The walk goes through the tree once per expanded layer. It carries the index of the volume that arrives
(0 is the network's input) and hands back the index of the volume that leaves.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field

from cnncalc.core.errors import Fault, Note, SpecError
from cnncalc.core.limits import MAX_LAYERS, MAX_NESTING, MAX_NUMBER, MAX_STEPS
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, listed, shorten
from cnncalc.layers import FOREIGN, Arguments, Sources, find, words
from cnncalc.network.claims import check_claim, check_stated, check_totals, unread_totals
from cnncalc.network.network import Network, Node, Operation, Reached
from cnncalc.network.settings import SpecSettings
from cnncalc.spec import tree
from cnncalc.spec.expressions import Expression
from cnncalc.spec.parser import MERGES, STATEMENTS, layer_words, parse_value, parse_volume
from cnncalc.spec.values import evaluate, read_volume, written

_STEPS_OF_A_CALL = 32
_STEPS_OF_AN_EXPRESSION = 6
_STEPS_OF_A_NEW_LAYER = 240
_CHARACTERS_IN_A_STEP = 4
_CHARACTERS_OF_A_NAME_IN_A_STEP = 8
_WINDOWS_IN_A_STEP = 4
"""What takes longer than unrolling a repeat by one, in such steps; all are measured, and rounded up."""


def expand(spec: tree.Spec, settings: SpecSettings, most_steps: int = MAX_STEPS) -> Network:
    """Return the network that a spec describes, or raise `SpecError`, which says how far it came (``reached``)."""
    expansion = _Expansion(spec, settings, most_steps)
    try:
        return expansion.network()
    except SpecError as error:
        error.reached = expansion.reached()
        raise


@dataclass
class _Scope:
    """What names mean inside one call of a block (or at the top level)."""

    prefix: str
    parameters: MutableMapping[str, int]
    labels: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    taken: set[str] = field(default_factory=set)

    def numbered(self, word: str) -> str:
        """Return the next free name for a layer or a block without a label: ``conv3``."""
        count = self.counts.get(word, 0) + 1
        while (name := f"{word}{count}") in self.taken:
            count += 1
        self.counts[word] = count
        self.taken.add(name)
        return self.prefix + name

    def labelled(self, label: str) -> str:
        """Return the label itself, and ``label_2`` and so on where a repeat uses it again."""
        count = self.counts.get(label + "_", 0) + 1
        self.counts[label + "_"] = count
        if count == 1:
            return self.prefix + label
        while (name := f"{label}_{count}") in self.taken:
            count += 1
        self.counts[label + "_"] = count
        self.taken.add(name)
        return self.prefix + name


Walk = Callable[..., int]
"""Goes through one kind of item: (item, at, scope, label) → the index that leaves it."""


class _Expansion:
    """The state of one walk: the layers so far, and what is being called."""

    def __init__(self, spec: tree.Spec, settings: SpecSettings, most_steps: int) -> None:
        self.spec = spec
        self.settings = settings
        self.source = spec.source
        self.place: Span | None = None  # in a block of another text: the call in the spec that led there
        self.nodes: list[Node] = []
        self.volumes: list[Volume] = []
        self.parameters: dict[str, int] = {}
        self.top = _Scope("", self.parameters, taken=set(spec.labels))
        self.most_steps = most_steps
        self.rounding = settings.rounding or "strict"
        self.notes: list[Note] = []
        self.calls: list[tree.CallSyntax] = []
        self.active: set[str] = set()
        self.blocks: dict[str, str] = {}
        self.arguments: dict[str, Mapping[str, int]] = {}
        self.depth = 0
        self.steps = 0
        self.arriving: tuple[int, ...] = ()  # the indices of the volumes that a layer is read for
        self.changes: tuple[tuple[int, int], ...] = ()
        self.operations: dict[tuple[tuple[str, ...], Sources, str], Operation] = {}

    # ---- statements

    def network(self) -> Network:
        scope = self.top
        self._refuse_unknown_settings()
        if self.settings.input is not None:
            source = self.settings.input
            self.volumes.append(_as_input(read_volume(source, parse_volume(source), {})))
        statements: dict[type, Callable[..., int]] = {
            tree.Input: self._input,
            tree.Rounding: self._rounding,
            tree.ParameterSyntax: self._parameter,
            tree.StepSyntax: self._top_step,
        }
        at = 0
        for statement in self.spec.statements:
            at = statements[type(statement)](statement, at, scope)
        if not self.volumes:
            raise self._no_input(Span(0, 1))
        self.notes.extend(check_totals(self.source, self.spec.totals, self.volumes, self.nodes))
        self.notes.extend(unread_totals(self.spec.unread))
        return self._built(at)

    def reached(self) -> Reached | None:
        """Return how far the expansion came; None without an input."""
        return Reached(self._built(len(self.nodes)), self.arriving, self.changes) if self.volumes else None

    def _built(self, at: int) -> Network:
        return Network(
            input=self.volumes[0],
            layers=tuple(self.nodes),
            output_index=at,
            rounding=self.rounding,
            source=self.spec.source,
            parameters=self.parameters,
            blocks=self.blocks,
            arguments=self.arguments,
            notes=tuple(self.notes),
        )

    def _input(self, statement: tree.Input, at: int, scope: _Scope) -> int:
        if self.nodes:
            hints = ["put it before the first layer"]
            raise self._error("misplaced", "the input stands after a layer", statement.span, hints)
        if self.settings.input is None:
            if self.volumes:
                raise self._error("misplaced", "there is a second `input`", statement.span, ["leave one of them out"])
            volume = _as_input(self._volume(statement.volume, scope.parameters))
            self.volumes.append(volume)
            check_stated(self.source, statement.stated, volume, 0, 0)
        return at

    def _rounding(self, statement: tree.Rounding, at: int, scope: _Scope) -> int:
        self.rounding = self.settings.rounding or statement.mode
        return at

    def _parameter(self, statement: tree.ParameterSyntax, at: int, scope: _Scope) -> int:
        if statement.name in self.parameters:
            hints = ["give it another name"]
            message = f"the parameter `{shorten(statement.name)}` is defined twice"
            raise self._error("bad-name", message, statement.span, hints)
        names = self._names(at, scope.parameters)
        override = self.settings.parameters.get(statement.name)
        if override is None:
            assert statement.value is not None  # the grammar gives every `param` a value
            value = self._value(statement.value, names)
        else:
            value = evaluate(override, parse_value(override), names)
        self.parameters[statement.name] = value
        return at

    def _top_step(self, statement: tree.StepSyntax, at: int, scope: _Scope) -> int:
        if not self.volumes:
            raise self._no_input(statement.span)
        return self._step(statement, at, scope)

    def _refuse_unknown_settings(self) -> None:
        known = {s.name for s in self.spec.statements if type(s) is tree.ParameterSyntax}
        for name in self.settings.parameters:
            if name not in known:
                has = f"its parameters are {listed(known)}" if known else "it has no parameters"
                raise SpecError(
                    "unknown-name",
                    f"the spec has no parameter `{shorten(name)}`",
                    hints=[*did_you_mean(name, known), has],
                )

    # ---- steps

    def _sequence(self, steps: tree.Sequence, at: int, scope: _Scope) -> int:
        for step in steps:
            at = self._step(step, at, scope)
        return at

    def _step(self, step: tree.StepSyntax, at: int, scope: _Scope) -> int:
        walk = _WALKS[type(step.item)]
        times = self._repeats(step, at, scope) if step.repeats else 1
        self.steps += 1
        for _ in range(times):
            self.steps += 1
            if self.steps > self.most_steps:
                raise self._too_many_steps(step.span)
            at = walk(self, step.item, at, scope, step.label)
        if step.label is not None:
            scope.labels[step.label] = at
        if step.claim is not None:
            claimed = self._volume(step.claim, self._names(at, scope.parameters))
            made_by = self.nodes[at - 1] if at else None
            check_claim(self.source, step.claim.span, claimed, self.volumes[at], made_by)
        if step.stated:
            weights, biases = (self.nodes[at - 1].weights, self.nodes[at - 1].biases) if at else (0, 0)
            check_stated(self.source, step.stated, self.volumes[at], weights, biases)
        return at

    def _repeats(self, step: tree.StepSyntax, at: int, scope: _Scope) -> int:
        count = 1
        for repeat in step.repeats:
            times = self._value(repeat, self._names(at, scope.parameters))
            if times < 0:
                raise self._error("out-of-range", f"a repeat count is at least 0, not {times}", repeat.span)
            count *= times
            if count > MAX_STEPS:
                message = f"{count:,} repeats are too many: a network has at most {MAX_LAYERS:,} layers"
                raise self._error("too-long", message, step.repeats[0].span)
        return count

    def _here(self, item: tree.Here, at: int, scope: _Scope, label: str | None) -> int:
        return at

    def _group(self, item: tree.Group, at: int, scope: _Scope, label: str | None) -> int:
        return self._nested(item.body, at, scope, item.span)

    def _nested(self, body: tree.Sequence, at: int, scope: _Scope, span: Span) -> int:
        """Walk through what brackets or a block hold."""
        if self.depth >= MAX_NESTING:
            raise self._error("too-deep", f"brackets and block calls nest at most {MAX_NESTING} deep", span)
        self.depth += 1
        at = self._sequence(body, at, scope)
        self.depth -= 1
        return at

    def _take(self, item: tree.TakeSyntax, at: int, scope: _Scope, label: str | None) -> int:
        index = scope.labels.get(item.label)
        if index is not None:
            return index
        hints = did_you_mean(item.label, scope.labels)
        known = listed(scope.labels)
        hints.append(f"labels before this place: {known}" if known else "set it on an earlier layer: `name: layer`")
        raise self._error("unknown-name", f"there is no label `{shorten(item.label)}` here", item.span, hints)

    def _merge(self, item: tree.MergeSyntax, at: int, scope: _Scope, label: str | None) -> int:
        self._spend(len(item.branches), item.span)
        inputs = tuple([self._nested(branch, at, scope, item.span) for branch in item.branches])
        sources = tuple([self.volumes[index] for index in inputs])
        key = ((item.word,), sources, self.rounding)
        operation = self.operations.get(key)
        if operation is None:
            self.arriving = inputs
            operation = self.operations[key] = self._merging(item, sources)
        return self._add(operation, inputs, item.span, scope, label)

    def _merging(self, item: tree.MergeSyntax, sources: Sources) -> Operation:
        found = find(item.word)
        assert found is not None  # the grammar's words for merges are registered
        layer = found[0]()
        try:
            output = layer.output(sources)
        except Fault as fault:
            raise self._from_fault(fault, item.span) from None
        return self._operation(Operation(layer, item.word, sources, output), item.span)

    def _layer(self, item: tree.LayerSyntax, at: int, scope: _Scope, label: str | None) -> int:
        texts = item.texts
        if texts is None:
            names = self._names(at, scope.parameters)
            self._spend(sum([_cost(word.span) for word in item.words if word.constant is None]), item.span)
            texts = tuple([written(self.source, word, names) for word in item.words])
        key = (texts, (self.volumes[at],), self.rounding)
        operation = self.operations.get(key)
        if operation is None:
            if texts[0] in self.spec.blocks and len(texts) == 1 and find(texts[0]) is None:
                return self._call(tree.CallSyntax(texts[0], (), item.span), at, scope, label)
            self.arriving = (at,)
            operation = self.operations[key] = self._reading(item, texts, self.volumes[at])
        return self._add(operation, (at,), item.span, scope, label)

    def _reading(self, item: tree.LayerSyntax, texts: tuple[str, ...], source: Volume) -> Operation:
        """Read a layer's arguments and compute its output, once for all layers that are alike."""
        found = find(texts[0])
        if found is None or found[0].merges:
            raise self._unknown_layer(texts[0], item)
        kind, word, shorthand = found
        arguments = Arguments(word, shorthand, texts[1:], source, self.rounding)
        try:
            arguments.sort()
            layer = kind.read(arguments)
            arguments.done()
            output = layer.output((source,))
        except Fault as fault:
            error = self._from_fault(fault, self._place(fault, item, arguments))
            if fault.code == "unknown-option" and find(option := texts[1:][arguments.places["unknown"]]):
                error.hints = (f"`{option}` is a layer: write ` - ` or a line end in front of it",)
            raise error from None
        return self._operation(Operation(layer, " ".join(texts), (source,), output), item.span)

    def _operation(self, operation: Operation, span: Span) -> Operation:
        """Return an operation that is new, if its output is within the range of numbers."""
        if max(operation.output) > MAX_NUMBER:
            message = f"the output of this layer would be {operation.output}; sizes go up to {MAX_NUMBER:,}"
            raise self._error("out-of-range", message, span)
        windows = sum([len(reach.windows) for reach in operation.reaches if reach])
        self._spend(_STEPS_OF_A_NEW_LAYER + windows // _WINDOWS_IN_A_STEP, span)
        return operation

    def _add(self, operation: Operation, inputs: tuple[int, ...], span: Span, scope: _Scope, label: str | None) -> int:
        index = len(self.nodes) + 1
        if index > MAX_LAYERS:
            hints = ["look at the repeats and the block calls"]
            raise self._error("too-long", f"a network has at most {MAX_LAYERS:,} layers", span, hints)
        name = scope.numbered(operation.layer.kind) if label is None else scope.labelled(label)
        self.steps += len(name) // _CHARACTERS_OF_A_NAME_IN_A_STEP
        self.nodes.append(Node(index, name, operation, inputs, self.place or span, span))
        self.volumes.append(operation.output)
        return index

    # ---- blocks

    def _call(self, item: tree.CallSyntax, at: int, scope: _Scope, label: str | None) -> int:
        block = self.spec.blocks.get(item.name)
        if block is None:
            raise self._unknown_block(item)
        if item.name in self.active:
            chain = " → ".join([*(call.name for call in self.calls), item.name])
            raise self._error("recursive", f"the block `{item.name}` calls itself: {chain}", item.span)
        self._spend(_STEPS_OF_A_CALL + len(block.parameters) + len(item.arguments), item.span)
        parameters = self._bind(block, item, at, scope)
        name = scope.numbered(item.name) if label is None else scope.labelled(label)
        self.steps += len(name) // _CHARACTERS_OF_A_NAME_IN_A_STEP
        self.blocks[name] = _called(block, item, parameters)
        self.arguments[name] = {parameter.name: parameters[parameter.name] for parameter in block.parameters}
        inner = _Scope(name + ".", parameters, taken=set(block.labels))
        outside, place = self.source, self.place
        self.calls.append(item)
        self.active.add(item.name)
        self.source = block.source
        if block.source is not self.spec.source:
            self.place = place or item.span
        try:
            return self._nested(block.body, at, inner, item.span)
        except SpecError as error:
            called = f"called at {outside.name}:{outside.line(item.span.start)}"
            error.trail = (f"in {shorten(outside.text[slice(*item.span)])}, {called}", *error.trail)
            raise
        finally:
            self.active.discard(self.calls.pop().name)
            self.source, self.place = outside, place

    def _bind(self, block: tree.BlockSyntax, call: tree.CallSyntax, at: int, scope: _Scope) -> MutableMapping[str, int]:
        """Return the parameters inside a block: the spec's, then the block's own."""
        outside = self._names(at, scope.parameters)
        given = self._given(block, call, outside)
        own: dict[str, int] = {}
        bound = ChainMap(own, self.parameters)
        for parameter in block.parameters:
            if parameter.name in given:
                bound[parameter.name] = given[parameter.name]
            elif parameter.value is not None:
                bound[parameter.name] = self._value(parameter.value, self._names(at, bound), block.source)
            else:
                hints = [f"write {shorten(block.signature, 80)}"]
                message = f"`{block.name}` needs a value for `{parameter.name}`"
                raise self._error("bad-call", message, call.span, hints)
        return bound

    def _given(self, block: tree.BlockSyntax, call: tree.CallSyntax, names: Mapping[str, int]) -> dict[str, int]:
        places = [parameter.name for parameter in block.parameters]
        known = frozenset(places)
        given: dict[str, int] = {}
        for place, argument in enumerate(call.arguments):
            if argument.name is None and place >= len(known):
                message = f"`{block.name}` takes {_plural(len(known), 'value')}, not {len(call.arguments)}"
                raise self._error("bad-call", message, argument.span, _defined(block))
            name = places[place] if argument.name is None else argument.name
            if name not in known:
                hints = [*did_you_mean(name, known), *_defined(block)]
                message = f"`{block.name}` has no parameter `{shorten(name)}`"
                raise self._error("bad-call", message, argument.span, hints)
            if name in given:
                raise self._error("bad-call", f"`{name}` is given twice", argument.span, _defined(block))
            given[name] = self._value(argument.value, names)
        return given

    # ---- values

    def _names(self, at: int, parameters: MutableMapping[str, int]) -> Mapping[str, int]:
        """Return what names stand for: the parameters, and H, W and C of the volume that arrives."""
        if not self.volumes:
            return parameters
        volume = self.volumes[at]
        sizes = dict(zip("wh", volume.spatial[::-1], strict=False))
        sizes["c"] = volume.channels
        return ChainMap(sizes, parameters)

    def _value(self, expression: Expression, names: Mapping[str, int], source: Source | None = None) -> int:
        self._spend(_cost(expression.span), expression.span)
        return evaluate(source or self.source, expression, names)

    def _volume(self, word: tree.Word, names: Mapping[str, int]) -> Volume:
        self._spend(6 * _cost(word.span), word.span)
        return read_volume(self.source, word, names)

    # ---- limits

    def _spend(self, steps: int, span: Span) -> None:
        """Count what takes time, so that no text can take more than its share."""
        self.steps += steps
        if self.steps > self.most_steps:
            raise self._too_many_steps(span)

    def _too_many_steps(self, span: Span) -> SpecError:
        hints = ["look at the repeats and the block calls"]
        return self._error("too-long", f"the spec takes more than {MAX_STEPS:,} steps to expand", span, hints)

    # ---- errors

    def _error(self, code: str, message: str, span: Span, hints: Iterable[str] = ()) -> SpecError:
        return SpecError(code, message, span=span, source=self.source, hints=hints)

    def _from_fault(self, fault: Fault, span: Span) -> SpecError:
        self.changes = fault.changes
        return SpecError(
            fault.code, fault.message, span=span, source=self.source, detail=fault.detail, hints=fault.hints
        )

    def _word(self, item: tree.LayerSyntax, place: int) -> Span:
        spans = layer_words(self.source, item.span)
        return spans[place] if place < len(spans) else item.span  # a row of a table takes its size from its volume

    def _place(self, fault: Fault, item: tree.LayerSyntax, arguments: Arguments) -> Span:
        """Return the word that a fault is about; the layer's size, or the layer, where none is written."""
        for question in (fault.about, "size"):
            if question and question in arguments.places:
                return self._word(item, arguments.places[question] + 1)
        return self._word(item, 0) if arguments.head else item.span

    def _no_input(self, span: Span) -> SpecError:
        hints = ["put `input 224x224x3` in front"]
        return self._error("no-input", "the spec has no input volume", span, hints)

    def _unknown_layer(self, word: str, item: tree.LayerSyntax) -> SpecError:
        span = self._word(item, 0)
        if word in MERGES:
            hints = [f"write its branches in brackets: {word}( conv 3x3x64 p1 | )"]
            return self._error("bad-merge", f"`{word}` needs branches", span, hints)
        if word in self.spec.blocks:
            hints = [f"write {shorten(self.spec.blocks[word].signature, 80)}"]
            return self._error("bad-call", f"`{word}` is a block and is called with brackets", span, hints)
        hints = [f"did you mean `{FOREIGN[word]}`?"] if word in FOREIGN else []
        known = [name for name in (*words(), *STATEMENTS, *self.spec.blocks) if not _is_another_word(word, name)]
        hints = hints or did_you_mean(word, known)
        return self._error("unknown-layer", f"there is no layer `{shorten(word)}`", span, hints)

    def _unknown_block(self, item: tree.CallSyntax) -> SpecError:
        hints = did_you_mean(item.name, [*self.spec.blocks, *MERGES])
        if find(item.name) is not None:
            hints = [f"`{item.name}` is a layer: write it without brackets, and ` - ` in front of a group"]
        span = Span(item.span.start, item.span.start + len(item.name))
        hints = hints or [f"define it: `block {shorten(item.name)}(…)` … `end`"]
        return self._error("unknown-block", f"there is no block `{shorten(item.name)}`", span, hints)


_WALKS: dict[type, Walk] = {
    tree.LayerSyntax: _Expansion._layer,
    tree.CallSyntax: _Expansion._call,
    tree.MergeSyntax: _Expansion._merge,
    tree.Group: _Expansion._group,
    tree.TakeSyntax: _Expansion._take,
    tree.Here: _Expansion._here,
}


def _called(block: tree.BlockSyntax, call: tree.CallSyntax, parameters: Mapping[str, int]) -> str:
    """Write a call with the values of its arguments: ``project(128, stride=2)``."""
    values = [
        str(parameters[block.parameters[place].name])
        if argument.name is None
        else f"{argument.name}={parameters[argument.name]}"
        for place, argument in enumerate(call.arguments)
    ]
    return f"{block.name}({', '.join(values)})"


def _is_another_word(word: str, name: str) -> bool:
    """Say whether two words begin otherwise: ``unpool`` is not a mistyped ``pool``, nor a mistyped ``minpool``."""
    mistyped = (word[1:], name[1:]) if len(word) == len(name) else (word.removeprefix(word[:1]), name)
    return word[:1] != name[:1] and mistyped[0] != mistyped[1] and word != name[1:]


def _cost(span: Span) -> int:
    """Return the steps that computing an expression takes."""
    return _STEPS_OF_AN_EXPRESSION + (span.end - span.start) // _CHARACTERS_IN_A_STEP


def _defined(block: tree.BlockSyntax) -> list[str]:
    return [f"it is defined as {shorten(block.signature, 80)}"]


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _as_input(volume: Volume) -> Volume:
    """Take a single number for a vector, as ``input 784`` means it."""
    return Volume((1, 1, *volume)) if len(volume) == 1 else volume
