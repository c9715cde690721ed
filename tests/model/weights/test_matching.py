"""Weights of others in a network: the outputs are those of the model that they come from."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision import models

import cnncalc
from cnncalc.core.errors import SpecError
from cnncalc.model.weights.comparing import check_weights
from cnncalc.model.weights.matching import fill, match
from cnncalc.model.weights.torchvision_weights import pretrained
from tests.model.weights.published import torchvision

FAMILIES = (
    *("resnet18", "googlenet", "inception_v3", "convnext_tiny", "densenet121", "mobilenet_v3_small", "squeezenet1_1"),
    *("shufflenet_v2_x0_5", "efficientnet_b0", "regnet_y_400mf", "mnasnet0_5", "vgg11_bn", "resnext50_32x4d"),
)


@pytest.mark.slow
@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_computes_what_the_model_of_its_weights_computes(name: str) -> None:
    """One of each family: names differ, the order is the same, but for ConvNeXt's factors and auxiliary heads."""
    theirs, network = torchvision(name), cnncalc.load(name)
    ours = cnncalc.build(network, device="cpu").eval()
    matching = match(ours, theirs.state_dict())
    fill(ours, theirs.state_dict(), matching)
    images = torch.rand(2, *(network.input.channels, *network.input.spatial))
    with torch.no_grad():
        wanted = theirs(images)
        assert torch.allclose(ours(images), wanted, rtol=0, atol=1e-5 * float(wanted.abs().max()))
    assert (matching.how, matching.new) == ("order", ())
    assert all("aux" in name.lower() for name in matching.unused)


def test_names_go_before_the_order() -> None:
    """A file whose tensors lie in another order, as safetensors may have them."""
    network = cnncalc.load("input 8x8x3\nconv 3x3x4 - bn - conv 3x3x4 - bn - fc 3")
    given = cnncalc.build(network, seed=1).state_dict()
    module = cnncalc.build(network, seed=2)
    turned = dict(reversed(given.items()))
    matching = match(module, turned)
    fill(module, turned, matching)
    assert matching.text() == "14 of 14 tensors by name"
    assert all(torch.equal(value, given[name]) for name, value in module.state_dict().items() if "num_" not in name)


@pytest.mark.parametrize("front", ["model.", "module.encoder_q.", "0."])
def test_names_with_a_word_in_front_and_others_beside_them(front: str) -> None:
    """As Lightning keeps them beside its losses and metrics, MoCo two networks, and an average its counter."""
    network = cnncalc.load("input 8x8x3\nconv 3x3x4 - bn - conv 3x3x4 - bn - fc 3")
    given = cnncalc.build(network, seed=1).state_dict()
    beside = {"criterion.weight": torch.ones(3), "n_averaged": torch.tensor(7)}
    others = {f"encoder_k.{name}": value for name, value in cnncalc.build(network, seed=3).state_dict().items()}
    file = {**beside, **{front + name: value for name, value in given.items()}, **others}
    module = cnncalc.build(network, seed=2)
    matching = match(module, file)
    fill(module, file, matching)
    assert (matching.how, matching.new) == ("name", ())
    assert all(torch.equal(value, given[name]) for name, value in module.state_dict().items() if "num_" not in name)


def test_arrays_that_are_only_numbered() -> None:
    """As `numpy.savez(path, *values)` names them, the counters of batches among them."""
    network = cnncalc.load("input 8x8x3\nconv 3x3x4 - bn - conv 3x3x4 - bn - fc 3")
    given = cnncalc.build(network, seed=1).state_dict()
    file = {f"arr_{number}": value for number, value in enumerate(given.values())}
    assert match(cnncalc.build(network, seed=2), file).text() == "14 of 14 tensors by order"


def test_a_head_of_other_classes_is_new() -> None:
    module = cnncalc.build(cnncalc.load("resnet18", params={"classes": 10}), device="meta")
    matching = match(module, models.resnet18().state_dict())
    assert matching.text() == (
        "100 of 102 tensors by order; new: fc1.weight (10x512; the file has 1000x512), "
        "fc1.bias (10; the file has 1000); not used: fc.weight, fc.bias"
    )
    assert [row.found for row in matching.new] == [(1000, 512), (1000,)]


def test_counters_of_batches_need_not_be_there() -> None:
    given = {name: value for name, value in models.resnet18().state_dict().items() if "num_" not in name}
    assert not match(cnncalc.build(cnncalc.load("resnet18"), device="meta"), given).new


