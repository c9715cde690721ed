"""What PyTorch's calls do to memory, as data: what they make, what they keep for the backward pass.

A layer is a short chain of kernels, nearly always one. The walk over a training step (`cnncalc.analysis.memory`)
reads nothing else of a layer. Views (``flatten``, ``movedim``) are no kernels, since they move no memory.

Source of the rules: PyTorch's formulas for derivatives (tools/autograd/derivatives.yaml) and what
``torch.autograd.graph.saved_tensors_hooks`` sees of every layer, which the tests compare with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from cnncalc.core.volume import Volume

NOTHING, INPUTS, OTHERS, OUTPUT, BOTH = "nothing", "inputs", "others", "output", "both"
"""What of its operands and its result a kernel keeps. ``others``: each operand that another one's gradient needs;
``both``: its operands and its result."""

NEW, PASSED = "new", "passed"
"""Where the gradients of the operands lie: in new memory, or in that of the gradient that arrives."""

PASSED_TO_WHOLE, PASSED_TO_FIRST, SUMMED = "passed to whole", "passed to first", "summed"
"""The same for operands that are spread to the size of the result: the gradient that arrives goes to all that are as
large as the result, or to the first alone if it is; others are made as large as the result, and summed where the
operand is smaller."""

SAME, CHANNELS_FIRST, CHANNELS_LAST = "same", "channels first", "channels last"
PART, PART_WITH_GAPS, ALL_LAST = "part", "part with gaps", "all last"
"""How the result lies in memory: as the first operand does, in an order of its own, as a part of the operand (perhaps
every second channel), or with its channels last where those of all operands are."""

FORMAT = "format"
"""How the result lies in memory: as the first operand does, and of a single channel or position as its strides say."""

CONTIGUOUS, ROWS, CHANNELS_TOGETHER = "contiguous", "rows", "channels together"
"""What an operand that lies otherwise is copied for: channels first and no part of a tensor, one row per image, or the
channels of each position side by side."""

AS_IT_ARRIVES, LOWERED, WIDENED, RESULT_RAISED = "as it arrives", "lowered", "widened", "result raised"
"""What autocast casts the operands to: nothing, the lower precision, or the widest type among them. What has the result
raised multiplies by a learned float32 tensor, so that the product is float32."""

RESTORED_ON_CPU = "restored on cpu"
"""What is cast back to the type of what arrives at the layer; on CUDA autocast has cast that first."""

PROMOTED = "promoted"
"""What has its result raised and is in CUDA's list: there autocast casts the operands to float32 first."""

RAISED, RAISED_ON_CPU, RAISED_ON_CUDA = "raised", "raised on cpu", "raised on cuda"
"""What autocast computes in float32. Source: the lists of PyTorch's page "Automatic Mixed Precision package"."""

FLOAT, INDEX, COUNTER = 4, 8, 8
"""Bytes of a float32, of a place in a pool's input (int64), and of a norm's count of batches (int64)."""


class Extra(NamedTuple):
    """A tensor that is made beside the result and kept: the indices of a pool, the statistics of a norm.

    Attributes:
        per_image: its values for one image.
        fixed: its values for any number of images.
        size: bytes of a value; None for those of the values that arrive.
        cuda_size: bytes of a value on CUDA, where they are others; None where they are the same.
        lowered: whether it is a fixed tensor's copy in lower precision, which only autocast makes.
        of_gradient: whether it is made only where the operand has a gradient.
        of_training, of_inference: whether it is made in training alone, or in inference alone.

    """

    per_image: int = 0
    fixed: int = 0
    size: int | None = None
    cuda_size: int | None = None
    lowered: bool = False
    of_gradient: bool = False
    of_training: bool = False
    of_inference: bool = False


