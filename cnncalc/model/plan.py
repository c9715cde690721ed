"""What PyTorch is to do for a whole network, as data: what the builder calls and the exporter prints.

Most tensors are N x C x H x W. A fully connected layer makes N x C tensors, and layers that can work on
those do; in front of one that cannot, the vector is unflattened to N x C x 1 x 1. Nothing here imports
torch.
"""

from __future__ import annotations

import keyword
from typing import Any, NamedTuple

from cnncalc.analysis.overwriting import overwritable
from cnncalc.core.errors import Fault, SpecError
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.layers.steps import Function, Kept, Module, Step, Steps, returning_places
from cnncalc.network import Network, Node

_TAKEN = """
T_destination add_module add_submodule apply bfloat16 buffers call_super_init children code compile cpu cuda
delete_all_unused_submodules delete_submodule double dump_patches eval extra_repr float forward get_buffer
get_extra_state get_parameter get_submodule graph half ipu load_state_dict modules mtia named_buffers
named_children named_modules named_parameters parameters print_readable recompile register_backward_hook
register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
self set_extra_state set_submodule share_memory state_dict to to_empty to_folder torch train training type xpu
zero_grad
"""
TAKEN = frozenset(_TAKEN.split())
"""Attributes that a module of PyTorch has already, so that no layer can be called so.

They are listed, not asked for: a state_dict has the same keys under every version of PyTorch.
"""


_IN_SOURCE = frozenset({"nn", "i", "super", "range", "getattr", "float"})
"""What written Python uses in a forward, so that no input is called so."""


class Planned(NamedTuple):
    """One layer with what PyTorch does for it.

    Attributes:
        node: the layer.
        name: its attribute in the module, dotted where it lies in a block; what its tensors are called.
        prepare: for each of its inputs, what is done to it first.
        steps: what is then done to the input, or to the inputs of a merge together.
        overwrite: whether its module may write over its input.
        vector: whether its output is N x C.
        alike: a number that layers share for which PyTorch does the same, on the same volumes.
        tied: the name of the layer whose weights it has; "" where they are its own.
        same: whether it is that layer's module, rather than one with the same parameters and other settings.
    """

    node: Node
    name: str
    prepare: tuple[Steps, ...]
    steps: Steps
    overwrite: bool
    vector: bool
    alike: int
    tied: str = ""
    same: bool = False

    @property
    def returns_places(self) -> bool:
        """Whether it also returns where a max pool took its values, for another layer."""
        return any(isinstance(step, Module) and step.returns_places for step in self.steps)


class _Program(NamedTuple):
    """What PyTorch does for all layers of one operation whose inputs are vectors in the same places."""

    prepare: tuple[Steps, ...]
    steps: Steps
    vector: bool
    number: int


REFUSED = "its numbers are right nevertheless, but it cannot be trained or exported so"
"""What is to be said of a network that PyTorch refuses."""

MOST_DIMENSIONS = 3
"""PyTorch's windows have at most three spatial dimensions."""


def check_dimensions(network: Network) -> None:
    """Make sure that PyTorch has layers for a network, or raise `SpecError`."""
    dimensions = max([volume.dimensions for volume in network.inputs])
    if dimensions > MOST_DIMENSIONS:
        message = f"PyTorch has layers for {MOST_DIMENSIONS} spatial dimensions, not {dimensions}"
        raise SpecError("not-in-pytorch", message)


def plan(network: Network, *, inplace: bool = True) -> list[Planned]:
    """Return what PyTorch does for every layer, in execution order.

    Args:
        network: the layers.
        inplace: whether activations may write over their input where that is safe.

    Raises:
        SpecError: for a layer that PyTorch refuses on its volumes, and for one that makes two modules.

    """
    vectors = [False]
    free = overwritable(network) if inplace else frozenset()
    programs: dict[Any, _Program] = {}
    scopes = {"": ""}
    planned = []
    for node in network.layers:
        arriving = tuple([vectors[index] for index in node.inputs])
        key = node.operation, arriving, node.index in network.places_read
        program = programs.get(key)
        if program is None:
            program = programs[key] = _program(network, node, arriving, len(programs))
        vectors.append(node.layer.makes_vectors or (program.vector and not node.layer.makes_volumes))
        scope, _, own = node.name.rpartition(".")
        if scope not in scopes:
            scopes[scope] = "".join([attribute(part) + "." for part in scope.split(".")])
        name = scopes[scope] + attribute(own)
        overwrite = node.index in free
        planned.append(Planned(node, name, program.prepare, program.steps, overwrite, vectors[-1], program.number))
    for index, first in network.weights_of.items():
        planned[index - 1] = _tied(network, planned[index - 1], planned[first - 1])
    return planned


