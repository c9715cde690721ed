"""Beginning with trained weights: what is taken, what is frozen, what learns at which rate."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

import cnncalc
from cnncalc.core.errors import SpecError
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.signals import Signals
from tests.train.runs import DIGITS, RANDOM, SPEC, Heard, resume, train, weights

Complaint = Callable[..., str]
FIVE = SPEC.replace("fc 10", "fc 11")
STILL = {"shift": 0, "flip": "none"}


def last(run: str) -> dict[str, torch.Tensor]:
    """Return the weights of a run's last epoch."""
    return load_file(Path(run, "last.safetensors"))


def moved(before: dict[str, torch.Tensor], after: dict[str, torch.Tensor]) -> set[str]:
    """Return the parts whose tensors differ; a batch norm's counter of batches is not looked at."""
    names = [name for name in before if not name.endswith("num_batches_tracked")]
    return {name.split(".")[0] for name in names if not before[name].equal(after[name])}


@pytest.fixture
def trained(folder: Path) -> Path:
    """A run on digits, in the folder ``first``."""
    train(SPEC, "first", epochs=1)
    return folder


# ---- weights


def test_a_run_begins_with_the_weights_of_another(trained: Path) -> None:
    """With a learning rate of 0 they stay what they were; what was learned from is normalised as it was."""
    heard = Heard()
    train(
        SPEC,
        "second",
        first="first",
        epochs=1,
        learning_rate=0,
        weight_decay=0,
        data=DIGITS._replace(limit=150),
        heard=heard,
    )
    best = load_file("first/best.safetensors")
    assert moved(best, last("second")) == {"bn1"}  # its running statistics
    assert RunFolder("second").facts().mean == RunFolder("first").facts().mean
    (begun,) = heard.all("begin")
    assert dict(begun.facts)["weights"] == "first/best.safetensors: 9 of 9 tensors by name"


def test_weights_come_from_files_of_others(trained: Path) -> None:
    module = cnncalc.build(cnncalc.load(SPEC), seed=5)
    torch.save({"model": module.state_dict()}, "others.pth")
    train(SPEC, "second", first="others.pth", epochs=1, learning_rate=0, weight_decay=0)
    assert moved(module.state_dict(), last("second")) == {"bn1"}


def test_a_head_of_other_classes_is_drawn(trained: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = cnncalc.build(cnncalc.load(FIVE), seed=5).state_dict()
    torch.save(given, "eleven.pt")
    heard = Heard()
    train(SPEC, "second", first="eleven.pt", epochs=1, learning_rate=0, weight_decay=0, heard=heard)
    drawn = cnncalc.build(cnncalc.load(SPEC), seed=load_recipe("default").seed).state_dict()
    found = last("second")
    assert all(found[name].equal(given[name]) for name in ("conv1.weight", "conv2.weight", "conv2.bias"))
    assert found["fc1.weight"].equal(drawn["fc1.weight"])
    (begun,) = heard.all("begin")
    assert dict(begun.facts)["weights"] == (
        "eleven.pt: 7 of 9 tensors by name; new: fc1.weight (10x6; the file has 11x6), fc1.bias (10; the file has 11); "
        "not used: fc1.weight, fc1.bias"
    )


def test_weights_of_another_network_start_nothing(trained: Path, complaint: Complaint) -> None:
    torch.save({"a": torch.ones(3)}, "a.pt")
    assert complaint(train, SPEC, "second", first="a.pt").startswith("error[other-weights]: ")
    assert not Path("second").exists()


# ---- frozen parts


def test_what_is_frozen_does_not_change(trained: Path) -> None:
    """Neither parameters nor running statistics, under weight decay and momentum; the last layer learns."""
    train(SPEC, "second", first="first", epochs=2, freeze="body", **STILL)
    assert moved(load_file("first/best.safetensors"), last("second")) == {"fc1"}


@pytest.mark.parametrize("frozen", ["conv1", "conv*, bn1", "conv2.bias"])
def test_parts_are_named_by_patterns(trained: Path, frozen: str) -> None:
    train(SPEC, "second", first="first", epochs=1, freeze=frozen, **STILL)
    parts = {"conv1": {"bn1", "conv2", "fc1"}, "conv*, bn1": {"fc1"}, "conv2.bias": {"conv1", "bn1", "conv2", "fc1"}}
    before, after = load_file("first/best.safetensors"), last("second")
    assert moved(before, after) == parts[frozen]
    assert before["conv2.bias"].equal(after["conv2.bias"]) == (frozen != "conv1")


def test_frozen_parts_learn_later(trained: Path) -> None:
    """Frozen for all epochs but one, they are after the last but one what they were."""
    train(SPEC, "short", first="first", epochs=2, freeze="body", **STILL, schedule="constant")
    train(SPEC, "long", first="first", epochs=3, freeze="body", unfreeze=2, **STILL, schedule="constant")
    assert moved(load_file("first/best.safetensors"), last("short")) == {"fc1"}
    assert moved(last("short"), last("long")) == {"conv1", "bn1", "conv2", "fc1"}


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["adamw", "muon", "sgd"])
def test_a_run_with_frozen_parts_that_was_broken_off_goes_on_to_the_bit(
    trained: Path, looking: None, optimizer: str
) -> None:
    """Broken off while they are frozen, and at the step from which they are trained."""
    settings = {
        **RANDOM, "optimizer": optimizer, "learning_rate": 0.01,
        "freeze": "body", "unfreeze": 1, "learning_rate_of": "head=3x,conv1=0.5x",
    }  # fmt: skip
    train(SPEC, "whole", first="first", **settings)
    for epoch in (1, 2):
        signals = Signals()
        heard = Heard(epoch=lambda row, at=epoch, ask=signals: ask.receive(15, None) if row.epoch == at else None)
        train(SPEC, f"broken{epoch}", first="first", signals=signals, heard=heard, **settings)
        resume(f"broken{epoch}")
        assert weights(f"broken{epoch}") == weights("whole")


