"""Conditions on designs: which of those that are proposed are not trained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from cnncalc.analysis.memory.plans import PeakCounter
from cnncalc.design.conditions import Condition, read_conditions
from cnncalc.design.quantities import QUANTITIES, UNITS_OF_QUANTITIES
from cnncalc.design.terms import Amount
from cnncalc.network import Network
from cnncalc.network.costs import totals_of
from cnncalc.optimizers import OPTIMIZERS
from cnncalc.train.engine.devices import resolved_precision
from cnncalc.train.engine.step_memory import setup_of
from cnncalc.train.recipe.settings import AUTO, Recipe

_USUAL_BATCH = 128
"""Images of a step of which the memory is predicted where the recipe leaves the batch open."""


def read_where(texts: Sequence[str], parameters: Sequence[str]) -> Condition:
    """Read what `--where` says.

    Args:
        texts: the conditions, all of which must hold.
        parameters: the names of the spec's parameters.

    Raises:
        SpecError: for what cannot be read, with the place in the text.

    """
    return read_conditions(texts, UNITS_OF_QUANTITIES, parameters)


def missed(condition: Condition, network: Network, recipe: Recipe, device: torch.device) -> str:
    """Return the first condition that a design does not meet; "" where it meets all of them.

    Args:
        condition: what must hold.
        network: the design.
        recipe: how it is trained, which says what memory a step takes.
        device: where.

    """
    totals, usual = totals_of(network), OPTIMIZERS[recipe.optimizer]
    decided = replace(
        recipe,
        weight_decay=usual.weight_decay if recipe.weight_decay == AUTO else recipe.weight_decay,
        batch=_USUAL_BATCH if recipe.batch == AUTO else recipe.batch,
        precision=resolved_precision(recipe, device),
    )
    peaks = PeakCounter(setup_of(decided, decided.batch, device))
    known: dict[str, Amount | None] = {**network.parameters}
    for name in condition.names - known.keys():
        quantity = QUANTITIES[name]
        if quantity.of_totals:
            known[name] = quantity.of_totals(totals)
        elif quantity.of_network:
            known[name] = quantity.of_network(network, peaks)
    return next((each.text for each in condition.comparisons if not each.holds(known)), "")
