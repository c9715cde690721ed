"""The model card of a run: what was measured and how it was made, in the form that Hugging Face reads."""

from __future__ import annotations

import json
import os
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cnncalc.commands.cli import run as cnncalc
from cnncalc.train.run.shown_paths import shown_path
from tests.train.runs import DIGITS, SPEC, resume, train
from tests.train.tasks.test_training import SMALL, write_data

yaml = pytest.importorskip("yaml")


def card(out: str = "run") -> str:
    return (Path(out) / "README.md").read_text()


def section(title: str, out: str = "run") -> str:
    return card(out).split(f"\n## {title}\n\n", 1)[1].split("\n## ", 1)[0]


def front_matter(out: str = "run") -> dict[str, object]:
    """Return the YAML in front of the card."""
    found: dict[str, object] = yaml.safe_load(card(out).split("---\n")[1])
    return found


@pytest.fixture
def run(folder: Path) -> Path:
    """A run of three epochs whose images were tested after each."""
    train(SPEC, "run")
    return folder / "run"


def test_the_end_of_training_writes_it(run: Path) -> None:
    """Sizes, data and recipe are those of the run's own files."""
    facts = json.loads((run / "run.json").read_text())
    assert card().splitlines()[0] == "---"
    assert "\n# run\n\nAn image classifier: `8x8x1` images to 10 classes, " in card()
    assert f"| training images | {facts['images']:,} |" in section("Data")
    assert facts["fingerprints"]["data"] in section("Data")
    assert SPEC.strip() in section("Network")
    assert "| epochs | 3 |" in section("Training")
    assert f"torch {facts['versions']['torch']}" in section("Training")
    assert facts["hardware"].startswith("cpu (")
    assert "cnncalc train spec.txt --recipe recipe.toml --data digits --limit 200 --out again" in section("Training")
    assert "was chosen on the test images, so its accuracy may be lower on new images." in section("Limits")


def test_only_what_was_measured_stands_in_it(run: Path) -> None:
    """Before a test the figures are those of the epochs, and programs find no result."""
    rows = (run / "metrics.csv").read_text().splitlines()
    accuracies = [float(row.split(",")[rows[0].split(",").index("accuracy")]) for row in rows[1:]]
    assert "It was trained for 3 of 3 epochs. During training, accuracy on the test images was highest" in card()
    assert f"{max(accuracies):.2%}, and {accuracies[-1]:.2%} after the last one." in section("Results")
    assert "model-index" not in front_matter()


def test_evaluate_adds_what_it_measured(run: Path) -> None:
    """Accuracy, data, weights and epoch stand in the table and in the front matter; a repetition adds nothing."""
    for _ in range(2):
        assert cnncalc(["evaluate", "run", "--device", "cpu"]) == 0
    index = front_matter()["model-index"]
    assert isinstance(index, list)
    (result,) = index[0]["results"]
    assert result["dataset"] == {"name": "the test images of digits", "type": "digits"}
    (accuracy,) = [metric for metric in result["metrics"] if metric["type"] == "accuracy"]
    assert f"| {accuracy['value']:.2%} |" in section("Results")
    assert "On the test images of digits, recall is lowest for " in section("Results")


def test_each_test_on_other_images_is_a_row(run: Path) -> None:
    assert cnncalc(["evaluate", "run", "--device", "cpu"]) == 0
    assert cnncalc(["evaluate", "run", "--device", "cpu", "--limit", "40", "--weights", "last", "--views", "6"]) == 0
    rows = [line for line in section("Results").splitlines() if line.startswith("| ")][2:]
    assert [row.split(" | ")[:2] for row in rows] == [
        ["| the test images of digits", "360"],
        ["| 40 of the 360 test images of digits", "40"],
    ]
    assert "last weights (epoch 3), 3 views of each image averaged" in rows[1]


def test_the_final_test_of_a_run_with_validation_images_is_a_result(folder: Path) -> None:
    ended = train(SPEC, "run", validation=0.2)
    assert ended.test_score is not None
    assert f"| the test images of digits | 360 | best weights (epoch {ended.best_epoch}) |" in section("Results")
    assert f" {ended.test_score:.2%} |" in section("Results")
    assert "was chosen on the validation images" in section("Limits")


def test_own_text_stays(run: Path) -> None:
    """What stands below the last line is kept when the card is written again."""
    path = run / "README.md"
    path.write_text(path.read_text() + "\n## Intended use\n\nA lesson.\n")
    assert cnncalc(["evaluate", "run", "--device", "cpu"]) == 0
    assert card().endswith("when the card is written again. -->\n\n## Intended use\n\nA lesson.\n")
    assert card().count("## Intended use") == 1


def test_a_run_that_goes_on_has_its_new_figures(folder: Path) -> None:
    train(SPEC, "run", epochs=1)
    path = folder / "run" / "recipe.toml"
    path.write_text(path.read_text().replace("epochs = 1\n", "epochs = 2\n"))
    assert "It was trained for 1 of 1 epoch." in card()
    resume("run")
    assert "It was trained for 2 of 2 epochs." in card()


