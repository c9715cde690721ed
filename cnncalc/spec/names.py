"""Which names a block's text uses, directly and in the blocks that it calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from cnncalc.spec import tree
from cnncalc.spec.expressions import Chain, Expression, FunctionCall, Name, Negative, Power


def names_in(expression: Expression) -> Iterator[str]:
    """Yield the names that an expression uses."""
    waiting = [expression]
    while waiting:
        part = waiting.pop()
        match part:
            case Name():
                yield part.name
            case Negative():
                waiting.append(part.operand)
            case Chain():
                waiting += [part.first, *[operand for _, operand in part.rest]]
            case Power():
                waiting += [part.base, part.exponent]
            case FunctionCall():
                waiting += part.arguments


def expressions_of(step: tree.StepSyntax) -> Iterator[Expression]:
    """Yield the expressions of a step itself, without those of the steps inside of it."""
    item = step.item
    yield from step.repeats
    words = (*((step.claim,) if step.claim else ()), *(item.words if type(item) is tree.LayerSyntax else ()))
    for word in words:
        yield from [part for part in word.parts if not isinstance(part, str)]
    if type(item) is tree.CallSyntax:
        yield from [argument.value for argument in item.arguments]


def inner_steps(step: tree.StepSyntax) -> Iterable[tree.StepSyntax]:
    """Return the steps in the brackets of a step."""
    item = step.item
    if type(item) is tree.Group:
        return item.body
    if type(item) is tree.MergeSyntax:
        return [inner for branch in item.branches for inner in branch]
    return ()


def steps_below(steps: Iterable[tree.StepSyntax]) -> Iterator[tree.StepSyntax]:
    """Yield steps and all that stand in their brackets, at any depth."""
    waiting = list(steps)
    while waiting:
        step = waiting.pop()
        waiting.extend(inner_steps(step))
        yield step


def steps_of(spec: tree.Spec, blocks: Iterable[tree.BlockSyntax] | None = None) -> Iterator[tree.StepSyntax]:
    """Yield every step of a spec, and of its blocks or of some of them, at any depth."""
    steps = [each for each in spec.statements if type(each) is tree.StepSyntax]
    for block in spec.blocks.values() if blocks is None else blocks:
        steps += block.body
    return steps_below(steps)


def called_by(step: tree.StepSyntax, blocks: Mapping[str, tree.BlockSyntax]) -> Iterable[str]:
    """Return the blocks that a step may call: by a call, by a single word, or by a word that is computed."""
    item = step.item
    if type(item) is tree.CallSyntax:
        return (item.name,) if item.name in blocks else ()
    if type(item) is not tree.LayerSyntax or len(item.texts or item.words) != 1:
        return ()
    word = item.texts[0] if item.texts is not None else item.words[0].constant
    if word is not None:
        return (word,) if word in blocks else ()
    start = item.words[0].parts[0]  # a number begins no name
    return [name for name in blocks if name.startswith(start)] if isinstance(start, str) else ()


class _Direct(NamedTuple):
    """The names of a spec's parameters that a block may use by itself, and the blocks that it may call."""

    names: frozenset[str]
    calls: frozenset[str]


class NamesOfBlocks:
    """The names that blocks of a spec use, found for each block when it is first asked for."""

    def __init__(self, spec: tree.Spec) -> None:
        self.blocks = spec.blocks
        self.direct: dict[str, _Direct] = {}
        self.found: dict[str, tuple[str, ...]] = {}

    def of(self, block: str) -> tuple[str, ...]:
        """Return the names of the spec's parameters that a block uses, or a block that it calls."""
        if block not in self.found:
            self.found[block] = tuple(sorted(self._reached([block])))
        return self.found[block]

    def of_step(self, step: tree.StepSyntax) -> tuple[frozenset[str], frozenset[str]]:
        """Return the names that a step uses in its own scope, and those of the spec that the blocks it calls use."""
        direct = self._in_steps([step])
        return direct.names, self._reached(direct.calls)

    def _reached(self, blocks: Iterable[str]) -> frozenset[str]:
        seen = dict.fromkeys(blocks)
        waiting = list(seen)
        while waiting:
            for name in self._direct(waiting.pop()).calls:
                if name not in seen:
                    seen[name] = None
                    waiting.append(name)
        return frozenset().union(*[self._direct(name).names for name in seen])

    def _direct(self, name: str) -> _Direct:
        found = self.direct.get(name)
        if found is None:
            block = self.blocks[name]
            inside = self._in_steps(block.body)
            own = [parameter.name for parameter in block.parameters]
            # a default may mean a parameter of the spec that a later one of the block's own hides
            defaults = [name for parameter in block.parameters if parameter.value for name in names_in(parameter.value)]
            found = self.direct[name] = inside._replace(names=inside.names.difference(own).union(defaults))
        return found

    def _in_steps(self, steps: Iterable[tree.StepSyntax]) -> _Direct:
        names: set[str] = set()
        calls: set[str] = set()
        for step in steps_below(steps):
            for expression in expressions_of(step):
                names.update(names_in(expression))
            calls.update(called_by(step, self.blocks))
        return _Direct(frozenset(names), frozenset(calls))
