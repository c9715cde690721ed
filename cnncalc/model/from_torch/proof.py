"""The proof of an import: the text, built and given the module's tensors, computes what the module computes.

Both sides get the same random numbers, since weights as they are first set hide faults: a last factor of 0 in
every residual branch makes all branches alike. The module itself is handed back as it was.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import prod, sqrt
from typing import Any

import torch
from torch import fx, nn
from torch.func import functional_call

from cnncalc.core.errors import CnncalcError, SpecError
from cnncalc.core.words import shorten
from cnncalc.model.build import LAYER, build
from cnncalc.model.from_torch.computed import evaluated
from cnncalc.model.from_torch.operations import Learned, ReadLayer, Readout
from cnncalc.model.from_torch.source_lines import line_of_error
from cnncalc.model.from_torch.trace import Traced
from cnncalc.model.from_torch.traced_modules import Root, attribute, flat_outputs, left_as_it_is, tested
from cnncalc.model.initialise import FixedTensor
from cnncalc.model.modules import GivenFactor
from cnncalc.model.plan import plan
from cnncalc.network import Network

TOLERANCE = 1e-5
"""Largest difference, relative to the largest value of the output."""

LARGE = 50_000_000_000
"""MACs from which on both compute in float32, which takes half the time and memory, and may differ by more."""

TOLERANCE_OF_LARGE = 1e-4

SEED = 0

Tensors = dict[str, torch.Tensor]


def check_outputs(
    module: nn.Module, network: Network, order: Sequence[ReadLayer], readout: Readout, traced: Traced
) -> None:
    """Compare what the text computes with what the module computes, on random weights and images.

    Args:
        module: has real tensors.
        network: the text, loaded.
        order: what the module does, in the order of the network's layers.
        readout: the same in the module's order, with the layout of its output.
        traced: the trace that it was read from.

    Raises:
        SpecError: where they differ, which names the first layer that does, or where the module cannot compute.
    """
    with left_as_it_is(module), torch.no_grad(), torch.random.fork_rng([]), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tested(module)
        proof = _Proof(module, network, order, readout, traced)
        proof.compare()


class _Proof:
    """One comparison: the two networks, and what they are given."""

    def __init__(
        self, module: nn.Module, network: Network, order: Sequence[ReadLayer], readout: Readout, traced: Traced
    ) -> None:
        self.module = module
        self.order = order
        self.readout = readout
        self.traced = traced
        self.names = [planned.name for planned in plan(network, inplace=False)]
        self.built = build(network, device="meta", inplace=False).eval()
        large = network.macs >= LARGE
        self.dtype = torch.float32 if large else torch.float64
        self.tolerance = TOLERANCE_OF_LARGE if large else TOLERANCE
        tensors = [*module.parameters(), *module.buffers()]
        self.device = tensors[0].device if tensors else torch.device("cpu")

    def compare(self) -> None:
        """Compare the outputs, in float64 where the module can compute in it and is not too large."""
        try:
            tensors, images, expected, learned = self._computed_by_module(self.dtype)
        except Exception:
            try:
                tensors, images, expected, learned = self._computed_by_module(torch.float32)
            except Exception as error:
                raise _cannot_compute(error) from error
        computed = functional_call(self.built, self._named(learned, images[0]), self._built_images(images))
        made = computed if isinstance(computed, tuple) else (computed,)
        layouts = self.readout.layouts or (self.readout.layout,)
        pairs = zip(made, expected, layouts, strict=True)
        difference = max([_difference(_as_returned(one, layout), other) for one, other, layout in pairs])
        if not difference <= self.tolerance:
            raise self._where(tensors, images, self._named(learned, images[0]), difference)

    def _built_images(self, images: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """Return the same images as a built network takes them: a vector has positions."""
        pairs = zip(images, self.readout.given, strict=True)
        return tuple([image.reshape(given.built_shape) for image, given in pairs])

    def _computed_by_module(
        self, dtype: torch.dtype
    ) -> tuple[Tensors, tuple[torch.Tensor, ...], list[torch.Tensor], Tensors]:
        """Return random tensors and images, what the module makes of them, and the weights that its layers use."""
        generator = torch.Generator().manual_seed(SEED)
        tensors = _random(self.module, dtype, generator)
        drawn = [torch.randn(each.shape, generator=generator, dtype=dtype) for each in self.readout.given]
        images = tuple([image.to(self.device) for image in drawn])
        used = [tensor for operation in self.order for tensor in operation.tensors]
        given = {f"{Root.HOLDS}.{name}": value for name, value in tensors.items()}
        module = _Module(self.module, used, self.traced)
        output, learned = functional_call(module, given, tuple([image.clone() for image in images]))
        return given, images, flat_outputs(output), learned

    def _named(self, learned: Tensors, images: torch.Tensor) -> Tensors:
        """Return the module's tensors under the names that the built network has for them, and its fixed ones."""
        parts = list(self.built.named_modules())
        fixed = {f"{name}.tensor": part.filled(images) for name, part in parts if isinstance(part, FixedTensor)}
        factors = [(name, part) for name, part in parts if isinstance(part, GivenFactor) and not part.learned]
        for name, part in factors:
            numbers = torch.tensor(part.values, dtype=images.dtype, device=images.device)
            fixed[f"{name}.weight"] = numbers.expand(part.weight.numel()).reshape(part.weight.shape)
        for name, part in parts:
            for role, values in getattr(part, "preset_values", {}).items():
                if role in part._buffers:
                    numbers = torch.tensor(values, dtype=images.dtype, device=images.device)
                    fixed[f"{name}.{role}"] = numbers.expand(getattr(part, role).shape)
        shapes = {name: value.shape for name, value in self.built.state_dict().items()}
        shaped: dict[Any, torch.Tensor] = {}  # what several layers have is one tensor
        for layer, operation in zip(self.names, self.order, strict=True):
            for tensor in operation.tensors:
                name = f"{layer}.{tensor.role}"
                key = tensor.key, shapes[name]
                if key not in shaped:
                    shaped[key] = learned[tensor.key].reshape(shapes[name])
                fixed[name] = shaped[key]
        return fixed

    # ---- where they differ

    def _where(
        self, tensors: Tensors, images: tuple[torch.Tensor, ...], learned: Tensors, difference: float
    ) -> SpecError:
        """Make the error, which names the first layer whose output differs."""
        operation = self._first_different(tensors, images, learned) or self.order[-1]
        line = f" ({operation.line})" if operation.line else ""
        path = f"`{operation.path}`" if operation.path else "the module"
        return SpecError(
            "import-differs",
            f"the text would compute something else than the module: {path}{line} differs from "
            f"`{operation.word}` on; nothing is written",
            hints=[f"on random weights and images, the outputs differ by {difference:.2g} of the largest value"],
        )

    def _first_different(
        self, tensors: Tensors, images: tuple[torch.Tensor, ...], learned: Tensors
    ) -> ReadLayer | None:
        steps = _Steps(self.traced)
        try:
            functional_call(steps, tensors, tuple([image.clone() for image in images]))
        except Exception:
            return None  # steps that cannot be repeated one by one tell nothing
        watched = _Layers(self.built)
        named = {f"built.{name}": value for name, value in learned.items()}
        functional_call(watched, named, self._built_images(images))
        places = {operation.node: place for place, operation in enumerate(self.order) if operation.node}
        for operation in self.readout.operations:
            place = places.get(operation.node)
            if place is None or operation.node not in steps.values:
                continue
            if not _difference(watched.values[place], steps.values[operation.node]) <= self.tolerance:
                return self.order[place]
        return None


