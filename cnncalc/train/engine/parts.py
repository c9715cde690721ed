"""Parts of a network by name: which parameters are frozen, and which learn at a rate of their own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from fnmatch import fnmatchcase

import torch
from torch import nn

from cnncalc.core.errors import SpecError
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.train.recipe.parts import BODY, HEAD, patterns_of, rates_of
from cnncalc.train.recipe.settings import Recipe


def check_parts(module: nn.Module, recipe: Recipe) -> None:
    """Refuse names of parts that a network does not have, a recipe that freezes everything, and rates of frozen parts.

    Raises:
        SpecError: with the names that there are.

    """
    factors = _factors(module, recipe)
    frozen = _named(module, patterns_of(recipe.freeze), "freeze")
    if frozen and not recipe.unfreeze and len(frozen) == len(dict(module.named_parameters())):
        message = f"`freeze = {shorten(recipe.freeze)}` leaves nothing to train"
        raise SpecError("bad-recipe", message, hints=[f"`{BODY}` freezes all but the last layer with weights"])
    if frozen and factors and not recipe.unfreeze and frozen.issuperset(factors):
        message = f"`learning-rate-of = {shorten(recipe.learning_rate_of)}` names only parts that are frozen"
        raise SpecError("bad-recipe", message, hints=["leave it out, or say after how many epochs: --unfreeze N"])


class Frozen:
    """The parameters that a recipe freezes, and the batch norms whose running statistics are frozen with them.

    Args:
        module: what is trained.
        recipe: says what is frozen, and for how many epochs.

    """

    def __init__(self, module: nn.Module, recipe: Recipe) -> None:
        names = _named(module, patterns_of(recipe.freeze), "freeze")
        self._parameters = [value for name, value in module.named_parameters() if name in names]
        self._norms = [part for name, part in module.named_modules() if _is_frozen_norm(part, name, names)]
        self._until = recipe.unfreeze
        self._held = False

    def hold(self, epoch: int) -> bool:
        """Freeze or free the parts for an epoch, counted from 0; say whether that is a change.

        To be called after the module was put into training, which would let the running statistics go on.
        """
        held = bool(self._parameters) and not (self._until and epoch >= self._until)
        for parameter in self._parameters:
            parameter.requires_grad_(not held)
        for norm in self._norms:
            norm.train(not held)
        changed, self._held = held != self._held, held
        return changed


def _is_frozen_norm(part: nn.Module, name: str, names: Collection[str]) -> bool:
    own = [f"{name}.{key}" for key, _ in part.named_parameters(recurse=False)]
    return getattr(part, "running_mean", None) is not None and bool(own) and all(key in names for key in own)


FACTOR = "factor"
"""The key of an optimizer's group of parameters that says by what the learning rate is multiplied there."""


def split_by_rate(optimizer: torch.optim.Optimizer, module: nn.Module, recipe: Recipe) -> None:
    """Split the groups of an optimizer into those that learn at the same rate; each says its `FACTOR`."""
    factors = _factors(module, recipe)
    by_parameter = {id(value): factors.get(name, 1.0) for name, value in module.named_parameters()}
    groups = []
    for group in optimizer.param_groups:
        for factor in sorted({by_parameter[id(value)] for value in group["params"]}):
            held = [value for value in group["params"] if by_parameter[id(value)] == factor]
            groups.append({**group, "params": held, FACTOR: factor})
    optimizer.param_groups[:] = groups


def _factors(module: nn.Module, recipe: Recipe) -> dict[str, float]:
    """Return by what the learning rate of a parameter is multiplied, by its name; the last that is said counts."""
    return {
        name: factor
        for pattern, factor in rates_of(recipe.learning_rate_of)
        for name in _named(module, [pattern], "learning-rate-of")
    }


def _named(module: nn.Module, patterns: Sequence[str], key: str) -> set[str]:
    """Return the names of the parameters that any of the patterns means."""
    names = [name for name, _ in module.named_parameters()]
    found: set[str] = set()
    for pattern in patterns:
        meant = set(_meant(pattern, names))
        if not meant:
            parts = list(dict.fromkeys(name.split(".")[0] for name in names))
            hints = [*did_you_mean(pattern, [*parts, HEAD, BODY]), f"its parts are {shorten(', '.join(parts), 300)}"]
            raise SpecError("bad-recipe", f"{key}: no part is called `{shorten(pattern)}`", hints=hints)
        found |= meant
    return found


def _meant(pattern: str, names: Sequence[str]) -> Iterator[str]:
    matching = [name for name in names if fnmatchcase(name, pattern) or fnmatchcase(name, f"{pattern}.*")]
    if matching or pattern not in (HEAD, BODY):
        yield from matching
        return
    last = names[-1].rpartition(".")[0] if names else ""
    yield from (name for name in names if (name.rpartition(".")[0] == last) == (pattern == HEAD))
