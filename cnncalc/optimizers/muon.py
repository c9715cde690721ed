"""Muon: steps whose matrices are orthogonal (Jordan et al., 2024, https://kellerjordan.github.io/posts/muon)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from cnncalc.optimizers.base import Optimizer, StepMemory, StepSettings, register

if TYPE_CHECKING:
    import torch

_FLOAT = 4


@register
class Muon(Optimizer):
    """``muon`` for the weights of convolutions and fully connected layers; SGD for the rest and for the last layer's.

    A convolution's weight is the matrix of its filters, [filters x the rest]. The rows of the last layer are classes,
    so that its directions are not alike. PyTorch's own Muon takes nothing but matrices.
    """

    name = "muon"
    learning_rate = 0.02
    weight_decay = 0.01
    momentum = 0.9
    reads: ClassVar[Mapping[str, str]] = {"momentum": "Momentum", "nesterov": "Nesterov's momentum"}
    implementations = ("foreach",)
    trains_with = "foreach"
    whole_matrices = True

    def make(self, groups: list[dict[str, Any]], settings: StepSettings) -> torch.optim.Optimizer:
        from cnncalc.optimizers.orthogonal import OrthogonalMomentum

        weights, *others = groups
        hidden = [weight for weight in weights["params"][:-1] if weight.dim() > 1]  # a network may have norms alone
        others.insert(0, {**weights, "params": weights["params"][len(hidden) :]})
        parts = [{**weights, "params": hidden, "orthogonal": True}, *others] if hidden else others
        return OrthogonalMomentum(parts, settings.learning_rate, settings.momentum, settings.nesterov)

    def step_bytes(self, step: StepMemory) -> int:
        """Return the peak of three parts of a step: the hidden weights, the last layer's, and everything else.

        With Nesterov's momentum (assumed here) the steps of a part are new tensors, which live until the next
        part's are made.
        """
        *hidden, last = [_FLOAT * rows * columns for rows, columns in step.matrices] or [0]
        rest = sum(step.parameters) - sum(hidden) - last
        return max(sum(hidden) + _orthogonal_bytes(step.matrices[:-1], step.on_cuda), sum(hidden) + last, last + rest)


def _orthogonal_bytes(matrices: Sequence[tuple[int, int]], on_cuda: bool) -> int:
    """Return the peak beside the steps while they become orthogonal, those of one shape at once.

    For each shape there are the stack of the matrices and the iteration's tensors: x, a·x, the product and the next x
    of the stack's size, and a Gram matrix of K x K each, K the shorter side; or x, a·x and four Gram matrices. On a
    card the iteration computes in bf16, half as large. What comes out stays until all shapes are done.
    """
    done = most = 0
    share = 2 if on_cuda else 1
    for (rows, columns), count in Counter(matrices).items():
        stack = _FLOAT * rows * columns * count
        gram = _FLOAT * min(rows, columns) ** 2 * count
        most = max(most, done + stack + max(4 * stack + gram, 2 * stack + 4 * gram) // share)
        done += stack
    return most
