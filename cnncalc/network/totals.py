"""The totals of a spec for many settings of its parameters and its input, without making its layers.

What a step makes and costs depends on the volume that arrives, on the values of the names in it and on the labels that
it reads. `Totalling` keeps it by these, so that a design that differs from one before in a few steps costs few steps.
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass

from cnncalc.core.errors import SpecError
from cnncalc.core.limits import MAX_LAYERS, MAX_STEPS
from cnncalc.core.source import Span
from cnncalc.core.volume import Volume
from cnncalc.network.costs import Costs, Totals, costs_of, sum_of, times
from cnncalc.network.expand import Expansion
from cnncalc.network.expand_steps import WALKS
from cnncalc.network.expansion_state import ExpansionMemory
from cnncalc.network.flow import KnownFlow, LayerFlow
from cnncalc.network.network import Network
from cnncalc.network.node import Operation
from cnncalc.network.reading import STEPS_OF_A_NEW_LAYER
from cnncalc.network.scope import Scope
from cnncalc.network.settings import SpecSettings
from cnncalc.network.step_facts import FactsOfSteps, StepFacts, nesting, uses_sizes
from cnncalc.spec import tree
from cnncalc.spec.expressions import Literal

MOST_KNOWN = 100_000
"""Most cases of steps that are kept; then all are forgotten, so that memory has a bound."""

_STEPS_OF_A_NAME = 9
"""More steps than a part of a layer's name takes in an expansion, of which a block or a label is one."""


