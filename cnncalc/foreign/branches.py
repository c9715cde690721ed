"""Branches of a draft: chains of steps that part at one step and meet in a merge stand in the merge's brackets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from cnncalc.foreign.draft import INPUT, Draft, DraftStep

_DEEPEST = 12
"""Deepest nesting of brackets that is written; what is deeper stands in lines of its own."""


@dataclass(eq=False)
class PlacedStep:
    """A step in its place in the text.

    Attributes:
        index: the index of the step in the draft.
        step: the step.
        inputs: the indices that it takes; one for a merge whose branches stand in its brackets.
        branches: the steps in each of its branches; None where its branches are labels.
        depth: how deep brackets nest in it.
    """

    index: int
    step: DraftStep
    inputs: tuple[int, ...]
    branches: tuple[tuple[PlacedStep, ...], ...] | None = None
    depth: int = field(default=0)


def placed_steps(draft: Draft) -> list[PlacedStep]:
    """Return the steps of a draft from top to bottom, those of branches inside their merges."""
    folding = _Folding(draft)
    for index, step in enumerate(draft.steps, 1):
        folding.place(index, step)
    return list(folding.placed.values())


class _Folding:
    def __init__(self, draft: Draft) -> None:
        self.readers = Counter([index for step in draft.steps for index in set(step.inputs)])
        self.readers.update(draft.outputs)
        self.placed: dict[int, PlacedStep] = {}

    def place(self, index: int, step: DraftStep) -> None:
        """Place a step behind those in front of it; a merge takes in branches that nothing else reads."""
        node = PlacedStep(index, step, step.inputs)
        if step.merge and len(set(step.inputs)) == len(step.inputs):
            chains = [self.chain(each) for each in step.inputs]
            forks = {fork for fork, _ in chains}
            depth = 1 + max([inner.depth for _, chain in chains for inner in chain], default=0)
            if len(forks) == 1 and depth <= _DEEPEST and any(chain for _, chain in chains):
                node = self.folded(node, forks.pop(), [chain for _, chain in chains], depth)
        self.placed[index] = node

    def chain(self, index: int) -> tuple[int, list[PlacedStep]]:
        """Return the steps that lead to a merge alone, and the step that they part from."""
        found: list[PlacedStep] = []
        while index != INPUT and self.readers[index] == 1 and len(self.placed[index].inputs) == 1:
            found.append(self.placed[index])
            index = self.placed[index].inputs[0]
        return index, found[::-1]

    def folded(self, node: PlacedStep, fork: int, chains: Sequence[list[PlacedStep]], depth: int) -> PlacedStep:
        for chain in chains:
            for inner in chain:
                del self.placed[inner.index]
        self.readers[fork] -= len(chains) - 1
        return PlacedStep(node.index, node.step, (fork,), tuple(map(tuple, chains)), depth)
