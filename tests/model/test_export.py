"""A network as ONNX and as PyTorch's exported program: files that other programs read."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

import cnncalc
from cnncalc import Network, SpecError
from cnncalc.model import export
from tests.model.test_build import EVERY_STEP, images

NETWORKS = {
    "every step": EVERY_STEP,
    "one dimension": "input 100x2\nconv 5x4 s2 floor - bn - relu - gap - fc 3",
    "three dimensions": "input 4x8x8x1\nconv 3x3x3x2 - relu - pool 2 floor - fc 3",
    "no layers": "input 4x4x3\nrelu*0",
    "a layer nobody reads": "input 4x4x3\na: conv 1x1x2 - conv 1x1x5 - @a - relu",
    "a pool that is undone": "input 9x8x4\na: maxpool 2x3 s2x3 ceil - conv 3x3x4 p1 - unpool @a",
    "lenet5": "lenet5",
    "squeezenet1_1": "squeezenet1_1",
    "mobilenet_v3_small": "mobilenet_v3_small",
    "shufflenet_v2_x0_5": "shufflenet_v2_x0_5",
}


def expected(network: Network, x: torch.Tensor) -> torch.Tensor:
    with torch.no_grad():
        result: torch.Tensor = cnncalc.build(network, seed=0).eval()(x)
    return result


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_onnx_is_valid_and_computes_the_same(name: str) -> None:
    """The checker accepts it, and the runtime's outputs are PyTorch's, for one image and for several."""
    network = cnncalc.load(NETWORKS[name])
    data = export.onnx(network, seed=0)
    onnx.checker.check_model(onnx.load_from_string(data), full_check=True)
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    for batch in (1, 3):
        x = images(network, batch)
        (output,) = session.run(["output"], {"images": x.numpy()})
        np.testing.assert_allclose(output, expected(network, x).numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.slow
def test_the_batch_of_onnx_is_open_and_the_rest_is_named() -> None:
    """A reader of the file sees what goes in, and weights by the names of the state_dict."""
    network = cnncalc.load("conv 3x3x4 p1 - relu - fc 5", input="8x8x3")
    graph = onnx.load_from_string(export.onnx(network, seed=0)).graph
    (taken,) = graph.input
    assert taken.name == "images"
    sizes = taken.type.tensor_type.shape.dim
    assert [size.dim_param or size.dim_value for size in sizes] == ["batch", 3, 8, 8]
    state = cnncalc.build(network, seed=0).state_dict()
    assert {weights.name for weights in graph.initializer} >= {name for name in state if state[name].any()}


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_pt2_computes_the_same(name: str) -> None:
    """Loaded by torch.export, it has PyTorch's outputs, for one image and for several."""
    network = cnncalc.load(NETWORKS[name])
    module = torch.export.load(io.BytesIO(export.pt2(network, seed=0))).module()
    for batch in (1, 3):
        x = images(network, batch)
        torch.testing.assert_close(module(x), expected(network, x))


@pytest.mark.slow
def test_the_same_seed_gives_the_same_file() -> None:
    network = cnncalc.load("conv 3x3x4 - relu", input="8x8x3")
    assert export.onnx(network, seed=1) == export.onnx(network, seed=1)
    assert export.onnx(network, seed=1) != export.onnx(network, seed=2)


@pytest.mark.slow
@pytest.mark.parametrize("write", [export.onnx, export.pt2])
def test_no_path_of_this_machine_is_in_the_file(write: Callable[..., bytes]) -> None:
    """Tracing notes the files that it came through; they are taken out again."""
    data = write(cnncalc.load("conv 3x3x4 - relu - fc 5", input="8x8x3"))
    texts = [data]
    if zipfile.is_zipfile(io.BytesIO(data)):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            texts = [archive.read(name) for name in archive.namelist()]
    assert not any(str(Path(place).parent).encode() in text for text in texts for place in (torch.__file__, __file__))


@pytest.mark.slow
def test_what_onnx_cannot_say_is_named() -> None:
    """PyTorch's exporter knows no adaptive max pool of several positions."""
    with pytest.raises(SpecError, match=r"`aten\.adaptive_max_pool2d") as caught:
        export.onnx(cnncalc.load("adaptivemaxpool 3", input="8x8x3"))
    assert caught.value.code == "not-in-onnx"
    assert export.pt2(cnncalc.load("adaptivemaxpool 3", input="8x8x3"))


def test_weights_that_fill_more_than_a_file_are_refused() -> None:
    """A file of ONNX ends at 2 GiB; nothing is built before that is said."""
    network = cnncalc.load("fc 30000 - fc 30000", input="1x1x1")
    assert 4 * network.params > 2**31
    with pytest.raises(SpecError, match=r"these weights take 3\.4 GiB"):
        export.onnx(network)
