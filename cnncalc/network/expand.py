"""From a syntax tree to a network: blocks are called, repeats unrolled, volumes computed.

The walk goes through the tree once per expanded layer. It carries the index of the volume that arrives
(0 is the network's input) and hands back the index of the volume that leaves.
"""

from __future__ import annotations

from collections.abc import Callable

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_STEPS
from cnncalc.core.source import Source, Span
from cnncalc.core.volume import Volume
from cnncalc.core.words import did_you_mean, listed, shorten
from cnncalc.network.claims import check_stated, check_totals, unread_totals
from cnncalc.network.expand_steps import StepExpansion
from cnncalc.network.network import Network, Reached
from cnncalc.network.scope import Scope
from cnncalc.network.settings import SpecSettings
from cnncalc.spec import tree
from cnncalc.spec.parser import parse_value, parse_volume
from cnncalc.spec.values import evaluate, read_volume


def expand(spec: tree.Spec, settings: SpecSettings, most_steps: int = MAX_STEPS) -> Network:
    """Return the network that a spec describes, or raise `SpecError`, which says how far it came (``reached``)."""
    expansion = Expansion(spec, settings, most_steps)
    try:
        return expansion.network()
    except SpecError as error:
        error.reached = expansion.reached()
        raise


class Expansion(StepExpansion):
    """The walk through the statements of a syntax tree."""

    # ---- statements

    def network(self) -> Network:
        """Return the network."""
        scope = self.top
        self._refuse_unknown_settings()
        if self.settings.input is not None:
            self.volumes.append(input_volume(self.settings.input))
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
            output_index=self.outputs[0] if self.outputs else at,
            outputs_at=self.outputs if len(self.outputs) > 1 else (),
            output_names=self.output_names if len(self.outputs) > 1 else (),
            rounding=self.rounding,
            source=self.spec.source,
            parameters=self.parameters,
            blocks={call.name: call.text for call in self.called},
            arguments={call.name: call.arguments for call in self.called},
            notes=tuple(self.notes),
            weights_of=self.shared.weights_of,
        )

    def _input(self, statement: tree.Input, at: int, scope: Scope) -> int:
        if self.nodes:
            hints = ["put it before the first layer"]
            raise self.error("misplaced", "the input stands after a layer", statement.span, hints)
        if self.settings.input is None:
            if self.volumes:
                raise self.error("misplaced", "there is a second `input`", statement.span, ["leave one of them out"])
            volume = _as_input(self.volume(statement.volume, scope.parameters))
            self.volumes.append(volume)
            check_stated(self.source, statement.stated, volume, 0, 0)
        return at

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
        names = self.names(at, scope.parameters)
        override = self.settings.parameters.get(statement.name)
        if override is None:
            assert statement.value is not None  # the grammar gives every `param` a value
            value = self.value(statement.value, names)
        else:
            value = evaluate(override, parse_value(override), names)
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


def input_volume(source: Source) -> Volume:
    """Read an input that stands in no spec, ``32x32x3``; raise `SpecError` for what is no volume."""
    return _as_input(read_volume(source, parse_volume(source), {}))


def _as_input(volume: Volume) -> Volume:
    """Take a single number for a vector, as ``input 784`` means it."""
    return Volume((1, 1, *volume)) if len(volume) == 1 else volume
