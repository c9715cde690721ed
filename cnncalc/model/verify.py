"""What was calculated against what PyTorch does, layer by layer.

The module is built on the meta device, where PyTorch works out every shape and counts every
multiplication without computing a value, and run once. Its oracles are PyTorch itself (shapes of the
tensors that come out, elements of the parameters, `torch.utils.flop_counter`) and torchinfo.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import torch
import torchinfo
from torch import fx, nn
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.analysis.checks import Check
from cnncalc.model.build import LAYER, build
from cnncalc.model.plan import Planned, plan
from cnncalc.network import Network
from cnncalc.volume import Volume

BATCH = 2
"""Images in the run; two, so that the size of the batch cannot be taken for something else."""


PYTORCH = f"PyTorch {torch.__version__}"
COUNTER = f"PyTorch {torch.__version__}, flop counter"
TORCHINFO = f"torchinfo {torchinfo.__version__}"


class Seen(NamedTuple):
    """What PyTorch did for one layer: the shape of its output, and its multiplications for one image."""

    shape: tuple[int, ...]
    macs: int


def verify(network: Network) -> list[Check]:
    """Compare a network with PyTorch and torchinfo: volumes, parameters, MACs and totals.

    Raises:
        SpecError: for a network that PyTorch has no layers for.
    """
    module = build(network, device="meta").eval()
    planned = plan(network)
    seen = _run(module, network)
    by_module = _torchinfo(module, network)
    return [
        *(check for layer in planned for check in _layer_checks(layer, module, seen, by_module)),
        *_total_checks(network, module, seen),
    ]


def _layer_checks(
    planned: Planned, module: nn.Module, seen: dict[int, Seen], by_module: Mapping[int, Any]
) -> Iterator[Check]:
    node = planned.node
    own = _own_module(module, planned.name)
    counted = seen[node.index]
    yield Check(node.name, "output", node.output, _volume(counted.shape, planned), PYTORCH)
    yield Check(node.name, "parameters", node.params, _elements(own), PYTORCH)
    yield Check(node.name, "MACs", node.macs, counted.macs, COUNTER)
    info = by_module.get(id(own))
    if info is None:
        return
    if len(planned.steps) == 1:  # what comes out of the module comes out of the layer
        yield Check(node.name, "output", node.output, _volume(tuple(info.output_size), planned), TORCHINFO)
    yield Check(node.name, "parameters", node.params, info.num_params, TORCHINFO)
    if node.macs and _torchinfo_counts(own):
        yield Check(node.name, "MACs", node.macs, info.macs // BATCH, TORCHINFO)


def _total_checks(network: Network, module: nn.Module, seen: dict[int, Seen]) -> Iterator[Check]:
    yield Check("total", "output", network.output, network.output, PYTORCH)
    yield Check("total", "parameters", network.params, _elements(module), PYTORCH)
    yield Check("total", "MACs", network.macs, sum(layer.macs for layer in seen.values()), COUNTER)


def _own_module(module: nn.Module, name: str) -> nn.Module | None:
    """Return the module of a layer; None for one that is made of functions alone."""
    try:
        return module.get_submodule(name)
    except AttributeError:
        return None


def _elements(module: nn.Module | None) -> int:
    return sum(parameter.numel() for parameter in module.parameters()) if module else 0


def _volume(shape: tuple[int, ...], planned: Planned) -> Volume | tuple[int, ...]:
    """Return a tensor's shape as a volume, where it has the form that is expected; else as it is."""
    if len(shape) < 2 or shape[0] != BATCH or (len(shape) == 2) != planned.vector:
        return shape
    if planned.vector:
        return planned.node.output.vector(shape[1])
    return Volume.of(shape[2:], shape[1])


def _torchinfo_counts(module: nn.Module | None) -> bool:
    """Say whether torchinfo counts multiplications as we do: not with a bias, nor transposed."""
    return getattr(module, "bias", None) is None and not getattr(module, "transposed", False)


# ---- the run


class _Watch(fx.Interpreter):
    """Runs a module call by call, and counts the multiplications of each."""

    def __init__(self, module: fx.GraphModule) -> None:
        super().__init__(module)
        self.shapes: dict[fx.Node, tuple[int, ...]] = {}
        self.macs: dict[fx.Node, int] = {}

    def run_node(self, n: fx.Node) -> Any:
        """Run one call."""
        with FlopCounterMode(display=False) as counter:
            result = super().run_node(n)
        if isinstance(result, torch.Tensor):
            self.shapes[n] = tuple(result.shape)
            self.macs[n] = counter.get_total_flops() // (2 * BATCH)
        return result


def _run(module: fx.GraphModule, network: Network) -> dict[int, Seen]:
    """Run the module once, and return what was seen of every layer by its index; 0 is the input."""
    watch = _Watch(module)
    arriving = _input(network)
    with torch.no_grad():
        watch.run(arriving)
    seen = {0: Seen(tuple(arriving.shape), 0)}
    for call, shape in watch.shapes.items():
        if LAYER in call.meta:
            before = seen.get(call.meta[LAYER], Seen((), 0))
            seen[call.meta[LAYER]] = Seen(shape, before.macs + watch.macs[call])
    for node in network.layers:  # a layer may have nothing to do, such as a flatten behind a vector
        seen.setdefault(node.index, Seen(seen[node.inputs[0]].shape, 0))
    return seen


def _torchinfo(module: nn.Module, network: Network) -> dict[int, Any]:
    """Return what torchinfo says of every module, by the module's identity."""
    # torchinfo warns of what it does not know itself; that is no concern of a reader here
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        summary = torchinfo.summary(module, input_data=_input(network), verbose=0, device="meta", mode="eval")
    return {id(info.module): info for info in summary.summary_list if info.executed}


def _input(network: Network) -> torch.Tensor:
    return torch.empty((BATCH, network.input.channels, *network.input.spatial), device="meta")
