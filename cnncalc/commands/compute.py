"""``cnncalc compute``"""

from __future__ import annotations

from typing import Any

import click

from cnncalc.commands.compute_inputs import InputValues, network_and_values
from cnncalc.commands.compute_parts import ComputeOptions, shown_values
from cnncalc.commands.compute_pictures import (
    ImageInput,
    PictureOptions,
    refuse_in_a_picture,
    write_picture,
)
from cnncalc.commands.options import (
    output_options,
    spec_argument,
    spec_options,
    take_output,
    take_spec_options,
)
from cnncalc.commands.whole import Whole
from cnncalc.layers.operations import Number
from cnncalc.network import Network, SpecSettings
from cnncalc.report.compute import compute_report
from cnncalc.report.number_grids import MOST_SHOWN
from cnncalc.values import Numbers
from cnncalc.values.pictures import WAYS
from cnncalc.values.reading import number_of_text, read_numbers_text
from cnncalc.values.tensors import is_drawn


def _place(context: click.Context, parameter: click.Parameter, value: str | None) -> tuple[int, ...] | None:
    """Read ``0,2`` or ``0,2,1``."""
    if value is None:
        return None
    parts = [part.strip() for part in value.replace("x", ",").split(",")]
    if not all(part.isascii() and part.isdecimal() and len(part) < 10 for part in parts):
        raise click.BadParameter(f"write row and column, counted from 0, such as 0,2, not {value!r}")
    return tuple(map(int, parts))


def _tensors(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, Numbers]:
    """Read ``conv1.weight=1 0 1; 0 1 0``."""
    found = {}
    for value in values:
        name, equals, numbers = value.partition("=")
        if not equals or not name.strip():
            raise click.BadParameter(f"write it as NAME=NUMBERS, such as conv1.bias=3, not {value!r}")
        found[name.strip()] = read_numbers_text(numbers, f"--tensor {name.strip()}")
    return found


def _rate(context: click.Context, parameter: click.Parameter, value: str | None) -> Number | None:
    """Read a learning rate, exactly as it is written."""
    if value is None:
        return None
    rate = number_of_text(value, "--learning-rate")
    if rate <= 0:
        raise click.BadParameter(f"a learning rate is larger than 0, not {value}")
    return rate


