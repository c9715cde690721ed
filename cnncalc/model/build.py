"""A network as a ``torch.fx.GraphModule``: torch's own tools (compile, export, ONNX) work on it."""

from __future__ import annotations

from collections.abc import Mapping
from operator import getitem
from typing import Any

import torch
from torch import fx, nn
from torch._subclasses.fake_tensor import unset_fake_temporarily
from torch.overrides import TorchFunctionMode

from cnncalc.core.collector import paused_collector
from cnncalc.core.errors import SpecError
from cnncalc.layers.steps import Factor, Fixed, Function, Kept, Module, OwnModule, Preset, Step, Steps
from cnncalc.model import modules
from cnncalc.model.initialise import FixedTensor, LearnedFactor, initialise
from cnncalc.model.plan import Planned, check_dimensions, placeholders, plan, refused
from cnncalc.model.room import check_tensors_fit
from cnncalc.network import Network

FUNCTIONS: Mapping[str, Any] = {
    "add": torch.add,
    "amax": torch.amax,
    "cat": torch.cat,
    "conv1d": nn.functional.conv1d,
    "conv2d": nn.functional.conv2d,
    "conv3d": nn.functional.conv3d,
    "div": torch.div,
    "flatten": torch.flatten,
    "max_unpool1d": nn.functional.max_unpool1d,
    "max_unpool2d": nn.functional.max_unpool2d,
    "max_unpool3d": nn.functional.max_unpool3d,
    "maximum": torch.maximum,
    "minimum": torch.minimum,
    "mean": torch.mean,
    "movedim": torch.movedim,
    "mul": torch.mul,
    "narrow": torch.narrow,
    "neg": torch.neg,
    "normalize": nn.functional.normalize,
    "pad": nn.functional.pad,
    "squeeze": torch.squeeze,
    "sub": torch.sub,
    "sum": torch.sum,
    "unflatten": torch.unflatten,
    "unsqueeze": torch.unsqueeze,
}

LAYER = "cnncalc.layer"
"""Where a call in the graph keeps the index of its layer, in its ``meta``."""

PLACES = "cnncalc.places"
"""Where the value of a max pool keeps the call that returns where the maxima were, in its ``meta``."""


def build(
    network: Network,
    *,
    device: torch.device | str | None = None,
    seed: int | None = None,
    inplace: bool = True,
) -> fx.GraphModule:
    """Build a network as `cnncalc.build` documents it."""
    check_dimensions(network)
    graph = fx.Graph()
    given = {index: graph.placeholder(name) for index, name in placeholders(network).items()}
    values: list[fx.Node] = [next(iter(given.values()))]  # of several inputs the first stands in for what none reads
    root = nn.Module()
    # shapes need no fake mode, and PyTorch 2.14 mixes the two up
    with torch.device("meta"), _NothingDrawn(), unset_fake_temporarily(), paused_collector():
        for planned in plan(network, inplace=inplace):
            own = given.get(planned.node.index)
            values.append(_of_layer(own, planned) if own else _placed_call(graph, planned, values, root, network))
    made = tuple([values[index] for index in network.ends])
    graph.output(made if network.outputs_at else made[0])
    module = fx.GraphModule(root, graph, class_name="Network")
    target = torch.get_default_device() if device is None else torch.device(device)
    if target.type != "meta":
        if target.type == "cpu" and type(torch.empty(0)) is torch.Tensor:  # under a FakeTensorMode nothing takes memory
            check_tensors_fit(module)
        _make_room(module, target)
        initialise(module, seed)
    return module


class _NothingDrawn(TorchFunctionMode):
    """Leaves out the first weights of modules: on the meta device there are none, and finding that out takes long."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Return the tensor of a function that draws as it is; all others do what they do."""
        if func in (nn.init.kaiming_uniform_, nn.init.uniform_):
            return args[0] if args else kwargs["tensor"]
        return func(*args, **(kwargs or {}))


def _make_room(module: nn.Module, device: torch.device) -> None:
    """Replace what lies on the meta device by empty memory; `nn.Module.to_empty` fails under a FakeTensorMode."""
    made: dict[nn.Parameter, nn.Parameter] = {}  # some parameters belong to several modules
    for part in module.modules():
        for name, value in part.named_parameters(recurse=False):
            if value not in made:
                made[value] = nn.Parameter(_empty(value, device))
            setattr(part, name, made[value])
        for name, buffer in part.named_buffers(recurse=False):
            setattr(part, name, _empty(buffer, device))


def _empty(like: torch.Tensor, device: torch.device) -> torch.Tensor:
    return torch.empty(like.shape, dtype=like.dtype, device=device)


def _placed_call(
    graph: fx.Graph, planned: Planned, values: list[fx.Node], root: nn.Module, network: Network
) -> fx.Node:
    """Add the calls of one layer; what PyTorch refuses to make is said at the layer's place in the spec."""
    try:
        return _call(graph, planned, values, root)
    except SpecError:
        raise
    except (TypeError, ValueError, RuntimeError, AssertionError) as error:
        raise refused(network, planned.node, error) from None


