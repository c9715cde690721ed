"""How the counters of other tools count: by hand, from the rules in their sources, and against the tools themselves."""

from __future__ import annotations

from importlib.util import find_spec
from random import Random

import pytest
import torch

import cnncalc
from cnncalc.commands.foreign_count import COUNTER_NAMES
from cnncalc.counters.count import count_like
from cnncalc.counters.registry import COUNTERS
from cnncalc.layers.steps import Module
from cnncalc.model.python import python_source
from tests.counters.tables import EXAMPLES, behind_a_convolution, table
from tests.oracle import foreign_counters
from tests.oracle.random_specs import spec as random_spec

TABLE = table("examples.csv")
INSTALLED = [name for name in COUNTERS if find_spec(name)]
every_tool = pytest.mark.parametrize("tool", INSTALLED)


def counted(tool: str, text: str, volume: str) -> int:
    """Count a text as a tool does."""
    return count_like(cnncalc.load(text + "\n", input=volume), COUNTERS[tool]).total


def test_the_option_names_all_of_them() -> None:
    """The names on the command line stand apart, so that no rules are loaded for them."""
    assert tuple(COUNTERS) == COUNTER_NAMES


# ---- by hand: 8x8 positions, 27 weights and 1 bias in each of 16 filters, so 1,024 values


def test_a_convolution() -> None:
    """Two count multiplications, and two add a bias for each value."""
    layer = "conv 3x3x16 p1", "8x8x3"
    assert counted("fvcore", *layer) == counted("thop", *layer) == 8 * 8 * 16 * 27
    assert counted("ptflops", *layer) == counted("torchinfo", *layer) == 8 * 8 * 16 * (27 + 1)


def test_a_batch_norm() -> None:
    """2 for each value, 4, 2, and its 2·16 parameters once."""
    each = {tool: counted(tool, "bn", "8x8x16") for tool in COUNTERS}
    assert each == {"fvcore": 2 * 1024, "thop": 4 * 1024, "ptflops": 2 * 1024, "torchinfo": 32}


def test_only_ptflops_counts_a_relu() -> None:
    """Only ptflops counts it, as a module and as the function that the module calls."""
    assert {tool: counted(tool, "relu", "8x8x16") for tool in COUNTERS} == {
        "fvcore": 0,
        "thop": 0,
        "ptflops": 2 * 1024,
        "torchinfo": 0,
    }


def test_a_global_average_pool() -> None:
    """Of each channel 64 values are added, and one is divided."""
    assert {tool: counted(tool, "gap", "8x8x16") for tool in COUNTERS} == {
        "fvcore": 1024,
        "thop": 16 * (64 + 1),
        "ptflops": 2 * 1024,
        "torchinfo": 0,
    }


def test_a_transposed_convolution() -> None:
    """thop multiplies what is made, 16x16 positions, where only every fourth of the products is there."""
    layer = "deconv 2x2x8 s2 nobias", "8x8x16"
    assert counted("fvcore", *layer) == counted("ptflops", *layer) == 8 * 8 * 16 * 8 * 4
    assert counted("thop", *layer) == 4 * counted("fvcore", *layer)


def test_a_group_norm() -> None:
    """thop has no rule for it, and does not see its parameters either."""
    found = count_like(cnncalc.load("gn 4\n", input="8x8x16"), COUNTERS["thop"])
    assert (found.total, found.params, found.network.params) == (0, 0, 32)


def test_weights_that_two_layers_share() -> None:
    """The operations are counted twice and the parameters once."""
    network = cnncalc.load("conv 1x1x4 weights=w - conv 1x1x4 weights=w\n", input="2x2x4")
    found = [count_like(network, counter) for counter in COUNTERS.values()]
    assert [each.params for each in found] == [20] * 4
    assert [each.total for each in found] == [2 * 64, 2 * 64, 2 * 80, 2 * 80]


def test_layers_that_no_output_depends_on() -> None:
    """A trace has only what the output is made of, and a hook is called all the same."""
    network = cnncalc.load("a: conv 1x1x4 nobias - conv 1x1x4 nobias - @a\n", input="2x2x4")
    found = {name: count_like(network, counter).total for name, counter in COUNTERS.items()}
    assert found == {"fvcore": 64, "thop": 128, "ptflops": 128, "torchinfo": 128}


STEPS = {
    "bn": (Module("SyncBatchNorm", (8,)), "SyncBatchNorm"),  # of its parameters nothing is known
    "maxpool 2x2": (Module("FractionalMaxPool2d", (2,), {"output_size": (4, 4)}), "FractionalMaxPool2d"),
}


@pytest.mark.parametrize("word", STEPS)
def test_a_layer_whose_steps_have_no_rule_is_refused(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """As of another package: its parameters or its size would be wrong, and so all numbers behind it."""
    step, name = STEPS[word]
    network = cnncalc.load(f"{word}\n", input="8x8x8")
    kind = network.layers[0].layer.kind
    monkeypatch.setattr(type(network.layers[0].layer), "torch_steps", lambda *_: (step,))
    with pytest.raises(cnncalc.SpecError) as caught:
        count_like(network, COUNTERS["thop"])
    assert caught.value.code == "no-count"
    assert (
        caught.value.message
        == f"it is not known what other tools count of `{kind}`, which PyTorch computes with {name}"
    )
    assert caught.value.hints == ("leave the layer out; its own parameters and MACs are known: leave out --count",)


# ---- against the tools: what they counted of every layer, which `benchmarks/counters.py --examples` wrote


def test_every_layer_is_in_the_table() -> None:
    """With all numbers; but fvcore has none where PyTorch cannot trace a max pool that is taken back."""
    assert sorted(row["example"] for row in TABLE) == sorted(EXAMPLES), "run benchmarks/counters.py --examples"
    missing = {(name, "unpool" in row["example"]) for row in TABLE for name in COUNTERS if not row[name]}
    assert missing == {("fvcore", True)}


@pytest.mark.parametrize("row", TABLE, ids=lambda row: row["example"])
def test_every_layer(row: dict[str, str]) -> None:
    """Alone behind a convolution, which makes it a network with a parameter."""
    network = behind_a_convolution(row["example"])
    for name, counter in COUNTERS.items():
        found, params = count_like(network, counter), row[f"{name}_params"]
        if row[name]:
            assert (name, found.total) == (name, int(row[name]))
        if params:
            assert (name, found.params) == (name, int(params))


# ---- against the tools, where they are installed


@every_tool
@pytest.mark.parametrize("seed", range(20))
def test_random_networks_have_the_numbers_of_the_tools(tool: str, seed: int) -> None:
    """Networks nobody designed."""
    network = random_spec(Random(seed)).load()
    agree(tool, network)


def agree(tool: str, network: cnncalc.Network) -> None:
    """Compare with what a tool counts of the Python that is written of a network."""
    module = foreign_counters.written_module(python_source(network))
    with torch.no_grad():
        images = torch.rand(1, network.input.channels, *network.input.spatial)
        theirs = foreign_counters.COUNTERS[tool](module, images)
    ours = count_like(network, COUNTERS[tool])
    assert ours.total == theirs.count
    assert theirs.params in (None, ours.params)
