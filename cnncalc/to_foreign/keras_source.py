"""The source of a Keras 3 model, and its weights in a file beside it."""

from __future__ import annotations

import io
import keyword
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from cnncalc.core.cleaning import printable
from cnncalc.network import Network
from cnncalc.to_foreign.keras_model import KerasCall, KerasModel
from cnncalc.to_foreign.keras_table import KERAS
from cnncalc.to_foreign.writer import ForeignWriter

_LEADING = frozenset(
    (
        *("filters", "units", "kernel_size", "pool_size", "activation", "rate", "target_shape", "dims", "size"),
        *("cropping", "scale"),
    )
)
"""What is written without its name, where it stands in front."""

_RUNNING = "x"


class KerasSource(ForeignWriter):
    """``net_keras.py``: a function that builds the model, layer by layer; weights are an archive of NumPy."""

    what = "Keras"
    weights_ending = ".npz"

    def __init__(self, network: Network) -> None:
        """Take a network; raise `SpecError` for a layer that Keras has none for."""
        self.network = network
        self.model = KerasModel(network, self.what)
        self.outputs = self.model.read(KERAS)

    def text(self, weights_file: str = "") -> str:
        """Return the source; with the name of a file of weights, it has a function that loads them."""
        lines = [f'"""{self._title()}, for Keras 3; written by cnncalc."""', ""]
        lines += ["import keras", *(["import numpy"] if weights_file else []), "from keras import layers", "", ""]
        lines += ["def build() -> keras.Model:", f'    """Build the model: {self._volumes()}."""']
        lines += [f"    {line}" for line in self._calls()]
        if weights_file:
            lines += ["", "", *_LOADING.format(path=weights_file).splitlines()]
        return "\n".join(lines) + "\n"

    def weights(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return every weight by its layer's name and its place there: ``conv1.0``.

        Args:
            values: arrays by the names of the built module.
        """
        return {
            f"{layer.name}.{number}": weight.of(values)
            for layer in self.model.layers
            if not layer.owner
            for number, weight in enumerate(layer.weights)
        }

    def weights_file(self, values: Mapping[str, Any]) -> bytes:
        """Return the weights as an archive of NumPy."""
        import numpy

        file = io.BytesIO()
        numpy.savez(file, **self.weights(values))
        return file.getvalue()

    def _title(self) -> str:
        first = self.network.source.text.lstrip().split("\n", 1)[0]
        title = first.lstrip("# ").strip().rstrip(".") if first.startswith("#") else "A network"
        return printable(title).replace("\\", "").replace('"', "'")[:80].strip("# ") or "A network"

    def _volumes(self) -> str:
        return f"{self.network.inputs_text} to {self.network.outputs_text}, {self.network.params:,} parameters"

    def _calls(self) -> Iterator[str]:
        names = self._variables()
        owners = {layer.owner for layer in self.model.layers}
        for name, volume in self.model.inputs.items():
            yield f"{names[name]} = keras.Input({tuple(volume)}, name={_python(name)})"
        for layer in self.model.layers:
            given = [names[name] for name in layer.inputs]
            argument = f"[{', '.join(given)}]" if len(given) > 1 else given[0]
            made = f"layers.{_call(layer)}"
            if layer.name in owners or layer.owner:
                shared = f"{_identifier(layer.owner or layer.name)}_layer"
                if not layer.owner:
                    yield f"{shared} = {made}"
                made = shared
            yield f"{names[layer.name]} = {made}({argument})"
        ends = [_listed([names[name] for name in each]) for each in (self.model.inputs, self.outputs)]
        yield f"return keras.Model({', '.join(ends)})"

    def _variables(self) -> dict[str, str]:
        """Return a variable for each output: ``x`` where only the next layer reads it, else the layer's name."""
        readers = Counter([*self.outputs, *(name for layer in self.model.layers for name in layer.inputs)])
        names = {name: _identifier(name) for name in self.model.inputs}
        for layer, after in zip_longest(self.model.layers, self.model.layers[1:]):
            last = after is None and layer.name in self.outputs
            passed_on = after is not None and layer.name in after.inputs and readers[layer.name] == 1
            names[layer.name] = _RUNNING if last or passed_on else _identifier(layer.name)
        return names


def _listed(names: list[str]) -> str:
    """Write one variable, or a list of several."""
    return names[0] if len(names) == 1 else f"[{', '.join(names)}]"


def _call(layer: KerasCall) -> str:
    """Return how a layer is made: ``Conv2D(64, 3, padding="same", name="conv1")``."""
    leading = True
    written = []
    for name, value in layer.config.items():
        leading = leading and name in _LEADING
        written.append(_python(value) if leading else f"{name}={_python(value)}")
    written.append(f"name={_python(layer.name)}")
    return f"{layer.kind}({', '.join(written)})"


def _python(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else repr(value)


def _identifier(name: str) -> str:
    return f"{name}_" if keyword.iskeyword(name) or name in ("x", "keras", "layers", "numpy") else name


_LOADING = '''\
def load_weights(model: keras.Model, path: str = "{path}") -> None:
    """Give the model the weights of the file that was written beside this one."""
    saved = numpy.load(path)
    for layer in model.layers:
        layer.set_weights([saved[f"{{layer.name}}.{{number}}"] for number in range(len(layer.get_weights()))])
'''