@click.command(name="compute")
@spec_argument(required=False)
@click.option(
    "--values",
    metavar="NUMBERS|CSV",
    multiple=True,
    help='Input: "1 1 0; 0 1 1" by rows, | between channels, or a CSV file.',
)
@click.option(
    "--tensor",
    "tensors",
    metavar="NAME=NUMBERS",
    multiple=True,
    callback=_tensors,
    help="Numbers of a tensor, such as conv1.weight. May be repeated.",
)
@click.option(
    "--seed",
    type=Whole(0, 2**63 - 1),
    metavar="N",
    default=0,
    show_default=True,
    help="Random seed of the numbers that are not given.",
)
@click.option(
    "--image", metavar="FILE", type=click.Path(), help="Image that is the input; grey, unless the input has 3 channels."
)
@click.option("--colour", is_flag=True, help="Read the image in colour, with 3 channels.")
@click.option("--longest", type=Whole(1, 65_535), metavar="PIXELS", help="Longest side that the image is shrunk to.")
@click.option("--kernels", metavar="NAMES", help="Kernels of a contact sheet, such as sobelx,emboss; or all.")
@click.option("--show", type=click.Choice(WAYS), help="Shades of a picture. [default: clip, or absolute for edges]")
@click.option("--layer", metavar="NAME", help="Layer of --at, --steps and --im2col. [default: the last that fits]")
@click.option("--at", metavar="ROW,COLUMN", callback=_place, help="Position whose sum is written out, counted from 0.")
@click.option("--steps", is_flag=True, help="Walk through a layer window by window.")
@click.option("--im2col", is_flag=True, help="Show a convolution as a matrix product.")
@click.option("--backward", is_flag=True, help="Compute the gradients of inputs, weights and biases.")
@click.option("--gradient", metavar="NUMBERS", help="Gradient of the output, for --backward. [default: ones]")
@click.option("--target", metavar="NUMBERS", help="Wanted output; the loss is half the squared error.")
@click.option("--label", type=Whole(0, 10**9), metavar="CLASS", help="Right class, from 0; the loss is cross-entropy.")
@click.option("--learning-rate", "rate", metavar="RATE", callback=_rate, help="Learning rate of one step of learning.")
@click.option("--decimal", "digits", type=Whole(0, 15), metavar="DIGITS", help="Decimal places, in place of fractions.")
@spec_options
@output_options
def compute(spec: str | None, **options: Any) -> None:
    """Compute the values of every layer, with exact fractions.

    Kernels come from the text (kernel=[1 0 1; 0 1 0; 1 0 1] bias=3) or from --tensor; all other numbers are
    drawn from the seed, small whole ones. A small network only: this is plain Python. With --image and -o FILE.png
    an image is filtered.

    SPEC is a file, - for standard input, a name of the zoo, or the text in quotes.

    \b
    Examples:
      cnncalc compute "conv 2x2x1 kernel=[1 2; 3 4] bias=0" --values "1 0 2; 0 1 1; 2 1 0"
      cnncalc compute "conv 3x3x2 p1 - relu - pool 2x2 - fc 3" --input 6x6x1 --at 2
      cnncalc compute "fc 1 - step" --values "1 0 1" --target 1 --learning-rate 0.5
      cnncalc compute "conv 3x3x1 kernel=sobelx" --image photo.png -o edges.png
    """
    settings = take_spec_options(options)
    image = _image(options)
    if (options["output"] or "").lower().endswith(".png"):
        _write_picture(spec, settings, image, options)
        return
    if options["kernels"] is not None or options["show"] is not None:
        raise click.UsageError("--kernels and --show are for a picture: -o sheet.png")
    if spec is None:
        raise click.UsageError("Missing argument 'SPEC'.")
    output = take_output(options)
    network, values = network_and_values(spec, settings, options.pop("values"), image)
    asked = ComputeOptions(values, **{name: options[name] for name in ComputeOptions._fields[1:]})
    shown = shown_values(network, asked)
    remarks = [*_remarks(network, values, options["tensors"], options["seed"]), *_on_pictures(network, image)]
    output.emit(compute_report(shown._replace(digits=options["digits"], remarks=(*shown.remarks, *remarks))))


def _image(options: dict[str, Any]) -> ImageInput | None:
    """Take the options of the image out of the command's."""
    path, colour, longest = options.pop("image"), options.pop("colour"), options.pop("longest")
    if path is None:
        if colour or longest is not None:
            raise click.UsageError("--colour and --longest are for --image")
        return None
    if options["values"]:
        raise click.UsageError("--values and --image exclude each other")
    return ImageInput(path, colour, longest)


def _write_picture(spec: str | None, settings: SpecSettings, image: ImageInput | None, options: dict[str, Any]) -> None:
    """Write what a network, or each of the kernels, makes of an image."""
    refuse_in_a_picture(options)
    if image is None:
        raise click.UsageError("-o FILE.png is for a picture: give --image")
    if spec is None and options["kernels"] is None:
        raise click.UsageError("Missing argument 'SPEC'.")
    if options["form"] is not None:
        raise click.UsageError("--format is for numbers, and -o names a picture")
    asked = PictureOptions(*[options[name] for name in ("output", "kernels", "show", "tensors", "seed")])
    write_picture(spec, settings, image, asked)


def _on_pictures(network: Network, image: ImageInput | None) -> list[str]:
    """Say how an image that is too large for its numbers to be shown becomes a picture."""
    too_large = image is not None and network.input.values > MOST_SHOWN
    return ["-o FILE.png writes the output as a picture."] if too_large else []


def _remarks(network: Network, values: InputValues, tensors: dict[str, Numbers], seed: int) -> tuple[str, ...]:
    """Say what was drawn."""
    given = values if isinstance(values, dict) else {}
    inputs = [f"the input `{name}`" for name in network.input_names if name not in given] if network.inputs_at else []
    if values is None and not network.inputs_at:
        inputs = ["the input"]
    drawn = [*inputs, *[f"`{name}`" for name in is_drawn(network, tensors)]]
    if not drawn:
        return ()
    shown = ", ".join(drawn[:6]) + (", …" if len(drawn) > 6 else "")
    return (f"Drawn from seed {seed}: {shown}. Give them with --values and --tensor.",)
