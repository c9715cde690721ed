"""What is timed: a forward pass of a network, or a training step of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import fx

from cnncalc.analysis.roofline import TimeSetup
from cnncalc.core.precision import TORCH_NAMES
from cnncalc.model.timing.stopwatch import Stopwatch
from cnncalc.network import Network
from cnncalc.optimizers import OPTIMIZERS

Run = Callable[[], Any]


class _Settings(NamedTuple):
    """What an optimizer reads; how far it goes does not matter for its time."""

    learning_rate: float = 1e-6
    momentum: float = 0.9
    nesterov: bool = False
    beta2: float = 0.999
    rho: float = 0.9
    eps: float = 1e-8


def dtype_of(setup: TimeSetup) -> torch.dtype:
    """Return the type of the values of layers."""
    found: torch.dtype = getattr(torch, TORCH_NAMES.get(setup.precision, "float32"))
    return found


def inputs_of(network: Network, setup: TimeSetup, device: torch.device) -> list[torch.Tensor]:
    """Return random inputs."""
    generator = torch.Generator().manual_seed(0)
    shapes = [(setup.batch, each.channels, *each.spatial) for each in network.inputs]
    inputs = [torch.randn(shape, generator=generator).to(device) for shape in shapes]
    return inputs if setup.training else [each.to(dtype_of(setup)) for each in inputs]


def inference(module: fx.GraphModule, inputs: list[torch.Tensor], watch: Stopwatch | None = None) -> Run:
    """Return what runs a forward pass in eval mode without gradients, in the type of its inputs."""
    module.eval().to(inputs[0].dtype)

    def run() -> None:
        with torch.no_grad():
            if watch:
                watch.start()
            module(*inputs)

    return run


def training_step(
    module: fx.GraphModule, inputs: list[torch.Tensor], setup: TimeSetup, watch: Stopwatch | None = None
) -> Run:
    """Return what runs a training step: forward, backward from gradients of 1, the optimizer's step.

    There is no loss, which is no layer; in reduced precision, the layers run under autocast.
    """
    module.train()
    optimizer = _optimizer(module, setup)
    device = inputs[0].device.type
    lowered = dtype_of(setup) != torch.float32

    def run() -> None:
        if watch:
            watch.start()
        with torch.autocast(device, dtype_of(setup)) if lowered else nullcontext():
            made = module(*inputs)
        outputs = made if isinstance(made, tuple) else (made,)
        torch.autograd.backward(outputs, [torch.ones_like(each) for each in outputs])
        if watch:
            watch.begin("step")
        optimizer.step()
        if watch:
            watch.begin("rest")
        optimizer.zero_grad()
        if watch:
            watch.begin("rest")

    return run


def _optimizer(module: fx.GraphModule, setup: TimeSetup) -> torch.optim.Optimizer:
    """Return the optimizer, with the weights of matrices in its first group as `Optimizer.make` wants them."""
    rule = OPTIMIZERS[setup.optimizer]
    weights = [each for each in module.parameters() if each.dim() > 1]
    others = [each for each in module.parameters() if each.dim() <= 1]
    groups = [{"params": weights, "weight_decay": rule.weight_decay}, {"params": others, "weight_decay": 0.0}]
    momentum = rule.momentum if setup.momentum is None else setup.momentum
    settings = _Settings() if momentum is None else _Settings(momentum=momentum)
    return rule.make([group for group in groups if group["params"]], settings)
