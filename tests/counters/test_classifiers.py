"""The counters of fvcore, thop, ptflops and torchinfo on every convolutional classifier of torchvision.

What the tools themselves count is in two tables, which ``benchmarks/counters.py`` prints with the versions.
Torchvision's other classifiers are transformers, for which the language has no words.
"""

from __future__ import annotations

from collections import Counter

import pytest

import cnncalc
from cnncalc.counters.count import ForeignCount, count_like
from cnncalc.counters.registry import COUNTERS
from cnncalc.counters.torchvision import code_habits, habits_of
from tests.counters.tables import table

TOTALS = table("classifiers.csv")
LAYERS = table("layers.csv")


def load(row: dict[str, str]) -> cnncalc.Network:
    """Load the network of a row from the zoo, for the images that were counted."""
    return cnncalc.load(row["name"], input=(int(row["size"]), int(row["size"]), 3))


def test_there_are_all_68() -> None:
    """Each is counted as torchvision wrote it, and as the Python that is exported."""
    names = Counter(row["name"] for row in TOTALS)
    assert len(names) == 68
    assert set(names.values()) == {2}


@pytest.mark.parametrize("row", TOTALS, ids=lambda row: f"{row['name']}-{row['code']}")
def test_totals_and_parameters_are_those_of_the_tools(row: dict[str, str]) -> None:
    """Every total and every number of parameters is the tool's."""
    network = load(row)
    habits = habits_of(network) if row["code"] == "torchvision" else ()
    for name, counter in COUNTERS.items():
        found = count_like(network, counter, habits)
        params = row[f"{name}_params"]  # fvcore's counter has none
        assert (name, found.total, found.params if params else "") == (name, int(row[name]), int(params or 0) or "")


@pytest.mark.parametrize("row", LAYERS, ids=lambda row: f"{row['name']}-{row['counter']}")
def test_the_number_of_every_module_is_that_of_a_layer(row: dict[str, str]) -> None:
    """Every single number that a tool has for a module of torchvision's is that of a layer, and no other is there."""
    network = load(row)
    found = count_like(network, COUNTERS[row["counter"]], habits_of(network))
    expected = Counter[int]()
    for text in row["layers"].split():
        number, _, times = text.partition("*")
        expected[int(number)] += int(times or 1)
    assert numbers(found) == expected


def numbers(found: ForeignCount) -> Counter[int]:
    """Return the numbers of the layers; of ptflops those with parameters, as its table has them."""
    every = found.counter.name != "ptflops"
    return Counter(layer.number for layer in found.layers if layer.number and (every or layer.params))


@pytest.mark.parametrize("name", ["densenet_bc_100_12", "googlenet_paper", "resnet50", "vgg16"])
def test_networks_that_torchvision_writes_as_exported(name: str) -> None:
    """There is nothing to say of them, nor of networks that torchvision has not."""
    assert code_habits(name) == ()


def test_a_spec_of_the_same_name_is_not_torchvision_s() -> None:
    """What torchvision's code is like is known of the zoo's own text alone."""
    own = cnncalc.load("densenet121")
    other = cnncalc.load(own.source.text + "\n")
    assert habits_of(own)
    assert habits_of(other) == ()
