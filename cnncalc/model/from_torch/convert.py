"""The way back: a PyTorch module as the text of a spec."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

import torch
from torch import nn

from cnncalc.core.errors import SpecError
from cnncalc.layers import class_of
from cnncalc.layers.window import Windowed
from cnncalc.layers.written import Words
from cnncalc.loading import load
from cnncalc.model.from_torch.computed import evaluated
from cnncalc.model.from_torch.emitter import layer_of
from cnncalc.model.from_torch.fold import folded, size
from cnncalc.model.from_torch.given import GivenInput, ModuleInput, given_inputs
from cnncalc.model.from_torch.hard_curves import with_hard_curves
from cnncalc.model.from_torch.learning import computing_hook
from cnncalc.model.from_torch.nest import with_input_again
from cnncalc.model.from_torch.operations import Learned, ReadLayer, Readout
from cnncalc.model.from_torch.proof import check_outputs
from cnncalc.model.from_torch.readers import Readers
from cnncalc.model.from_torch.readings import read
from cnncalc.model.from_torch.render import laid_out
from cnncalc.model.from_torch.sharing import check_shared, counted, name_shared
from cnncalc.model.from_torch.simplify import simplified
from cnncalc.model.from_torch.streams import in_order, nestings
from cnncalc.model.from_torch.text_parts import Folded
from cnncalc.model.from_torch.trace import Traced, trace
from cnncalc.model.from_torch.traced_modules import has_numbers, inner, module_path
from cnncalc.model.from_torch.units import united
from cnncalc.model.plan import plan
from cnncalc.network import Network


class Imported(NamedTuple):
    """What a module was imported as.

    Attributes:
        text: the spec.
        network: the same, loaded.
        unused: parameters of the module that its output does not depend on, by their paths.
        notes: what the text does not say of the module, such as frozen weights; each is a clause.
        tensors: for every tensor of the built network, the path of the module's tensor that it stands for.
        computed: for tensors that the module computes from others, what returns their present values.
        proved: whether both have computed the same.
    """

    text: str
    network: Network
    unused: tuple[str, ...]
    notes: tuple[str, ...]
    tensors: Mapping[str, str]
    computed: Mapping[str, Callable[[], torch.Tensor]]
    proved: bool


def import_module(module: nn.Module, input: ModuleInput, *, heading: str = "", prove: bool = True) -> Imported:
    """Write a spec for what a module does when it is tested, and prove it.

    Args:
        module: traced with torch.fx in eval mode, and handed back as it was. Its weights play no part.
        input: the volume of one image, ``"224x224x3"`` or ``(224, 224, 3)``, or a tensor of images; of several inputs a
            list of these in the order of the module's forward, or a mapping from its arguments.
        heading: comment lines to begin with.
        prove: whether the text, built, must compute what the module computes on random weights and images. A
            module without numbers (on the meta device) computes nothing, and is not proved.

    Raises:
        SpecError: where the module cannot be traced, does what the language has no word for, or would not be
            the same network as the text.
    """
    module = inner(module)
    readers = Readers()
    traced, given = _traced(module, given_inputs(module, input), readers)
    readout = with_hard_curves(simplified(read(traced, module, given, readers)))
    readout = with_input_again(readout)._replace(rounding="" if _fits(readout) else "floor")
    spec, network, order = _written(readout, heading)
    proved = prove and has_numbers(module)
    if proved:
        check_outputs(module, network, order, readout, traced)
    used = _used(network, order)
    hooked = {name: hook for name, tensor in used.items() if (hook := computing_hook(traced.root, tensor.path))}
    plain = {name: module_path(t.path) for name, t in used.items() if not t.steps and name not in hooked}
    computed = {name: partial(_value, tensor, traced) for name, tensor in used.items() if tensor.steps} | hooked
    return Imported(spec, network, readout.unused, readout.notes, plain, computed, proved)


def _traced(
    module: nn.Module, given: tuple[GivenInput, ...], readers: Readers
) -> tuple[Traced, tuple[GivenInput, ...]]:
    """Trace a module, and say on what: a volume of one position may be N x C x 1 x 1 or, for linear layers, N x C."""
    try:
        return trace(module, given, readers.knows), given
    except SpecError as error:
        vectors = tuple([each.as_vector for each in given])
        if error.code != "cannot-trace" or vectors == given:
            raise
        try:
            return trace(module, vectors, readers.knows), vectors
        except SpecError as other:
            raise error if other.code == "cannot-trace" else other from None


def _used(network: Network, order: list[ReadLayer]) -> dict[str, Learned]:
    """Return which tensor of the module each of the built network stands for."""
    return {
        f"{planned.name}.{tensor.role}": tensor
        for planned, operation in zip(plan(network), order, strict=True)
        for tensor in operation.tensors
    }


def _value(tensor: Learned, traced: Traced) -> torch.Tensor:
    with torch.no_grad():
        return evaluated(tensor.steps, traced.tensors, traced.root)  # type: ignore[no-any-return]  # a tensor


def _written(readout: Readout, heading: str) -> tuple[str, Network, list[ReadLayer]]:
    """Write the shortest text, or one without blocks where a block does not stand for all its modules."""
    texts = []
    check_shared(readout.operations)
    for executed, parts in nestings(readout):
        name_shared(list(in_order(parts)))
        order = [part.operation for part in in_order(parts)]
        texts += [(text, order) for text in folded(united(parts), executed)]
    texts.sort(key=lambda text: (not text[0].blocks, size(text[0])))
    for text, order in texts[:-1]:
        with contextlib.suppress(SpecError):
            return *_loaded(text, readout, order, heading), order
    text, order = texts[-1]
    return *_loaded(text, readout, order, heading), order


def _loaded(text: Folded, readout: Readout, order: list[ReadLayer], heading: str) -> tuple[str, Network]:
    """Return a text as a spec and as the network that it loads, which is the module's, or raise `SpecError`."""
    spec = laid_out(text, readout.given, heading, readout.rounding, len(readout.outputs))
    network = load(spec)
    _check(network, order, readout)
    return spec, network


def _fits(readout: Readout) -> bool:
    """Say whether every window fits a whole number of times, so that nothing has to be rounded."""
    windows = {
        (Words(operation.word, operation.tokens), readout.volume(operation.inputs[0]))
        for operation in readout.operations
        if issubclass(class_of(operation.word), Windowed)
    }
    return all(layer_of(words, source, "strict") for words, source in windows)


def _check(network: Network, operations: list[ReadLayer], readout: Readout) -> None:
    """Make sure that the text is the module: every volume, and the parameters of every layer."""
    made = [(node.output, node.params) for node in network.layers]
    read_ = list(zip([operation.output for operation in operations], counted(operations), strict=True))
    if made == read_ and list(network.outputs) == [readout.volume(index) for index in readout.ends]:
        return
    place = next((place for place, pair in enumerate(zip(made, read_, strict=False)) if pair[0] != pair[1]), -1)
    where = operations[place].path if operations else ""
    raise SpecError(
        "import-differs",
        f"the text would be another network than the module from `{where}` on, so nothing is written",
        hints=["please report it with the module"],
    )
