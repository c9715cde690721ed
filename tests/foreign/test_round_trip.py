"""What `cnncalc export` writes for other tools is read back as the same network."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc as package
from tests.commands.conftest import Cnncalc
from tests.commands.conftest import cnncalc as cnncalc  # the fixture

SAID = [
    ("lenet5", "cfg json _keras.py"),
    ("squeezenet1_1", "cfg json _keras.py"),
    ("resnet18", "cfg json _keras.py"),
    ("mobilenet_v2", "cfg json _keras.py"),
    ("googlenet", "cfg json _keras.py"),
    ("densenet121", "json _keras.py"),
]
"""Networks of the zoo, and the formats that have words for them."""


@pytest.mark.slow
@pytest.mark.parametrize(("name", "ending"), [(name, ending) for name, said in SAID for ending in said.split()])
def test_an_export_is_read_back(name: str, ending: str, cnncalc: Cnncalc, tmp_path: Path) -> None:
    """Volumes, parameters and multiplications are those of the network that was written."""
    file = tmp_path / (f"net{ending}" if ending.startswith("_") else f"net.{ending}")
    assert cnncalc("export", name, "-o", str(file)).status == 0
    written, read = package.load(name), package.load(file)
    assert (read.params, read.macs, read.output) == (written.params, written.macs, written.output)
    weighty = [[node.output for node in network if node.params] for network in (written, read)]
    assert sorted(weighty[0]) == sorted(weighty[1])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lenet5", "mobilenet_v2"])
def test_an_onnx_file_is_read_back(name: str, cnncalc: Cnncalc, tmp_path: Path) -> None:
    """The exporter folds batch norms and leaves out biases that are 0; the multiplications stay."""
    file = tmp_path / "net.onnx"
    assert cnncalc("export", name, "--seed", "0", "-o", str(file)).status == 0
    written, read = package.load(name), package.load(file)
    assert (read.macs, read.output) == (written.macs, written.output)
    assert read.weights <= written.weights
