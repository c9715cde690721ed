"""What a network's end means for its loss. Nothing here imports torch."""

from __future__ import annotations

from dataclasses import replace

from cnncalc.core.errors import SpecError
from cnncalc.core.words import listed
from cnncalc.network import Network, refuse_several_inputs

_SOFTMAX = ("softmax", "logsoftmax")


def without_softmax(network: Network) -> Network:
    """Return the network without a softmax at its end, so that it makes logits.

    The cross-entropy takes logits and does the softmax itself, which keeps it exact where probabilities are
    tiny. A softmax has no parameters: the weights of both networks are the same.
    """
    if not ends_in_softmax(network):
        return network
    last = network.layers[-1]
    return replace(network, layers=network.layers[:-1], output_index=last.inputs[0])


def ends_in_softmax(network: Network) -> bool:
    """Say whether the network makes probabilities, or their logarithms."""
    return bool(network.output_index) and network.layers[-1].written in _SOFTMAX


TRAINING = "training gives it one image at a time"
"""Why a network with several inputs is not trained."""


def check_classifier(network: Network) -> int:
    """Return the number of classes that a network tells apart.

    Raises:
        SpecError: where it has several inputs or outputs, or its output is no vector, has a single class, or comes from
            a layer that no loss suits.

    """
    refuse_several_inputs(network, TRAINING)
    if network.outputs_at:
        names = listed([f"@{name}" for name in network.output_names])
        message = f"the network has {len(network.outputs_at)} outputs ({names}), and training has a loss for one"
        hints = ["leave `output` out, so that the network ends where its text does, and train that"]
        raise SpecError("no-classifier", message, hints=hints)
    output = network.output
    if max(output.spatial) > 1:
        hints = ["end it with `gap - fc 10`, or `fc 10`, for as many classes as there are"]
        raise SpecError(
            "no-classifier", f"the network's output is {output}; a classifier needs one output per class", hints=hints
        )
    if output.channels < 2:
        hints = ["end it with `fc 2` for two classes"]
        raise SpecError(
            "no-classifier", "the network has one output; a classifier needs one per class, at least two", hints=hints
        )
    if not network.params:
        raise SpecError("nothing-to-train", "the network has no parameters, so there is nothing to train")
    return output.channels


def loss_note(network: Network) -> str:
    """Say what the loss makes of the network's end."""
    if ends_in_softmax(network):
        word = network.layers[-1].layer.kind
        return f"cross-entropy, which does the {word} of `{network.layers[-1].name}` itself"
    last = network.layers[-1].layer.kind
    if last in ("fc", "conv", "gap", "flatten"):
        return "cross-entropy with a softmax of its own: the spec ends in logits"
    return f"cross-entropy with a softmax of its own: the spec ends in `{last}`, whose output it takes as logits"
