"""TensorFlow.js: ``model.json``, the layers of a model as a browser loads them, and its weights in a file beside it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.core.volume import Volume
from cnncalc.network import Network
from cnncalc.report.json_form import to_text
from cnncalc.to_foreign.keras_model import KerasCall, KerasModel
from cnncalc.to_foreign.keras_table import KERAS
from cnncalc.to_foreign.writer import ForeignWriter

_KINDS = frozenset(
    (
        *("Conv1D", "Conv2D", "Conv3D", "DepthwiseConv2D", "Conv2DTranspose", "Conv3DTranspose", "Dense", "Flatten"),
        *("MaxPooling1D", "MaxPooling2D", "MaxPooling3D", "AveragePooling1D", "AveragePooling2D", "AveragePooling3D"),
        *("GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalMaxPooling1D", "GlobalMaxPooling2D"),
        *("BatchNormalization", "LayerNormalization", "Activation", "ELU", "LeakyReLU", "PReLU", "Dropout", "Reshape"),
        *("Permute", "ZeroPadding2D", "Cropping2D", "UpSampling2D", "Rescaling"),
        *("Add", "Multiply", "Concatenate", "Maximum", "Minimum", "Average"),
    )
)
"""The layers that TensorFlow.js has."""

_ACTIVATIONS = {
    **{name: name for name in ("relu", "relu6", "selu", "sigmoid", "tanh", "softplus", "softsign", "softmax", "mish")},
    "silu": "swish",
    "gelu": "gelu",
    "log_softmax": "logSoftmax",
}
"""Its activations, by the names of Keras; its hard sigmoid is another one."""

_OTHER_KEYS = {"negative_slope": "alpha"}

_WEIGHTS = {
    "BatchNormalization": ("gamma", "beta", "moving_mean", "moving_variance"),
    "LayerNormalization": ("gamma", "beta"),
    "PReLU": ("alpha",),
    "DepthwiseConv2D": ("depthwise_kernel", "bias"),
}
"""What weights are called, by the layer; those of all others are a kernel and a bias."""


class TensorFlowJS(ForeignWriter):
    """``model.json``, and ``model.bin`` with the weights."""

    what = "TensorFlow.js"
    weights_ending = ".bin"
    table: Mapping[str, Any] = KERAS
    """What each layer of a spec is."""

    def __init__(self, network: Network) -> None:
        """Take a network; raise `SpecError` for a layer that TensorFlow.js has none for."""
        self.network = network
        self.model = KerasModel(network, self.what)
        self.outputs = self.model.read(self.table)
        self.model.layers = [self.said(layer) for layer in self.model.layers]

    def said(self, layer: KerasCall) -> KerasCall:
        """Return a layer of Keras as TensorFlow.js has it; raise `SpecError` where it has none."""
        self._check(layer)
        return layer

    def text(self, weights_file: str = "") -> str:
        """Return the text of the model; with the name of a file of weights, it says where each is in there."""
        calls = self._calls()
        again: defaultdict[str, list[KerasCall]] = defaultdict(list)
        for layer in self.model.layers:
            again[layer.owner].append(layer)
        layers = [_input_layer(name, volume) for name, volume in self.model.inputs.items()]
        owned = [layer for layer in self.model.layers if not layer.owner]
        layers += [_layer(layer, [layer, *again[layer.name]], calls) for layer in owned]
        config = {"name": "model", "layers": layers, "input_layers": [[name, 0, 0] for name in self.model.inputs]}
        config["output_layers"] = [[*calls[name]] for name in self.outputs]
        model = {"class_name": "Functional", "config": config}
        topology = {"keras_version": "2.15.0", "backend": "tensorflow", "model_config": model}
        data: dict[str, Any] = {"format": "layers-model", "generatedBy": "cnncalc", "convertedBy": None}
        data["modelTopology"] = topology
        if weights_file:
            data["weightsManifest"] = [{"paths": [weights_file], "weights": list(self._manifest())}]
        return to_text(data) + "\n"

    def weights_file(self, values: Mapping[str, Any]) -> bytes:
        """Return all weights one after the other, as single-precision numbers.

        Args:
            values: arrays by the names of the built module.
        """
        layers = self.model.layers
        owned = [weight for layer in layers if not layer.owner for weight in layer.weights]
        arrays = (weight.of(values).astype("<f4") for weight in owned)
        return b"".join([array.tobytes() for array in arrays])

    def _calls(self) -> dict[str, tuple[str, int, int]]:
        """Return where each call's output is: the layer, which of its calls, and the number of the output there."""
        calls = {name: (name, 0, 0) for name in self.model.inputs}
        times: Counter[str] = Counter()
        for layer in self.model.layers:
            owner = layer.owner or layer.name
            calls[layer.name] = (owner, times[owner], 0)
            times[owner] += 1
        return calls

    def _manifest(self) -> Iterator[dict[str, Any]]:
        shapes = _shapes(self.network)
        for layer in self.model.layers:
            if layer.owner:
                continue
            for name, weight in zip(_weight_names(layer), layer.weights, strict=True):
                shape = list(weight.shape_of(shapes[weight.key]))
                yield {"name": f"{layer.name}/{name}", "shape": shape, "dtype": "float32"}

    def _check(self, layer: KerasCall) -> None:
        """Refuse what TensorFlow.js cannot do and Keras can."""
        config, node = layer.config, layer.node
        written = f"`{node.written}`"
        if layer.kind not in _KINDS:
            raise self.model.fault(node, f"{self.what} has no {layer.kind}, which {written} needs")
        if "groups" in config:
            raise self.model.fault(node, f"{self.what} has no convolution in groups; a depthwise one it has")
        if layer.kind == "DepthwiseConv2D" and "dilation_rate" in config:
            # its DepthwiseConv2D takes the setting and computes without it
            raise self.model.fault(node, f"{self.what} has no dilation of a depthwise convolution")
        if config.get("interpolation") == "bilinear":
            # it counts positions from the corners of values, and PyTorch and Keras from their centres
            message = f"{self.what} enlarges bilinearly at other positions than PyTorch"
            raise self.model.fault(node, message, "leave `bilinear` out: the nearest value is the same there")
        if "noise_shape" in config:
            raise self.model.fault(node, f"{self.what} drops single values alone")
        if config.get("activation", "relu") not in _ACTIVATIONS:
            raise self.model.fault(node, f"{self.what} has no activation {written}")


