"""``cnncalc compute`` with images: an image as the input, and what a network makes of it as an image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cnncalc.commands.options import load_spec
from cnncalc.commands.replacing import refuse_replacing
from cnncalc.core.errors import SpecError
from cnncalc.core.source import Source
from cnncalc.core.words import did_you_mean, shorten
from cnncalc.core.writing import write_file
from cnncalc.layers.named_kernels import KERNELS, SAME_AS_NEXT
from cnncalc.network import Network, SpecSettings
from cnncalc.values import Numbers
from cnncalc.values.pictures import filtered, image_of, png_bytes, read_image, sheet_of, usual_way
from cnncalc.values.reading import volume_of

if TYPE_CHECKING:
    from PIL.Image import Image

FILTER = "conv 3x3x1 same"
"""The layer that gets each of the kernels, where no spec is given."""


class ImageInput(NamedTuple):
    """The options of an image that is the input.

    Attributes:
        path: the file.
        colour: whether it has three channels.
        longest: the longest side that it is shrunk to; None for no limit.

    """

    path: str
    colour: bool
    longest: int | None


def with_image(load: Callable[[dict[str, Source]], Network], image: ImageInput) -> tuple[Network, Numbers]:
    """Return a network and its input from an image.

    A spec that says its own input gets an image of that size and those channels; another one that of the image.

    Args:
        load: loads the spec, with the inputs that it is given.
        image: the image.

    """
    try:
        network = load({})
    except SpecError as error:
        if error.code != "no-input":
            raise
        numbers = read_image(image.path, colour=image.colour, longest=image.longest)
        return load({"": Source("--image", str(volume_of(numbers)))}), numbers
    volume = network.input
    if volume.dimensions != 2 or volume.channels not in (1, 3):
        message = f"an image has a height, a width and 1 or 3 channels, and the input of the network is {volume}"
        raise SpecError("bad-volume", message, hints=["pass --input 64x64x3, or --values"])
    return network, read_image(image.path, colour=volume.channels == 3, size=(volume[0], volume[1]))


class PictureOptions(NamedTuple):
    """The options of a picture that is written.

    Attributes:
        path: the file that is written, a PNG.
        kernels: the kernels of a contact sheet; None for what the spec says.
        show: how numbers become shades; None for the usual way.
        tensors: numbers that are given.
        seed: what others are drawn from.

    """

    path: str
    kernels: str | None
    show: str | None
    tensors: dict[str, Numbers]
    seed: int


def write_picture(spec: str | None, settings: SpecSettings, image: ImageInput, options: PictureOptions) -> None:
    """Filter an image and write what comes out as a PNG."""
    refuse_replacing(image.path, options.path, "the image itself")
    if options.kernels is None:
        assert spec is not None  # the command asks for it
        made = _filtered(spec, settings, image, options)
    else:
        text = _one_filter(spec or FILTER)
        names = _kernel_names(options.kernels)
        made = sheet_of([(name, _filtered(f"{text} kernel={name}", settings, image, options)) for name in names])
    write_file(png_bytes(made), options.path)


def _filtered(spec: str, settings: SpecSettings, image: ImageInput, options: PictureOptions) -> Image:
    def load(inputs: dict[str, Source]) -> Network:
        return load_spec(spec, replace(settings, inputs=inputs) if inputs else settings)

    network, numbers = with_image(load, image)
    if network.output.dimensions != 2:
        raise SpecError("bad-volume", f"the output {network.output} is not an image")
    made = filtered(network, numbers, tensors=options.tensors, seed=options.seed)
    return image_of(made, options.show or usual_way(network))


def _one_filter(spec: str) -> str:
    """Return the text of the one layer that gets the kernels."""
    text = spec.strip()
    if "kernel=" in text or not text.lower().startswith(("conv", "dwconv")) or any(part in text for part in "\n;,|"):
        hints = [f'write "{FILTER}", or leave the spec out']
        raise SpecError("bad-option", "--kernels takes one convolution without a kernel of its own", hints=hints)
    return text


def _kernel_names(text: str) -> Sequence[str]:
    """Return the kernels that are asked for: by their names, or all."""
    if text.strip().lower() == "all":
        return [name for name in KERNELS if name not in SAME_AS_NEXT]
    names = [name.strip().lower() for name in text.split(",")]
    for name in names:
        if name not in KERNELS:
            hints = [*did_you_mean(name, KERNELS), f"kernels are {', '.join(KERNELS)}, or all"]
            raise SpecError("bad-option", f"there is no kernel `{shorten(name)}`", hints=hints)
    return names


def refuse_in_a_picture(options: dict[str, Any]) -> None:
    """Refuse options that a picture has no use for."""
    names = ("at", "steps", "im2col", "backward", "gradient", "target", "label", "rate", "values")
    given = [name for name in names if options[name] not in (None, False, ())]
    if given:
        option = {"rate": "learning-rate"}.get(given[0], given[0])
        raise click.UsageError(f"--{option} is for numbers, and -o names a picture")
