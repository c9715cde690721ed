"""A network as a file for other programs: ONNX, PyTorch's own exported program, and its weights alone.

The first two hold the network as it is when testing, for any number of images at a time. The weights are trained ones
where they are given, and first ones otherwise.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from cnncalc.core.errors import SpecError
from cnncalc.model.build import build
from cnncalc.network import Network

BATCH = 2
"""Images in the example that is traced; 1 would be taken for a constant."""

MOST_ONNX_BYTES = 2**31 - 2**20
"""What a file of ONNX holds; a little less than 2 GiB, for the text around the weights."""

_OPERATION = re.compile(r"op='([\w.]+)'")


Weights = Mapping[str, torch.Tensor]
"""Weights by the names that `cnncalc.build` gives them."""


def onnx(network: Network, *, seed: int | None = None, weights: Weights | None = None) -> bytes:
    """Return a network as an ONNX file for any batch, from ``images`` to ``output``, or to the labels of several.

    Raises:
        SpecError: for what ONNX cannot say, and for weights that fill more than one file.

    """
    if 4 * network.params > MOST_ONNX_BYTES:
        message = f"an ONNX file holds at most 2 GiB; these weights take {4 * network.params / 2**30:.1f} GiB"
        raise SpecError("not-in-onnx", message, hints=["export it as .pt2"])
    with _quiet(), _only_what_onnx_has():
        program = torch.onnx.export(
            _exported(network, seed, weights),
            dynamo=True,
            dynamic_shapes=_any_batch(),
            input_names=["images"],
            output_names=list(network.output_names or ("output",)),
            verbose=False,
        )
    assert program is not None  # it is None only for the old exporter
    data: bytes = program.model_proto.SerializeToString()
    return data


def pt2(network: Network, *, seed: int | None = None, weights: Weights | None = None) -> bytes:
    """Return a network as a file for ``torch.export.load``, for any batch."""
    file = io.BytesIO()
    with _quiet():
        torch.export.save(_exported(network, seed, weights), file)
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


def _exported(network: Network, seed: int | None, weights: Weights | None) -> torch.export.ExportedProgram:
    """Trace a network for any batch."""
    module = _module(network, seed, weights)
    images = torch.zeros(BATCH, network.input.channels, *network.input.spatial)
    program = torch.export.export(module, (images,), dynamic_shapes=_any_batch())
    for node in program.graph.nodes:
        node.meta.pop("stack_trace", None)  # which files of this machine it came through is nobody's business
    return program


def _any_batch() -> tuple[dict[int, torch.export.Dim]]:
    return ({0: torch.export.Dim("batch")},)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep torch's remarks about itself from the user."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@contextmanager
def _only_what_onnx_has() -> Iterator[None]:
    """Name the operation that has no counterpart in ONNX."""
    try:
        yield
    except torch.onnx.OnnxExporterError as error:
        found = _OPERATION.search(f"{error} {error.__cause__}")
        what = f"`{found[1]}`" if found else "an operation of this network"
        raise SpecError("not-in-onnx", f"PyTorch cannot write {what} as ONNX", hints=["export it as .pt2"]) from None
