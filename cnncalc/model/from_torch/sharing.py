"""Layers of a module that have the same weights: ``weights=shared1`` in the text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from cnncalc.layers.written import Token
from cnncalc.model.from_torch.nest import Placed
from cnncalc.model.from_torch.operations import ReadLayer
from cnncalc.model.from_torch.refusals import cannot_say
from cnncalc.model.from_torch.traced_modules import module_path

NAME = "shared"
"""How the names of weights begin in a text."""

Tensors = tuple[tuple[str, str], ...]
"""Learned tensors by their roles, each with where the module has it."""


def tensors_of(operation: ReadLayer) -> Tensors:
    """Return the learned tensors that a layer has as they are."""
    return tuple([(tensor.role, tensor.path) for tensor in operation.tensors if tensor.numbers and not tensor.steps])


def check_shared(operations: Iterable[ReadLayer]) -> None:
    """Make sure that layers that share one tensor share all, or raise `SpecError`."""
    owners: dict[str, Tensors] = {}
    for operation in operations:
        tensors = tensors_of(operation)
        for _, path in tensors:
            if owners.setdefault(path, tensors) != tensors:
                why = f"it uses `{module_path(path)}` again, and layers of a spec share all of their weights or none"
                raise cannot_say(operation.path, f"`{operation.word}`", why, line=operation.line)


def name_shared(parts: Sequence[Placed]) -> None:
    """Give weights that several layers have a name, in the order of the text."""
    counts = Counter([tensors_of(part.operation) for part in parts])
    names: dict[Tensors, str] = {}
    for part in parts:
        tensors = tensors_of(part.operation)
        if tensors and counts[tensors] > 1:
            name = names.setdefault(tensors, f"{NAME}{len(names) + 1}")
            token = Token("weights=", (name,), ("",))
            part.operation = part.operation._replace(tokens=(*part.operation.tokens, token))


def counted(order: Iterable[ReadLayer]) -> list[int]:
    """Return the parameters of every layer, where those of an earlier one are not counted again."""
    seen: set[Tensors] = set()
    numbers = []
    for operation in order:
        tensors = tensors_of(operation)
        numbers.append(0 if tensors in seen else operation.params)
        seen.update([tensors] if tensors else [])
    return numbers
