"""PyTorch as the oracle of memory: what autograd keeps, and what its own tracker finds at the peak of a step.

Under a FakeTensorMode tensors have sizes and no values, so that the largest network takes no memory to measure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.distributed._tools.mem_tracker import MemTracker
from torch.distributed._tools.mod_tracker import ModTracker

import cnncalc
from cnncalc.optimizers.orthogonal import OrthogonalMomentum

OPTIMIZERS: Mapping[str, tuple[type[torch.optim.Optimizer], Mapping[str, Any]]] = {
    "sgd": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 5e-4}),
    "adamw": (torch.optim.AdamW, {"weight_decay": 0.05}),
    "adam": (torch.optim.Adam, {}),
    "rmsprop": (torch.optim.RMSprop, {"momentum": 0.9}),
    "adadelta": (torch.optim.Adadelta, {}),
}
"""PyTorch's optimizers with the settings that the prediction assumes."""


def fake_mode() -> FakeTensorMode:
    """Return a mode under which tensors have no values."""
    return FakeTensorMode(allow_non_fake_inputs=True)


def with_memory(module: nn.Module) -> nn.Module:
    """Give a module on the meta device parameters and buffers on the CPU; under a fake mode they are fake."""
    made = {
        value: nn.Parameter(torch.zeros(value.shape)) for value in module.parameters()
    }  # some serve several modules
    for part in module.modules():
        for name, value in part.named_parameters(recurse=False):
            setattr(part, name, made[value])
        for name, value in part.named_buffers(recurse=False):
            setattr(part, name, torch.zeros(value.shape, dtype=value.dtype))
    return module


def images(network: cnncalc.Network, batch: int) -> torch.Tensor:
    """Return images of the network's size."""
    return torch.zeros(batch, network.input.channels, *network.input.spatial)


def inputs(network: cnncalc.Network, batch: int) -> list[torch.Tensor]:
    """Return a tensor for every input of the network."""
    return [torch.zeros(batch, volume.channels, *volume.spatial) for volume in network.inputs]


def learns(network: cnncalc.Network, batch: int) -> bool:
    """Say whether there is a training step: the output depends on a parameter, and no norm has a single value."""
    try:
        made: torch.Tensor = with_memory(cnncalc.build(network, device="meta"))(*inputs(network, batch))
    except ValueError:  # "Expected more than 1 value per channel when training"
        return False
    return made.requires_grad


def labels(output: torch.Tensor) -> torch.Tensor:
    """Return a label for every image, and for every position of a map."""
    return torch.zeros(output.shape[:1] + output.shape[2:], dtype=torch.int64)


def autograd_bytes(module: nn.Module, *seen: torch.Tensor, low: bool = False) -> int:
    """Return the bytes that autograd keeps for the backward pass, without parameters and buffers."""
    own = {value.untyped_storage()._cdata for value in (*module.parameters(), *module.buffers())}
    kept = {}

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in own:
            kept[storage._cdata] = storage
        return tensor

    for part in module.modules():
        if isinstance(part, nn.ConvTranspose3d):
            part.register_forward_hook(_cut)
    hooks = torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor)
    with hooks, torch.autocast("cpu", torch.bfloat16, enabled=low):
        module(*seen)
    return sum(storage.nbytes() for storage in kept.values())


def _cut(module: nn.Module, arriving: Any, made: torch.Tensor) -> torch.Tensor:
    """Copy a result: with one thread PyTorch's plain CPU kernel puts it into memory as large as its operand."""
    return made.clone()


class NoModules(ModTracker):
    """Watches no modules: its hooks hold the tensors of a branch without gradients until the collector runs."""

    def __enter__(self) -> NoModules:
        return self

    def __exit__(self, *args: object) -> None:
        pass


class Tracker(MemTracker):
    """PyTorch's tracker without its statistics of every module, which take a network's length squared."""

    def __init__(self) -> None:
        super().__init__()
        self._mod_tracker = NoModules()

    def _update_peak_stats(self, peak_state: Any) -> None:
        for device, parts in self._curr_mem_snap.items():
            if self._peak_mem.get(device, 0) < parts["Total"]:
                self._peak_mem[device] = parts["Total"]
                self._peak_mem_snap[device] = dict(parts)

    def forget_peak(self) -> None:
        """Begin anew with what is alive now."""
        self._peak_mem.clear()
        self._peak_mem_snap.clear()
        self._update_peak_stats(None)


def pytorchs(module: nn.Module, optimizer: str, implementation: str) -> torch.optim.Optimizer:
    """Return one of PyTorch's optimizers whose step runs in one of the three ways."""
    kind, settings = OPTIMIZERS[optimizer]
    chosen = {"foreach": implementation == "foreach"}
    if implementation == "fused":
        chosen["fused"] = True
    return kind(module.parameters(), **settings, **chosen)


def muon(module: nn.Module) -> torch.optim.Optimizer:
    """Return Muon for every weight that multiplies but the last layer's, and SGD with momentum for the rest."""
    matrices = [part.weight for part in module.modules() if isinstance(part, (nn.Conv2d, nn.Linear))]
    hidden = {id(weight) for weight in matrices[:-1]}
    plain = [parameter for parameter in module.parameters() if id(parameter) not in hidden]
    return OrthogonalMomentum([{"params": matrices[:-1], "orthogonal": True}, {"params": plain}], 0.1, 0.9)


def tracked_peak(
    module: nn.Module,
    network: cnncalc.Network,
    batch: int,
    optimizer: str = "sgd",
    implementation: str = "foreach",
    passes: int = 1,
    *,
    low: bool = False,
    stepper: torch.optim.Optimizer | None = None,
) -> int:
    """Return the peak of the second step of training, when the optimizer's state is there; call it in a fake mode."""
    if stepper is None:
        stepper = muon(module) if optimizer == "muon" else pytorchs(module, optimizer, implementation)
    seen = inputs(network, batch)
    with torch.no_grad():
        wanted = labels(module.eval()(*seen))
    module.train()
    tracker = Tracker()
    tracker.track_external(module, stepper, *seen, wanted)
    with tracker:
        for _ in range(2):
            for _ in range(passes):
                output = loss = None  # what the pass before has made is given back
                with torch.autocast("cpu", torch.bfloat16, enabled=low):
                    output = module(*seen)
                    loss = nn.functional.cross_entropy(output, wanted)
                loss.backward()
                tracker.reset_mod_stats()
            stepper.step()
            stepper.zero_grad()
            del output, loss
    (snapshot,) = tracker.get_tracker_snapshot("peak").values()
    return int(snapshot["Total"])


def inference_peak(module: nn.Module, network: cnncalc.Network, batch: int) -> int:
    """Return the peak of a forward pass in eval mode under no_grad; call it in a fake mode."""
    seen = inputs(network, batch)
    module.eval()
    tracker = Tracker()
    tracker.track_external(module, *seen)
    with tracker, torch.no_grad():
        module(*seen)
    (snapshot,) = tracker.get_tracker_snapshot("peak").values()
    return int(snapshot["Total"])
