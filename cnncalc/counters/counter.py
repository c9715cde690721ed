"""What the counter of another tool says of itself: how it counts each call, what it passes over, what it calls it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import ClassVar, NamedTuple

from cnncalc.counters.tensor_call import TensorCall


class CountRule(NamedTuple):
    """How calls of one kind are counted.

    Attributes:
        formula: gives the number of one call, for one image.
        says: the same in words: ``2 for each input value``; ``{arriving}`` and ``{made}`` stand for the number
            divided by the values that arrive and that are made.

    """

    formula: Callable[[TensorCall], int]
    says: str

    def said(self, call: TensorCall, number: int) -> str:
        """Return what is said of a call that counts so many."""
        each = {"arriving": call.values_arriving, "made": call.values_made}
        return self.says.format_map({name: number // max(1, values) for name, values in each.items()})


Rules = Mapping[str, CountRule]

NO_RULES: Rules = MappingProxyType({})


class ForeignCounter:
    """The counter of another tool, reproduced from the rules in its source.

    Attributes:
        name: of the package, and what ``--count`` calls it.
        release: the version whose rules these are.
        unit: what its number is, with the tool's own word for it.
        account: sentences on how it counts.
        modules: rules for modules, by their class with or without the number of dimensions.
        functions: rules for functions by their names, inside modules too.
        traces: whether it counts a trace, in which there is only what the output depends on.

    """

    name: ClassVar[str]
    release: ClassVar[str]
    unit: ClassVar[str]
    account: ClassVar[tuple[str, ...]]
    modules: ClassVar[Rules] = NO_RULES
    functions: ClassVar[Rules] = NO_RULES
    traces: ClassVar[bool] = False

    def rule(self, call: TensorCall) -> CountRule | None:
        """Return the rule for a call; None for one that the tool passes over."""
        if call.is_own:
            return None
        rules = self.modules if call.is_module else self.functions
        return rules.get(call.name) or rules.get(call.kind)

    def params(self, call: TensorCall) -> int:
        """Return the parameters that it counts for a call: those of a module once, and of what lies in none."""
        return 0 if call.again or call.is_inside else call.params

    def counted(self, calls: tuple[TensorCall, ...]) -> Iterator[tuple[TensorCall, CountRule, int]]:
        """Yield the calls that it counts, with the rule and the number."""
        for call in calls:
            rule = self.rule(call)
            if rule:
                yield call, rule, rule.formula(call)
