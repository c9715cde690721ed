"""Which inputs a network takes without an error, when its claims about volumes are set aside: every size is tried."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import combinations, product
from typing import NamedTuple

from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.design.input_rule import InputRule, rule_of
from cnncalc.design.separate_sides import sides_are_separate
from cnncalc.network import ExpansionMemory, Network, SpecSettings, expand
from cnncalc.network.costs import Totals, totals_of
from cnncalc.network.network import Reached
from cnncalc.network.totals import NearLimits, RefusedDesign, Totalling
from cnncalc.spec import tree

MOST_TRIED = 600
"""Sizes that are tried, from 1 on; more where the network's own input is larger."""

OF_SIZE = frozenset(("does-not-fit", "too-large", "branches-differ", "bad-size", "bad-groups", "not-whole"))
"""Errors that another input may not have."""

_SMALL = (1, 2, 4, 16)
"""Sizes that are tried together with others."""

_BEYOND = 64
"""How far beyond the network's own input sizes are tried."""

MOST_OF_ALL = 40_000
"""Most trials of sizes, shared by the sides, however large the network's own input is: some seconds of them."""


class Parameters(NamedTuple):
    """How the number of parameters depends on the input.

    Attributes:
        counts: the number of parameters of every input that is taken, by the size of its sides.
        layers: the layers whose parameters change.

    """

    counts: dict[int, int]
    layers: tuple[str, ...]

    @property
    def change(self) -> bool:
        """Whether they change."""
        return len(set(self.counts.values())) > 1


class Taken(NamedTuple):
    """The inputs that a network takes.

    Attributes:
        usual: its own input.
        equal: the rule for inputs whose sides are equal; None for one side, and where the network takes none.
        sides: the rule for each side, with the others as they usually are.
        independent: whether every side may be chosen by itself.
        parameters: how their number depends on the input.
        takes_usual: whether its own input is taken, which may be larger than what was tried.

    """

    usual: Volume
    equal: InputRule | None
    sides: tuple[InputRule, ...]
    independent: bool
    parameters: Parameters
    takes_usual: bool