class _Module(Root):
    """The module, with the tensors that its layers have used; some are computed from others at every call."""

    def __init__(self, module: nn.Module, used: Sequence[Learned], traced: Traced) -> None:
        super().__init__(module, traced.root.arguments)
        self.used = used
        self.traced = traced

    def forward(self, *inputs: torch.Tensor) -> Any:
        output = super().forward(*inputs)
        return output, {tensor.key: self._value(tensor) for tensor in self.used}

    def _value(self, tensor: Learned) -> torch.Tensor:
        if not tensor.steps:
            return attribute(self, tensor.path)  # type: ignore[no-any-return]  # a tensor
        return evaluated(tensor.steps, self._tensor, self.traced.root)  # type: ignore[no-any-return]

    def _tensor(self, path: str) -> torch.Tensor:
        """Return a tensor that a value is computed from; those that a forward makes only the trace has."""
        return attribute(self, path) if path.startswith(f"{Root.HOLDS}.") else self.traced.tensors(path)  # type: ignore[no-any-return]


class _Steps(nn.Module):
    """The trace, call by call, with copies of what every call returns."""

    def __init__(self, traced: Traced) -> None:
        super().__init__()
        for name, child in traced.root.named_children():
            self.add_module(name, child)
        self.graph = traced.graph
        self.values: Tensors = {}

    def forward(self, *inputs: torch.Tensor) -> Any:
        return _Watching(self, self.graph, lambda node: node.name, self.values).run(*inputs)


