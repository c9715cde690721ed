"""A graph as a .tflite with weights of zero, which the real interpreter reads."""

from __future__ import annotations

from typing import Any

import flatbuffers
import numpy as np
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

from cnncalc.microcontrollers.graph import Graph, Operator, TfliteTensor

_FIXED = {"LOGISTIC": (1 / 256, -128), "SOFTMAX": (1 / 256, -128), "TANH": (1 / 128, 0), "LOG_SOFTMAX": (16 / 256, 127)}
"""Scales and zero points that kernels insist on; all others are 1 and 0."""

_ACTIVATIONS = {"": 0, "relu": 1, "relu6": 3}


def tflite_file(graph: Graph) -> bytes:
    """Return the file."""
    kinds = sorted({operator.kind for operator in graph.operators})
    tensors = graph.tensors
    places = {id(tensor): index for index, tensor in enumerate(tensors)}
    model = schema.ModelT()
    model.version = 3
    model.operatorCodes = [_code(kind) for kind in kinds]
    model.buffers = [schema.BufferT(), *[_buffer(tensor) for tensor in tensors]]
    subgraph = schema.SubGraphT()
    scales = _scales(graph)
    subgraph.tensors = [_tensor(tensor, index + 1, scales) for index, tensor in enumerate(tensors)]
    subgraph.inputs = [places[id(tensor)] for tensor in graph.inputs]
    subgraph.outputs = [places[id(tensor)] for tensor in graph.outputs]
    subgraph.operators = [_operator(operator, kinds, places) for operator in graph.operators]
    model.subgraphs = [subgraph]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _code(kind: str) -> Any:
    code = schema.OperatorCodeT()
    code.builtinCode = getattr(schema.BuiltinOperator, kind)
    code.deprecatedBuiltinCode = min(code.builtinCode, 127)
    return code


def _buffer(tensor: TfliteTensor) -> Any:
    buffer = schema.BufferT()
    if tensor.constant:
        number = np.int32 if tensor.bytes_each == 4 else np.int8
        values = np.zeros(tensor.values, number) if tensor.content is None else np.array(tensor.content, number)
        buffer.data = list(values.tobytes())
    return buffer


def _scales(graph: Graph) -> dict[int, tuple[float, int]]:
    """Return the scales and zero points that are fixed, also behind operators that keep them."""
    scales: dict[int, tuple[float, int]] = {}
    for operator in graph.operators:
        read = operator.inputs[0]
        if operator.kind in _FIXED:
            scales[id(operator.output)] = _FIXED[operator.kind]
        elif operator.kind in ("MAX_POOL_2D", "AVERAGE_POOL_2D", "RESHAPE", "PAD") and id(read) in scales:
            scales[id(operator.output)] = scales[id(read)]
    return scales


def _tensor(tensor: TfliteTensor, buffer: int, scales: dict[int, tuple[float, int]]) -> Any:
    made = schema.TensorT()
    made.name = tensor.name
    made.shape = list(tensor.shape)
    made.type = schema.TensorType.INT32 if tensor.bytes_each == 4 else schema.TensorType.INT8
    made.buffer = buffer
    if tensor.scales:
        scale, zero = scales.get(id(tensor), (1.0, 0))
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale = [scale] * tensor.scales
        made.quantization.zeroPoint = [zero] * tensor.scales
        depthwise = len(tensor.shape) == 4 and tensor.shape[0] == 1 and tensor.learned
        made.quantization.quantizedDimension = 3 if depthwise else 0
    return made


def _operator(operator: Operator, kinds: list[str], places: dict[int, int]) -> Any:
    made = schema.OperatorT()
    made.opcodeIndex = kinds.index(operator.kind)
    made.inputs = [places[id(tensor)] for tensor in operator.inputs]
    made.outputs = [places[id(operator.output)]]
    if operator.kind in _OPTIONS:
        name = _OPTIONS[operator.kind]
        made.builtinOptionsType = getattr(schema.BuiltinOptions, name)
        made.builtinOptions = _options(operator, getattr(schema, f"{name}T")())
    return made


_OPTIONS = {
    "CONV_2D": "Conv2DOptions",
    "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "TRANSPOSE_CONV": "TransposeConvOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions",
    "MAX_POOL_2D": "Pool2DOptions",
    "AVERAGE_POOL_2D": "Pool2DOptions",
    "MEAN": "ReducerOptions",
    "REDUCE_MAX": "ReducerOptions",
    "ADD": "AddOptions",
    "SUB": "SubOptions",
    "MUL": "MulOptions",
    "CONCATENATION": "ConcatenationOptions",
    "STRIDED_SLICE": "StridedSliceOptions",
    "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "SOFTMAX": "SoftmaxOptions",
    "LEAKY_RELU": "LeakyReluOptions",
}


def _options(operator: Operator, options: Any) -> Any:
    """Fill in what kernels ask for."""
    kernel, stride = operator.window or ((1, 1), (1, 1))
    depth = operator.output.shape[-1] // operator.inputs[0].shape[-1] if len(operator.inputs[0].shape) == 4 else 1
    windows = {"strideH": stride[0], "strideW": stride[1], "filterHeight": kernel[0], "filterWidth": kernel[1]}
    numbers = {
        "dilationHFactor": 1,
        "dilationWFactor": 1,
        "depthMultiplier": depth,
        "axis": -1,
        "beta": 1,
        "alpha": 0.1,
    }
    ends = {"keepDims": len(operator.output.shape) == 4, "beginMask": 9, "endMask": _end_mask(operator)}
    words = {"fusedActivationFunction": _ACTIVATIONS[operator.activation], "halfPixelCenters": True, "padding": 1}
    settings: dict[str, Any] = windows | numbers | ends | words
    for name, value in settings.items():
        if hasattr(options, name):
            setattr(options, name, value)
    return options


def _end_mask(operator: Operator) -> int:
    """Return which ends of a slice do not hold: where they are written as 0."""
    if operator.kind != "STRIDED_SLICE":
        return 0
    return sum(1 << axis for axis, end in enumerate(operator.inputs[2].content) if end == 0)
