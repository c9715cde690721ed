"""A network as a PyTorch module: it computes what the spec says, and torch's own tools take it."""

from __future__ import annotations

import keyword
import subprocess
import sys
from collections import Counter
from math import sqrt

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import fx, nn

import cnncalc
from cnncalc import Network, SpecError
from cnncalc.model.plan import TAKEN, plan
from tests.oracle import torch_modules
from tests.oracle.torch_modules import Drawn, Shape, networks, volume

BATCH = 3
"""Images in a run: a norm over a single value is refused by PyTorch."""

EVERY_STEP = """
input 16x16x3
rounding floor
block path(width)
  conv 3x3x{width} p1 nobias - bn - relu - conv 3x3x{width} p1
end
conv 3x3x8 p0:1x1:0 - gn 2 - relu6 - maxpool 3x3 s2 p0:1 - minpool2 - pad 1 - crop 1
add( path(8) | ) - relu
stem: conv 1x1x8 - silu
mul( | gap - fc 8 - sigmoid ) - ln - scale 0.1 - droppath 0.1 - shuffle 2
concat( @stem | slice 0:4 ) - dropout2d - upsample x2
fc 12 - dropout - relu - conv 1x1x4 - flatten - softmax
"""
"""A small network with every kind of step: modules, functions, learned factors, merges, vectors and back."""


def load(text: str, shape: Shape) -> Network:
    return cnncalc.load(text + "\n", input=volume(shape))


def images(network: Network, batch: int = BATCH, seed: int = 0) -> torch.Tensor:
    """Return images of the size that a network takes."""
    shape = (batch, network.input.channels, *network.input.spatial)
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


# ---- it computes what the spec says


def copied_to(oracle: nn.Module, module: nn.Module) -> nn.Module:
    """Give an oracle's module the weights of another, in the order of their parameters."""
    ours, theirs = list(module.parameters()), list(oracle.parameters())
    assert [p.shape for p in ours] == [p.shape for p in theirs]
    with torch.no_grad():
        for source, target in zip(ours, theirs, strict=True):
            target.copy_(source)
    for part in oracle.modules():
        if isinstance(part, nn.modules.instancenorm._InstanceNorm):  # the language's norms each image by itself
            part.running_mean = part.running_var = None
            part.track_running_stats = False
    return oracle


def assert_computes(network: Network, drawn: Drawn) -> None:
    """Compare a network with the oracle's module, in eval mode and, where nothing is random, in training."""
    module = cnncalc.build(network, seed=0).double()
    oracle = copied_to(drawn.build().double(), module)
    x = images(network).double()
    assert sum(p.numel() for p in module.parameters()) == network.params
    for training in [False] if "drop" in drawn.text else [False, True]:
        module.train(training)
        oracle.train(training)
        expected = oracle(x.clone())
        result = module(x.clone())
        assert result.shape in ((BATCH, network.output.channels), expected.shape)
        assert volume(expected.shape[1:]) == network.output
        torch.testing.assert_close(result.reshape(expected.shape), expected, rtol=1e-6, atol=1e-9, equal_nan=True)


@pytest.mark.slow
@pytest.mark.parametrize("word", torch_modules.MAKERS)
@given(data=st.data())
@settings(max_examples=6)
def test_a_layer_computes_what_pytorch_does(word: str, data: st.DataObject) -> None:
    """In one, two and three dimensions, with any options: same parameters, same values."""
    shape, layer = data.draw(torch_modules.layers(word))
    assert_computes(load(layer.text, shape), layer)


@pytest.mark.slow
@given(drawn=networks())
@settings(max_examples=30)
def test_a_network_computes_what_pytorch_does(drawn: tuple[Shape, Drawn]) -> None:
    """Branches, repeats, blocks and labels: the parameters are the calculator's, the values the oracle's."""
    shape, network = drawn
    assert_computes(load(network.text, shape), network)