@pytest.mark.parametrize(
    ("spec", "model", "text"),
    [
        (
            "resnet18",
            "resnet34",
            "the weights are of another network: they have 182 tensors, and this one has 102\n"
            "  = `basic_stage1.basic_path1.conv1.weight` has 128x64x3x3, and they have 64x64x3x3 in its place",
        ),
        (
            "alexnet",
            "resnet18",
            "the weights are of another network: they have 102 tensors, and this one has 16\n"
            "  = `conv1.weight` has 64x3x11x11, and they have 64x3x7x7 in its place",
        ),
    ],
)
def test_weights_of_another_network(spec: str, model: str, text: str) -> None:
    with pytest.raises(SpecError) as caught:
        match(cnncalc.build(cnncalc.load(spec), device="meta"), models.get_model(model).state_dict())
    assert str(caught.value) == text


def test_build_takes_weights(tmp_path: Path) -> None:
    network = cnncalc.load("lenet5")
    given = cnncalc.build(network, seed=3)
    torch.save(given.state_dict(), tmp_path / "lenet.pt")
    module = cnncalc.build(network, seed=4, weights=tmp_path / "lenet.pt")
    assert all(torch.equal(value, given.state_dict()[name]) for name, value in module.state_dict().items())
    with pytest.raises(SpecError) as caught:
        cnncalc.build(cnncalc.load("input 32x32x1\nconv 5x5x6 - fc 3"), weights=str(tmp_path / "lenet.pt"))
    assert caught.value.code == "other-weights"
    with pytest.raises(TypeError, match=r"weights is a path, not 3 \(an int\)"):
        cnncalc.build(network, weights=3)


# ---- what torchvision publishes, served from here


@pytest.mark.slow
def test_weights_of_torchvision_are_fetched_once_and_compared(published: nn.Module, tmp_path: Path) -> None:
    check = check_weights(cnncalc.load("resnet18"), "torchvision")
    assert check.holds
    assert check.name == "torchvision's resnet18, IMAGENET1K_V1"
    assert check.difference is not None
    assert check.difference < 1e-5
    assert len(list((tmp_path / "torch" / "hub" / "checkpoints").iterdir())) == 1


@pytest.mark.slow
def test_what_torchvision_says_of_its_weights(published: nn.Module) -> None:
    """Its classes, and the preprocessing of its own documentation: 256, 224, ImageNet's mean and deviation."""
    found = pretrained("torchvision:resnet18", "mine.txt")
    assert (found.classes[0], found.classes[-1], len(found.classes)) == ("tench", "toilet tissue", 1000)
    assert found.preprocessing == (256, 224, (0.485, 0.456, 0.406), (0.229, 0.224, 0.225), "bilinear")


@pytest.mark.slow
def test_another_file_than_the_published_one(published: nn.Module, tmp_path: Path) -> None:
    """The hash in the name of the file is compared with the file."""
    (served,) = (tmp_path / "served").iterdir()
    served.write_bytes(served.read_bytes()[:-1] + b"x")
    with pytest.raises(SpecError) as caught:
        pretrained("torchvision", "resnet18")
    url = models.ResNet18_Weights.IMAGENET1K_V1.url
    assert caught.value.message == (f"the file at {url} is not the one that torchvision published: its hash differs")


def test_names_that_torchvision_does_not_have() -> None:
    for written, spec, text in (
        (
            "torchvision",
            "mine.txt",
            "torchvision has no weights for `mine.txt`\n"
            "  = say which model's they are: `--weights torchvision:resnet18`",
        ),
        (
            "torchvision:resnet81",
            "mine.txt",
            "torchvision has no weights for `resnet81`\n  = did you mean `resnet18`?",
        ),
        (
            "torchvision:resnet18/V9",
            "mine.txt",
            "torchvision has no weights called `V9` for resnet18\n  = it has IMAGENET1K_V1, DEFAULT",
        ),
    ):
        with pytest.raises(SpecError) as caught:
            pretrained(written, spec)
        assert str(caught.value) == text


def test_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models.ResNet18_Weights.IMAGENET1K_V1.value, "url", "http://127.0.0.1:9/resnet18-00000000.pth")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    with pytest.raises(SpecError) as caught:
        pretrained("torchvision", "resnet18")
    assert caught.value.message == (
        "the weights http://127.0.0.1:9/resnet18-00000000.pth cannot be fetched: [Errno 111] Connection refused"
    )