class _Layers(nn.Module):
    """The built network, with copies of what every layer makes, by the place of the layer."""

    def __init__(self, built: fx.GraphModule) -> None:
        super().__init__()
        self.built = built
        self.values: dict[int, torch.Tensor] = {}

    def forward(self, *inputs: torch.Tensor) -> Any:
        watching = _Watching(self.built, self.built.graph, lambda node: node.meta.get(LAYER, 0) - 1, self.values)
        return watching.run(*inputs)


class _Watching(fx.Interpreter):
    """Runs a graph and keeps copies of the values, under a name for each call."""

    def __init__(self, module: nn.Module, graph: fx.Graph, name: Any, values: dict[Any, torch.Tensor]) -> None:
        super().__init__(module, graph=graph)
        self.called = name
        self.kept = values

    def run_node(self, n: fx.Node) -> Any:
        value = super().run_node(n)
        if isinstance(value, torch.Tensor):
            self.kept[self.called(n)] = value.clone()
        return value


def _random(module: nn.Module, dtype: torch.dtype, generator: torch.Generator) -> Tensors:
    """Return random numbers for every learned tensor and running statistic of a module; other buffers stay."""
    drawn: dict[int, torch.Tensor] = {}
    result = {}
    for name, tensor in [*module.named_parameters(remove_duplicate=False), *module.named_buffers()]:
        learned = isinstance(tensor, nn.Parameter) or name.rpartition(".")[2] in ("running_mean", "running_var")
        if id(tensor) not in drawn:
            floating = tensor.is_floating_point()
            values = _draw(name, tensor.shape, dtype, generator) if learned and floating else tensor.detach().clone()
            drawn[id(tensor)] = values.to(tensor.device, dtype if floating else tensor.dtype)
        result[name] = drawn[id(tensor)]
    return result


def _draw(name: str, shape: torch.Size, dtype: torch.dtype, generator: torch.Generator) -> torch.Tensor:
    """Draw numbers that keep values about as large as they are: He for weights, factors around 1, small shifts."""
    fan_in = prod(shape[1:])
    if fan_in > 1:
        return torch.randn(shape, generator=generator, dtype=dtype) * sqrt(2 / fan_in)
    if name.endswith(("bias", "running_mean")):
        return torch.randn(shape, generator=generator, dtype=dtype) / 4
    return torch.rand(shape, generator=generator, dtype=dtype) + 0.5


def _as_returned(output: torch.Tensor, layout: str) -> torch.Tensor:
    """Bring an output of the text into the order in which the module returns it, however it is cut into dimensions."""
    return output.movedim(1, -1) if layout in ("last", "tokens") else output


def _difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Return the largest difference, relative to the largest value; infinite where sizes or NaNs differ."""
    if one.numel() != other.numel():
        return float("inf")
    one, other = one.reshape(-1).double(), other.reshape(-1).double()
    numbers = ~one.isnan()
    if not torch.equal(numbers, ~other.isnan()):
        return float("inf")
    one, other = one[numbers], other[numbers]
    if torch.equal(one, other):  # also infinite values
        return 0.0
    return float((one - other).abs().max() / torch.maximum(one.abs(), other.abs()).max())


def _cannot_compute(error: Exception) -> SpecError:
    if isinstance(error, CnncalcError):
        raise error
    line = line_of_error(error)
    reason = shorten(str(error).strip().split("\n")[0], 200)
    where = f" ({line})" if line else ""
    return SpecError(
        "cannot-prove",
        f"the module cannot compute on random images{where}: {type(error).__name__}: {reason}",
        hints=["--no-proof writes the text without comparing what it computes with the module"],
    )