def test_minpool_and_droppath_in_eval_mode() -> None:
    """Each value of a minpool is the smallest of its window; a droppath keeps what it gets when testing."""
    module = cnncalc.build(cnncalc.load("minpool2 - droppath 0.5", input="4x4x1")).eval()
    x = torch.arange(16.0).reshape(1, 1, 4, 4)
    assert module(x).flatten().tolist() == [0, 2, 8, 10]


def test_a_network_without_layers_passes_its_input_on() -> None:
    module = cnncalc.build(cnncalc.load("input 4x4x3\nrelu*0"))
    x = torch.randn(1, 3, 4, 4)
    assert torch.equal(module(x), x)


def test_a_layer_that_nothing_reads_is_there() -> None:
    """It counts in the totals, so it is in the module."""
    network = cnncalc.load("a: conv 3x3x4 p1 - conv 1x1x2 - @a - relu", input="4x4x3")
    module = cnncalc.build(network)
    assert sum(p.numel() for p in module.parameters()) == network.params == (3*3*3 + 1) * 4 + (4 + 1) * 2  # fmt: skip
    assert module(images(network)).shape == (BATCH, 4, 4, 4)


def test_more_than_three_dimensions_are_refused() -> None:
    """PyTorch has no convolution for them; the calculator has."""
    network = cnncalc.load("conv 1x1x1x1x2", input="2x2x2x2x3")
    with pytest.raises(SpecError) as caught:
        cnncalc.build(network)
    assert caught.value.code == "not-in-pytorch"


def test_an_instance_norm_of_one_position_is_refused_with_its_line() -> None:
    """PyTorch refuses it when it runs; a spec is refused when it is read."""
    with pytest.raises(ValueError, match="more than 1 spatial element"):
        nn.InstanceNorm2d(4)(torch.zeros(2, 4, 1, 1))
    with pytest.raises(SpecError) as caught:
        cnncalc.load("input 8x8x4\ngap\ninstancenorm")
    assert (caught.value.code, caught.value.line) == ("out-of-range", 3)


# ---- names


def test_modules_are_named_by_labels_and_blocks() -> None:
    """The keys of a state_dict are the names that `cnncalc shapes` shows."""
    text = "block path(width)\nconv 3x3x{width} p1 - bn\nend\nstem: conv 3x3x4 p1\nenc: path(8)\npath(8)*2 - fc 3"
    module = cnncalc.build(cnncalc.load(text, input="8x8x3"))
    assert [name for name, _ in module.named_parameters() if name.endswith("weight")] == [
        *["stem.weight", "enc.conv1.weight", "enc.bn1.weight"],
        *["path1.conv1.weight", "path1.bn1.weight", "path2.conv1.weight", "path2.bn1.weight", "fc1.weight"],
    ]


@pytest.mark.parametrize("label", ["train", "forward", "class", "x", "parameters", "graph", "self", "torch", "lambda"])
def test_any_label_is_safe(label: str) -> None:
    """A label that PyTorch or Python needs for itself gets an underscore; all others stay."""
    network = cnncalc.load(f"{label}: conv 1x1x2 - relu", input="2x2x3")
    module = cnncalc.build(network)
    assert module(images(network)).shape == (BATCH, 2, 2, 2)
    expected = label if label == "x" else label + "_"
    assert list(module.state_dict()) == [f"{expected}.weight", f"{expected}.bias"]


def test_labels_that_differ_stay_different() -> None:
    """`train` becomes `train_`, so that `train_` has to become something else again."""
    labels = ["train", "train_", "train__", "__init__", "_modules", "requires_grad", "requires_grad_"]
    network = cnncalc.load(" - ".join(f"{label}: conv 1x1x2" for label in labels), input="2x2x2")
    module = cnncalc.build(network)
    names = [name for name, _ in module.named_children()]
    assert len(names) == len(set(names)) == len(labels)
    assert not set(names) & (set(dir(nn.Module)) | set(keyword.kwlist))
    assert module(images(network)).shape == (BATCH, 2, 2, 2)