class RefusedDesign(Exception):
    """A design that does not load; ``code`` is that of its error."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NearLimits(Exception):
    """A design that comes near the limits of an expansion, or whose spec has what only an expansion can count."""


@dataclass(eq=False, slots=True)
class _Made:
    """What a step makes and costs.

    Attributes:
        volume: what leaves.
        operation: what made it; None for the input.
        costs: the sums over its layers.
        steps: the steps that it takes.
        labels: the labels that it sets, each with its volume and what made it.
        flow: its layers; None where they are not asked for.

    """

    volume: Volume
    operation: Operation | None
    costs: Costs
    steps: int
    labels: tuple[tuple[str, Volume, Operation | None], ...]
    flow: KnownFlow | None


class Totalling(Expansion):
    """Counts designs of one spec, one after the other.

    Attributes:
        regular: whether the spec can be counted so; else every design is for `expand`.
        turns: the volumes that arrived at repeats of the last design and left them, where these were walked through.

    """

    def __init__(
        self, spec: tree.Spec, settings: SpecSettings, memory: ExpansionMemory | None = None, *, layers: bool = False
    ) -> None:
        """Take a spec; ``layers`` says whether the layers of designs are wanted, too (`network_counted`)."""
        super().__init__(spec, settings, MAX_STEPS, memory)
        self.flow = LayerFlow() if layers else None
        depth = nesting(spec)
        self.regular = depth is not None and not self.inputs.names
        self.usual_volume = self.inputs.given_to("") if self.regular else None
        self.steps_of_a_name = _STEPS_OF_A_NAME * ((depth or 0) + 1)
        self.uses_sizes = uses_sizes(spec)
        self.facts = FactsOfSteps(spec)
        self.ends: tuple[int, ...] = (0,)
        self.was_counted = False
        self.turns: list[tuple[tree.StepSyntax, Volume, Volume]] = []
        self.costs: list[Costs] = []
        self.values: Mapping[str, int] = {}
        self.known = 0
        self.known_costs: dict[Operation, tuple[Costs, int]] = {}
        self.constants = {
            statement.name: statement.value.value
            for statement in spec.statements
            if type(statement) is tree.ParameterSyntax
            and type(statement.value) is Literal
            and statement.name not in settings.parameters
            and isinstance(statement.value.value, int)
        }
        self.walks = {
            tree.Input: self._input,
            tree.Rounding: self._rounding,
            tree.ParameterSyntax: self._parameter,
            tree.StepSyntax: self._top_step,
            tree.OutputSyntax: self._output,
        }

    def totals(self, parameters: Mapping[str, int], volume: Volume | None = None) -> Totals:
        """Count a design.

        Args:
            parameters: values of the spec's parameters, which override those of the text and of the settings.
            volume: the input; None for that of the text or of the settings.

        Raises:
            RefusedDesign: where it does not load.
            NearLimits: where only `expand` knows.

        """
        self.was_counted = False
        if not self.regular:
            raise NearLimits
        self._begin(parameters, volume)
        at = 0
        try:
            for statement in self.spec.statements:
                at = self.walks[type(statement)](statement, at, self.top)  # type: ignore[operator]  # one for each
            if not self.volumes:
                raise self.no_input(Span(0, 1))
        except SpecError as error:
            if error.code in ("too-long", "too-deep"):
                raise NearLimits from None
            raise RefusedDesign(error.code) from None
        layers, weights, biases, macs, values = sum_of(self.costs)
        if layers > MAX_LAYERS or self.steps > MAX_STEPS:
            raise NearLimits
        self.ends, self.was_counted = self.outputs or (at,), True
        output = self.volumes[self.ends[0]]
        values += self.volumes[0].values
        return Totals(layers, weights, biases, macs, values, self.volumes[0], output, self.parameters)

    def network_counted(self) -> Network:
        """Return the network that was counted last, if its layers are wanted: without names and places in the text."""
        assert self.flow is not None  # layers were asked for
        layer_of = self.flow.layer_of
        ends = tuple([layer_of[index] for index in self.ends])
        return Network(
            input=self.volumes[0],
            made=self.flow.made(),
            output_index=ends[0],
            outputs_at=ends if len(ends) > 1 else (),
            output_names=self.output_names if len(ends) > 1 else (),
            rounding=self.rounding,
            source=self.spec.source,
            parameters=self.parameters,
        )

    def _begin(self, parameters: Mapping[str, int], volume: Volume | None) -> None:
        self.values = parameters
        self.fixed = volume is not None
        entering = self.usual_volume if volume is None else volume
        self.volumes = [] if entering is None else [entering]
        self.made = [None]
        self.parameters = {}
        self.top = Scope("", self.parameters)
        self.rounding = self.settings.rounding or "strict"
        self.outputs, self.output_names = (), ()
        self.path, self.depth, self.source = (), 0, self.spec.source
        self.steps = 0
        self.costs, self.called, self.turns = [], [], []
        if self.flow is not None:
            self.flow = LayerFlow()
        if self.known > MOST_KNOWN:
            self.facts = FactsOfSteps(self.spec)
            self.operations.clear()
            self.layers.clear()
            self.known_costs.clear()
            self.sizes.clear()
            self.known = 0

    def names(self, at: int, parameters: MutableMapping[str, int]) -> Mapping[str, int]:
        """Return what names stand for; the sizes of the arriving volume are put in only where the spec uses them."""
        return super().names(at, parameters) if self.uses_sizes else parameters

    # ---- statements

    def _input(self, statement: tree.Input, at: int, scope: Scope) -> int:
        return at if self.fixed else super()._input(statement, at, scope)

    def _parameter(self, statement: tree.ParameterSyntax, at: int, scope: Scope) -> int:
        value = self.values.get(statement.name, self.constants.get(statement.name))
        if value is None or statement.name in self.parameters:
            return super()._parameter(statement, at, scope)
        self.parameters[statement.name] = value
        return at

    # ---- steps

    def step(self, step: tree.StepSyntax, at: int, scope: Scope) -> int:
        """Count a step, or take over what is known of it."""
        facts = self.facts.get(id(step)) or self.facts.of(step)
        if facts.plain:
            return WALKS[tree.LayerSyntax](self, step.item, at, scope, None)
        names, labels, outer = scope.parameters, scope.labels, self.parameters
        key: tuple[object, ...] = (
            self.volumes[at],
            self.rounding,
            *map(names.get, facts.own),
            *map(outer.get, facts.outer),
        )
        if facts.reads:
            read = [labels.get(label) for label in facts.reads]
            if self.flow is not None:
                key = (*key, self.flow.pattern(at, read))
            key = (*key, *[(self.volumes[index], self.made[index]) if index is not None else None for index in read])
        known = facts.known.get(key)
        if known is None:
            return self._counted(step, at, scope, facts, key)
        if type(known) is str:
            raise RefusedDesign(known)
        return self._take_over(known, at, scope)

    def _take_over(self, known: _Made, at: int, scope: Scope) -> int:
        volumes, made = self.volumes, self.made
        if self.flow is not None and known.flow is not None:
            self.flow.take_over(known.flow, at, scope.labels)
        self.costs.append(known.costs)
        self.steps += known.steps
        for label, volume, operation in known.labels:
            scope.labels[label] = len(volumes)
            volumes.append(volume)
            made.append(operation)
        volumes.append(known.volume)
        made.append(known.operation)
        return len(volumes) - 1

    def _counted(self, step: tree.StepSyntax, at: int, scope: Scope, facts: StepFacts, key: tuple[object, ...]) -> int:
        """Walk through a step, and keep what it makes and costs, or the code of its error."""
        steps, first, layers = self.steps, len(self.costs), len(self.flow.entries) if self.flow else 0
        labels_before = dict(scope.labels) if self.flow and facts.reads else {}
        before = [scope.labels.get(label) for label in facts.sets] if facts.sets else []
        self.known += 1
        try:
            leaving = self._walk(step, at, scope, facts)
        except SpecError as error:
            if error.code not in ("too-long", "too-deep"):
                facts.known[key] = error.code
            raise
        except RefusedDesign as refused:
            facts.known[key] = refused.code
            raise
        labels = self._labels(step, leaving, scope, facts, before) if facts.sets or step.label is not None else []
        volumes, operations = self.volumes, self.made
        costs = sum_of(self.costs[first:])
        self.costs[first:] = [costs]  # whatever the step is part of need not add them up again
        flow = None
        if self.flow is not None:
            flow = self.flow.known(layers, at, labels_before, [*[at for _, at in labels], leaving], facts.reads)
        facts.known[key] = _Made(
            volumes[leaving],
            operations[leaving],
            costs,
            self.steps - steps,
            tuple([(label, volumes[index], operations[index]) for label, index in labels]) if labels else (),
            flow,
        )
        return leaving

    def _labels(
        self, step: tree.StepSyntax, leaving: int, scope: Scope, facts: StepFacts, before: list[int | None]
    ) -> list[tuple[str, int]]:
        """Return the labels that a step has set, with their volumes, where ``before`` it they had others or none."""
        after = [(label, scope.labels.get(label)) for label in facts.sets]
        found = [(label, at) for (label, at), old in zip(after, before, strict=True) if at is not None and at != old]
        return found if step.label is None else [*found, (step.label, leaving)]

    def _walk(self, step: tree.StepSyntax, at: int, scope: Scope, facts: StepFacts) -> int:
        """Walk through a step as an expansion does; repeats of what keeps its volume are multiplied."""
        walk = WALKS[type(step.item)]
        turns = self._repeats(step, at, scope) if step.repeats else 1
        self.steps += 1
        for turn in range(turns):
            arriving, steps, first = self.volumes[at], self.steps, len(self.costs)
            self.spend(1, step.span)
            if facts.once is None:
                at = walk(self, step.item, at, scope, step.label)
            else:
                at = self.step(facts.once, at, scope)
                self.turns.append((step, arriving, self.volumes[at]))
            if self.volumes[at] == arriving and not facts.sets and self.flow is None:
                left = turns - turn - 1
                self.costs.append(times(sum_of(self.costs[first:]), left))
                self.spend((self.steps - steps) * left, step.span)
                break
        self._end(step, at, scope)
        return at

    # ---- layers

    def _add(self, operation: Operation, inputs: tuple[int, ...], span: Span, scope: Scope, label: str | None) -> int:
        known = self.known_costs.get(operation)
        if known is None:
            known = self.known_costs[operation] = self._costs_of(operation)
        costs, steps = known
        self.costs.append(costs)
        self.spend(steps, span)
        self.volumes.append(operation.output)
        self.made.append(operation)
        if self.flow is not None:
            self.flow.add(operation, inputs)
        return len(self.volumes) - 1

    def _costs_of(self, operation: Operation) -> tuple[Costs, int]:
        """Return what a layer costs, and the most steps that it takes."""
        windows = operation.windows() if operation.layer.windows_vary else 0
        return costs_of(operation), STEPS_OF_A_NEW_LAYER + self.steps_of_a_name + windows

    def _enter(self, block: tree.BlockSyntax, item: tree.CallSyntax, at: int, scope: Scope, label: str | None) -> int:
        self.steps += self.steps_of_a_name
        return self._through(block, item, at, Scope("", self.bound(block, item, at, scope)))