def _input_layer(name: str, volume: Volume) -> dict[str, Any]:
    config = {"batch_input_shape": [None, *volume], "dtype": "float32", "sparse": False, "name": name}
    return {"class_name": "InputLayer", "config": config, "name": name, "inbound_nodes": []}


def _layer(layer: KerasCall, calls: list[KerasCall], names: Mapping[str, tuple[str, int, int]]) -> dict[str, Any]:
    """Return a layer with all its calls, each with the outputs that it reads."""
    config = {_OTHER_KEYS.get(key, key): _listed(value) for key, value in layer.config.items()}
    if "activation" in config:
        config["activation"] = _ACTIVATIONS[config["activation"]]
    if layer.kind.startswith("UpSampling"):
        config["size"] = list(layer.config["size"])
    nodes = [[[*names[name], {}] for name in call.inputs] for call in calls]
    return {
        "class_name": layer.kind,
        "config": {"name": layer.name, "trainable": True, "dtype": "float32", **config},
        "name": layer.name,
        "inbound_nodes": nodes,
    }


def _listed(value: Any) -> Any:
    return [_listed(each) for each in value] if isinstance(value, tuple) else value


def _weight_names(layer: KerasCall) -> tuple[str, ...]:
    names = _WEIGHTS.get(layer.kind, ("kernel", "bias"))
    if layer.config.get("scale") is False:
        names = tuple([name for name in names if name != "gamma"])
    if layer.config.get("center") is False:
        names = tuple([name for name in names if name != "beta"])
    return names[: len(layer.weights)]


def _shapes(network: Network) -> dict[str, tuple[int, ...]]:
    """Return the shapes of all weights of the built module, which needs no memory for them."""
    from cnncalc.model.build import build

    return {name: tuple(value.shape) for name, value in build(network, device="meta").state_dict().items()}
