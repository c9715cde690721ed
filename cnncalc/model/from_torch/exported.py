"""Another way to trace: by `torch.export`, which also sees through compiled and scripted functions.

Its graph calls operators (`aten`), not functions. It is run once more, call by call, with the values of a trace, and
every operator as the function of PyTorch that people write.
"""

from __future__ import annotations

import contextlib
import io
import logging
import operator
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import torch
from torch import fx, nn
from torch._ops import OpOverload
from torch.export.graph_signature import InputKind
from torch.nn import functional


class Exported(NamedTuple):
    """A graph of operators, and the tensors that go into it beside the images: by their paths in the module."""

    graph: fx.GraphModule
    paths: Mapping[str, str]
    constants: Mapping[str, Any]


def exported(module: nn.Module, arguments: Sequence[str], inputs: Sequence[torch.Tensor]) -> Exported:
    """Export a module, which is given inputs by arguments, or by their place (""); what PyTorch raises is raised."""
    named = {name: value for name, value in zip(arguments, inputs, strict=True) if name}
    placed = tuple([value for name, value in zip(arguments, inputs, strict=True) if not name])
    silent = io.StringIO()  # it prints what it has seen so far where it does not get through
    before = logging.root.manager.disable
    logging.disable()
    try:
        with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
            program = torch.export.export(module, placed, named, strict=False)
    finally:
        logging.disable(before)
    kinds = (InputKind.PARAMETER, InputKind.BUFFER)
    specs = program.graph_signature.input_specs
    paths = {spec.arg.name: spec.target for spec in specs if spec.kind in kinds and spec.target}
    constants = {spec.arg.name: program.constants[spec.target] for spec in specs if spec.target in program.constants}
    return Exported(program.graph_module, paths, constants)


class RunAgain(fx.Interpreter):
    """Runs an exported graph with the values of a trace."""

    def __init__(self, exported: Exported, module: nn.Module, at: Callable[[fx.Node], Any]) -> None:
        """``at`` is told which call is next."""
        super().__init__(exported.graph, garbage_collect_values=False)
        self.exported = exported
        self.user = module
        self.at = at

    def placeholder(self, target: Any, args: Any, kwargs: Any) -> Any:
        """Return the images, or a tensor of the module."""
        name = str(target)
        if name in self.exported.constants:
            return self.exported.constants[name]
        path = self.exported.paths.get(name)
        if path is None:
            return super().placeholder(target, args, kwargs)
        *owners, last = path.split(".")
        return getattr(self.user.get_submodule(".".join(owners)), last)

    def run_node(self, n: fx.Node) -> Any:
        """RunAgain a call, and say which one it is."""
        self.at(n)
        return super().run_node(n)

    def output(self, target: Any, args: Any, kwargs: Any) -> Any:
        """Return what the module does: one value, or several."""
        return args[0][-1] if len(args[0]) == 1 else args[0]


def called(target: OpOverload, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, tuple[Any, ...], Any]:
    """Return an operator as the function that people write, with what that is given."""
    name = target._schema.name.partition("::")[2]
    names = [argument.name for argument in target._schema.arguments]
    given = {**dict(zip(names, args, strict=False)), **kwargs}
    rewrite = _REWRITTEN.get(name)
    if rewrite is not None:
        return rewrite(given)
    return _function(target), args, kwargs


@cache
def _function(target: OpOverload) -> Callable[..., Any]:
    """Return an operator as a function with a plain name."""

    def function(*args: Any, **kwargs: Any) -> Any:
        return target(*args, **kwargs)

    function.__name__ = target._schema.name.partition("::")[2]
    return function


Rewritten = tuple[Any, tuple[Any, ...], dict[str, Any]]


def _as(function: Callable[..., Any], *names: str, first: str = "input") -> Callable[[dict[str, Any]], Rewritten]:
    """Return how an operator is written as a function that takes some of its arguments, by name."""

    def rewritten(given: dict[str, Any]) -> Rewritten:
        return function, (given[first],), {name: given[name] for name in names if name in given}

    return rewritten


def _slice(given: dict[str, Any]) -> Rewritten:
    dim, parts = given.get("dim", 0), slice(given.get("start"), given.get("end"), given.get("step"))
    dim = dim % given["self"].ndim
    return operator.getitem, (given["self"], (*[slice(None)] * dim, parts)), {}


def _upsample(mode: str) -> Callable[[dict[str, Any]], Rewritten]:
    def rewritten(given: dict[str, Any]) -> Rewritten:
        corners = {} if mode == "nearest" else {"align_corners": given["align_corners"]}
        factors = given.get("scale_factors") or [given[name] for name in ("scales_h", "scales_w") if given.get(name)]
        size = None if factors else given.get("output_size", given.get("size"))
        return (
            functional.interpolate,
            (given.get("input", given.get("self")),),
            {
                "size": size,
                "scale_factor": factors or None,
                "mode": mode,
                **corners,
            },
        )

    return rewritten


def _dropout(given: dict[str, Any]) -> Rewritten:
    return functional.dropout, (given["input"],), {"p": given["p"], "training": given["train"]}


def _instance_norm(given: dict[str, Any]) -> Rewritten:
    names = ("running_mean", "running_var", "weight", "bias", "use_input_stats", "momentum", "eps")
    return functional.instance_norm, (given["input"],), {name: given[name] for name in names}


_RUNNING = ("running_mean", "running_var")

_REWRITTEN: dict[str, Callable[[dict[str, Any]], Rewritten]] = {
    "slice": _slice,
    "batch_norm": _as(functional.batch_norm, *_RUNNING, "weight", "bias", "training", "momentum", "eps"),
    "layer_norm": _as(functional.layer_norm, "normalized_shape", "weight", "bias", "eps"),
    "group_norm": _as(functional.group_norm, "num_groups", "weight", "bias", "eps"),
    "instance_norm": _instance_norm,
    "elu": _as(functional.elu, "alpha", first="self"),
    "elu_": _as(functional.elu_, "alpha", first="self"),
    "clamp_min": lambda given: (torch.clamp, (given["self"],), {"min": given["min"]}),
    "clamp_max": lambda given: (torch.clamp, (given["self"],), {"max": given["max"]}),
    "dropout": _dropout,
    "upsample_nearest1d": _upsample("nearest"),
    "upsample_nearest2d": _upsample("nearest"),
    "upsample_nearest3d": _upsample("nearest"),
    "upsample_linear1d": _upsample("linear"),
    "upsample_bilinear2d": _upsample("bilinear"),
    "upsample_trilinear3d": _upsample("trilinear"),
    "upsample_bicubic2d": _upsample("bicubic"),
    "to": lambda given: (_function(torch.ops.aten.clone.default), (given["self"],), {}),
}
"""Operators whose arguments stand in another order than those of the functions that people write."""
