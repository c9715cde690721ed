"""Every file of the corpus is read by every way in, and has the numbers that are published."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc as package
from cnncalc.foreign import FORMATS, format_of, read_foreign
from cnncalc.foreign.model_names import ModelName
from cnncalc.loading import read_source
from tests.foreign.corpus import FILES, KNOWN, Known


@pytest.mark.parametrize("known", KNOWN, ids=[known.file for known in KNOWN])
def test_a_file_has_the_published_numbers(known: Known) -> None:
    """The oracle is what the format's own tool or the publication states."""
    network = package.load(FILES / known.file, input=known.input)
    assert (network.params, network.outputs_text) == (known.params, known.output)


@pytest.mark.parametrize("known", KNOWN, ids=[known.file for known in KNOWN])
def test_the_written_spec_is_the_same_network(known: Known, tmp_path: Path) -> None:
    """What `cnncalc import` writes is a spec: it is read without any format, to the same volumes and counts."""
    translation = read_foreign(read_source(FILES / known.file))
    assert translation is not None
    (tmp_path / "net.txt").write_text(translation.spec.text)
    spec, file = (package.load(path, input=known.input) for path in (tmp_path / "net.txt", FILES / known.file))
    assert not any(note.code == "read-as" for note in spec.notes)
    assert any(note.code == "read-as" for note in file.notes)
    assert [(node.name, node.written, node.output, node.params) for node in spec] == [
        (node.name, node.written, node.output, node.params) for node in file
    ]


def test_every_file_is_known() -> None:
    """No file of the folder stands beside the table."""
    found = {str(path.relative_to(FILES)) for path in FILES.rglob("*.*")}
    assert found == {known.file for known in KNOWN}


def test_every_format_has_three_files() -> None:
    found = [format_of(read_source(FILES / known.file)) for known in KNOWN]
    assert {
        each.what: found.count(each) for each in FORMATS if found.count(each) < 3 and type(each) is not ModelName
    } == {}


@pytest.mark.parametrize(
    ("file", "input", "billions"),
    [
        ("darknet/yolov3.cfg", None, 65.86),
        ("darknet/yolov3-tiny.cfg", None, 5.56),
        ("ultralytics/yolov5s.yaml", "640x640x3", 16.4),
        ("ultralytics/yolov8n.yaml", "640x640x3", 8.7),
    ],
)
def test_a_detector_has_the_published_operations(file: str, input: str | None, billions: float) -> None:
    """Publications of YOLO count a multiplication and an addition as two: "BFLOPs"."""
    network = package.load(FILES / file, input=input)
    assert 2 * network.macs / 1e9 == pytest.approx(billions, abs=0.05)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("darknet/darknet53.cfg", "darknet53"),
        ("darknet/yolov2.cfg", "yolov2"),
        ("darknet/yolov3.cfg", "yolov3"),
        ("keras/vgg16.json", "vgg16"),
        ("keras/xception.json", "xception"),
    ],
)
def test_a_file_is_the_network_of_the_zoo(file: str, name: str) -> None:
    """The zoo's specs are written from the papers: all layers with weights make the same volumes."""
    networks = package.load(FILES / file), package.load(name)
    found, expected = [sorted([(node.output, node.params) for node in each if node.params]) for each in networks]
    assert found == expected
