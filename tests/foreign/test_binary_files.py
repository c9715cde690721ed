"""Files that hold a network with its weights."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest

import cnncalc as package
from tests.foreign.corpus import FILES

HINTS = (
    "\n  = of a Keras model, write model.to_json() to a file, or save it as .keras"
    "\n  = of a PyTorch model, import the module itself: cnncalc import your_module:Net --input 224x224x3"
)


def test_a_keras_file_holds_its_configuration(tmp_path: Path) -> None:
    """`model.save("net.keras")` writes a zip with the JSON of the model beside its weights."""
    with zipfile.ZipFile(tmp_path / "net.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", '{"keras_version": "3.4.1"}')
        archive.writestr("config.json", (FILES / "keras/vgg16.json").read_text())
        archive.writestr("model.weights.h5", b"\x89HDF\r\n\x1a\n")
    assert package.load(tmp_path / "net.keras").params == 138_357_544


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("net.pt", b"PK\x03\x04 cut off"),
        ("net.h5", b"\x89HDF\r\n\x1a\n" + bytes(100)),
        ("net.pth", pickle.dumps({"weight": [1.0]}, protocol=2)),
    ],
)
def test_a_file_of_weights_says_where_a_text_comes_from(tmp_path: Path, name: str, data: bytes) -> None:
    """It is never unpickled."""
    (tmp_path / name).write_bytes(data)
    with pytest.raises(package.SpecError) as caught:
        package.load(tmp_path / name)
    assert str(caught.value) == f"`{tmp_path / name}` holds weights, and no text of a network" + HINTS


def test_a_text_inside_that_is_too_long_is_refused(tmp_path: Path) -> None:
    """What is packed small may be large."""
    with zipfile.ZipFile(tmp_path / "net.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", " " * 17_000_000)
    with pytest.raises(package.SpecError) as caught:
        package.load(tmp_path / "net.keras")
    assert str(caught.value) == f"the config.json in `{tmp_path / 'net.keras'}` is too long"
