"""From the words of one layer to what it does: its arguments are read, and its output and its costs computed."""

from __future__ import annotations

from collections.abc import Mapping

from cnncalc.core.errors import Fault
from cnncalc.core.limits import MAX_NUMBER
from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.layers import Arguments, Labelled, Layer, Sources, find
from cnncalc.layers.disagreeing import check_dimensions
from cnncalc.network.expansion_state import ExpansionState
from cnncalc.network.node import Operation
from cnncalc.spec import tree

STEPS_OF_A_NEW_LAYER = 240
_WINDOWS_IN_A_STEP = 4
"""What takes longer than unrolling a repeat by one, in such steps; all are measured, and rounded up."""


class LayerReading(ExpansionState):
    """What a walk does with a layer that it has not met before, with these words behind this volume."""

    def made_by(self, index: int) -> Operation | None:
        """Return the operation that made a volume; None for the input."""
        return self.made[index]

    def merging(self, item: tree.MergeSyntax, sources: Sources) -> Operation:
        """Read a merge and compute its output, once for all merges that are alike."""
        found = find(item.word)
        if found is None or not found[0].merges:
            raise self.unknown_merge(item)
        layer = found[0]()
        try:
            check_dimensions(item.word, sources)
            output = layer.output(sources)
        except Fault as fault:
            raise self.from_fault(fault, item.span) from None
        return self._operation(Operation(layer, item.word, sources, output), item.span)

    def reading(
        self, item: tree.LayerSyntax, texts: tuple[str, ...], at: int, labels: Mapping[str, Labelled]
    ) -> Operation:
        """Read a layer's arguments and compute its output, once for all layers that are alike."""
        known = None if labels else self.layers.find(texts, self.rounding, self.volumes[at])
        if known is not None and (operation := _working(known, texts, self.volumes[at])):
            return self._operation(operation, item.span)
        found = find(texts[0])
        if found is None or found[0].merges:
            raise self.unknown_layer(texts[0], item)
        kind, word, shorthand = found
        source = self.volumes[at]
        arguments = Arguments(word, shorthand, texts[1:], source, self.rounding, labels)
        try:
            arguments.sort()
            shared = arguments.shared_weights()
            layer = kind.read(arguments)
            arguments.done()
            sources = (source, *[label.volume for label in labels.values()]) if layer.reads_label else (source,)
            output = layer.output(sources)
        except Fault as fault:
            error = self.from_fault(fault, self.place_of(fault, item, arguments))
            if fault.code == "unknown-option" and find(option := texts[1:][arguments.places["unknown"]]):
                error.hints = (f"`{option}` is a layer: write ` - ` or a line end in front of it",)
            raise error from None
        if not labels and not shared:
            self.layers.keep(texts, self.rounding, arguments, layer)
        operation = Operation(layer, " ".join(texts), sources, output, shared)
        if shared and not operation.weights and not operation.biases:
            span = self.word(item, arguments.places["weights"] + 1)
            raise self.error("bad-option", f"{word} has no weights to share", span, ["leave `weights=` out"])
        return self._operation(operation, item.span)

    def _operation(self, operation: Operation, span: Span) -> Operation:
        """Return an operation that is new, if its output is within the range of numbers."""
        if max(operation.output) > MAX_NUMBER:
            message = f"the output of this layer would be {operation.output}; sizes go up to {MAX_NUMBER:,}"
            raise self.error("out-of-range", message, span)
        steps = operation.windows() // _WINDOWS_IN_A_STEP if operation.layer.windows_vary else 0
        self.steps += STEPS_OF_A_NEW_LAYER + steps
        if self.steps > self.most_steps:
            raise self.too_many_steps(span)
        return operation


def _working(layer: Layer, texts: tuple[str, ...], source: Volume) -> Operation | None:
    """Return what a layer does that has been read already; None where it does not fit the volume."""
    try:
        return Operation(layer, " ".join(texts), (source,), layer.output((source,)))
    except Fault:
        return None  # it is read again, so that it is known which word is at fault
