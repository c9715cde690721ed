"""A kernel that runs on tensors: the tensor that it makes, and the operation that is recorded for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cnncalc.analysis.memory.autocast import FULL, result_size
from cnncalc.analysis.memory.layouts import HAS_CHANNELS_LAST, result
from cnncalc.analysis.memory.operands import bytes_of, extra_sizes, gradient_bytes, kept_by, learned, scratch_bytes
from cnncalc.analysis.memory.trace import Op, Size, Value
from cnncalc.layers.kernels import LOWERED, Kernel


@dataclass(eq=False, slots=True)
class KernelRun:
    """A kernel, and what it runs on.

    Attributes:
        kernel: what runs.
        here: the number of the tensor that it makes.
        reads: the numbers of the tensors that it reads, as they were cast and ordered for it.
        holds: those that something else holds until it is done.
        operands: what is known of each tensor that it reads.
        training: whether gradients are made.
        low: bytes of a value under autocast; 0 without it.
        device: where it runs.

    """

    kernel: Kernel
    here: int
    reads: tuple[int, ...]
    holds: tuple[int, ...]
    operands: Sequence[Value]
    training: bool
    low: int
    device: str

    def wants(self) -> list[int]:
        """Return the places of the operands whose gradients are made."""
        return [place for place, operand in enumerate(self.operands) if operand.has_gradient and self.training]

    def learns(self) -> bool:
        """Return whether gradients of its parameters are made."""
        return bool(learned(self.kernel)) and self.training

    def size(self) -> int:
        """Return the bytes of a value of its result."""
        return result_size(self.kernel.casts, [operand.size for operand in self.operands])

    def lowered(self) -> int:
        """Return the bytes of a value of its parameters as autocast copies them; 0 where it does not."""
        return self.low if self.kernel.casts == LOWERED else 0

    def recorded(self) -> tuple[Value, Op]:
        """Return what is known of its result, and the operation."""
        size, wants, learns = self.size(), self.wants(), self.learns()
        kernel = self.kernel
        layout = result(kernel.lies, [operand.layout for operand in self.operands], overwrites=kernel.overwrites)
        value = Value(kernel.makes, size, bool(wants) or learns, layout)
        return value, self._op(size, wants, learns=learns)

    def _op(self, size: int, wants: Sequence[int], *, learns: bool) -> Op:
        kernel, here, reads, operands = self.kernel, self.here, self.reads, self.operands
        lowered = self.lowered()
        unwanted = 0 if wants or not kernel.makes_all else operands[0].values * size
        statistics = FULL * kernel.statistics * self.training
        differentiable = bool(wants) or learns
        kept = kept_by(kernel, here, reads, operands) if differentiable else []
        extras = self._extras(statistics, wanted=bool(wants))
        cached = tuple([Size(0, values * lowered) for values in kernel.parameters]) if lowered else ()
        backs = tuple([here - read for read in reads])
        keeps_cached = bool(cached) and differentiable and self._needs_parameters(wants)
        return Op(
            kernel.operation,
            None if kernel.overwrites else Size(kernel.makes * size, kernel.fixed * size),
            backs,
            tuple(dict.fromkeys((*backs, *[here - held for held in self.holds]))),
            saves=differentiable and bool(kept or extras or keeps_cached),
            keeps=tuple(kept),
            beside=extras,
            cached=cached,
            keeps_cached=int(keeps_cached and not kernel.standardised),
            wants=tuple([backs[place] for place in wants]),
            gradients=tuple([gradient_bytes(kernel, place, operands[place], size) for place in wants]),
            waiting=tuple([bytes_of(operands[place]) for place in wants]),
            parameters=kernel.parameters if learns else (),
            lowered=lowered if learns else 0,
            reorders=learned(kernel)[0] if learns and self._reorders() else 0,
            sums=self._sums(wants, size, unwanted),
            passing=kernel.passing * size,
            scratch=scratch_bytes(kernel, operands, wants, size) + kernel.scratch_bytes + unwanted,
            standardised=kernel.standardised if learns else (),
            statistics=statistics,
        )

    def _extras(self, statistics: int, *, wanted: bool) -> tuple[Size, ...]:
        arriving = self.operands[0].size
        return extra_sizes(
            self.kernel, arriving, self.low, self.device, statistics, wanted=wanted, training=self.training
        )

    def _needs_parameters(self, wants: Sequence[int]) -> bool:
        """Return whether its backward pass does; a fully connected or local layer does for its input's gradient."""
        return self.kernel.operation not in ("linear", "bmm") or bool(wants)

    def _reorders(self) -> bool:
        return self.kernel.reorders and self.operands[0].layout in HAS_CHANNELS_LAST

    def _sums(self, wants: Sequence[int], size: int, unwanted: int) -> bool:
        kernel = self.kernel
        narrows = any(self.operands[place].size < size for place in wants)
        return kernel.sums or bool(unwanted and kernel.scratch) or (narrows and not kernel.learned_first)