def placeholders(network: Network) -> dict[int, str]:
    """Return what a module's inputs are called in Python, by their indices: ``x``, or the names of several."""
    if not network.inputs_at:
        return {0: "x"}
    return dict(zip(network.inputs_at, map(argument, network.input_names), strict=True))


def argument(name: str) -> str:
    """Return what an input is called as an argument of a forward."""
    return attribute(name + "_" * (name in _IN_SOURCE))


def _tied(network: Network, layer: Planned, owner: Planned) -> Planned:
    """Return a layer with the weights of an earlier one."""
    same = _kept(layer.steps) == _kept(owner.steps)
    if not same and any(step.label for step in _kept(layer.steps)):
        message = f"`{layer.node.name}` has the weights of `{owner.node.name}` and other settings, in several modules"
        hints = ["give it weights of its own: leave `weights=` out"]
        raise SpecError("not-in-pytorch", message, span=layer.node.span, source=network.source, hints=hints)
    return layer._replace(tied=owner.name, same=same)


def _kept(steps: Steps) -> list[Kept]:
    """Return what is made once and kept."""
    return [step for step in steps if not isinstance(step, Function)]


def _program(network: Network, node: Node, arriving: tuple[bool, ...], number: int) -> _Program:
    """Return what PyTorch does for a layer, where ``arriving`` says which of its inputs are vectors."""
    vector = node.layer.takes_vectors and all(arriving)
    prepare = tuple(
        [
            (_unflatten(source),) if is_vector and not vector else ()
            for source, is_vector in zip(node.sources, arriving, strict=True)
        ]
    )
    return _Program(prepare, _layer_steps(network, node, vector), vector, number)


def _layer_steps(network: Network, node: Node, vector: bool) -> Steps:
    """Return what a layer says that PyTorch does for it, or raise what is wrong with it at its place in the spec."""
    try:
        steps = node.layer.torch_steps(node.sources, vector)
        steps = returning_places(steps) if node.index in network.places_read else steps
    except Fault as fault:
        message = f"`{node.name}`: {fault.message}"
        raise SpecError(fault.code, message, span=node.span, source=network.source, hints=fault.hints) from None
    labels = [step.label for step in _kept(steps)]
    if len(labels) > 1 and ("" in labels or len(set(labels)) < len(labels)):
        message = f"`{node.name}` makes {len(labels)} modules of one name, and the last would replace the others"
        hints = ["in a layer's `torch_steps`, give each module a `label` of its own"]
        raise SpecError("not-in-pytorch", message, span=node.span, source=network.source, hints=hints)
    return steps


def refused(network: Network, node: Node, error: Exception) -> SpecError:
    """Make the error for a layer that PyTorch does not make, or does not run, for the volume that it gets."""
    message = f"PyTorch refuses `{node.name}` on {node.sources[0]}: {shorten(str(error), 160)}"
    return SpecError("not-in-pytorch", message, span=node.span, source=network.source, hints=[REFUSED])


def _unflatten(volume: Volume) -> Step:
    return Function("unflatten", (1, (volume.channels, *volume.spatial)))


def attribute(part: str) -> str:
    """Return a name that Python and a module allow; different names stay different.

    A name that is taken gets an underscore behind it. One that starts with an underscore, which Python and
    modules keep for themselves, gets a capital letter in front, which no name of a spec has.
    """
    if part.startswith("_"):
        return "L" + part
    base = part.rstrip("_")
    if part in TAKEN or base in TAKEN or keyword.iskeyword(base):
        return part + ("__" if base + "_" in TAKEN else "_")
    return part
