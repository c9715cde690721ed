"""What the page needs to train a network as `cnncalc train` does: the model, its first weights and the recipe.

The model is that of TensorFlow.js, which `cnncalc export` writes too, with a few layers that the page brings; what has
no layer then is refused here, before anything starts. Weights are drawn in the page by
PyTorch's generator, so a seed means the same there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.network import Network, Node, refuse_several_inputs
from cnncalc.to_foreign.keras_model import KerasCall, KerasModel, Made
from cnncalc.to_foreign.keras_table import KERAS
from cnncalc.to_foreign.tensorflowjs import TensorFlowJS
from cnncalc.train.ends import without_end
from cnncalc.train.engine.bounds import batch_bounds
from cnncalc.train.engine.schedule import rate_factor
from cnncalc.train.recipe.presets import load_recipe
from cnncalc.train.recipe.resolved import resolved
from cnncalc.train.recipe.settings import Recipe, as_values
from cnncalc.train.seeds import ORDER, mixed

WHAT = "training in the page"
OWN = ("adadelta", "adam", "adamw", "rmsprop", "sgd")
"""The optimizers that the page has."""

_NOT_THERE = ("mixup", "cutmix", "cutout", "crop", "augment", "clip", "ema", "freeze", "unfreeze", "learning_rate_of")
"""Settings of a recipe that the page does not know."""
_OF_CLIPS = ("Conv3D", "Conv3DTranspose")
_GROUPED, _DILATED, _RESPONSE = "GroupedConv2D", "DilatedDepthwiseConv2D", "LocalResponseNormalization"
_OF_THE_PAGE = (
    *("BatchNormalization", "LayerNormalization", "RMSNormalization", "GroupNormalization"),
    *(_RESPONSE, "ZeroPadding1D"),
)
"""Layers that the page brings, with the settings that Keras has."""
_FILTERS_AT = {"Conv1D": 0, "Conv2D": 0, _GROUPED: 0, "DepthwiseConv2D": 0, _DILATED: 0, "Conv2DTranspose": 1}
"""Which size of a convolution's weight in PyTorch is the number of filters."""


def _local_response(model: KerasModel, node: Node, source: Made) -> Made:
    """Return AlexNet's normalisation over neighbouring channels, which Keras has none for."""
    layer: Any = node.layer
    config = {"size": layer.size, "alpha": layer.alpha, "beta": layer.beta, "k": layer.k}
    return model.add(node, _RESPONSE, config, [model.with_positions(node, source)])


class PageModel(TensorFlowJS):
    """A model of TensorFlow.js with the layers that the page brings, where it has none."""

    table = {**KERAS, "lrn": _local_response}  # noqa: RUF012 - it is not changed

    def said(self, layer: KerasCall) -> KerasCall:
        """Return a layer of Keras as the page has it."""
        if layer.kind == "Conv2D" and "groups" in layer.config:
            return layer._replace(kind=_GROUPED)
        if layer.kind == "DepthwiseConv2D" and "dilation_rate" in layer.config:
            return layer._replace(kind=_DILATED)
        if layer.kind in _OF_THE_PAGE:
            return layer
        return super().said(layer)


def training_plan(network: Network, recipe: str, changes: Mapping[str, Any], images: int) -> dict[str, Any]:
    """Return all that the page needs to train a network on a number of images.

    Args:
        network: what is trained.
        recipe: one that ships.
        changes: settings that differ from the recipe's.
        images: how many there are to train on.

    Raises:
        SpecError: for a network that is no classifier, a layer that TensorFlow.js has none for, a convolution of
            clips, and a setting that the page does not have.

    """
    classes = _classes(network)
    writer = PageModel(without_end(network, ("softmax", "logsoftmax")))
    for layer in writer.model.layers:
        _check_layer(layer, writer)
    settings = _resolved(load_recipe(recipe, changes), network)
    bounds = batch_bounds(images, settings.batch, 1)
    steps = len(bounds) - 1
    return {
        "model": writer.text(),
        "weights": list(_weights(writer)),
        "classes": classes,
        "input": list(network.input),
        "image": _image(network),
        "recipe": as_values(settings),
        "bounds": bounds,
        "orders": [mixed(settings.seed, ORDER, epoch) & 0xFFFFFFFF for epoch in range(settings.epochs)],
        "rates": [
            settings.learning_rate * rate_factor(settings, step, steps * settings.epochs, steps)
            for step in range(steps * settings.epochs)
        ],
    }


def _classes(network: Network) -> int:
    """Return the number of classes that a network tells apart; raise `SpecError` for one that is no classifier."""
    refuse_several_inputs(network, f"{WHAT} gives it one image at a time")
    output = network.output
    if network.outputs_at or max(output.spatial) > 1 or output.channels < 2:
        message = f"{WHAT} is for classifiers, with an output for each class; this network makes {network.outputs_text}"
        raise SpecError("no-classifier", message, hints=["end it with `fc 10`, for as many classes as there are"])
    if not network.params:
        raise SpecError("nothing-to-train", "the network has no parameters, so there is nothing to train")
    return output.channels


def _image(network: Network) -> dict[str, int]:
    """Return the rows, columns and channels of what is given to the network; a signal is one row."""
    *rows, columns = network.input.spatial
    return {"high": rows[0] if rows else 1, "wide": columns, "channels": network.input.channels}


def _resolved(recipe: Recipe, network: Network) -> Recipe:
    """Return a recipe in which nothing is left open; raise `SpecError` for what the page does not have."""
    if recipe.optimizer not in OWN:
        hints = [f"choose {', '.join(OWN)}"]
        raise SpecError("not-in-format", f"{WHAT} has no optimizer {recipe.optimizer}", hints=hints)
    plain = Recipe()
    for name in _NOT_THERE:
        if getattr(recipe, name) != getattr(plain, name):
            raise SpecError("not-in-format", f"{WHAT} has no {name.replace('_', '-')}", hints=["leave it out"])
    return resolved(recipe, network.input)


def _check_layer(layer: KerasCall, writer: PageModel) -> None:
    """Refuse what TensorFlow.js computes and the page has no gradient of."""
    if layer.kind in _OF_CLIPS:
        message = f"{WHAT} has no gradient for `{layer.node.written}`; it trains convolutions of images and signals"
        raise writer.model.fault(layer.node, message)


def _weights(writer: PageModel) -> Iterator[dict[str, Any]]:
    """Yield how every weight of the model is called in PyTorch, how it is drawn there, and how it lies."""
    for layer in writer.model.layers:
        if layer.owner:
            continue
        starts = {tensor.name: tensor.start for tensor in layer.node.layer.state(layer.node.sources)}
        for place, weight in enumerate(layer.weights):
            name = weight.key.rsplit(".", 1)[-1]
            start = starts.get(name, ())
            yield {
                "layer": layer.name,
                "place": place,
                "key": weight.key,
                "filters_at": _FILTERS_AT.get(layer.kind),
                "dense": layer.kind == "Dense",
                "name": name,
                "start": list(map(float, start)),
                "first": list(weight.first),
                "order": list(weight.order),
                "last": list(weight.last),
                "decays": name == "weight" and not start and (layer.kind in _FILTERS_AT or layer.kind == "Dense"),
            }
