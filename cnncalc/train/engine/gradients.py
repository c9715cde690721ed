"""Gradient norms: how large the gradient of each layer's weights is, in one step of every epoch."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from math import isfinite

import torch
from torch import Tensor

from cnncalc.analysis.depth import weighty
from cnncalc.model.plan import plan
from cnncalc.network import Network
from cnncalc.train.engine.session import Session

DIGITS = 6
"""Significant digits of a norm that are kept."""


class GradientNorms:
    """Measures the L2 norm of the gradient of each layer that has weights and multiplies, its biases included.

    It is measured in the last step of an epoch, which is the same step whether or not a run was broken off, before the
    gradient is clipped. Nothing of the training changes by it, and the norms stay on the device until `take`.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._layers = _parameters_of_layers(session.plan.logits, session.module)
        self._measured: Tensor | None = None

    def measure(self, step: int) -> None:
        """Measure after the backward pass of a step, where it is the last one of its epoch."""
        if not self._layers or (step + 1) % self._session.steps_per_epoch:
            return
        norms = torch.stack([self._norm(tensors) for tensors in self._layers.values()])
        self._measured = norms / self._session.scaler.get_scale()

    def _norm(self, tensors: Sequence[Tensor]) -> Tensor:
        """Return the norm of the gradients of some parameters as if they were one vector; 0 where there are none.

        That of frozen parameters, which have no gradient, is not known: not a number.
        """
        if not any(tensor.requires_grad for tensor in tensors):
            return torch.full((), float("nan"), device=self._session.device)
        found = [tensor.grad for tensor in tensors if tensor.grad is not None]
        norms = [torch.linalg.vector_norm(gradient, dtype=torch.float32) for gradient in found]
        norm: Tensor = torch.linalg.vector_norm(torch.stack([torch.zeros((), device=self._session.device), *norms]))
        return norm

    def take(self) -> dict[str, float | None]:
        """Return the norm of each layer from the input to the output; None where it is frozen, or no finite number.

        It is empty where the network has no such layer, and where none was measured since the last time.
        """
        if self._measured is None:
            return {}
        values, self._measured = self._measured.tolist(), None
        return {name: _rounded(value) for name, value in zip(self._layers, values, strict=True)}


def _rounded(value: float) -> float | None:
    return float(f"{value:.{DIGITS}g}") if isfinite(value) else None


def _parameters_of_layers(network: Network, module: torch.nn.Module) -> dict[str, list[Tensor]]:
    """Return the parameters of every layer that has weights and multiplies, by the layer's name."""
    names = {planned.name: planned.node.name for planned in plan(network) if weighty(planned.node.operation)}
    found: dict[str, list[Tensor]] = defaultdict(list)
    for name, parameter in module.named_parameters():
        owner = name.rpartition(".")[0]
        while owner and owner not in names:
            owner = owner.rpartition(".")[0]
        if owner:
            found[names[owner]].append(parameter)
    return {name: found[name] for name in names.values() if name in found}
