"""What is there from step to step, and what the optimizer's own step needs for a moment."""

from __future__ import annotations

from collections import Counter
from functools import cached_property
from itertools import chain, compress
from operator import mul

from cnncalc.analysis.memory.setup import TrainingSetup
from cnncalc.analysis.memory.trace import Trace
from cnncalc.optimizers import StepMemory

FLOAT = 4


class Lasting:
    """The parameters of a network, and all that is as large as they are.

    Attributes:
        parameters: how many learned tensors there are, by their values.
        buffers: how many buffers there are, by their bytes.
        trained: values of the learned tensors that get a gradient, in order; the optimizer keeps nothing for others.
        trained_counts: how many of these there are, by their values.
        matrices: rows and columns of the weights of convolutions and fully connected layers among these.

    """

    def __init__(self, trace: Trace, reached: bytearray) -> None:
        self.parameters = Counter(chain.from_iterable([part.parameters for part in trace.parts]))
        self.buffers = Counter(chain.from_iterable([part.buffers for part in trace.parts if part.buffers]))
        self.trace, self.reached = trace, reached
        numbers = compress(trace.ops, memoryview(reached)[1:])
        self.trained = list(chain.from_iterable(map(trace.learned.__getitem__, numbers)))
        self.trained_counts = Counter(self.trained)

    @cached_property
    def matrices(self) -> list[tuple[int, int]]:
        """Rows and columns of the weights of convolutions and fully connected layers that are trained."""
        trace = self.trace
        if 0 not in self.reached[1:]:
            return [part.matrix for part in trace.parts if part.matrix]
        learns = [bool(op.learned) for op in trace.distinct]
        layers = [trace.layers[op] for op, number in enumerate(trace.ops) if learns[number] and self.reached[op + 1]]
        found = [trace.parts[layer - 1].matrix for layer in dict.fromkeys(layers)]
        return [matrix for matrix in found if matrix]

    def kinds(self, setup: TrainingSetup) -> dict[str, int]:
        """Return the bytes that are there from step to step, by what they are used for."""
        parameters = _total(self.parameters, FLOAT, setup)
        buffers = _total(self.buffers, 1, setup)
        found = {"workspace": setup.rounded(setup.workspace), "parameters": parameters, "buffers": buffers}
        if not setup.inference:
            gradients = _total(self.trained_counts, FLOAT, setup)
            scalars = setup.state_scalars * setup.rounded(FLOAT) * len(self.trained)
            found["optimizer_state"] = setup.state_tensors * gradients + scalars
            found["average"] = parameters + buffers if setup.ema else 0
            found["parameter_gradients"] = gradients if setup.accumulate > 1 else 0
        return found

    def step_bytes(self, setup: TrainingSetup) -> int:
        """Return the bytes that the optimizer's step needs for itself at its peak."""
        counts = self.trained_counts
        rounded = dict(zip(counts, setup.all_rounded([FLOAT * values for values in counts]), strict=True))
        sizes = list(map(rounded.__getitem__, self.trained))
        decays, on_cuda = setup.effective_weight_decay != 0, setup.device == "cuda"
        matrices = self.matrices if setup.rule.whole_matrices else ()  # of few optimizers
        return setup.rule.step_bytes(StepMemory(setup.implementation, decays, sizes, matrices, on_cuda))


def _total(counts: Counter[int], size: int, setup: TrainingSetup) -> int:
    """Return the bytes that tensors take, given how many there are by their values, and the bytes of a value."""
    return sum(map(mul, setup.all_rounded([size * values for values in counts]), counts.values()))
