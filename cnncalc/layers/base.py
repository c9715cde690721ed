"""What every layer answers.

A layer is one class in one place: the words that write it, the volume that it makes, what it costs.
Everything else in this project is a walk over a list of layers that asks these questions. Layers are
values without a place: the volumes that arrive are handed to every question as ``sources``, one for
most layers and several for a merge.

The factors of a count are given, rather than its value alone, so that the arithmetic a reader is shown
and the number that is added up can never differ.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from cnncalc.core.volume import Volume
from cnncalc.layers.arguments import Arguments
from cnncalc.layers.kernels import Kernels
from cnncalc.layers.operations import Box, Operations, State, StateTensor
from cnncalc.layers.steps import Steps

if TYPE_CHECKING:
    from cnncalc.layers.torch_calls import TorchCall

Sources = tuple[Volume, ...]
Texts = tuple[str, ...]

ROLES = (
    "convolution",
    "enlarging",
    "linear",
    "pooling",
    "normalisation",
    "activation",
    "regularisation",
    "merge",
    "shape",
)
"""What layers are for; ``shape`` moves values and computes nothing."""


class Reach(NamedTuple):
    """Which units of the incoming volume one outgoing unit looks at, along one dimension.

    Outgoing unit ``n·len(windows) + i`` looks at every ``step``-th of the incoming units from ``windows[i][0] +
    n·shift`` to ``windows[i][1] + n·shift``, both included; at none where the second lies before the first. One
    window and a shift of S is what a convolution with stride S has, and its step is the dilation; upsampling by 2
    has two windows, both (0, 0), and a shift of 1. Without windows it is not known.
    """

    windows: tuple[tuple[int, int], ...]
    shift: int
    step: int = 1


MAX_WINDOWS = 1024
"""Most windows that a reach lists; beyond it is not known."""

UNKNOWN_REACH = Reach((), 1)

NOTHING = (0, -1)
"""The window of a unit that looks at no incoming one."""


class Letters(NamedTuple):
    """The formulas of a layer in the letters of the lectures; "" where there is none.

    W is the height or width that arrives, F that of the kernel, P the padding, S the stride, D the dilation, C the
    channels that arrive, K the filters, G the groups; W′ is what is made.
    """

    size: str = ""
    parameters: str = ""
    macs: str = ""


class MatrixProduct(NamedTuple):
    """``[rows x inner] · [inner x columns]``, done ``groups`` times."""

    rows: int
    inner: int
    columns: int
    groups: int = 1


@dataclass(eq=False, repr=False)
class Layer:
    """The questions, with the answers of a layer that changes nothing and costs nothing.

    A layer never changes once it is made. (Its dataclass is not frozen and has no comparison, because
    Python makes such methods anew for every class at every start, and the calculator starts often.)

    Attributes:
        kind: what the layer is called in names.
        merges: whether it takes several volumes.
        reads_label: whether the volume of a label among its arguments is its second source; else it only looks at it.
        reads_places: whether of that it reads where a max pool took its values, and not these.
        role: which of the `ROLES` it plays, for the colours of a picture.

    """

    kind: ClassVar[str] = ""
    merges: ClassVar[bool] = False
    reads_label: ClassVar[bool] = False
    reads_places: ClassVar[bool] = False
    role: ClassVar[str] = "shape"
    examples: ClassVar[Texts] = ()
    """The layer alone behind an input, each of its words at least once: ``8x8x4: gn 2``. The tests try them all."""

    other_names: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    """For hints: words of the layer, each with the words of other tools, and with a pattern for those of lectures."""

    takes_vectors: ClassVar[bool] = False
    """Whether it works on N x C tensors as they are, without positions."""
    makes_vectors: ClassVar[bool] = False
    """Whether what it makes is N x C."""
    makes_volumes: ClassVar[bool] = False
    """Whether what it makes of a vector is no vector but has positions."""
    output_is_free: ClassVar[bool] = False
    """Whether its output may be overwritten: it is new memory, no view, and its own backward pass does not read it.

    PyTorch copies a gradient twice on its way through what was written over a view.
    """
    may_overwrite: ClassVar[bool] = False
    """Whether it gains from writing its output over its input (``inplace=True``)."""
    windows_vary: ClassVar[bool] = False
    """Whether neighbouring units may look at different windows, so that working out its reach takes a while."""
    repeats_exactly_on_cuda: ClassVar[bool] = True
    """Whether PyTorch's backward pass on CUDA adds in the same order every time."""

    @classmethod
    def read(cls, arguments: Arguments) -> Layer:
        """Make the layer from what is written after its word, or raise `Fault`."""
        return cls()

    def output(self, sources: Sources) -> Volume:
        """Return the volume that the layer makes, or raise `Fault` where it does not fit."""
        return sources[0]

    def weight_factors(self, sources: Sources) -> tuple[int, ...]:
        """Return the factors whose product is the number of weights; empty without weights.

        The last factor counts the outputs that may have a bias each.
        """
        return ()

    def biases(self, sources: Sources) -> int:
        """Return the number of biases (of shifts, for a normalisation)."""
        return 0

    def mac_factors(self, sources: Sources) -> tuple[int, ...]:
        """Return the factors whose product is the number of multiplications for one image."""
        return ()

    def weights(self, sources: Sources) -> int:
        """Return the number of weights."""
        factors = self.weight_factors(sources)
        return prod(factors) if factors else 0

    def params(self, sources: Sources) -> int:
        """Return the number of learned parameters: weights and biases."""
        return self.weights(sources) + self.biases(sources)

    def tensors(self, sources: Sources) -> tuple[int, ...]:
        """Return the numbers of values of its learned tensors: the weights', then the biases'."""
        return tuple([count for count in (self.weights(sources), self.biases(sources)) if count])

    def weight_matrix(self, sources: Sources) -> tuple[int, int] | None:
        """Return the rows and columns of the weight of a convolution or fully connected layer, as PyTorch holds it."""
        return None

    def is_fixed(self) -> bool:
        """Say whether its weights are constants (``fixed``)."""
        return False

    def macs(self, sources: Sources) -> int:
        """Return the number of multiplications for one image; a bias is not one."""
        factors = self.mac_factors(sources)
        return prod(factors) if factors else 0

    def reach(self, source: Volume, axis: int) -> Reach | None:
        """Return which incoming units an outgoing unit looks at; None where it is the same unit."""
        return None

    def reaches(self, source: Volume) -> tuple[Reach | None, ...]:
        """Return its reach along every dimension; () where an outgoing unit looks at the same incoming one."""
        if type(self).reach is Layer.reach:
            return ()  # most layers
        found = tuple([self.reach(source, axis) for axis in range(source.dimensions)])
        return found if any(found) else ()

    def dropped(self, source: Volume) -> tuple[int, ...]:
        """Return how many of the last rows, columns, … no window ever reads, per dimension."""
        return (0,) * source.dimensions

    def size_sums(self, sources: Sources) -> tuple[str, ...]:
        """Return the arithmetic of the output size per dimension, without its result."""
        return ()

    def letters(self, sources: Sources) -> Letters:
        """Return the formulas behind its sums, in letters."""
        return Letters()

    def matrix_product(self, sources: Sources) -> MatrixProduct | None:
        """Return the matrix product that the layer amounts to (im2col), where there is one."""
        return None

    statistic_over_batch: ClassVar[bool] = False
    """Whether, in training, a mean is taken over all images of a batch."""

    def values_per_statistic(self, sources: Sources) -> int | None:
        """Return how many values of one image a mean is taken over; None for a layer that takes none."""
        return None

    def keeps_nothing(self) -> bool:
        """Say whether, in training, nothing of what arrives gets through."""
        return False

    torch_calls: ClassVar[Texts] = ()
    """The modules and functions of PyTorch that become the layer (`cnncalc.layers.torch_calls`)."""

    @classmethod
    def from_torch(cls, call: TorchCall) -> Any:
        """Say what one of the `torch_calls` does; None where it is not this layer.

        Raises:
            Unsayable: where a setting of the call has no word.
        """
        return None

    def torch_steps(self, sources: Sources, vector: bool) -> Steps:
        """Return what PyTorch does for this layer; ``vector`` says that what arrives is N x C."""
        raise NotImplementedError(f"{type(self).__name__} does not say what PyTorch does")

    def kernels(self, sources: Sources, overwrites: bool) -> Kernels:
        """Return what PyTorch's calls for this layer do to memory; ``overwrites`` says that it works in place."""
        raise NotImplementedError(f"{type(self).__name__} does not say what it does to memory")

    def state(self, sources: Sources) -> tuple[StateTensor, ...]:
        """Return the tensors that the layer has, as PyTorch names and shapes them."""
        return ()

    def compute(self, sources: Sources, arriving: tuple[Box, ...], state: State, use: Operations) -> Box:
        """Return the values that the layer makes when a network is tested, channels first.

        Args:
            sources: the volumes that arrive.
            arriving: the values of each of them, channels first.
            state: the values of the tensors of `state`.
            use: the operations that it computes with.

        Raises:
            Fault: where a value does not exist, such as a quotient by 0.

        """
        raise NotImplementedError(f"{type(self).__name__} does not say what its values are")

    def caption(self) -> str:
        """Return a few words that say in a picture what the layer is: ``conv 3×3, 64``."""
        return self.kind

    def remarks(self) -> tuple[str, ...]:
        """Return what a picture says below the caption: settings that are not the usual ones, such as ``stride 2``."""
        return ()

    def looks_around(self) -> bool:
        """Say whether the layer looks for patterns: whether it has a learned window larger than 1."""
        return False
