"""A network as a file of Python: what a person could have written, and the same module as the built one."""

from __future__ import annotations

import ast
import doctest
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings

import cnncalc
from cnncalc import Network, SpecError, zoo
from cnncalc.layers import layers
from cnncalc.model.python import python_source
from tests.oracle.torch_modules import Drawn, Shape, networks, volume

ZOO = [
    *["alexnet", "convnext_tiny", "densenet121", "efficientnet_b0", "googlenet", "inception_v3", "lenet5"],
    *["mnasnet0_5", "mobilenet_v2", "mobilenet_v3_small", "regnet_y_400mf", "resnet50", "resnext50_32x4d"],
    *["shufflenet_v2_x0_5", "squeezenet1_1", "unet", "vgg11_bn"],
]


def module_of(source: str) -> Any:
    """Run a source, and make its network with random weights."""
    names: dict[str, Any] = {}
    exec(compile(source, "model.py", "exec"), names)
    return names["Network"]()


def images(network: Network, batch: int = 2) -> torch.Tensor:
    shape = (batch, network.input.channels, *network.input.spatial)
    return torch.randn(shape, generator=torch.Generator().manual_seed(0))


def assert_same(network: Network, x: torch.Tensor | None = None) -> None:
    """The built module's weights load strictly into the source's, and then both compute the same."""
    built = cnncalc.build(network, seed=0).eval()
    written = module_of(python_source(network)).eval()
    assert list(written.state_dict()) == list(built.state_dict())
    shapes = [(name, p.shape) for name, p in built.named_parameters()]
    assert [(name, p.shape) for name, p in written.named_parameters()] == shapes
    written.load_state_dict(built.state_dict(), strict=True)
    if x is not None:
        with torch.no_grad():
            assert torch.equal(written(x).nan_to_num(), built(x.clone()).nan_to_num())


def linted(folder: Path) -> str:
    """Return what ruff has to say, with its own rules and 88 columns, about every file of a folder."""
    ruff = [sys.executable, "-m", "ruff"]
    runs = [
        subprocess.run([*ruff, *arguments, "--isolated", "."], cwd=folder, capture_output=True, text=True, check=False)
        for arguments in (["check"], ["format", "--diff", "-q"])
    ]
    return "".join(run.stdout + run.stderr for run in runs).replace("All checks passed!\n", "")


# ---- the same module


@pytest.mark.slow
@given(drawn=networks())
@settings(max_examples=60)
def test_a_random_network_is_the_same_module(drawn: tuple[Shape, Drawn]) -> None:
    """Branches, repeats, blocks and labels: the same keys, shapes and outputs."""
    shape, oracle = drawn
    network = cnncalc.load(oracle.text + "\n", input=volume(shape))
    assert_same(network, images(network))


@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.names())
def test_the_whole_zoo_has_the_same_parameters(name: str) -> None:
    """The same keys and shapes, in the same order; on the meta device, where weights take no memory."""
    network = cnncalc.load(name)
    with torch.device("meta"):
        written = module_of(python_source(network))
    built = cnncalc.build(network, device="meta")
    ours = [(key, value.shape) for key, value in built.state_dict().items()]
    assert [(key, value.shape) for key, value in written.state_dict().items()] == ours


@pytest.mark.slow
@pytest.mark.parametrize("name", ZOO)
def test_the_zoo_is_the_same_module(name: str) -> None:
    network = cnncalc.load(name)
    small = network.input.values <= 3 * 300 * 300
    assert_same(network, images(network, 1) if small else None)


@pytest.mark.parametrize(
    "text",
    [
        "relu*0",
        "block b(n)\nconv 1x1x{n}\nend\nb(4) - a: (relu)*0 - b(3) - @a",
        "a: conv 1x1x4 - conv 1x1x2 - relu - @a - bn",  # nobody reads the second
        "block b(n)\na: (relu)*0 - conv 1x1x{n} - @a\nend\nb(4) - relu",  # a block that passes its input on
        "block b(n)\na: conv 1x1x{n} - conv 1x1x2 - @a\nend\nb(4) - b(5) - relu",
        "(conv 1x1x3 - bn - relu)*5 - (conv 1x1x3)*4",
        "(add( conv 1x1x3 - bn | | relu ) - relu)*4",
        "(concat( | conv 3x3x8 p1 - relu ))*6",  # channels grow from turn to turn
        "l: (conv 1x1x3)*4 - concat( @l | mul( | gap - fc {C} - sigmoid ) )",
        "a: conv 1x1x3 - (bn - relu)*4 - add( | @a )",
        "(shuffle 3)*4 - (bn - shuffle 3 - neg: minpool 1x1 - droppath 0.1)*3",
        "x: conv 1x1x3 - y: conv 1x1x3 - add( | @x | @y ) - i: relu - nn: relu - add( | @nn | @i )",
        "fc 4 - (add( | fc 4 ))*3 - conv 1x1x2 - pad 1 - concat( | gmp - upsample x3 )",
    ],
)
def test_odd_networks_are_the_same_module(text: str) -> None:
    network = cnncalc.load(text, input="6x6x3")
    assert_same(network, images(network))


