"""Whether a network takes a side of its input whatever the other sides are: shown from its text, for `cnncalc inputs`.

It is shown where every layer works on each side by itself, such as a convolution or a pool, and no expression asks for
the height or the width. What is not shown may be true nevertheless.
"""

from __future__ import annotations

from cnncalc.layers import find
from cnncalc.spec import tree
from cnncalc.spec.names import called_by, expressions_of, names_in, steps_of

_ROLES = frozenset(("activation", "regularisation"))
_KINDS = frozenset(("conv", "dwconv", "fc", "bn", "gn", "pool", "maxpool", "avgpool", "gap", "identity", "padchannels"))
"""Layers of which a side of the output, and whether the side fits, follow from this side of the input alone."""

_MERGES = frozenset(("add", "concat", "mul"))


def sides_are_separate(spec: tree.Spec) -> bool:
    """Say whether a spec without claims is shown to take its sides one by one.

    Then, if it takes two inputs, it takes every input whose sides are each of one of them.
    """
    parameters = [statement for statement in spec.statements if type(statement) is tree.ParameterSyntax]
    parameters += [parameter for block in spec.blocks.values() for parameter in block.parameters]
    expressions = [each.value for each in parameters if each.value is not None]
    for step in steps_of(spec):
        if not _is_separate(step, spec):
            return False
        expressions.extend(expressions_of(step))
    return not any(name in ("h", "w") for expression in expressions for name in names_in(expression))


def _is_separate(step: tree.StepSyntax, spec: tree.Spec) -> bool:
    item = step.item
    if type(item) is tree.MergeSyntax:
        return item.word in _MERGES
    if type(item) is tree.CallSyntax:
        return not item.weights
    if type(item) is not tree.LayerSyntax or called_by(step, spec.blocks):
        return True
    first = item.texts[0] if item.texts is not None else item.words[0].constant
    found = find(first) if first else None
    texts = item.texts if item.texts is not None else [str(word.constant or "") for word in item.words]
    if found is None or item.labels or any(text.startswith("weights=") for text in texts):
        return False
    kind, word, _ = found
    return word in _KINDS or kind.role in _ROLES
