"""Networks as students write them (`tests.model.students`): each is read, and what is read computes the same."""

from __future__ import annotations

import pytest

import cnncalc
from cnncalc.model.from_torch import import_module
from tests.model.habits import compare
from tests.model.students import NETWORKS


@pytest.mark.parametrize("name", [name for name in NETWORKS if name != "ReturnsDict"])
def test_it_is_read_as_it_computes(name: str) -> None:
    kind, volume = NETWORKS[name]
    assert compare(kind(), volume)


def test_a_dictionary_of_outputs_has_their_names() -> None:
    """The import compares every output with the module's own."""
    kind, volume = NETWORKS["ReturnsDict"]
    imported = import_module(kind(), volume)
    assert imported.proved
    assert [str(output) for output in cnncalc.load(imported.text).outputs] == ["30x30x4", "30x30x6"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("EinsumMean", "conv 3x3x8 p1 - relu - gap - times 1024 - times 0.0009765625 - fc 10"),
        ("EinsumLinear", "conv 3x3x8 p1 - conv 1x1x6 nobias - relu - gmp - fc 10 nobias"),
        (
            "UpsamplesToSkip",
            "conv 3x3x8 p1 - relu - add( | conv 3x3x8 s2 p1 - relu - upsample x2 bilinear ) - conv 1x1x2",
        ),
        ("StochasticDepth", "add( conv 3x3x3 p1 - times 0.8 | ) - relu"),
        (
            "OptionA",
            "add( conv 3x3x8 s2 p1 nobias - bn | maxpool 1x1 s2 - padchannels 2:3 ) - relu - avgpool 16x16 s16 - fc 10",
        ),
    ],
)
def test_what_it_is_read_as(name: str, text: str) -> None:
    kind, volume = NETWORKS[name]
    assert compare(kind(), volume) == text