def test_names_of_any_length_and_kind(tmp_path: Path) -> None:
    """Labels, blocks and parameters that Python keeps for itself, or that fill a line by themselves."""
    long = "a" * 60
    text = (
        f"block none(self, lambda, {long})\nconv 3x3x{{self}} p1 d{{lambda}} floor - {long}: conv 1x1x{{{long}}}\nend\n"
        f"block {long}(i)\nconv 1x1x{{i}} - class: relu\nend\n"
        "block network(x)\nconv 1x1x{x}\nend\n"
        f"none(3, 1, 4) - none(4, 2, 5) - {long}(2) - {long}(3) - network(2) - network(3)\n"
        f"_x: conv 1x1x4 - {long}b: (conv 1x1x4)*3 - __init__: bn - train: relu - value3: relu - scale 0.1\n"
        f"concat( @{long}b | @train | @value3 | @_x | {long}c: relu | {long}d: bn | {long}e: bn )"
    )
    network = cnncalc.load(text, input="8x8x3")
    assert_same(network, images(network))
    (tmp_path / "model.py").write_text(python_source(network))
    assert linted(tmp_path) == ""


@given(drawn=networks())
@settings(max_examples=20)
def test_no_line_needs_this_project(drawn: tuple[Shape, Drawn]) -> None:
    """The file imports torch alone."""
    shape, oracle = drawn
    tree = ast.parse(python_source(cnncalc.load(oracle.text + "\n", input=volume(shape))))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {ast.unparse(node) for node in imported} == {"import torch", "from torch import nn"}


# ---- the style


@pytest.mark.slow
def test_ruff_has_nothing_to_say(tmp_path: Path) -> None:
    """Neither its rules nor its layout, about the zoo and about random networks."""
    for name in zoo.names():
        (tmp_path / f"{name}.py").write_text(python_source(cnncalc.load(name)))

    @given(drawn=networks())
    @settings(max_examples=60)
    def write(drawn: tuple[Shape, Drawn]) -> None:
        shape, oracle = drawn
        network = cnncalc.load(oracle.text + "\n", input=volume(shape))
        (tmp_path / f"random{len(list(tmp_path.iterdir()))}.py").write_text(python_source(network))

    write()
    assert linted(tmp_path) == ""