class Kernel(NamedTuple):
    """One call of PyTorch, as far as memory is concerned. Numbers are values for one image.

    Attributes:
        operation: its name.
        makes, fixed: values of the result for one image, and for any number of images.
        reads: its operands: the layer's sources come first, then the results of its kernels in order;
            () is the result of the kernel before, or the layer's source.
        keeps: what it keeps for the backward pass: ``nothing``, ``inputs``, ``others`` or ``output``.
        extras: what it makes and keeps beside.
        parameters: values of each of its learned tensors.
        buffers: bytes of each of its buffers.
        overwrites: whether the result lies in the memory of the operand: a view, or what is done in place.
        gradient: where the gradients of the operands lie.
        holds: what else is there until it is done, since a variable of the Python function around it holds it;
            numbered like ``reads``.
        passing: values that the forward pass needs for a moment.
        scratch: values that the backward pass needs for a moment, beside the gradients that arrive and leave.
        scratch_bytes: bytes that it needs beside these, of tensors of another type: a mask, or counts.
        lies: how the result lies in memory.
        needs: how the operand must lie; None where PyTorch copies it never.
        reorders: whether behind channels that lie last the weights' gradient lies so too, and is copied.
        makes_all: whether its backward pass makes the gradient of its operand even where it is not needed.
        learned_first: whether the gradients of its parameters are summed before those of its operands.
        sums: whether the parameters' gradients are sums that are made when its backward pass is done.
        training_only: whether it does nothing when the network is tested.
        casts: what autocast casts its operands to.
        standardised: values of its weights, and of their factors if they have any, where a copy of these is made first
            whose filters have the mean 0 and the variance 1; they are then not among the parameters.
        statistics: values that this keeps for its own backward pass.
        places: whether it is a max pool that returns where the maxima were, as a tensor that others read.

    """

    operation: str
    makes: int
    reads: tuple[int, ...] = ()
    keeps: str = NOTHING
    extras: tuple[Extra, ...] = ()
    parameters: tuple[int, ...] = ()
    buffers: tuple[int, ...] = ()
    overwrites: bool = False
    gradient: str = NEW
    holds: tuple[int, ...] = ()
    passing: int = 0
    scratch: int = 0
    scratch_bytes: int = 0
    training_only: bool = False
    fixed: int = 0
    lies: str = SAME
    needs: str | None = None
    reorders: bool = False
    makes_all: bool = False
    learned_first: bool = False
    sums: bool = False
    casts: str = AS_IT_ARRIVES
    places: bool = False
    standardised: tuple[int, ...] = ()
    statistics: int = 0


Kernels = tuple[Kernel, ...]


def stretched(values: int) -> Kernel:
    """Return the kernel of a ``flatten``: a view, unless the values of an image lie in another order."""
    return Kernel("flatten", values, overwrites=True, gradient=PASSED, lies=CHANNELS_FIRST, needs=ROWS)


def order_of_images(dimensions: int) -> str:
    """Return how the result lies of what PyTorch does for images and volumes in their own order, for signals in one."""
    return FORMAT if dimensions > 1 else CHANNELS_FIRST


def folded(kernel: Kernel, sources: Sequence[Volume], makes: Sequence[int]) -> Kernels:
    """Return the kernels of a merge of two branches at a time: (first, second), (their result, third), …

    ``kernel`` is one of them, and ``makes`` says how many values each makes.
    """
    befores = (0, *range(len(sources), 2 * len(sources) - 2))
    pairs = zip(befores, range(1, len(sources)), makes, strict=True)
    return tuple(
        [
            kernel._replace(
                makes=values,
                reads=tuple(pair),
                scratch=kernel.scratch * values,
                scratch_bytes=kernel.scratch_bytes * values,
            )
            for *pair, values in pairs
        ]
    )


def pooled(name: str, sources: Sequence[Volume], makes: int) -> Kernel:
    """Return the kernel of a pool, which autocast computes in float32 over three dimensions on the CPU."""
    dimensions = sources[0].dimensions
    casts = RAISED_ON_CPU if dimensions == 3 else AS_IT_ARRIVES
    return Kernel(f"{name}{dimensions}d", makes, keeps=INPUTS, lies=FORMAT, casts=casts)


def max_pooled(name: str, sources: Sequence[Volume], makes: int) -> Kernel:
    """Return the kernel of a max pool, which keeps where the maxima were."""
    return pooled(name, sources, makes)._replace(extras=(Extra(makes, size=INDEX),))


def with_places(kernels: Kernels) -> Kernels:
    """Return the kernels of a max pool whose places others read: a tensor of its own, and nothing beside."""
    # PyTorch's function for this is not in autocast's lists, though the one without places is
    return (*kernels[:-1], kernels[-1]._replace(extras=(), places=True, casts=AS_IT_ARRIVES))


def mean_pooled(sources: Sequence[Volume], makes: int) -> Kernel:
    """Return the kernel of an average pool over windows."""
    return pooled("avg_pool", sources, makes)._replace(lies=order_of_pool(sources[0].dimensions))


def order_of_pool(dimensions: int) -> str:
    """Return how the result lies of what PyTorch has for channels that lie last in up to two dimensions only."""
    return FORMAT if dimensions < 3 else CHANNELS_FIRST
