"""The proof would notice: whichever number of whichever layer is wrong, on either side, `verify` says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import fx, nn

import cnncalc
from cnncalc import Network
from cnncalc.core.volume import Volume
from cnncalc.layers import words
from cnncalc.model import verify as proof
from cnncalc.model.build import LAYER, build
from tests.layers.helpers import example, first_examples

EXAMPLES = first_examples()

Change = Callable[[Network], None]


def wrong(network: Network) -> set[tuple[str, str]]:
    """Return the layers and quantities that do not agree."""
    return {(check.subject, check.quantity) for check in proof.verify(network) if not check.holds}


def wider(network: Network) -> None:
    operation = network.layers[-1].operation
    operation.output = Volume((*operation.output[:-1], operation.output[-1] + 1))


def heavier(network: Network) -> None:
    network.layers[-1].operation.weights += 1


def biased(network: Network) -> None:
    network.layers[-1].operation.biases += 1


def slower(network: Network) -> None:
    network.layers[-1].operation.macs += 1


@pytest.mark.parametrize("word", words())
@pytest.mark.parametrize(
    ("change", "quantity"), [(wider, "output"), (heavier, "parameters"), (biased, "parameters"), (slower, "MACs")]
)
def test_a_wrong_calculation_is_found(word: str, change: Change, quantity: str) -> None:
    """In every kind of layer, and in the total that it adds to; nothing else is called wrong."""
    network = example(EXAMPLES[word])
    change(network)
    assert wrong(network) == {(network.layers[-1].name, quantity), ("total", quantity)}


def one_more_row(module: fx.GraphModule, end: fx.Node, name: str) -> fx.Node:
    return module.graph.call_function(nn.functional.pad, (end, (0, 1)))


def one_more_product(module: fx.GraphModule, end: fx.Node, name: str) -> fx.Node:
    def multiply(value: torch.Tensor) -> torch.Tensor:
        return value + (torch.ones(2, 3, device="meta") @ torch.ones(3, 4, device="meta")).sum()

    return module.graph.call_function(multiply, (end,))


def one_more_parameter(module: fx.GraphModule, end: fx.Node, name: str) -> fx.Node:
    if not hasattr(module, name):
        module.add_module(name, nn.Module())
    module.get_submodule(name).register_parameter("more", nn.Parameter(torch.empty(1, device="meta")))
    return end


@pytest.mark.slow
@pytest.mark.parametrize("word", words())
@pytest.mark.parametrize(
    ("change", "quantity"),
    [(one_more_row, "output"), (one_more_parameter, "parameters"), (one_more_product, "MACs")],
)
def test_a_wrong_module_is_found(
    word: str, change: Callable[..., fx.Node], quantity: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PyTorch does is not taken from the calculation: a module that does more is found out."""
    network = example(EXAMPLES[word])
    layer = network.layers[-1]

    def changed(*arguments: Any, **settings: Any) -> fx.GraphModule:
        module = build(*arguments, **settings)
        end = next(node for node in module.graph.nodes if node.op == "output")
        with module.graph.inserting_before(end):
            more = change(module, end.args[0], layer.name)
        more.meta[LAYER] = layer.index
        end.args = (more,)
        module.recompile()
        return module

    monkeypatch.setattr(proof, "build", changed)
    assert wrong(network) == {(layer.name, quantity), ("total", quantity)}


@pytest.mark.parametrize(
    ("quantity", "name", "value"),
    [("output", "outputs", (Volume((6, 6, 5)),)), ("parameters", "params", 1), ("MACs", "macs", 1)],
)
def test_a_wrong_total_is_found(quantity: str, name: str, value: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where every layer is right."""
    network = cnncalc.load("relu", input="6x6x4")
    monkeypatch.setattr(Network, name, value)
    assert wrong(network) == {("total", quantity)}


def test_a_network_that_passes_its_input_on_agrees() -> None:
    assert wrong(cnncalc.load("input 6x6x4\nrelu*0")) == set()
