"""What is known of a step from its text alone: what it depends on, so that it is counted once for each case."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cnncalc.core.limits import MAX_NESTING
from cnncalc.layers import find
from cnncalc.spec import tree
from cnncalc.spec.expressions import SIZES
from cnncalc.spec.names import NamesOfBlocks, called_by, expressions_of, inner_steps, names_in


@dataclass(eq=False, slots=True)
class StepFacts:
    """What a step depends on, beside the volume that arrives and the rounding.

    Attributes:
        own: names that it uses in its own scope.
        outer: names of the spec's parameters that the blocks that it calls use.
        reads: labels whose volumes it reads.
        sets: labels that it sets, without its own.
        known: what it made, by all that it depends on.
        plain: whether it is one layer in which nothing is computed: that is known by its words already.
        once: the same step without its repeats, if it has any.

    """

    own: tuple[str, ...]
    outer: tuple[str, ...]
    reads: tuple[str, ...]
    sets: tuple[str, ...]
    known: dict[tuple[Any, ...], Any]
    plain: bool
    once: tree.StepSyntax | None


class FactsOfSteps(dict[int, StepFacts]):
    """The facts of the steps of a spec, by the identity of the step; each is found when it is first asked for."""

    def __init__(self, spec: tree.Spec) -> None:
        super().__init__()
        self.names = NamesOfBlocks(spec)
        self.kept: list[tree.StepSyntax] = []  # what is found by its identity must stay

    def of(self, step: tree.StepSyntax) -> StepFacts:
        """Return what is known of a step."""
        found = self.get(id(step))
        if found is None:
            own, outer = self.names.of_step(step)
            reads = dict.fromkeys(label for each in _with_inner(step) for label in _labels_read(each))
            sets = dict.fromkeys(each.label for each in _with_inner(step) if each.label and each is not step)
            plain = _is_plain(step) and not called_by(step, self.names.blocks)
            once = tree.StepSyntax(step.item, step.span) if step.repeats else None
            if once is not None:
                self.kept.append(once)
            names = tuple(sorted(own)), tuple(sorted(outer))
            found = self[id(step)] = StepFacts(*names, tuple(reads), tuple(sets), {}, plain, once)
        return found


def _is_plain(step: tree.StepSyntax) -> bool:
    """Say whether a step is one layer in which nothing is computed, and nothing around it."""
    item = step.item
    alone = step.label is None and not step.repeats and step.claim is None and not step.stated
    return alone and type(item) is tree.LayerSyntax and item.texts is not None and not item.labels


def _with_inner(step: tree.StepSyntax) -> Iterator[tree.StepSyntax]:
    """Yield a step and all in its brackets."""
    waiting = [step]
    while waiting:
        yield (each := waiting.pop())
        waiting.extend(inner_steps(each))


def _labels_read(step: tree.StepSyntax) -> Iterable[str]:
    item = step.item
    if type(item) is tree.TakeSyntax:
        return (item.label,)
    return [label.label for label in item.labels] if type(item) is tree.LayerSyntax else ()


def nesting(spec: tree.Spec) -> int | None:
    """Return how deep brackets and calls nest; None where steps depend on more than their facts.

    They do where weights are shared, where blocks call each other in a circle or nest too deep, where a block has the
    name of a layer, where an input stands behind a step, and where a table states totals.
    """
    if spec.totals or any(find(name, elsewhere=False) for name in spec.blocks):
        return None
    kinds = [type(statement) for statement in spec.statements]
    if tree.Input in kinds and tree.StepSyntax in kinds[: len(kinds) - kinds[::-1].index(tree.Input)]:
        return None
    steps = [statement for statement in spec.statements if type(statement) is tree.StepSyntax]
    if any(_shares(inner) for step in _steps(spec) for inner in _with_inner(step)):
        return None
    deepest = _nesting(steps, spec.blocks)
    return deepest if deepest <= MAX_NESTING else None


def uses_sizes(spec: tree.Spec) -> bool:
    """Say whether any expression of a spec has a name of the sizes of the arriving volume, be it a parameter's."""
    own = [statement for statement in spec.statements if type(statement) is tree.ParameterSyntax]
    parameters = [*own, *[parameter for block in spec.blocks.values() for parameter in block.parameters]]
    steps = [inner for step in _steps(spec) for inner in _with_inner(step)]
    expressions = [
        *[parameter.value for parameter in parameters if parameter.value is not None],
        *[expression for step in steps for expression in expressions_of(step)],
    ]
    return any(name in SIZES for expression in expressions for name in names_in(expression))


def _steps(spec: tree.Spec) -> list[tree.StepSyntax]:
    """Return the steps of a spec and of its blocks, without those in brackets."""
    own = [statement for statement in spec.statements if type(statement) is tree.StepSyntax]
    return [*own, *[step for block in spec.blocks.values() for step in block.body]]


def _shares(step: tree.StepSyntax) -> bool:
    """Say whether a step has the weights of others."""
    item = step.item
    if type(item) is tree.CallSyntax:
        return bool(item.weights)
    if type(item) is not tree.LayerSyntax:
        return False
    parts = item.texts if item.texts is not None else [part for word in item.words for part in word.parts]
    return any(isinstance(part, str) and "weights=" in part for part in parts)


def _nesting(steps: Iterable[tree.StepSyntax], blocks: dict[str, tree.BlockSyntax]) -> int:
    """Return how deep brackets and calls nest; more than is allowed for what has no end."""
    deepest, level = 0, list(steps)
    while level and deepest <= MAX_NESTING:
        inner = [each for step in level for each in inner_steps(step)]
        called = dict.fromkeys(name for step in level for name in called_by(step, blocks))
        level = [*inner, *[each for name in called for each in blocks[name].body]]
        deepest += bool(level)
    return deepest
