"""The input of ``cnncalc compute``: numbers, files or images, of one input or of several."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace

import click

from cnncalc.commands.compute_pictures import ImageInput, with_image
from cnncalc.commands.options import load_spec
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.words import did_you_mean, listed
from cnncalc.network import Network, SpecSettings, refuse_several_inputs
from cnncalc.values import Numbers
from cnncalc.values.reading import fitted, read_csv, read_numbers_text, volume_of

InputValues = Numbers | dict[str, Numbers] | None
"""The values of the input, or of several by their names; None for drawn ones."""


def network_and_values(
    spec: str, settings: SpecSettings, texts: Sequence[str], image: ImageInput | None
) -> tuple[Network, InputValues]:
    """Load a spec, and return it with the values of its input.

    A spec that says nothing of its input has that of the values, or of the image.
    """

    def load(inputs: dict[str, Source]) -> Network:
        return load_spec(spec, replace(settings, inputs=inputs) if inputs else settings)

    if image is not None:
        network, values = with_image(load, image)
        refuse_several_inputs(network, "an image is the values of one")
        return network, values
    try:
        network = load({})
    except SpecError as error:
        if error.code != "no-input" or spec == "-" or len(texts) != 1:
            raise
        given = read_values(texts[0], "--values")
        network = load({"": Source("--values", str(volume_of(given)))})
    if network.inputs_at:
        return network, dict([_named(network, text) for text in texts])
    if len(texts) > 1:
        raise click.UsageError("--values is given twice, and the network has one input")
    return network, fitted(read_values(texts[0], "--values"), network.input, "--values") if texts else None


def read_values(text: str, where: str) -> Numbers:
    """Return the numbers of a text, which may be the name of a file."""
    if text.lower().endswith((".csv", ".txt", ".tsv")) or os.path.isfile(text):
        return read_csv(text)
    return read_numbers_text(text, where)


def _named(network: Network, text: str) -> tuple[str, Numbers]:
    """Read ``left=1 2; 3 4`` for a network of several inputs."""
    name, equals, numbers = text.partition("=")
    name = name.strip().lower()
    if not equals:
        raise click.UsageError(f"write --values NAME=NUMBERS for each of the inputs: {', '.join(network.input_names)}")
    if name not in network.input_names:
        hints = [*did_you_mean(name, network.input_names), f"there are {listed(network.input_names)}"]
        raise click.UsageError(f"there is no input {name!r}; {hints[0]}")
    volume = network.inputs[network.input_names.index(name)]
    where = f"--values {name}"
    return name, fitted(read_values(numbers, where), volume, where)
