"""From a syntax tree to a network: blocks are called, repeats unrolled, volumes computed.

The walk goes through the tree once per expanded layer. It carries the index of the volume that arrives
(0 is the network's input) and returns the index of the output volume.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_DIGITS, MAX_STEPS
from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, listed, shorten
from cnncalc.network.claims import check_stated, check_totals, unread_totals
from cnncalc.network.expand_steps import StepExpansion
from cnncalc.network.expansion_state import ExpansionMemory
from cnncalc.network.inputs import UNREAD, as_input, input_volume
from cnncalc.network.made_layers import MadeLayers
from cnncalc.network.network import Network, Reached
from cnncalc.network.node import Operation
from cnncalc.network.scope import Scope
from cnncalc.network.settings import SpecSettings
from cnncalc.spec import tree
from cnncalc.spec.parser import parse_value
from cnncalc.spec.values import evaluate


def expand(
    spec: tree.Spec, settings: SpecSettings, most_steps: int = MAX_STEPS, memory: ExpansionMemory | None = None
) -> Network:
    """Return the network that a spec describes, or raise `SpecError`, which says how far it came (``reached``).

    ``memory`` is what earlier expansions of the same spec, with other settings, have left; it is added to.
    """
    expansion = Expansion(spec, settings, most_steps, memory)
    try:
        return expansion.network()
    except SpecError as error:
        error.reached = expansion.reached()
        raise
    finally:
        if memory is not None:  # what comes later takes over calls of this network
            expansion.made_layers().make()


class Expansion(StepExpansion):
    """The walk through the statements of a syntax tree."""

    # ---- statements

    def network(self) -> Network:
        """Return the network."""
        scope = self.top
        self._refuse_unknown_settings()
        self._given_inputs()
        statements: dict[type, Callable[..., int]] = {
            tree.Input: self._input,
            tree.Rounding: self._rounding,
            tree.ParameterSyntax: self._parameter,
            tree.StepSyntax: self._top_step,
            tree.OutputSyntax: self._output,
        }
        at = 0
        for statement in self.spec.statements:
            at = statements[type(statement)](statement, at, scope)
        if not self.volumes:
            raise self.no_input(Span(0, 1))
        self.inputs.refuse_unread()
        if self.spec.totals:
            volumes = self.volumes[self.inputs.named :]  # the first is none where inputs are layers
            self.notes.extend(check_totals(self.source, self.spec.totals, volumes, self.made_layers().operations))
        self.notes.extend(unread_totals(self.spec.unread))
        return self._built(at)

    def reached(self) -> Reached | None:
        """Return how far the expansion came; None without an input."""
        return Reached(self._built(len(self.nodes)), self.arriving, self.changes) if self.volumes else None

    def made_layers(self) -> MadeLayers:
        """Return the layers so far."""
        operations = cast("list[Operation]", self.made[1:])  # the input alone is made by none
        return MadeLayers(self.nodes, operations, self.called, self.repetitions)

    def _built(self, at: int) -> Network:
        places = {name: self.inputs.places[name] for name in self.inputs.names if name in self.inputs.places}
        return Network(
            input=self.volumes[0],
            inputs_at=tuple(places.values()),
            input_names=tuple(places),
            made=self.made_layers(),
            output_index=self.outputs[0] if self.outputs else at,
            outputs_at=self.outputs if len(self.outputs) > 1 else (),
            output_names=self.output_names if len(self.outputs) > 1 else (),
            rounding=self.rounding,
            source=self.spec.source,
            parameters=self.parameters,
            notes=tuple(self.notes),
            weights_of=self.shared.weights_of,
        )

    def _input(self, statement: tree.Input, at: int, scope: Scope) -> int:
        if self.nodes:
            hints = ["put it before the first layer"]
            raise self.error("misplaced", "the input stands after a layer", statement.span, hints)
        if self.inputs.named and not statement.name:
            hints = ["give it one: `input right 64x64x3`"]
            raise self.error("bad-name", "there are several inputs, and this one has no name", statement.span, hints)
        given = self.inputs.given_to(statement.name)
        if not self.inputs.named and given is not None:
            self.top.labels.update({statement.name: 0} if statement.name else {})
            return at  # which is known from the beginning
        if self.volumes and not self.inputs.named:
            hints = ["leave one of them out, or give each a name: `input left 64x64x3`"]
            raise self.error("misplaced", "there is a second `input`", statement.span, hints)
        volume = given or as_input(self.volume(statement.volume, scope.parameters))
        self._enters(statement.name, volume)
        check_stated(self.source, () if given else statement.stated, volume, 0, 0)
        return at

    def _given_inputs(self) -> None:
        """Take the volumes that the caller gives, where they are known in front of the first statement."""
        inputs = self.inputs
        if not inputs.named:
            volume = inputs.given_to(inputs.only_name)
            self.volumes.extend([] if volume is None else [volume])
        for name in inputs.names if not inputs.statements else ():
            self.top.taken.add(name)
            if inputs.named:
                self._enters(name, input_volume(inputs.given[name]))
            else:
                self.top.labels[name] = 0

    def _enters(self, name: str, volume: Volume) -> None:
        """Let a volume enter the network; of several each is an input layer where it is first read."""
        if not self.volumes:
            self.volumes.append(volume)
        if self.inputs.named:
            self.inputs.volumes[name] = volume
        if name:
            self.top.labels[name] = UNREAD if self.inputs.named else 0

    def _output(self, statement: tree.OutputSyntax, at: int, scope: Scope) -> int:
        if self.outputs:
            hints = ["write all labels on one line: `output @p3 @p4`"]
            raise self.error("misplaced", "there is a second `output`", statement.span, hints)
        found: dict[int, str] = {}
        for label in statement.labels:
            index = self.take(label, at, scope)
            if index in found:
                message = f"`@{shorten(label.label)}` is an output already, as `@{shorten(found[index])}`"
                raise self.error("bad-name", message, label.span, ["leave one of them out"])
            found[index] = label.label
        self.outputs, self.output_names = tuple(found), tuple(found.values())
        return at

    def _rounding(self, statement: tree.Rounding, at: int, scope: Scope) -> int:
        self.rounding = self.settings.rounding or statement.mode
        return at

    def _parameter(self, statement: tree.ParameterSyntax, at: int, scope: Scope) -> int:
        if statement.name in self.parameters:
            hints = ["give it another name"]
            message = f"the parameter `{shorten(statement.name)}` is defined twice"
            raise self.error("bad-name", message, statement.span, hints)
        override = self.settings.parameters.get(statement.name)
        if override is None:
            assert statement.value is not None  # the grammar gives every `param` a value
            value = self.value(statement.value, at, scope.parameters)
        elif len(override.text) < MAX_DIGITS - 2 and override.text.isascii() and override.text.isdigit():
            value = int(override.text)  # by far the most: a number, and within the range of numbers
        else:
            value = evaluate(override, parse_value(override), self.names(at, scope.parameters))
        self.parameters[statement.name] = value
        return at

    def _top_step(self, statement: tree.StepSyntax, at: int, scope: Scope) -> int:
        if not self.volumes:
            raise self.no_input(statement.span)
        if self.outputs:
            message = "this step follows the `output`"
            raise self.error("misplaced", message, statement.span, ["put the `output` last"])
        return self.step(statement, at, scope)

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