class InputTrials:
    """Tries inputs of one spec."""

    def __init__(self, spec: tree.Spec, settings: SpecSettings) -> None:
        self.spec = without_claims(spec)
        self.settings = settings
        self.memory = ExpansionMemory(self.spec)
        self.totalling = Totalling(self.spec, settings, self.memory)

    def totals(self, volume: Volume) -> Totals | None:
        """Return the totals of an input; None where the network does not take it."""
        try:
            return self.totalling.totals({}, volume)
        except RefusedDesign:
            return None
        except NearLimits:
            try:
                return totals_of(self.network(volume))
            except SpecError:
                return None

    def network(self, volume: Volume) -> Network:
        """Return the network with an input, or raise `SpecError`."""
        given = {"": Source("input", str(volume))}
        return expand(self.spec, SpecSettings(given, self.settings.parameters, self.settings.rounding))

    def taken(self) -> Taken:
        """Try sizes from 1 on: of all sides together, and of each side alone.

        Raises:
            SpecError: for a spec without one input, and with an error that no other size mends.
        """
        usual = self.usual()
        dimensions = usual.dimensions
        rows = dimensions + (dimensions > 1)  # all sides together, and each alone
        most = max(MOST_TRIED, min(max(usual.spatial) + _BEYOND, MOST_OF_ALL // rows))
        sizes = range(1, most + 1)
        counts: dict[int, int] = {}
        for size in sizes:
            found = self.totals(usual.with_spatial((size,) * dimensions))
            if found is not None:
                counts[size] = found.weights + found.biases
        equal = rule_of(list(counts), most)
        takes_usual = self.totals(usual) is not None
        if dimensions == 1:
            return Taken(usual, None, (equal,), True, self._parameters(usual, counts), takes_usual)
        others = usual
        if not takes_usual and counts:  # then sides are tried beside others that fit
            nearest = [size for size in equal.nearest(max(usual.spatial)) if size is not None]
            others = usual.with_spatial((nearest[-1],) * dimensions)
        known = self._known_sides(others, counts)
        sides = tuple([self._side(others, axis, sizes, known) for axis in range(dimensions)])
        independent = self._independent(others, sides)
        parameters = self._parameters(usual, counts)
        return Taken(usual, equal if counts else None, sides, independent, parameters, takes_usual)

    def usual(self) -> Volume:
        """Return the input that the spec or an option has, whether the network takes it or not."""
        if self.totalling.inputs.named:
            message = "the network has several inputs, and the sizes of one are tried"
            raise SpecError("several-inputs", message, hints=["write the spec with one of them"])
        try:
            return expand(self.spec, self.settings).input
        except SpecError as error:
            if error.code in OF_SIZE and isinstance(error.reached, Reached):
                return error.reached.network.input
            raise

    def _known_sides(self, usual: Volume, counts: Collection[int]) -> Collection[int]:
        """Return sizes that each side takes beside the usual ones, which all sides together are known to take."""
        sides = set(usual.spatial)
        small = len(sides) == 1 and max(sides) < MOST_OF_ALL  # so that no volume comes near the largest
        return counts if small and sides_are_separate(self.spec) and self.totals(usual) is not None else ()

    def _side(self, usual: Volume, axis: int, sizes: Iterable[int], known: Collection[int]) -> InputRule:
        sides = list(usual.spatial)
        taken = []
        last = 0
        for size in sizes:
            sides[axis] = last = size
            if size in known or self.totals(usual.with_spatial(sides)) is not None:
                taken.append(size)
        return rule_of(taken, last)

    def _independent(self, usual: Volume, sides: Sequence[InputRule]) -> bool:
        """Say whether sides that are taken alone are taken together: tried for small and large ones of each."""
        every = range(1, sides[0].tried + 1)
        refused = [sorted({*every}.difference(rule.taken)) for rule in sides]
        spread = [(*_spread(rule.taken), *_spread(other)) for rule, other in zip(sides, refused, strict=True)]
        tried = [sorted({*_SMALL, *sizes}) for sizes in spread]
        for (one, first), (other, second) in combinations(enumerate(sides), 2):
            for a, b in product(tried[one], tried[other]):
                spatial = list(usual.spatial)
                spatial[one], spatial[other] = a, b
                if (self.totals(usual.with_spatial(spatial)) is not None) != (first.takes(a) and second.takes(b)):
                    return False
        return True

    def _parameters(self, usual: Volume, counts: dict[int, int]) -> Parameters:
        if len(set(counts.values())) < 2:
            return Parameters(counts, ())
        small, large = min(counts, key=counts.__getitem__), max(counts, key=counts.__getitem__)
        one, other = (self.network(usual.with_spatial((size,) * usual.dimensions)) for size in (small, large))
        pairs = zip(one.layers, other.layers, strict=False)
        return Parameters(counts, tuple([node.name for node, same in pairs if node.params != same.params]))


def _spread(sizes: Sequence[int]) -> list[int]:
    """Return a few sizes, small and large ones."""
    return sorted({sizes[place * (len(sizes) - 1) // 4] for place in range(5)}) if sizes else []


def without_claims(spec: tree.Spec) -> tree.Spec:
    """Return a spec that says nothing about its volumes and counts but its input."""
    statements = tuple([_silent(statement) for statement in spec.statements])
    blocks = {name: block._replace(body=_quiet(block.body)) for name, block in spec.blocks.items()}
    return spec._replace(statements=statements, blocks=blocks, totals=(), unread=())


def _silent(statement: tree.Statement) -> tree.Statement:
    if type(statement) is tree.StepSyntax:
        return _quiet((statement,))[0]
    return statement._replace(stated=()) if type(statement) is tree.Input else statement


def _quiet(steps: tree.Sequence) -> tree.Sequence:
    """Return steps without claims; brackets nest as deep as the parser allows."""
    found = []
    for step in steps:
        item = step.item
        if type(item) is tree.Group:
            item = item._replace(body=_quiet(item.body))
        elif type(item) is tree.MergeSyntax:
            item = item._replace(branches=tuple(map(_quiet, item.branches)))
        found.append(step._replace(item=item, claim=None, stated=()))
    return tuple(found)
