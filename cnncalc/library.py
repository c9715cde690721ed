"""What a program calls: networks that can show themselves, memory, PyTorch modules both ways."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from cnncalc import loading
from cnncalc.analysis.validation import check_flag, check_network, check_path, check_whole
from cnncalc.core.errors import ArgumentTypeError, DeviceError
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import shorten, type_text
from cnncalc.network import Network
from cnncalc.shown_network import ShownNetwork

if TYPE_CHECKING:
    import torch
    from torch import fx, nn

    from cnncalc.analysis.memory import MemoryPrediction
    from cnncalc.microcontrollers.prediction import McuPrediction
    from cnncalc.model.from_torch.given import ModuleInput
    from cnncalc.values import Computation


def load(
    spec: str | os.PathLike[str],
    *,
    input: loading.InputSizes = None,
    params: Mapping[str, int | str] | None = None,
    rounding: str | None = None,
) -> ShownNetwork:
    """Read a spec and return its network.

    Args:
        spec: the path of a file, or the text itself; a `pathlib.Path` is always a path.
        input: the input volume, ``"32x32x3"`` or ``(32, 32, 3)``; overrides the spec's own. Of several inputs a
            mapping from names: ``{"left": "64x64x3"}``.
        params: values for the spec's parameters.
        rounding: ``"strict"``, ``"floor"`` or ``"ceil"``; overrides the spec's own.

    Raises:
        SpecError: for every fault in the spec, and for a file that cannot be read.
        ArgumentTypeError: for an argument of the wrong type, a kind of SpecError too.

    """
    return shown(loading.load(spec, input=input, params=params, rounding=rounding))


def shown(network: Network) -> ShownNetwork:
    """Return a network that can show itself."""
    return ShownNetwork(*_PARTS(network))


_PARTS = attrgetter(*[field.name for field in fields(Network)])
"""What a network is made of, in its order."""


def predict_memory(
    network: Network,
    *,
    batch: int = 1,
    optimizer: str = "sgd",
    implementation: str = "foreach",
    precision: str = "float32",
    momentum: float | None = None,
    weight_decay: float | None = None,
    accumulate: int = 1,
    ema: bool = False,
    checkpointing: bool = False,
    inplace: bool = True,
    inference: bool = False,
    device: str = "cuda",
    workspace_bytes: int | None = None,
) -> MemoryPrediction:
    """Work out the memory that a training step or an inference takes at its peak, in bytes. Imports no torch.

    Args:
        network: what is trained, or run.
        batch: images of one step of the optimizer.
        optimizer: its name: ``sgd``, ``adamw``, ``adam``, ``rmsprop``, ``adadelta``, ``muon``.
        implementation: how its step runs: ``foreach``, ``fused`` or ``loop``.
        precision: ``float32``, or autocast to ``bf16`` or ``fp16``; parameters stay float32.
        momentum: that of the optimizer; None for its usual one.
        weight_decay: that of the optimizer; None for its usual one.
        accumulate: the passes that a step is split into.
        ema: whether a moving average of parameters and buffers is kept.
        checkpointing: whether the activations inside of blocks are computed again in the backward pass.
        inplace: whether activations write over their input where that is safe.
        inference: whether it is a forward pass under ``no_grad``, not a step of training.
        device: ``cuda`` or ``cpu``.
        workspace_bytes: what cuBLAS takes through PyTorch's allocator; None for its usual on CUDA.

    Raises:
        ArgumentError: for a value that an argument does not take; ArgumentTypeError where its type is wrong.

    """
    from cnncalc.analysis.memory import TrainingSetup
    from cnncalc.analysis.memory import predict_memory as predict

    setup = TrainingSetup(
        batch=batch,
        optimizer=optimizer,
        implementation=implementation,
        precision=precision,
        momentum=momentum,
        weight_decay=weight_decay,
        accumulate=accumulate,
        ema=ema,
        checkpointing=checkpointing,
        inplace=inplace,
        inference=inference,
        device=device,
        workspace_bytes=workspace_bytes,
    )
    return predict(network, setup)


def predict_mcu(network: Network) -> McuPrediction:
    """Work out what an int8 network takes of a microcontroller under TensorFlow Lite Micro.

    Returns:
        the arena (``arena.needed`` bytes of SRAM), the file (``flash.bytes``), and what would take less (``advice``).

    Raises:
        SpecError: for a layer that the interpreter has no int8 kernel for.

    """
    from cnncalc.microcontrollers.prediction import predict_mcu as predict

    check_network(network)
    return predict(network)


def largest_batch(
    network: Network,
    budget_bytes: int,
    *,
    optimizer: str = "sgd",
    implementation: str = "foreach",
    precision: str = "float32",
    momentum: float | None = None,
    weight_decay: float | None = None,
    accumulate: int = 1,
    ema: bool = False,
    checkpointing: bool = False,
    inplace: bool = True,
    inference: bool = False,
    device: str = "cuda",
    workspace_bytes: int | None = None,
) -> int | None:
    """Return the most images whose training step or inference fits into a budget. Imports no torch.

    Args:
        network: what is trained, or run.
        budget_bytes: the memory that there is.
        optimizer: as in `predict_memory`, like all that follow.
        implementation: how the optimizer's step runs.
        precision: ``float32``, or autocast to ``bf16`` or ``fp16``.
        momentum: that of the optimizer.
        weight_decay: that of the optimizer.
        accumulate: the passes that a step is split into.
        ema: whether a moving average is kept.
        checkpointing: whether blocks are computed again in the backward pass.
        inplace: whether activations write over their input.
        inference: whether it is a forward pass alone.
        device: ``cuda`` or ``cpu``.
        workspace_bytes: what cuBLAS takes.

    Returns:
        The images of one step of the optimizer, all its passes together; None if not even one image fits.

    Raises:
        ArgumentError: for a value that an argument does not take; ArgumentTypeError where its type is wrong.

    """
    from cnncalc.analysis.memory import TrainingSetup
    from cnncalc.analysis.memory import largest_batch as largest

    setup = TrainingSetup(
        batch=accumulate,
        optimizer=optimizer,
        implementation=implementation,
        precision=precision,
        momentum=momentum,
        weight_decay=weight_decay,
        accumulate=accumulate,
        ema=ema,
        checkpointing=checkpointing,
        inplace=inplace,
        inference=inference,
        device=device,
        workspace_bytes=workspace_bytes,
    )
    return largest(network, setup, budget_bytes)


def compute(
    network: Network,
    values: Any = None,
    *,
    tensors: Mapping[str, Any] | None = None,
    seed: int = 0,
    backward: bool = False,
    gradient: Any = None,
) -> Computation:
    """Compute the values of all layers of a small network, exactly where that can be. Imports no torch.

    Args:
        network: the layers, of at most a million multiplications.
        values: the input, channels first: lists in lists, a flat list, an array; None for whole numbers from the seed.
        tensors: numbers for tensors by their names in a state_dict, ``{"conv1.weight": …}``; one for all, or all.
        seed: what is drawn from it that is given neither here nor in the spec.
        backward: whether the gradients of inputs and learned tensors are computed too.
        gradient: that of the output, channels first; None for ones.

    Returns:
        The volumes and gradients of every layer, as whole numbers, fractions and floats.

    Raises:
        SpecError: for a network that is too large, a layer without values, and numbers that do not fit.

    """
    from cnncalc.values import compute as compute_values

    check_network(network)
    check_flag("backward", backward)
    seed = check_whole("seed", seed, 0, 2**63 - 1)
    return compute_values(network, values, tensors=tensors, seed=seed, backward=backward, gradient=gradient)


def build(
    network: Network,
    *,
    device: torch.device | str | None = None,
    seed: int | None = None,
    inplace: bool = True,
    weights: str | os.PathLike[str] | None = None,
) -> fx.GraphModule:
    """Build a network as a PyTorch module, a `torch.fx.GraphModule`. Imports torch.

    It takes tensors of N x C x H x W (N x C x L, N x C x D x H x W). Behind a fully connected layer and a
    ``flatten`` tensors are N x C. Modules are named by the spec's labels and blocks.

    Args:
        network: what is built.
        device: where the parameters are made; ``"meta"`` makes none. Torch's default device otherwise.
        seed: what the weights are drawn from; torch's own generator otherwise.
        inplace: whether activations write over their input where that is safe.
        weights: a file of weights (``.safetensors``, ``.pt``, ``.pth``, ``.npz``), the folder of a training run, or
            ``"torchvision"`` for those that torchvision publishes for the network of that name.

    Raises:
        SpecError: without torch, for a network that PyTorch has no layers for (more than three spatial
            dimensions), and for weights that cannot be read or are another network's.
        DeviceError: for a device that is not there.
        ArgumentTypeError: for an argument of the wrong type.

    """
    check_network(network)
    check_flag("inplace", inplace)
    if seed is not None:
        seed = check_whole("seed", seed, 0, 2**63 - 1)
    with optional_packages():
        from cnncalc.model.build import build as build_module

    _check_device(device)
    module = build_module(network, device=device, seed=seed, inplace=inplace)
    if weights is not None:
        from cnncalc.model.weights.given import fill_whole, given_weights

        fill_whole(module, given_weights(check_path("weights", weights), network))
    return module


def _check_device(device: torch.device | str | None) -> None:
    """Refuse a device that PyTorch does not know or find."""
    import torch

    try:
        torch.empty(0, device=device)
    except TypeError:
        raise ArgumentTypeError(
            "bad-argument", f"device is a name or a torch.device, not {type_text(device)}"
        ) from None
    except (RuntimeError, AssertionError) as error:  # torch asserts that it was built for a device
        reason = shorten(str(error).splitlines()[0], 200)
        raise DeviceError("no-device", f"PyTorch has no device `{shorten(str(device))}` here: {reason}") from None


def from_torch(module: nn.Module, input: ModuleInput, *, prove: bool = True) -> str:
    """Write a spec for what a PyTorch module does when it is tested, the way back from `build`. Imports torch.

    The module is traced with torch.fx, and handed back as it was. What the output does not depend on is left
    out.

    Args:
        module: any module that takes tensors, one or several, and makes one or several.
        input: the volume of one image, ``"224x224x3"`` or ``(224, 224, 3)``, or a tensor of images such as the module
            takes, N x C x H x W, or N x C for vectors. Of several inputs a list of these in the order of the module's
            forward, or a mapping from the names of its arguments.
        prove: whether the built text must compute what the module computes, on random weights and images. It
            takes time where the module is large; a module on the meta device computes nothing, and is not proved.

    Returns:
        The text, which has been loaded and compared with the module.

    Raises:
        SpecError: without torch, and for a module that cannot be traced or does what a spec cannot express;
            it names the part of the module, the operation and the line of its code.
        ArgumentTypeError: for what is no module, such as the class of one.

    Warns:
        UserWarning: for what the text does not say of the module, such as frozen weights.

    """
    with optional_packages():
        from torch import nn

        from cnncalc.model.from_torch import import_module

    if not isinstance(module, nn.Module):
        hints = [f"make one: {module.__name__}()"] if isinstance(module, type) else []
        raise ArgumentTypeError("bad-argument", f"module is a torch.nn.Module, not {type_text(module)}", hints=hints)
    imported = import_module(module, input, prove=prove)
    for note in imported.notes:
        warnings.warn(note, stacklevel=2)
    return imported.text