def test_every_attribute_of_a_module_counts_as_taken() -> None:
    """The list holds all that this PyTorch's modules have; names with an underscore in front never clash."""
    public = {name for name in dir(fx.GraphModule) if not name.startswith("_")}
    assert public | {"training", "self", "torch"} <= TAKEN


# ---- first weights


def test_the_same_seed_gives_the_same_weights() -> None:
    """On every call, whatever torch's own generator has done in between, which a seed leaves alone."""
    network = cnncalc.load(EVERY_STEP)
    first = cnncalc.build(network, seed=3).state_dict()
    state = torch.get_rng_state()
    second = cnncalc.build(network, seed=3).state_dict()
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(first[name], second[name]) for name in first)
    other = cnncalc.build(network, seed=4).state_dict()
    assert not torch.equal(first["conv1.weight"], other["conv1.weight"])


def test_without_a_seed_torchs_generator_decides() -> None:
    network = cnncalc.load("conv 3x3x4", input="8x8x3")
    torch.manual_seed(1)
    first = cnncalc.build(network).conv1.weight
    assert not torch.equal(first, cnncalc.build(network).conv1.weight)
    torch.manual_seed(1)
    assert torch.equal(first, cnncalc.build(network).conv1.weight)


def test_convolutions_start_as_he_says() -> None:
    """Variance 2/fan_out, as torchvision's ResNets have it (kaiming_normal_, fan_out, relu), and biases 0."""
    module = cnncalc.build(cnncalc.load("conv 3x3x128 - conv 3x3x128 g2", input="8x8x64"), seed=0)
    oracle = nn.init.kaiming_normal_(torch.empty(128, 64, 3, 3), mode="fan_out", nonlinearity="relu")
    for conv in (module.conv1, module.conv2):
        assert conv.weight.mean().item() == pytest.approx(0, abs=1e-3)
        assert conv.weight.std().item() == pytest.approx(sqrt(2 / (3*3*128)), rel=0.01)  # fmt: skip
        assert conv.weight.std().item() == pytest.approx(oracle.std().item(), rel=0.02)
        assert not conv.bias.any()


def test_linear_layers_and_norms_start_as_pytorch_has_them() -> None:
    """A linear layer evenly within ±1/√fan_in, a norm with 1 and 0, a scale with its number."""
    module = cnncalc.build(cnncalc.load("bn - scale 0.5 - fc 500", input="4x4x16"), seed=0)
    bound = 1 / sqrt(4 * 4 * 16)
    assert module.fc1.weight.abs().max().item() == pytest.approx(bound, rel=1e-3)
    assert module.fc1.weight.std().item() == pytest.approx(bound / sqrt(3), rel=0.01)
    assert module.fc1.bias.abs().max() <= bound
    assert module.bn1.weight.eq(1).all()
    assert module.bn1.running_var.eq(1).all()
    assert module.scale1.weight.shape == (16, 1, 1)
    assert module.scale1.weight.eq(0.5).all()


# ---- training and testing


def test_dropout_drops_values_in_training_only() -> None:
    """Half of the values become 0, the others twice as large; when testing, all stay."""
    module = cnncalc.build(cnncalc.load("dropout 0.5", input="32x32x4"))
    x = torch.ones(4, 4, 32, 32)
    counts = Counter(module.train()(x).flatten().tolist())
    assert counts.keys() == {0.0, 2.0}
    assert counts[0.0] / x.numel() == pytest.approx(0.5, abs=0.05)
    assert torch.equal(module.eval()(x), x)


@pytest.mark.parametrize(("text", "dims"), [("dropout2d 0.5", (2, 3)), ("droppath 0.5", (1, 2, 3))])
def test_whole_channels_and_whole_images_are_dropped(text: str, dims: tuple[int, ...]) -> None:
    """A dropout2d decides once per channel, a droppath once per image."""
    module = cnncalc.build(cnncalc.load(text, input="3x3x8")).train()
    result = module(torch.ones(200, 8, 3, 3))
    assert torch.equal(result.amin(dims), result.amax(dims))
    assert Counter(result.amax(dims).flatten().tolist()).keys() == {0.0, 2.0}


