"""In which order the converter puts the operators, which is the order in which they run.

TensorFlow walks its graph depth first from the inputs, and of several readers of a tensor it goes first into the one
whose name is the last in the alphabet; the order is the reverse of that in which the walk leaves the operators behind
(``GetReversePostOrder`` with a comparison of names). So a branch is computed to its end before the next one, and
``conv10`` comes before ``conv2``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from cnncalc.to_foreign.keras_model import KerasCall, KerasModel

CHAINED = frozenset(("Add", "Multiply", "Maximum", "Minimum", "Average", "Subtract"))
"""Layers that TensorFlow computes of two volumes at a time, one operator behind the other."""


def tensorflow_order(model: KerasModel, outputs: Sequence[str]) -> list[tuple[KerasCall, int]]:
    """Return the layers in the order in which they run; a merge of several volumes is several steps.

    Each comes with the number of its step: a merge of three volumes has the steps 0 and 1, every other layer 0.
    """
    steps = {name: (call, step) for call in model.layers for name, step in _steps(call)}
    readers = defaultdict(list)
    for name, (call, step) in steps.items():
        for read in _reads(call, step):
            readers[_last_step(steps, read)].append(name)
    needed = _needed(steps, outputs)
    left: list[str] = []
    visited: set[str] = set()
    waiting = [(name, False) for name in sorted(model.inputs)]
    while waiting:
        name, leaving = waiting.pop()
        if leaving:
            left.append(name)
        elif name not in visited:
            visited.add(name)
            waiting.append((name, True))
            waiting += [(reader, False) for reader in sorted(readers[name]) if reader in needed]
    return [steps[name] for name in reversed(left) if name in steps]


def _steps(call: KerasCall) -> Iterator[tuple[str, int]]:
    """Yield the names of a layer's steps, as TensorFlow compares them."""
    for step in range(max(1, len(call.inputs) - 1) if call.kind in CHAINED else 1):
        yield f"{call.name}_1/{f'_{step}' if step else ''}", step


def _reads(call: KerasCall, step: int) -> tuple[str, ...]:
    """Return what a step reads: the step before it, called by its own name, or layers."""
    if call.kind not in CHAINED or len(call.inputs) < 2:
        return call.inputs
    before = (f"{call.name}_1/{f'_{step - 1}' if step > 1 else ''}",) if step else call.inputs[:1]
    return (*before, call.inputs[step + 1])


def _last_step(steps: dict[str, tuple[KerasCall, int]], name: str) -> str:
    """Return the name of the step that makes what a layer makes; inputs and steps are their own."""
    if name in steps or f"{name}_1/" not in steps:
        return name
    call, _ = steps[f"{name}_1/"]
    *_, (last, _) = _steps(call)
    return last


def _needed(steps: dict[str, tuple[KerasCall, int]], outputs: Sequence[str]) -> set[str]:
    """Return the steps that the outputs depend on."""
    needed: set[str] = set()
    waiting = [_last_step(steps, name) for name in outputs]
    while waiting:
        name = waiting.pop()
        if name in steps and name not in needed:
            needed.add(name)
            waiting += [_last_step(steps, read) for read in _reads(*steps[name])]
    return needed
