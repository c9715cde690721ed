"""What was calculated against what PyTorch does, layer by layer.

The module is built on the meta device, where PyTorch works out every shape and counts every
multiplication without computing a value, and run once. Its oracles are PyTorch itself (shapes of the
tensors that come out, elements of the parameters, `torch.utils.flop_counter`) and torchinfo.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
import torchinfo
from torch import fx, nn
from torch.utils.flop_counter import FlopCounterMode

from cnncalc.analysis.checks import Check
from cnncalc.core.errors import SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.model.build import LAYER, build
from cnncalc.model.plan import REFUSED, Planned, plan, refused
from cnncalc.network import Network

BATCH = 2
"""Images in the run; two, so that the size of the batch cannot be taken for something else."""


PYTORCH = f"PyTorch {torch.__version__}"
COUNTER = f"PyTorch {torch.__version__}, flop counter"
TORCHINFO = f"torchinfo {torchinfo.__version__}"


class ModelRun(NamedTuple):
    """What PyTorch did: by the index of a layer the shape of its output and its multiplications for one image.

    ``outputs`` are the shapes of the tensors that the module returned.
    """

    shapes: dict[int, tuple[int, ...]]
    macs: dict[int, int]
    outputs: tuple[tuple[int, ...], ...]


def verify(network: Network) -> list[Check]:
    """Compare a network with PyTorch and torchinfo: volumes, parameters, MACs and totals.

    Raises:
        SpecError: for a network that PyTorch has no layers for, and for a layer that it does not run.
    """
    module = build(network, device="meta").eval()
    planned = plan(network)
    seen = _run(module, network)
    by_module = _torchinfo(module, network)
    return [
        *(check for layer in planned for check in _layer_checks(layer, module, seen, by_module)),
        *_total_checks(network, module, seen, [planned[index - 1] if index else None for index in network.ends]),
    ]


def _layer_checks(planned: Planned, module: nn.Module, seen: ModelRun, by_module: Mapping[int, Any]) -> Iterator[Check]:
    node = planned.node
    own = _own_module(module, planned.name)
    made = _volume(seen.shapes[node.index], planned.vector, node.sources[0])
    yield Check(node.name, "output", node.output, made, PYTORCH)
    earlier = _own_module(module, planned.tied) if planned.tied else None
    yield Check(node.name, "parameters", node.params, _elements(own, earlier), PYTORCH)
    yield Check(node.name, "MACs", node.macs, seen.macs[node.index], COUNTER)
    info = by_module.get(id(own))
    if info is None or planned.tied:
        return
    if len(planned.steps) == 1:  # what comes out of the module comes out of the layer
        made = _volume(tuple(info.output_size), planned.vector, node.sources[0])
        yield Check(node.name, "output", node.output, made, TORCHINFO)
    yield Check(node.name, "parameters", node.params, info.num_params, TORCHINFO)
    if node.macs and _torchinfo_counts(own):
        yield Check(node.name, "MACs", node.macs, info.macs // BATCH, TORCHINFO)


def _total_checks(
    network: Network, module: nn.Module, seen: ModelRun, ends: Sequence[Planned | None]
) -> Iterator[Check]:
    """Compare the whole network; ``ends`` are the layers that make its outputs, None where the input passes through."""
    for number, (last, volume, made) in enumerate(zip(ends, network.outputs, seen.outputs, strict=True)):
        vector = last is not None and last.vector
        name = network.output_names[number] if network.output_names else ""
        quantity = f"output {name}" if name and number else "output"
        yield Check("total", quantity, volume, _volume(made, vector, volume), PYTORCH)
    yield Check("total", "parameters", network.params, _elements(module), PYTORCH)
    yield Check("total", "MACs", network.macs, sum(seen.macs.values()), COUNTER)


def _own_module(module: nn.Module, name: str) -> nn.Module | None:
    """Return the module of a layer; None for one that is made of functions alone."""
    try:
        return module.get_submodule(name)
    except AttributeError:
        return None


def _elements(module: nn.Module | None, earlier: nn.Module | None = None) -> int:
    """Count the parameters of a module that are not those of an earlier one."""
    counted = {id(parameter) for parameter in earlier.parameters()} if earlier else ()
    return sum(parameter.numel() for parameter in module.parameters() if id(parameter) not in counted) if module else 0


def _volume(shape: tuple[int, ...], vector: bool, source: Volume) -> Volume | tuple[int, ...]:
    """Return a tensor's shape as a volume, where it has the form that is expected; else as it is.

    A vector is at a single position of as many dimensions as ``source``, an incoming volume, has.
    """
    if len(shape) < 2 or shape[0] != BATCH or (len(shape) == 2) != vector:
        return shape
    return source.vector(shape[1]) if vector else Volume.of(shape[2:], shape[1])


def _torchinfo_counts(module: nn.Module | None) -> bool:
    """Say whether torchinfo counts multiplications as we do: not with a bias or without weights, nor transposed.

    Of modules that PyTorch has not it takes every weight to be used at every position.
    """
    weighs = _elements(module) > 0 and type(module).__module__.startswith("torch.nn")
    return weighs and getattr(module, "bias", None) is None and not getattr(module, "transposed", False)


# ---- the run


class _Counting(fx.Interpreter):
    """Runs a module call by call, and counts the multiplications of each."""

    def __init__(self, module: fx.GraphModule, network: Network) -> None:
        super().__init__(module)
        self.network = network
        self.shapes: dict[int, tuple[int, ...]] = {}
        self.macs = dict.fromkeys(range(len(network.layers) + 1), 0)

    def run_node(self, n: fx.Node) -> Any:
        """Run one call, and add what it did to its layer."""
        index = n.meta.get(LAYER)
        if index is None:  # the input, and the end
            return super().run_node(n)
        with FlopCounterMode(display=False) as counter:
            try:
                result = super().run_node(n)
            except (RuntimeError, ValueError) as error:
                raise refused(self.network, self.network.layers[index - 1], error) from None
        if isinstance(result, torch.Tensor):  # a max pool may return a pair, which is taken apart next
            self.shapes[index] = tuple(result.shape)
        self.macs[index] += counter.get_total_flops() // (2 * BATCH)
        return result


def _run(module: fx.GraphModule, network: Network) -> ModelRun:
    """Run the module once, and return what was seen; layer 0 is the input."""
    counting = _Counting(module, network)
    arriving = _inputs(network)
    with torch.no_grad():
        output = counting.run(*arriving)
    shapes = {0: tuple(arriving[0].shape), **counting.shapes}
    for node in network.layers:  # a layer may have nothing to do, such as a flatten behind a vector
        shapes.setdefault(node.index, shapes[node.inputs[0]])
    made = output if isinstance(output, tuple) else (output,)
    return ModelRun(shapes, counting.macs, tuple([tuple(each.shape) for each in made]))


def _torchinfo(module: nn.Module, network: Network) -> dict[int, Any]:
    """Return what torchinfo says of every module, by the module's identity."""
    # torchinfo warns of what it does not know itself; that is no concern of a reader here
    with warnings.catch_warnings(), torch.no_grad():
        warnings.simplefilter("ignore")
        summary = torchinfo.summary(module, input_data=_inputs(network), verbose=0, device="meta", mode="eval")
    return {id(info.module): info for info in reversed(summary.summary_list) if info.executed}  # the first call of each


def _inputs(network: Network) -> list[torch.Tensor]:
    try:
        return [torch.empty((BATCH, each.channels, *each.spatial), device="meta") for each in network.inputs]
    except RuntimeError as error:  # PyTorch counts bytes up to 2⁶³
        message = f"PyTorch refuses {BATCH} images of {network.input}: {shorten(str(error), 160)}"
        raise SpecError("not-in-pytorch", message, hints=[REFUSED]) from None
