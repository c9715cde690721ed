"""Tensors that a module computes from its own, before any image is seen: standardised weights, gains, fixed filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import prod
from types import MappingProxyType
from typing import Any

import torch
from torch import fx, nn

from cnncalc.model.from_torch.trace import Traced
from cnncalc.model.from_torch.traced_values import function_name
from cnncalc.model.from_torch.values import Tensor

KEEPS_ORDER = frozenset(
    ("clone", "contiguous", "detach", "flatten", "float", "getitem", "reshape", "reshape_as", "squeeze", "to", "type")
) | {"type_as", "unflatten", "unsqueeze", "view", "view_as", "expand"}
"""Functions behind which a tensor has the same numbers in the same order, if it has as many."""


def computed(node: fx.Node, given: Sequence[Tensor], traced: Traced) -> Tensor:
    """Return what a call makes of tensors of the module alone."""
    steps = tuple(dict.fromkeys([*[step for tensor in given for step in tensor.steps], node]))
    made = node.meta["value"]
    shape = tuple(made.shape) if isinstance(made, torch.Tensor) else ()
    first = given[0]
    learned = {path: value for tensor in given for path, value in tensor.learned.items()}
    if len(given) == 1 and first.path and _keeps_order(node) and prod(shape) == first.value.numel():
        return Tensor(first.path, first.value, shape, steps, learned)
    turned = first if len(given) == 1 and _turns(node) else None
    if not learned:
        known = {
            source: value.value for source, value in zip(node.all_input_nodes, given, strict=True) if not value.steps
        }
        made = evaluated(steps, traced.tensors, traced.root, known)
    return Tensor("", made, shape, steps if all(tensor.steps for tensor in given) else (), learned, turned)


def typed_as(node: fx.Node, tensor: Tensor) -> Tensor:
    """Return a tensor that has the type of a volume now, and the same numbers."""
    return replace(tensor, steps=(*tensor.steps, node) if tensor.steps else ())


def _turns(node: fx.Node) -> bool:
    """Say whether a call exchanges the two dimensions of a matrix."""
    name, value = function_name(node), node.meta["value"]
    if not isinstance(value, torch.Tensor) or value.ndim != 2:
        return False
    attribute = name == "getattr" and node.args[1] in ("T", "mT")
    return attribute or name in ("t", "swapaxes", "swapdims", "transpose") or (name == "permute" and 1 in node.args[:2])


def _keeps_order(node: fx.Node) -> bool:
    """Say whether a call leaves the numbers of a tensor in their order, if it leaves all of them."""
    name = function_name(node).rstrip("_")
    places = node.args[1] if name == "getitem" else ()
    listed = places if isinstance(places, tuple) else (places,)
    plain = all(place is None or place is Ellipsis or isinstance(place, int | slice) for place in listed)
    return name in KEEPS_ORDER and plain


def evaluated(
    steps: Sequence[fx.Node],
    tensors: Callable[[str], Any],
    root: nn.Module,
    given: Mapping[fx.Node, Any] = MappingProxyType({}),
) -> Any:
    """Compute what the last of some calls returns.

    Args:
        steps: the calls.
        tensors: returns the tensor that the module has under a path of the trace.
        root: has the modules that are called.
        given: values that other calls have returned.
    """
    known = dict(given)
    for step in steps:
        if not known.keys() >= set(step.all_input_nodes):
            known[step] = known[step.all_input_nodes[0]]  # it takes the type of a volume
            continue
        args, kwargs = fx.map_arg((step.args, step.kwargs), known.__getitem__)
        if step.op == "get_attr":
            known[step] = tensors(str(step.target))
        elif step.op == "call_module":
            known[step] = root.get_submodule(str(step.target))(*args, **kwargs)
        elif step.op == "call_method":
            known[step] = getattr(args[0], str(step.target))(*args[1:], **kwargs)
        else:
            known[step] = step.target(*args, **kwargs)  # type: ignore[operator]  # a function
    return known[steps[-1]]


def operations_of(steps: Sequence[fx.Node]) -> list[str]:
    """Return the names of the functions that compute, each once."""
    calls = [step for step in steps if step.op in ("call_function", "call_method")]
    return list(dict.fromkeys(map(function_name, calls)))


def numbers_of(call: fx.Node) -> list[float]:
    """Return the numbers among the arguments of a call."""
    arguments = [*call.args, *call.kwargs.values()]
    return [float(value) for value in arguments if isinstance(value, int | float) and not isinstance(value, bool)]
