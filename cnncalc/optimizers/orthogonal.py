"""Muon: steps whose matrices are made orthogonal (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

_COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic iteration; singular values end near 1, not at 1, which is enough (Jordan et al.)."""
_ITERATIONS = 5


class OrthogonalMomentum(torch.optim.Optimizer):
    """Momentum whose steps are orthogonal matrices for groups with ``orthogonal``, and plain SGD for others.

    A convolution's weight is the matrix of its filters, [filters x the rest]. PyTorch's own Muon takes nothing
    but matrices. Weight decay is decoupled (Loshchilov and Hutter, 2019).

    Args:
        params: groups; those of matrices have ``orthogonal`` set.
        lr: learning rate.
        momentum: of the gradients.
        nesterov: whether a step looks ahead.
        weight_decay: decay of the weights, times the learning rate.

    """

    def __init__(
        self,
        params: Iterable[dict[str, Any]],
        lr: float,
        momentum: float = 0.95,
        nesterov: bool = True,
        weight_decay: float = 0.0,
    ) -> None:
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "nesterov": nesterov,
            "weight_decay": weight_decay,
            "orthogonal": False,
        }
        super().__init__(params, defaults)

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Take a step; there is nothing to call again."""
        for group in self.param_groups:
            owners = [parameter for parameter in group["params"] if parameter.grad is not None]
            if not owners:
                continue
            steps = self._momentum(owners, group)
            if group["orthogonal"]:
                steps = _orthogonal_all(steps)
            if group["weight_decay"]:
                torch._foreach_mul_(owners, 1 - group["lr"] * group["weight_decay"])
            torch._foreach_add_(owners, steps, alpha=-group["lr"])

    def _momentum(self, owners: list[Tensor], group: dict[str, Any]) -> list[Tensor]:
        gradients = [owner.grad for owner in owners if owner.grad is not None]
        for owner in owners:
            if "momentum_buffer" not in self.state[owner]:
                self.state[owner]["momentum_buffer"] = torch.zeros_like(owner)
        buffers = [self.state[owner]["momentum_buffer"] for owner in owners]
        torch._foreach_mul_(buffers, group["momentum"])
        torch._foreach_add_(buffers, gradients)
        if not group["nesterov"]:
            return buffers
        return list(torch._foreach_add(gradients, buffers, alpha=group["momentum"]))


def _orthogonal_all(steps: list[Tensor]) -> list[Tensor]:
    """Make every step orthogonal; those of one shape at once."""
    alike: dict[tuple[int, int], list[int]] = defaultdict(list)
    for place, step in enumerate(steps):
        alike[len(step), step[0].numel()].append(place)
    made = list(steps)
    for places in alike.values():
        matrices = orthogonal(torch.stack([steps[place].flatten(1) for place in places]))
        for place, matrix in zip(places, matrices, strict=True):
            made[place] = matrix.view_as(steps[place])
    return made


def orthogonal(matrices: Tensor) -> Tensor:
    """Return matrices [N x rows x columns] with nearly equal singular values and the directions of the given ones.

    The Newton-Schulz iteration needs products alone. What comes out is as large as a step of SGD with the same
    learning rate should be: times √(rows / columns) where there are more rows.
    """
    x = matrices.bfloat16() if matrices.is_cuda else matrices
    rows, columns = x.shape[-2:]
    if rows > columns:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    a, b, c = _COEFFICIENTS
    for _ in range(_ITERATIONS):
        square = x @ x.mT
        x = a * x + (b * square + c * square @ square) @ x
    if rows > columns:
        x = x.mT
    scale: float = max(1.0, rows / columns) ** 0.5
    made: Tensor = (x * scale).to(matrices.dtype)
    return made
