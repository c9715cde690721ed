"""Whether the counts of a spec can only rise with a parameter: shown from its text, for `cnncalc search`.

It is shown where the parameter is found in numbers of filters, in repeats and in arguments of blocks alone, in
expressions that rise with it, and where every layer costs no less for more channels and larger sides. Repeats must keep
the sides of their volume, which is looked at once. What is not shown may be true nevertheless.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from cnncalc.layers import find
from cnncalc.spec import tree
from cnncalc.spec.expressions import Chain, Expression, FunctionCall, Literal, Name, Negative, Power
from cnncalc.spec.names import called_by, names_in, steps_of

_SIZES = frozenset(("h", "w", "c"))

_PLAIN_ROLES = frozenset(("activation", "regularisation", "normalisation", "pooling"))
_KINDS = frozenset(("conv", "dwconv", "fc", "flatten", "pad", "crop", "add", "concat", "mul", "identity", "shuffle"))
"""Layers whose output and costs do not shrink where channels or sides grow."""

_WITH_FILTERS = frozenset(("conv", "fc"))
"""Layers whose last size is a number of filters."""


def rises_with(spec: tree.Spec, name: str) -> bool:
    """Say whether parameters, MACs, activations and layers are shown to rise, if they change, with a parameter.

    Args:
        spec: the syntax tree.
        name: a parameter of the spec, or ``input``.

    """
    steps = list(steps_of(spec))
    if not all(_is_plain(step, spec) for step in steps):
        return False
    dependent = _dependent(spec, steps, name)
    values = [each for each in spec.statements if type(each) is tree.ParameterSyntax and each.value is not None]
    values += [each for block in spec.blocks.values() for each in block.parameters]
    if not all(_rises(each.value, dependent) for each in values if each.value is not None and each.name != name):
        return False
    return all(_uses_well(step, dependent) for step in steps)


def repeated_with(spec: tree.Spec, name: str) -> list[tree.StepSyntax]:
    """Return the steps whose repeats depend on a parameter."""
    steps = list(steps_of(spec))
    dependent = _dependent(spec, steps, name)
    return [step for step in steps if any(dependent & set(names_in(each)) for each in step.repeats)]


def _is_plain(step: tree.StepSyntax, spec: tree.Spec) -> bool:
    """Say whether a step holds nothing but layers that cost no less for more, blocks and merges."""
    item = step.item
    if type(item) is tree.MergeSyntax:
        return item.word in _KINDS
    if type(item) is not tree.LayerSyntax or called_by(step, spec.blocks):
        return type(item) is not tree.LayerSyntax or item.texts is not None
    first = item.texts[0] if item.texts is not None else item.words[0].constant
    found = find(first) if first else None
    if found is None or item.labels:
        return False
    kind, word, _ = found
    texts = item.texts if item.texts is not None else [word.constant or "" for word in item.words]
    if any(text.startswith("weights=") for text in texts):
        return False
    return word in _KINDS or kind.role in _PLAIN_ROLES


def _dependent(spec: tree.Spec, steps: Iterable[tree.StepSyntax], name: str) -> set[str]:
    """Return the names whose values may depend on a parameter, those of blocks' parameters among them."""
    found = {name} | (_SIZES if name == "input" else {"c"})
    grown = True
    while grown:
        before = len(found)
        for statement in spec.statements:
            if type(statement) is tree.ParameterSyntax and statement.value and found & set(names_in(statement.value)):
                found.add(statement.name)
        for block in spec.blocks.values():
            found.update(p.name for p in block.parameters if p.value and found & set(names_in(p.value)))
        for step in steps:
            if type(step.item) is tree.CallSyntax and step.item.name in spec.blocks:
                found.update(_given(step.item, spec.blocks[step.item.name], found))
        grown = len(found) > before
    return found


def _given(call: tree.CallSyntax, block: tree.BlockSyntax, dependent: set[str]) -> Iterator[str]:
    """Yield the parameters of a block that a call gives a value that depends on the parameter."""
    for place, argument in enumerate(call.arguments):
        if dependent & set(names_in(argument.value)):
            if argument.name is not None:
                yield argument.name
            elif place < len(block.parameters):
                yield block.parameters[place].name


def _uses_well(step: tree.StepSyntax, dependent: set[str]) -> bool:
    """Say whether a step has what depends on the parameter in filters, repeats and arguments alone, where it rises."""
    if not all(_rises(each, dependent) for each in step.repeats):
        return False
    item = step.item
    if type(item) is tree.CallSyntax:
        return all(_rises(argument.value, dependent) for argument in item.arguments)
    if type(item) is not tree.LayerSyntax or item.texts is not None:
        return True
    for place, word in enumerate(item.words):
        parts = [part for part in word.parts if not isinstance(part, str)]
        depending = [part for part in parts if dependent & set(names_in(part))]
        if not depending:
            continue
        last = word.parts[-1]
        if place != 1 or item.words[0].constant not in _WITH_FILTERS or len(depending) > 1 or last is not depending[0]:
            return False
        if item.words[0].constant == "conv" and len(word.parts) < 2:
            return False  # the whole size is computed
        if not _rises(depending[0], dependent):
            return False
    return True


def _rises(expression: Expression, dependent: set[str]) -> bool:
    """Say whether an expression of values from 0 on can only rise with those of some names."""
    if not dependent & set(names_in(expression)):
        return True
    match expression:
        case Name():
            return True
        case Chain():
            return _chain_rises(expression, dependent)
        case FunctionCall():
            return all(_rises(each, dependent) for each in expression.arguments)
        case Power():
            fixed = not dependent & set(names_in(expression.exponent))
            return fixed and _rises(expression.base, dependent)
    return False


def _chain_rises(chain: Chain, dependent: set[str]) -> bool:
    if not _rises(chain.first, dependent):
        return False
    if any(operator == "*" for operator, _ in chain.rest) and not _is_positive(chain.first, True, dependent):
        return False
    for operator, operand in chain.rest:
        depends = bool(dependent & set(names_in(operand)))
        if operator in ("+", "*"):
            if (operator == "*" or depends) and not _is_positive(operand, depends, dependent):
                return False
        elif operator in ("-", "//", "/"):
            if depends or (operator != "-" and not _is_number(operand)):
                return False
        else:
            return False
    return True


def _is_positive(operand: Expression, depends: bool, dependent: set[str]) -> bool:
    """Say whether a factor is not negative: a number, or what rises; subtractions may be."""
    if not depends or isinstance(operand, Literal):
        return _is_number(operand) or isinstance(operand, Name)
    return _rises(operand, dependent) and not _subtracts(operand)


def _is_number(expression: Expression) -> bool:
    return isinstance(expression, Literal) and expression.value > 0


def _subtracts(expression: Expression) -> bool:
    if isinstance(expression, Negative):
        return True
    return isinstance(expression, Chain) and any(operator == "-" for operator, _ in expression.rest)