def test_the_check_of_the_style_can_fail(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("import os\nx = ( 1 )\n")
    assert "F401" in linted(tmp_path)
    assert "+x = 1" in linted(tmp_path)


RESIDUAL = """\
# A small residual network
input 32x32x3
block path(width, stride=1)
  conv 3x3x{width} s{stride} p1 floor nobias - bn - relu
  conv 3x3x{width} p1 nobias - bn
end
block stage(width, stride, depth)
  add( path(width, stride) | conv 1x1x{width} s{stride} floor nobias - bn ) - relu
  (add( path(width) | ) - relu)*{depth - 1}
end
conv 3x3x16 p1 nobias - bn - relu
stage(16, 1, 3) - stage(32, 2, 4) - stage(64, 2, 3)
gap - fc 10
"""


def test_it_reads_as_a_person_would_write_it() -> None:
    """Blocks are classes, repeats are loops, the numbers that differ are arguments."""
    source = python_source(cnncalc.load(RESIDUAL))
    stage = source.split("class Stage")[1].split("class Network")[0]
    assert stage == (
        "(nn.Module):\n"
        '    """The block `stage` of the spec."""\n'
        "\n"
        "    def __init__(self, channels: int, width: int, stride: int, depth: int) -> None:\n"
        "        super().__init__()\n"
        "        self.depth = depth\n"
        "        self.path1 = Path(channels, width, stride)\n"
        "        self.conv1 = nn.Conv2d(channels, width, 1, stride=stride, bias=False)\n"
        "        self.bn1 = nn.BatchNorm2d(width)\n"
        "        self.relu1 = nn.ReLU(inplace=True)\n"
        "        for i in range(2, depth + 1):\n"
        '            self.add_module(f"path{i}", Path(width, width, 1))\n'
        '            self.add_module(f"relu{i}", nn.ReLU(inplace=True))\n'
        "\n"
        "    def forward(self, x: torch.Tensor) -> torch.Tensor:\n"
        "        path1 = self.path1(x)\n"
        "        bn1 = self.bn1(self.conv1(x))\n"
        "        x = self.relu1(path1 + bn1)\n"
        "        for i in range(2, self.depth + 1):\n"
        '            path = getattr(self, f"path{i}")(x)\n'
        '            x = getattr(self, f"relu{i}")(path + x)\n'
        "        return x\n\n\n"
    )
    assert source.count("class ") == 3
    assert "self.stage2 = Stage(16, 32, 2, 4)\n" in source


def test_the_head_says_what_it_is() -> None:
    """Name, input, output and totals; quotes and backslashes of a title cannot end the docstring."""
    network = cnncalc.load('# A """strange\\" name\ninput 8x8x3\nconv 3x3x4 - fc 5')
    source = python_source(network)
    head = ast.get_docstring(ast.parse(source))
    assert head is not None
    assert head.splitlines()[0] == "A '''strange/' name."
    assert "tensors of N x 3 x 8 x 8" in head
    assert f"{(3*3*3 + 1) * 4 + (6*6*4 + 1) * 5:,} parameters" in head  # fmt: skip
    assert f"{6*6*4 * 3*3*3 + 6*6*4 * 5:,} multiplications" in head  # fmt: skip


def test_large_networks_become_short_files() -> None:
    """A thousand layers alike are a loop: the file grows with what the spec says, not with the network."""
    network = cnncalc.load("(conv 3x3x16 p1 - bn - relu)*3000", input="8x8x16")
    assert python_source(network).count("\n") < 40
    deep = "block b(n)\n(conv 3x3x{n} p1 - bn - relu)*2\nend\n" + "b(8) - b(4)\n" * 500
    assert python_source(cnncalc.load(deep, input="8x8x8")).count("\n") < 60 + 2 * 2 * 500


@pytest.mark.slow
def test_compile_takes_its_loops_as_one_graph() -> None:
    network = cnncalc.load(RESIDUAL)
    module = module_of(python_source(network)).eval()
    x = images(network)
    torch.testing.assert_close(torch.compile(module, fullgraph=True, backend="eager")(x), module(x))


@pytest.mark.slow
@pytest.mark.parametrize("example", [example for layer in layers() for example in layer.examples])
def test_the_source_is_imported_as_the_network(example: str) -> None:
    """Its own classes are known by their names; a mean of nothing but the values inside is refused."""
    given, _, text = example.partition(": ")
    network = cnncalc.load(f"{text} - relu\n", input=given)
    module = module_of(python_source(network))
    try:
        back = cnncalc.load(cnncalc.from_torch(module, tuple(network.input)))
    except SpecError as error:
        assert "nopad" in text or "ceil" in text, error
        return
    assert (back.outputs, back.params, back.macs) == (network.outputs, network.params, network.macs)


def test_more_than_three_dimensions_are_refused() -> None:
    with pytest.raises(SpecError) as caught:
        python_source(cnncalc.load("conv 1x1x1x1x2", input="2x2x2x2x3"))
    assert caught.value.code == "not-in-pytorch"


def test_it_needs_no_torch() -> None:
    """Source is text: it can be written where PyTorch is not installed."""
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import cnncalc; from cnncalc.model.python import python_source\n"
        "print(python_source(cnncalc.load('resnet18')).count('class '))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert int(done.stdout) >= 2


def test_the_example_of_the_page_is_what_is_written() -> None:
    """The classes on the page on PyTorch are those of the spec above them."""
    page = (Path(__file__).parents[2] / "docs" / "pytorch.md").read_text(encoding="utf-8")
    spec = page.split("```spec\n")[1].split("```")[0]
    shown = page.split("```python\n")[1].split("```")[0]
    assert python_source(cnncalc.load(spec)).endswith("\n\n" + shown)


def test_the_session_of_the_page_runs() -> None:
    page = Path(__file__).parents[2] / "docs" / "pytorch.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.attempted > 4
    assert result.failed == 0
