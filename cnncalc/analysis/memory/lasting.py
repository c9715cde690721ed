"""What is there from step to step, and what the optimizer's own step needs for a moment."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import Trace
from cnncalc.optimizers import StepMemory

FLOAT = 4


class Lasting:
    """The parameters of a network, and all that is as large as they are.

    Attributes:
        parameters: values of all learned tensors, in order.
        buffers: bytes of all buffers, in order.
        trained: values of the learned tensors that get a gradient; the optimizer keeps nothing for others.
        matrices: rows and columns of the weights of convolutions and fully connected layers among these.

    """

    def __init__(self, trace: Trace, reached: bytearray) -> None:
        self.parameters = [values for part in trace.parts for values in part.parameters]
        self.buffers = [size for part in trace.parts for size in part.buffers]
        learned = [op.parameters for op in trace.distinct]
        learning = [op for op, number in enumerate(trace.ops) if learned[number] and reached[op + 1]]
        self.trained = [values for op in learning for values in learned[trace.ops[op]]]
        self.layers = [trace.layers[op] for op in learning]
        self.parts = trace.parts

    @cached_property
    def matrices(self) -> list[tuple[int, int]]:
        """Rows and columns of the weights of convolutions and fully connected layers that are trained."""
        found = [self.parts[layer - 1].matrix for layer in sorted(set(self.layers))]
        return [matrix for matrix in found if matrix]

    def kinds(self, setup: TrainingSetup) -> dict[str, int]:
        """Return the bytes that are there from step to step, by what they are used for."""
        parameters = _total([FLOAT * values for values in self.parameters], setup)
        buffers = _total(self.buffers, setup)
        found = {"workspace": setup.rounded(setup.workspace), "parameters": parameters, "buffers": buffers}
        if not setup.inference:
            gradients = _total([FLOAT * values for values in self.trained], setup)
            scalars = setup.state_scalars * setup.rounded(FLOAT) * len(self.trained)
            found["optimizer_state"] = setup.state_tensors * gradients + scalars
            found["average"] = parameters + buffers if setup.ema else 0
            found["parameter_gradients"] = gradients if setup.accumulate > 1 else 0
        return found

    def step_bytes(self, setup: TrainingSetup) -> int:
        """Return the bytes that the optimizer's step needs for itself at its peak."""
        rounded = {values: setup.rounded(FLOAT * values) for values in set(self.trained)}
        sizes = [rounded[values] for values in self.trained]
        decays, on_cuda = setup.effective_weight_decay != 0, setup.device == "cuda"
        return setup.rule.step_bytes(StepMemory(setup.implementation, decays, sizes, self.matrices, on_cuda))


def _total(sizes: Sequence[int], setup: TrainingSetup) -> int:
    """Return the bytes that tensors of these sizes take."""
    return sum([setup.rounded(size) * count for size, count in Counter(sizes).items()])
