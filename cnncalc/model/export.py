"""A network as a file for other programs: ONNX, PyTorch's own exported program, and its weights alone.

The first two hold the network as it is when testing, for any number of images at a time, with its preprocessing where
that is given. The weights are trained ones where they are given, and first ones otherwise.
"""

from __future__ import annotations

import io
import json
import logging
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

import torch

from cnncalc.core.errors import SpecError
from cnncalc.model.build import build
from cnncalc.model.preprocessing import PixelPreprocessing, PixelsToResults
from cnncalc.model.room import check_images_fit
from cnncalc.network import Network

BATCH = 2
"""Images in the example that is traced; 1 would be taken for a constant."""

MOST_ONNX_BYTES = 2**31 - 2**20
"""What a file of ONNX holds; a little less than 2 GiB, for the text around the weights."""

_OPERATION = re.compile(r"op='([\w.]+)'")


Weights = Mapping[str, torch.Tensor]
"""Weights by the names that `cnncalc.build` gives them."""


METADATA = "metadata.json"
"""The extra file of a ``.pt2`` that says what the network is and what it takes."""


class Around(NamedTuple):
    """What a file holds beside the network.

    Attributes:
        preprocessing: what it does to pixels itself, and what it makes of the network's output.
        metadata: what it says of itself, texts by their names.

    """

    preprocessing: PixelPreprocessing | None = None
    metadata: Mapping[str, str] = MappingProxyType({})


BARE = Around()
"""The network alone."""


def onnx(network: Network, *, seed: int | None = None, weights: Weights | None = None, around: Around = BARE) -> bytes:
    """Return a network as an ONNX file for any batch, from ``images`` to ``output``.

    Several inputs and outputs have their names and labels.

    With preprocessing there is one output, with the name that it has there.

    Raises:
        SpecError: for what ONNX cannot say, and for weights that fill more than one file.

    """
    if 4 * network.params > MOST_ONNX_BYTES:
        message = f"an ONNX file holds at most 2 GiB; these weights take {4 * network.params / 2**30:.1f} GiB"
        raise SpecError("not-in-onnx", message, hints=["export it as .pt2"])
    inside = around.preprocessing
    outputs = network.output_names or ("output",) if inside is None else (inside.output,)
    with _quiet(), _only_what_onnx_has():
        exported = _exported(network, seed, weights, around.preprocessing)
        _with_plain_means(exported)
        program = torch.onnx.export(
            exported,
            dynamo=True,
            dynamic_shapes=_any_batch(network),
            input_names=list(network.input_names or ("images",)),
            output_names=list(outputs),
            verbose=False,
        )
    assert program is not None  # it is None only for the old exporter
    model = program.model_proto
    _with_zero_biases(model.graph, exported.state_dict)
    for name, text in around.metadata.items():
        model.metadata_props.add(key=name, value=text)
    data: bytes = model.SerializeToString()
    return data


def _with_plain_means(exported: torch.export.ExportedProgram) -> None:
    """Write a global average pool as the mean that it is: of channels that lie last the exporter makes a look-up."""
    pools = (torch.ops.aten.adaptive_avg_pool1d, torch.ops.aten.adaptive_avg_pool2d, torch.ops.aten.adaptive_avg_pool3d)
    for node in exported.graph.nodes:
        if node.target in [pool.default for pool in pools] and set(node.args[1]) == {1}:
            dimensions = len(node.args[1])
            node.target = torch.ops.aten.mean.dim
            node.args = (node.args[0], [-1 - axis for axis in range(dimensions)], True)
    exported.graph_module.recompile()


def _with_zero_biases(graph: Any, state: Weights) -> None:
    """Give layers back the biases that the exporter leaves out because they are 0, as all are before training."""
    from onnx import numpy_helper

    stored = {tensor.name for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type in ("Conv", "ConvTranspose", "Gemm") and len(node.input) == 2:
            name = f"{node.input[1].removesuffix('weight')}bias"
            bias = state.get(name)
            if bias is None or bias.any():
                continue
            node.input.append(name)
            if name not in stored:
                graph.initializer.append(numpy_helper.from_array(bias.detach().cpu().numpy(), name))
                stored.add(name)


def pt2(network: Network, *, seed: int | None = None, weights: Weights | None = None, around: Around = BARE) -> bytes:
    """Return a network as a file for ``torch.export.load``, for any batch, with the metadata in an extra file."""
    file = io.BytesIO()
    extra = {METADATA: json.dumps(dict(around.metadata), indent=2, ensure_ascii=False)} if around.metadata else {}
    with _quiet():
        torch.export.save(_exported(network, seed, weights, around.preprocessing), file, extra_files=extra)
    return file.getvalue()


def arrays(network: Network, *, seed: int | None = None, weights: Weights | None = None) -> dict[str, Any]:
    """Return the weights as arrays of NumPy, by the names that `cnncalc.build` gives them."""
    state = _module(network, seed, weights).state_dict()
    return {name: value.detach().cpu().numpy() for name, value in state.items()}


def state_dict(network: Network, *, seed: int | None = None, weights: Weights | None = None) -> bytes:
    """Return the weights alone as a file for ``torch.load(…, weights_only=True)``."""
    file = io.BytesIO()
    torch.save(_module(network, seed, weights).state_dict(), file)
    return file.getvalue()


def _module(network: Network, seed: int | None, weights: Weights | None) -> torch.nn.Module:
    module = build(network, device="cpu", seed=seed).eval()
    if weights is not None:
        module.load_state_dict(dict(weights))
    return module


def _exported(
    network: Network, seed: int | None, weights: Weights | None, preprocessing: PixelPreprocessing | None
) -> torch.export.ExportedProgram:
    """Trace a network for any batch."""
    module = _module(network, seed, weights)
    check_images_fit(network, BATCH)
    given = tuple([torch.zeros(BATCH, each.channels, *each.spatial) for each in network.inputs])
    if preprocessing is not None:
        module = PixelsToResults(module, preprocessing, network.input.dimensions).eval()
        given = given if preprocessing.floats else tuple([each.to(torch.uint8) for each in given])
    program = torch.export.export(module, given, dynamic_shapes=_any_batch(network))
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # it would name files of this machine
    return program


def _any_batch(network: Network) -> tuple[dict[int, torch.export.Dim], ...]:
    return ({0: torch.export.Dim("batch")},) * len(network.inputs)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's remarks about itself from the user, and those of its exporter about its own graphs."""
    log = logging.getLogger("onnx_ir")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


@contextmanager
def _only_what_onnx_has() -> Iterator[None]:
    """Name the operation that has no counterpart in ONNX."""
    try:
        yield
    except torch.onnx.OnnxExporterError as error:
        found = _OPERATION.search(f"{error} {error.__cause__}")
        what = f"`{found[1]}`" if found else "an operation of this network"
        raise SpecError("not-in-onnx", f"PyTorch cannot write {what} as ONNX", hints=["export it as .pt2"]) from None