def test_hugging_face_reads_it(run: Path) -> None:
    """Its own library finds the task, the data set and the accuracy."""
    hub = pytest.importorskip("huggingface_hub")
    assert cnncalc(["evaluate", "run", "--device", "cpu"]) == 0
    data = hub.ModelCard.load(run / "README.md").data
    assert (data.library_name, data.pipeline_tag) == ("cnncalc", "image-classification")
    found = {result.metric_type: result for result in data.eval_results}
    assert found["accuracy"].dataset_name == "the test images of digits"
    assert 0 <= found["accuracy"].metric_value <= 1


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever is root writes everywhere")
def test_a_folder_that_cannot_be_written_to_is_still_tested(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.chmod(0o500)
    try:
        assert cnncalc(["evaluate", "run", "--device", "cpu"]) == 0
    finally:
        run.chmod(0o700)
    assert capsys.readouterr().err.startswith("note: the model card stays as it was: cannot write `run/")


def test_names_of_classes_and_data_are_only_text(folder: Path) -> None:
    """Neither Markdown nor YAML is made of a name that looks like it."""
    names = np.array(["a: b", "# <b>|x|</b>", '"]', "한글", "- item", "`", "*", "[x](y)", "null", "---"])
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8), dtype=np.uint8)
    labels = np.arange(40) % 10
    np.savez("x: [y].npz", x_train=images, y_train=names[labels], x_test=images, y_test=names[labels])
    train(SPEC, "run", data=DIGITS._replace(data="x: [y].npz", limit=None), epochs=1)
    assert cnncalc(["evaluate", "run", "--device", "cpu"]) == 0
    index = front_matter()["model-index"]
    assert isinstance(index, list)
    assert index[0]["results"][0]["dataset"]["name"] == "the test images of x: [y].npz"
    assert "<b>" not in section("Use")


def test_folders_of_the_machine_do_not_stand_in_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card is uploaded as it is, and whose machine it was concerns nobody."""
    photos = tmp_path / "home" / "ann" / "photos"
    for place, shade in enumerate((0, 255)):
        for number in range(4):
            (photos / str(place)).mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), abs(shade - number)).save(photos / str(place) / f"{number}.png")
    spec = folder / "mine.txt"
    spec.write_text("input 8x8x1\nfc 2")
    options = [f"--data={photos}", "--out", str(folder / "run"), "--epochs", "1", "--batch", "2", "--device", "cpu"]
    typed = ["train", str(spec), *options, "--quiet"]
    monkeypatch.setattr("sys.argv", ["/opt/bin/cnncalc", *typed])
    assert cnncalc(typed) == 0
    assert str(tmp_path) not in card()
    assert "\ncnncalc train mine.txt --data=photos --out run --epochs 1 " in section("Training")
    assert "\ncnncalc train spec.txt --recipe recipe.toml --data photos --out again\n" in section("Training")


def test_a_spec_of_several_lines_can_be_copied_with_the_command(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A shell takes the command of the card as it stands there."""
    typed = ["train", "input 8x8x1\nfc 10", "--data", "digits", "--limit", "100", "--epochs", "1", "--out", "run"]
    monkeypatch.setattr("sys.argv", ["cnncalc", *typed])
    assert cnncalc([*typed, "--device", "cpu", "--quiet"]) == 0
    commands = section("Training").split("```sh\n")[1].split("\n```")[0]
    assert shlex.split(commands)[: len(typed) + 1] == ["cnncalc", *typed]


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("/home/ann/photos", "photos"),
        ("/home/ann/photos/", "photos"),
        ("--data=/home/ann/photos", "--data=photos"),
        ("~/photos", "photos"),
        ("../../ann/photos", "photos"),
        ("C:\\Users\\ann\\photos", "photos"),
        ("photos/small", "photos/small"),
        ("conv 3x3x4 - relu", "conv 3x3x4 - relu"),
        ("/", "/"),
    ],
)
def test_which_words_are_such_paths(word: str, shown: str) -> None:
    assert shown_path(word) == shown


def test_the_metrics_of_masks_have_the_names_that_hugging_face_knows(folder: Path) -> None:
    """The metric in front is also that of the result: ``mean_iou``, as the library `evaluate` calls it."""
    train(SMALL["masks"], "run", epochs=1, batch=8, data=write_data("masks", folder))
    assert cnncalc(["evaluate", "run", "--device", "cpu"]) == 0
    head = card().split("---")[1]
    assert re.findall(r"^metrics:\n- (\w+)$", head, re.MULTILINE) == ["mean_iou"]
    assert re.findall(r'- type: "(\w+)"', head) == ["mean_iou", "mean_dice", "accuracy", "loss"]
