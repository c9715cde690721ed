"""From steps to layers: the walk through sequences, merges, layers and calls of blocks.

It goes through the tree once per expanded layer. It carries the index of the volume that arrives (0 is the network's
input) and returns the index of the output volume.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_LAYERS, MAX_NESTING, MAX_STEPS
from cnncalc.core.source import Span
from cnncalc.core.words import shorten
from cnncalc.layers import Labelled
from cnncalc.network.claims import check_claim, check_stated
from cnncalc.network.expansion_state import cost
from cnncalc.network.made_layers import Repetition
from cnncalc.network.node import Node, Operation
from cnncalc.network.reading import LayerReading
from cnncalc.network.repeated_calls import BlockCall, KnownCall
from cnncalc.network.scope import Scope
from cnncalc.network.shared_weights import TiedCall
from cnncalc.spec import tree
from cnncalc.spec.values import written

_STEPS_OF_A_CALL = 32
_CHARACTERS_OF_A_NAME_IN_A_STEP = 8
_LETTERS_OF_A_NAME = 6
"""What takes longer than unrolling a repeat by one, in such steps; all are measured, and rounded up."""

_NO_LABELS: Mapping[str, Labelled] = {}

Walk = Callable[..., int]
"""Goes through one kind of item: (item, at, scope, label) → the index that leaves it."""


class StepExpansion(LayerReading):
    """The walk through the steps of a syntax tree."""

    def step(self, step: tree.StepSyntax, at: int, scope: Scope) -> int:
        """Walk through a step, and return the index of the volume that leaves it."""
        item, span, label, repeats, claim, stated = step  # names of fields take longer
        walk = WALKS[type(item)]
        if not at and self.inputs.named and walk not in _READS_NOTHING:
            raise self.inputs.nothing_read(span)
        if repeats:
            at = self._turns(step, at, scope)
        else:
            self.steps += 2
            if self.steps > self.most_steps:
                raise self.too_many_steps(span)
            at = walk(self, item, at, scope, label)
        if label is not None or claim is not None or stated:
            self._end(step, at, scope)
        return at

    def _turns(self, step: tree.StepSyntax, at: int, scope: Scope) -> int:
        """Walk through what is repeated; turns of a call that must be alike are added at once."""
        item, walk = step.item, WALKS[type(step.item)]
        times = self._repeats(step, at, scope)
        self.steps += 1
        for left in range(times - 1, -1, -1):
            before = self.steps
            self.steps += 1
            if self.steps > self.most_steps:
                raise self.too_many_steps(step.span)
            at = walk(self, item, at, scope, step.label)
            if left and type(item) is tree.CallSyntax and self._may_repeat(left, self.steps - before, at):
                return self._repeat(left, at, item, scope, step.label)
        return at

    def _end(self, step: tree.StepSyntax, at: int, scope: Scope) -> None:
        """Give the volume that leaves a step its label, and check what is claimed of it."""
        if step.label is not None:
            scope.labels[step.label] = at
        if step.claim is not None:
            claimed = self.volume(step.claim, self.names(at, scope.parameters))
            check_claim(self.source, step.claim.span, claimed, self.volumes[at], self.made_by(at))
        if step.stated:
            made_by = self.made_by(at)
            weights, biases = (made_by.weights, made_by.biases) if made_by else (0, 0)
            check_stated(self.source, step.stated, self.volumes[at], weights, biases)

    def _repeats(self, step: tree.StepSyntax, at: int, scope: Scope) -> int:
        count = 1
        for repeat in step.repeats:
            times = self.value(repeat, at, scope.parameters)
            if times < 0:
                raise self.error("out-of-range", f"a repeat count is at least 0, not {times}", repeat.span)
            count *= times
            if count > MAX_STEPS:
                message = f"{count:,} repeats are too many: a network has at most {MAX_LAYERS:,} layers"
                raise self.error("too-long", message, step.repeats[0].span)
        return count

    def _here(self, item: tree.Here, at: int, scope: Scope, label: str | None) -> int:
        return at

    def _group(self, item: tree.Group, at: int, scope: Scope, label: str | None) -> int:
        return self._nested(item.body, at, scope, item.span)

    def _nested(self, body: tree.Sequence, at: int, scope: Scope, span: Span) -> int:
        """Walk through what brackets or a block hold."""
        if self.depth >= MAX_NESTING:
            raise self.error("too-deep", f"brackets and block calls nest at most {MAX_NESTING} deep", span)
        self.depth += 1
        for step in body:
            at = self.step(step, at, scope)
        self.depth -= 1
        return at

    def take(self, item: tree.TakeSyntax, at: int, scope: Scope, label: str | None = None) -> int:
        """Return the index of the volume that carries a label."""
        index = scope.labels.get(item.label)
        if index is not None:
            return index if index >= 0 else self._input_layer(item)
        raise self.unknown_label(item, scope)

    def _input_layer(self, item: tree.TakeSyntax) -> int:
        """Add the layer of an input where it is read first, and return its index."""
        name = item.label
        statement = self.inputs.statement(name)
        operation = self.inputs.operation(name)
        index = self._add(operation, (0,), statement.span if statement else item.span, self.top, name)
        self.nodes[-1].origin = item.span
        self.inputs.places[name] = self.top.labels[name] = index
        return index

    def _merge(self, item: tree.MergeSyntax, at: int, scope: Scope, label: str | None) -> int:
        self.spend(len(item.branches), item.span)
        inputs = tuple([self._nested(branch, at, scope, item.span) for branch in item.branches])
        if self.inputs.named and 0 in inputs:
            raise self.inputs.nothing_read(item.span)
        sources = tuple([self.volumes[index] for index in inputs])
        key = ((item.word,), sources, self.rounding)
        operation = self.operations.get(key)
        if operation is None:
            self.arriving = inputs
            operation = self.operations[key] = self.merging(item, sources)
        return self._add(operation, inputs, item.span, scope, label)

    def _layer(self, item: tree.LayerSyntax, at: int, scope: Scope, label: str | None) -> int:
        span, texts, words, labels = item
        if texts is None:
            texts = self._written(words, at, scope)
        blocks = self.spec.blocks
        if blocks and len(texts) == 1 and texts[0] in blocks and self.is_call(texts[0]):
            return self._call(tree.CallSyntax(texts[0], (), span), at, scope, label)
        if labels:
            return self._layer_with_labels(item, texts, at, scope, label)
        key = (texts, (self.volumes[at],), self.rounding)
        operation = self.operations.get(key)
        if operation is None:
            self.arriving = (at,)
            operation = self.operations[key] = self.reading(item, texts, at, _NO_LABELS)
        return self._add(operation, (at,), span, scope, label)

    def _written(self, words: tuple[tree.Word, ...], at: int, scope: Scope) -> tuple[str, ...]:
        """Return the words of a layer with the values of their expressions in their places."""
        names, texts = self.names(at, scope.parameters), []
        for word in words:
            _, place, text = word
            if text is None:
                self.spend(cost(place), place)
                text = written(self.source, word, names)
            texts.append(text)
        return tuple(texts)

    def _layer_with_labels(
        self, item: tree.LayerSyntax, texts: tuple[str, ...], at: int, scope: Scope, label: str | None
    ) -> int:
        labels = {each.label: self._labelled(each, scope) for each in item.labels}
        key = (texts, (self.volumes[at],), self.rounding, *labels.values())
        operation = self.operations.get(key)
        if operation is None:
            self.arriving = (at,)
            operation = self.operations[key] = self.reading(item, texts, at, labels)
        inputs = (at, *[scope.labels[name] for name in labels]) if len(operation.sources) > 1 else (at,)
        return self._add(operation, inputs, item.span, scope, label)

    def _labelled(self, item: tree.TakeSyntax, scope: Scope) -> Labelled:
        """Return what a label that is an argument stands for."""
        index = self.take(item, 0, scope)
        made_by = self.made_by(index)
        layer, sources = (made_by.layer, made_by.sources) if made_by else (None, ())
        return Labelled(item.label, self.volumes[index], layer, sources)

    def _add(self, operation: Operation, inputs: tuple[int, ...], span: Span, scope: Scope, label: str | None) -> int:
        index = len(self.nodes) + 1
        if index > MAX_LAYERS:
            hints = ["look at the repeats and the block calls"]
            raise self.error("too-long", f"a network has at most {MAX_LAYERS:,} layers", span, hints)
        name = scope.numbered(operation.layer.kind) if label is None else scope.labelled(label)
        self.steps += len(name) // _CHARACTERS_OF_A_NAME_IN_A_STEP
        node = Node(index, name, operation, inputs, self.called_at or span, span)
        if operation.shared or self.tied:
            self.sharing += 1
            node.operation = self._shared(node)
        self.nodes.append(node)
        self.made.append(node.operation)
        self.volumes.append(operation.output)
        return index

    def _shared(self, node: Node) -> Operation:
        """Return what a layer does whose weights may be those of an earlier one."""
        try:
            return self.shared.operation(node)
        except ValueError as fault:
            hints = ["give one of them another name"]
            raise self.error("weights-differ", str(fault), node.origin, hints) from None

    # ---- blocks

    def _call(self, item: tree.CallSyntax, at: int, scope: Scope, label: str | None) -> int:
        block = self.spec.blocks.get(item.name)
        if block is None:
            raise self.unknown_block(item)
        if item.name in self.path:
            chain = " → ".join([*self.path, item.name])
            raise self.error("recursive", f"the block `{item.name}` calls itself: {chain}", item.span)
        self.spend(_STEPS_OF_A_CALL + len(block.parameters) + len(item.arguments), item.span)
        return self._enter(block, item, at, scope, label)

    def _enter(self, block: tree.BlockSyntax, item: tree.CallSyntax, at: int, scope: Scope, label: str | None) -> int:
        """Give a call its values and its name, and make its layers."""
        parameters = self.bound(block, item, at, scope)
        name = scope.numbered(item.name) if label is None else scope.labelled(label)
        self.steps += len(name) // _CHARACTERS_OF_A_NAME_IN_A_STEP
        own = {parameter.name: parameters[parameter.name] for parameter in block.parameters}
        self.called.append(BlockCall(name, block, item, own))
        inner = Scope(name + ".", parameters, block.labels)
        if item.weights or self.tied:
            leaving = self._through(block, item, at, inner)
            self.repeated = None
            return leaving
        return self._once(block, item, at, inner, own)

    def _once(
        self, block: tree.BlockSyntax, item: tree.CallSyntax, at: int, inner: Scope, own: Mapping[str, int]
    ) -> int:
        """Walk through a block, or take over what a call that is alike made."""
        place = self.called_at if block.source is self.spec.source else self.called_at or item.span
        values = self.known_calls.values_for(block, own, self.parameters)
        key = item.name, values, self.volumes[at], self.rounding, place, self.path, self.depth
        known = self.known_calls.get(key)
        if known is not None and self._has_room(known, len(inner.prefix)):
            return self._again(known, at, inner.prefix)
        start, calls, shared = len(self.nodes), len(self.called), self.sharing
        leaving = self._through(block, item, at, inner)
        if self.sharing == shared:
            layers, inside = range(start, len(self.nodes)), range(calls, len(self.called))
            done = cast("list[Operation]", self.made[start + 1 :])  # the input alone is made by none
            self.known_calls[key] = KnownCall(self.nodes, self.called, layers, inside, done, len(inner.prefix), leaving)
        self.repeated = None
        return leaving

    def _has_room(self, known: KnownCall, prefix: int) -> bool:
        """Count the steps of taking over what a call made, and say whether the limits allow it."""
        added = len(known.layers)
        self.steps += added * (1 + (prefix + _LETTERS_OF_A_NAME) // _CHARACTERS_OF_A_NAME_IN_A_STEP) + len(known.inner)
        return len(self.nodes) + added <= MAX_LAYERS and self.steps <= self.most_steps

    def _again(self, known: KnownCall, at: int, prefix: str) -> int:
        """Add what a call that is alike made; its layers get their names and places when they are read."""
        index = len(self.nodes)
        self.repeated = Repetition(known, index, len(self.called), at, [prefix])
        self.repetitions.append(self.repeated)
        self.called += known.calls[known.inner.start : known.inner.stop]
        self._add_known(known)
        return known.leaving_again(index, at)

    def _add_known(self, known: KnownCall, turns: int = 1) -> None:
        """Add what a call made, so many times; its layers stand in for the new ones until these are read."""
        self.nodes += known.nodes[known.layers.start : known.layers.stop] * turns
        self.made += known.operations * turns
        self.volumes += [operation.output for operation in known.operations] * turns

    def _may_repeat(self, turns: int, steps: int, at: int) -> bool:
        """Say whether further turns of the last call, of so many steps each, are like it and within the limits."""
        last = self.repeated
        if last is None or self.volumes[at] != self.volumes[last.arriving]:
            return False
        layers, most = turns * len(last.known.layers), self.steps + turns * steps
        if len(self.nodes) + layers > MAX_LAYERS or most > self.most_steps:
            return False  # they are added one by one, up to the one at fault
        self.steps = most
        return True

    def _repeat(self, turns: int, at: int, item: tree.CallSyntax, scope: Scope, label: str | None) -> int:
        """Add further turns of the last call, which was taken over, and return the index of what leaves them."""
        last = self.repeated
        assert last is not None  # `_may_repeat` has said so
        known, own = last.known, last.calls - 1
        if label is None:
            names = scope.numbered_often(item.name, turns)
        else:
            names = [scope.labelled(label) for _ in range(turns)]
        last.prefixes.extend([name + "." for name in names])
        self.called += self.called[own : last.calls + len(known.inner)] * turns
        self._add_known(known, turns)
        return known.leaving_again(len(self.nodes) - len(known.layers), at)

    def _through(self, block: tree.BlockSyntax, item: tree.CallSyntax, at: int, inner: Scope) -> int:
        """Walk through the block of a call."""
        outside, place = self.source, self.called_at
        self.path = (*self.path, item.name)
        self.source = block.source
        if block.source is not self.spec.source:
            self.called_at = place or item.span
        try:
            if item.weights:
                return self._tied(item, block, at, inner)
            return self._nested(block.body, at, inner, item.span)
        except SpecError as error:
            called = f"called at {outside.name}:{outside.line(item.span.start)}"
            error.trail = (f"in {shorten(outside.text[slice(*item.span)])}, {called}", *error.trail)
            raise
        finally:
            self.path = self.path[:-1]
            self.source, self.called_at = outside, place

    def _tied(self, item: tree.CallSyntax, block: tree.BlockSyntax, at: int, inner: Scope) -> int:
        """Walk through a block whose layers share their weights with those of other calls."""
        shared = self.shared
        outside, shared.tied, self.tied = shared.tied, TiedCall(item.weights, len(inner.prefix)), True
        before, shared.count = shared.count, 0
        at = self._nested(block.body, at, inner, item.span)
        try:
            shared.end_of_call(item.weights, item.name, shared.count)
        except ValueError as fault:
            hints = ["give one of them another name"]
            raise self.error("weights-differ", str(fault), item.span, hints) from None
        shared.tied, shared.count, self.tied = outside, before, outside is not None
        return at


WALKS: dict[type, Walk] = {
    tree.LayerSyntax: StepExpansion._layer,
    tree.CallSyntax: StepExpansion._call,
    tree.MergeSyntax: StepExpansion._merge,
    tree.Group: StepExpansion._group,
    tree.TakeSyntax: StepExpansion.take,
    tree.Here: StepExpansion._here,
}

_READS_NOTHING = (StepExpansion.take, StepExpansion._merge, StepExpansion._group)
"""What may stand in front of the first volume; of a merge and of a group it is what they hold that reads."""
