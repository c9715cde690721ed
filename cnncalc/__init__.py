"""Exact numbers for convolutional networks that are written as a few lines of text.

    >>> import cnncalc
    >>> net = cnncalc.load("conv 5x5x10 s1 p2", input="32x32x3")
    >>> net.output, net.params, net.macs
    (Volume(32x32x10), 760, 768000)

Importing this package imports no torch. `build`, which makes a PyTorch module of a network, does, and so does
`from_torch`, the way back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cnncalc.analysis import Counts, count
from cnncalc.errors import (
    ArgumentError,
    ArgumentTypeError,
    CnncalcError,
    DataError,
    DeviceError,
    RunError,
    SpecError,
    WriteError,
)
from cnncalc.loading import load
from cnncalc.needs import optional_packages
from cnncalc.network import Network, Node
from cnncalc.volume import Volume

if TYPE_CHECKING:
    import torch
    from torch import fx, nn

    from cnncalc.analysis.memory import MemoryPrediction

__version__ = "0.1.0"
__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "CnncalcError",
    "Counts",
    "DataError",
    "DeviceError",
    "Network",
    "Node",
    "RunError",
    "SpecError",
    "Volume",
    "WriteError",
    "build",
    "count",
    "from_torch",
    "largest_batch",
    "load",
    "predict_memory",
]


def predict_memory(network: Network, **settings: Any) -> MemoryPrediction:
    """Work out the memory that a training step or an inference takes at its peak, in bytes. Imports no torch.

    Args:
        network: what is trained, or run.
        **settings: fields of `cnncalc.analysis.memory.TrainingSetup`: batch, optimizer, precision, inference, …

    Raises:
        SpecError: for a setting that there is not.

    """
    from cnncalc.analysis.memory import TrainingSetup
    from cnncalc.analysis.memory import predict_memory as predict

    return predict(network, TrainingSetup(**settings))


def largest_batch(network: Network, budget_bytes: int, **settings: Any) -> int | None:
    """Return the most images whose training step or inference fits into a budget. Imports no torch.

    Args:
        network: what is trained, or run.
        budget_bytes: the memory that there is.
        **settings: fields of `cnncalc.analysis.memory.TrainingSetup`, but for the batch.

    Returns:
        The images of one step of the optimizer, all its passes together; None if not even one image fits.

    Raises:
        SpecError: for a setting that there is not.

    """
    from cnncalc.analysis.memory import TrainingSetup
    from cnncalc.analysis.memory import largest_batch as largest

    passes = settings.get("accumulate", 1)
    return largest(network, TrainingSetup(**{**settings, "batch": passes}), budget_bytes)


def build(
    network: Network,
    *,
    device: torch.device | str | None = None,
    seed: int | None = None,
    inplace: bool = True,
) -> fx.GraphModule:
    """Build a network as a PyTorch module, a `torch.fx.GraphModule`. Imports torch.

    It takes tensors of N x C x H x W (N x C x L, N x C x D x H x W). Behind a fully connected layer and a
    ``flatten`` tensors are N x C. Modules are named by the spec's labels and blocks.

    Args:
        network: what is built.
        device: where the parameters are made; ``"meta"`` makes none. Torch's default device otherwise.
        seed: what the weights are drawn from; torch's own generator otherwise.
        inplace: whether activations write over their input where that is safe.

    Raises:
        SpecError: without torch, and for a network that PyTorch has no layers for (more than three spatial
            dimensions).

    """
    with optional_packages():
        from cnncalc.model.build import build as build_module

    return build_module(network, device=device, seed=seed, inplace=inplace)


def from_torch(module: nn.Module, input: str | tuple[int, ...]) -> str:
    """Write a spec for what a PyTorch module does when it is tested, the way back from `build`. Imports torch.

    The module is traced with torch.fx, and handed back as it was. What the output does not depend on is left
    out.

    Args:
        module: any module that takes one tensor and makes one.
        input: the volume of one image, ``"224x224x3"`` or ``(224, 224, 3)``.

    Returns:
        The text, which has been loaded and compared with the module.

    Raises:
        SpecError: without torch, and for a module that cannot be traced or does what the language cannot say;
            it names the part of the module and the operation.

    """
    with optional_packages():
        from cnncalc.model.importing import import_module

    return import_module(module, input).text