def _call(graph: fx.Graph, planned: Planned, values: list[fx.Node], root: nn.Module) -> fx.Node:
    """Add the calls of one layer to a graph, and return its output."""
    inputs = [
        _steps(graph, planned, steps, values[index], root)
        for steps, index in zip(planned.prepare, planned.node.inputs, strict=True)
    ]
    if planned.node.layer.reads_places:
        places = values[planned.node.inputs[1]].meta[PLACES]
        return _steps(graph, planned, _with_places(planned.steps, places), inputs[0], root)
    if not planned.node.layer.merges:
        return _steps(graph, planned, planned.steps, inputs[0], root)
    function, *steps = planned.steps
    assert isinstance(function, Function)
    merged = _of_layer(merge(graph, function.name, inputs), planned)
    return _steps(graph, planned, tuple(steps), merged, root)


def merge(graph: fx.Graph, name: str, inputs: list[fx.Node]) -> fx.Node:
    """Add the call of a merge: one for all inputs of ``cat``, else of two at a time."""
    if name == "cat":
        return graph.call_function(torch.cat, (inputs, 1))
    result = inputs[0]
    for other in inputs[1:]:
        result = graph.call_function(FUNCTIONS[name], (result, other))
    return result


def _steps(graph: fx.Graph, planned: Planned, steps: tuple[Step, ...], value: fx.Node, root: nn.Module) -> fx.Node:
    for step in steps:
        value = _of_layer(_ADDERS[type(step)](graph, planned, step, value, root), planned)
    return value


def _with_places(steps: Steps, places: fx.Node) -> Steps:
    """Return steps with the places that a max pool has returned among their arguments."""
    return tuple([s._replace(args=(places, *s.args)) if isinstance(s, Function) and s.places else s for s in steps])


def _of_layer(call: fx.Node, planned: Planned) -> fx.Node:
    """Note at a call which layer it belongs to."""
    call.meta[LAYER] = planned.node.index
    return call


def _kept(step: Kept, overwrite: bool) -> nn.Module:
    """Make what a layer keeps."""
    if isinstance(step, Factor):
        return LearnedFactor(step.shape, step.start)
    if isinstance(step, Fixed):
        return FixedTensor(FUNCTIONS[step.name], step.values, step.shape, **step.kwargs)
    if isinstance(step, Preset):
        made_of: nn.Module = getattr(nn, step.module.name)(*step.module.args, **step.module.kwargs)
        modules.preset(made_of, step.learned, **step.values)
        made_of.preset_values = step.values  # type: ignore[assignment]  # a setting, for `initialise`
        return made_of
    settings = {**step.kwargs, "inplace": True} if overwrite else step.kwargs
    if isinstance(step, OwnModule):
        own: nn.Module = getattr(modules, step.name)(*step.args, **settings)
        return own
    made: nn.Module = getattr(nn, step.name)(*step.args, **settings)
    return made


def _add_kept(
    graph: fx.Graph,
    planned: Planned,
    step: Module | OwnModule | Preset | Factor | Fixed,
    value: fx.Node,
    root: nn.Module,
) -> fx.Node:
    name = ".".join(filter(None, (planned.name, step.label)))
    first = root.get_submodule(".".join(filter(None, (planned.tied, step.label)))) if planned.tied else None
    made = first if first is not None and planned.same else _kept(step, planned.overwrite)
    if first is not None and made is not first:
        for role, parameter in first.named_parameters():
            setattr(made, role, parameter)
    _attach(root, name, made)
    call = graph.call_module(name, (value,))
    if not (isinstance(step, Module) and step.returns_places):
        return call
    _of_layer(call, planned)
    value, places = (graph.call_function(getitem, (call, place)) for place in (0, 1))
    value.meta[PLACES] = _of_layer(places, planned)
    return value


def _add_function(graph: fx.Graph, planned: Planned, step: Function, value: fx.Node, root: nn.Module) -> fx.Node:
    if step.name == "every":
        return graph.call_function(getitem, (value, (slice(None), slice(*step.args))))
    return graph.call_function(FUNCTIONS[step.name], (value, *step.args), dict(step.kwargs))


def _attach(root: nn.Module, name: str, module: nn.Module) -> None:
    """Put a module under a dotted name; blocks come into being in execution order, as parameters do."""
    *blocks, own = name.split(".")
    for block in blocks:
        if not hasattr(root, block):
            root.add_module(block, nn.Module())
        root = getattr(root, block)
    if hasattr(root, own):  # torch would put the second in the place of the first without a word
        raise SpecError("not-in-pytorch", f"two modules would be called `{name}`", hints=["give one another label"])
    root.add_module(own, module)


_ADDERS: Mapping[type, Any] = {
    Function: _add_function,
    **dict.fromkeys((Module, OwnModule, Preset, Factor, Fixed), _add_kept),
}