def test_batch_norm_learns_its_statistics_in_training_only() -> None:
    module = cnncalc.build(cnncalc.load("bn", input="4x4x2"))
    x = torch.randn(8, 2, 4, 4) + 3
    module.eval()(x)
    assert not module.bn1.running_mean.any()
    module.train()(x)
    torch.testing.assert_close(module.bn1.running_mean, 0.1 * x.mean((0, 2, 3)))


# ---- in place


def gradients(module: nn.Module, x: torch.Tensor) -> list[torch.Tensor]:
    """Return the gradients of the input and of the parameters that take part."""
    x = x.clone().requires_grad_()
    result = module(x)
    weights = torch.linspace(-1, 1, result.numel(), dtype=result.dtype).reshape(result.shape)
    targets = [x, *module.parameters()]
    found = torch.autograd.grad((result * weights).sum(), targets, allow_unused=True)
    return [torch.zeros_like(t) if g is None else g for t, g in zip(targets, found, strict=True)]


@pytest.mark.slow
@given(drawn=networks())
@settings(max_examples=30)
def test_writing_over_an_input_changes_no_value_and_no_gradient(drawn: tuple[Shape, Drawn]) -> None:
    """In place or not: the same outputs and, but for the last digits, the same gradients; the images stay."""
    shape, oracle = drawn
    network = load(oracle.text, shape)
    safe = cnncalc.build(network, seed=0, inplace=False).double().eval()
    quick = cnncalc.build(network, seed=0).double().eval()
    x = images(network).double()
    kept = x.clone()
    assert torch.equal(quick(x).nan_to_num(), safe(x).nan_to_num())
    assert torch.equal(x, kept)
    if quick(x.requires_grad_()).requires_grad:
        for ours, theirs in zip(gradients(quick, kept), gradients(safe, kept), strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10, equal_nan=True)


def test_float32_gradients_are_those_of_float64() -> None:
    network = cnncalc.load(EVERY_STEP)
    module = cnncalc.build(network, seed=0).eval()
    single = gradients(module, images(network))
    for ours, exact in zip(single, gradients(module.double(), images(network).double()), strict=True):
        torch.testing.assert_close(ours.double(), exact, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("text", "overwriting"),
    [
        ("conv 3x3x4 - relu - pool2", ["relu1"]),
        ("conv 3x3x4 - bn - relu6 - pool2", ["relu61"]),
        ("relu - conv 3x3x4", []),  # the network's own input
        ("a: conv 3x3x4 p1 - relu - add( | @a )", []),  # somebody else reads it too
        ("sigmoid - relu - pool2", []),  # the sigmoid's backward pass reads its output
        ("conv 3x3x4 - relu - relu", ["relu1"]),
        ("conv 3x3x4", []),
        ("a: conv 3x3x4 p1 - relu - @a", []),  # the network's output
    ],
)
def test_activations_write_over_their_input_where_that_is_safe(text: str, overwriting: list[str]) -> None:
    planned = plan(cnncalc.load(text, input="8x8x3"))
    assert [layer.name for layer in planned if layer.overwrite] == overwriting


# ---- without torch


def run_without(package: str, code: str) -> subprocess.CompletedProcess[str]:
    """Run a program for which a package is not installed."""
    block = f"import sys; sys.modules['{package}'] = None\n"
    return subprocess.run([sys.executable, "-c", block + code], capture_output=True, text=True, check=False)


def test_without_torch_it_says_what_to_install() -> None:
    """`import cnncalc` works, also with a star, and building says in one line what is missing."""
    code = (
        "from cnncalc import *\n"
        "import cnncalc\n"
        "try:\n    cnncalc.build(cnncalc.load('relu', input='4x4x1'))\n"
        "except cnncalc.SpecError as error:\n    print(error, *error.hints)"
    )
    done = run_without("torch", code)
    assert done.stderr == ""
    assert done.stdout.count("\n") == 1
    assert 'pip install "cnncalc[train]"' in done.stdout