# ---- rates


def test_parts_learn_at_rates_of_their_own(folder: Path) -> None:
    """A step of plain SGD is the gradient times the rate: twenty times as large for twenty times the rate."""
    plain = {
        "optimizer": "sgd",
        "momentum": 0,
        "nesterov": False,
        "weight_decay": 0,
        "schedule": "constant",
        "epochs": 1,
    }
    settings = {**plain, "learning_rate": 0.01, "batch": 200, "label_smoothing": 0, **STILL}
    spec = "input 8x8x1\nconv 3x3x4 - relu\ngap - fc 10"
    start = cnncalc.build(cnncalc.load(spec), seed=0).state_dict()
    train(spec, "even", **settings)
    train(spec, "odd", **settings, learning_rate_of="head=20x, conv1=0.5x")
    for name, factor in (("fc1.weight", 20), ("fc1.bias", 20), ("conv1.weight", 0.5)):
        step, other = last("even")[name] - start[name], last("odd")[name] - start[name]
        assert torch.allclose(other, factor * step, rtol=1e-3, atol=2e-6)


# ---- what is refused


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        (
            {"freeze": "conv3"},
            "error[bad-recipe]: freeze: no part is called `conv3`\n"
            "  = did you mean `conv2`?\n"
            "  = its parts are conv1, bn1, conv2, fc1",
        ),
        (
            {"learning_rate_of": "tail=2x"},
            "error[bad-recipe]: learning-rate-of: no part is called `tail`\n  = its parts are conv1, bn1, conv2, fc1",
        ),
        (
            {"freeze": "*"},
            "error[bad-recipe]: `freeze = *` leaves nothing to train\n"
            "  = `body` freezes all but the last layer with weights",
        ),
        (
            {"freeze": "conv*", "learning_rate_of": "conv1=10x"},
            "error[bad-recipe]: `learning-rate-of = conv1=10x` names only parts that are frozen\n"
            "  = leave it out, or say after how many epochs: --unfreeze N",
        ),
    ],
)
def test_parts_that_there_are_not(folder: Path, complaint: Complaint, settings: dict[str, str], text: str) -> None:
    assert complaint(train, SPEC, "run", **settings) == text
    assert not Path("run").exists()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"freeze": "a b"}, "freeze is names of parts, such as conv1,stage* or body, not 'a b'"),
        ({"learning_rate_of": "head"}, "learning-rate-of is parts and factors, such as head=10x, not 'head'"),
        ({"learning_rate_of": 3}, "learning-rate-of is parts and factors, such as head=10x, not 3"),
    ],
)
def test_settings_that_name_no_parts(settings: dict[str, object], message: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_recipe("default", settings)
    assert caught.value.message == message
