"""Every convolutional classifier of torchvision has a spec in the zoo, and the two are the same network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

import cnncalc
from cnncalc import zoo
from tests.zoo import harness
from tests.zoo.harness import Measured


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Compute on one core, as several processes that run tests share the machine's."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module", params=harness.CLASSIFIERS)
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of a classifier; all that is asked about one is asked before the next."""
    return str(request.param)


@pytest.fixture(scope="module")
def measured(name: str) -> Measured:
    """Return what PyTorch says of a classifier."""
    return harness.measure(name)


def test_the_zoo_holds_all_of_them() -> None:
    """Torchvision has 68 classifiers beside its transformers."""
    assert len(harness.CLASSIFIERS) == 68


@pytest.mark.slow
def test_parameters(name: str, measured: Measured) -> None:
    """Weights and biases are exactly torchvision's."""
    net = harness.load(name)
    assert (net.weights, net.biases) == (measured.weights, measured.biases)


@pytest.mark.slow
def test_macs(name: str, measured: Measured) -> None:
    """Multiplications are exactly half of the flops that PyTorch's own counter finds."""
    assert harness.load(name).macs == measured.macs


@pytest.mark.slow
def test_volumes(name: str, measured: Measured) -> None:
    """Convolutions, linear layers, norms and pools make the same volumes in the same order."""
    difference = harness.first_difference(harness.made(harness.load(name)), measured.made)
    assert not difference, difference


@pytest.mark.slow
def test_settings(name: str, measured: Measured) -> None:
    """Epsilon and momentum of the norms and the rates of dropout are torchvision's."""
    assert harness.settings(cnncalc.build(harness.load(name), device="meta")) == measured.settings


@pytest.mark.slow
def test_outputs(name: str) -> None:
    """With torchvision's weights, paired in execution order, the network computes what torchvision's does."""
    computed, expected = harness.outputs(name)
    assert harness.relative_difference(computed, expected) < 1e-4
    # and the weights in front of the last bias matter: the two images come out differently
    assert harness.relative_difference(expected[0], expected[1]) > 0.01


# ---- the checks can fail

MISTAKES = [
    ("squeezenet1_1", "s2 - relu - pool", "s2 - pool"),
    ("squeezenet1_1", "- relu - gap", "- gap"),
    ("densenet121", "bn - relu\ngap", "bn\ngap"),
    ("googlenet", "bn eps=0.001", "bn"),
    ("mobilenet_v2", "nobias - bn - relu6\ngap", "nobias - bn - relu\ngap"),
    ("alexnet", "pool 3x3 s2\nadaptive", "avgpool 3x3 s2\nadaptive"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "right", "wrong"), MISTAKES)
def test_a_small_mistake_shows_in_the_outputs(name: str, right: str, wrong: str) -> None:
    """Without one activation, or with a slightly different layer, the outputs do not agree any more."""
    net = changed(name, right, wrong, harness.SMALL)
    torch.manual_seed(0)
    computed, expected = harness.outputs_of(harness.torchvision_model(name), net)
    assert harness.relative_difference(computed, expected) > 1e-4


def test_a_wrong_order_shows_in_the_weights() -> None:
    """Where two branches change places, a weight meets one of another shape, and both are named."""
    net = changed("googlenet", "unit(ones)\n  | unit(reduce3)", "unit(reduce3)\n  | unit(ones)", harness.SMALL)
    with pytest.raises(AssertionError, match=r"inception1\.unit1\..*\(96, 192, 1, 1\) meets inception3a\.branch1\."):
        harness.outputs_of(harness.torchvision_model("googlenet"), net)


def test_a_wrong_volume_is_named_with_its_line() -> None:
    """The first difference shows both sides, and the layers in front of it."""
    net = changed("squeezenet1_1", "input 224x224x3", "input 226x226x3")
    difference = harness.first_difference(harness.made(net), harness.measure("squeezenet1_1").made)
    assert difference.splitlines() == [
        "the volumes differ from number 1 on:",
        "  torchvision: conv/fc 111x111x64",
        "  the spec:    conv/fc 112x112x64  conv1, line 9: conv 3x3x64 s2",
    ]


def test_a_missing_layer_is_named() -> None:
    """Where one sequence ends early, the other goes on."""
    net = changed("squeezenet1_1", " - gap - flatten", "")
    difference = harness.first_difference(harness.made(net), harness.measure("squeezenet1_1").made)
    assert difference.splitlines()[-2:] == ["  torchvision: pool 1x1x1000", "  the spec:    the end"]


def changed(name: str, right: str, wrong: str, size: int | None = None) -> cnncalc.Network:
    """Return a network of the zoo with one place of its spec changed."""
    source = zoo.spec(name)
    assert source is not None
    assert source.text.count(right) == 1, f"{name}.txt does not hold this once: {right}"
    text = source.text.replace(right, wrong)
    return cnncalc.load(text, input=size and (size, size, 3))
