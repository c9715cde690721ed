"""What the page needs to train a network as `cnncalc train` does: the model, its first weights and the recipe.

The model is that of TensorFlow.js, which `cnncalc export` writes too; what that has no layer for is refused here,
before anything starts. Weights are drawn in the page by PyTorch's generator, so a seed means the same there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from cnncalc.core.errors import SpecError
from cnncalc.network import Network, refuse_several_inputs
from cnncalc.to_foreign.keras_model import KerasCall
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
_DRAWN = {"Conv1D": "conv", "Conv2D": "conv", "Conv3D": "conv", "Dense": "fc"}


def training_plan(network: Network, recipe: str, changes: Mapping[str, Any], images: int) -> dict[str, Any]:
    """Return all that the page needs to train a network on a number of images.

    Args:
        network: what is trained.
        recipe: one that ships.
        changes: settings that differ from the recipe's.
        images: how many there are to train on.

    Raises:
        SpecError: for a network that is no classifier, a layer that TensorFlow.js has none for or no gradient of, and a
            setting that the page does not have.

    """
    classes = _classes(network)
    writer = TensorFlowJS(without_end(network, ("softmax", "logsoftmax")))
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


def _check_layer(layer: KerasCall, writer: TensorFlowJS) -> None:
    """Refuse what TensorFlow.js computes and has no gradient of, on WebAssembly at least."""
    if layer.kind in ("DepthwiseConv2D", "Conv2DTranspose", "Conv3D", "Conv1D", "Conv3DTranspose"):
        message = f"{WHAT} has no gradient for `{layer.node.written}`; it trains convolutions of images without groups"
        raise writer.model.fault(layer.node, message)
    if layer.config.get("dilation_rate", 1) not in (1, (1, 1)):
        raise writer.model.fault(layer.node, f"{WHAT} has no gradient for a dilated convolution")


def _weights(writer: TensorFlowJS) -> Iterator[dict[str, Any]]:
    """Yield how every weight of the model is called in PyTorch, how it is drawn there, and how it lies."""
    for layer in writer.model.layers:
        if layer.owner:
            continue
        for place, weight in enumerate(layer.weights):
            name = weight.key.rsplit(".", 1)[-1]
            yield {
                "layer": layer.name,
                "place": place,
                "key": weight.key,
                "kind": _DRAWN.get(layer.kind, ""),
                "name": name,
                "first": list(weight.first),
                "order": list(weight.order),
                "last": list(weight.last),
                "decays": name == "weight" and layer.kind in _DRAWN,
            }
