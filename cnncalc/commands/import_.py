"""``cnncalc import``"""

from __future__ import annotations

import sys

import click

from cnncalc.commands.assignments import input_volumes
from cnncalc.commands.import_text import import_text, is_text
from cnncalc.commands.options import take_spec_path
from cnncalc.core.errors import SpecError
from cnncalc.core.needs import optional_packages
from cnncalc.core.words import listed
from cnncalc.core.writing import complain, write_file, write_stream
from cnncalc.network.settings import InputTexts


def _arguments(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    given: dict[str, str] = {}
    for value in values:
        name, equals, literal = value.partition("=")
        if not equals or not name.strip().isidentifier() or not literal.strip():
            raise click.BadParameter(f"write it as name=value, not {value!r}")
        given[name.strip()] = literal
    return given


@click.command("import")
@click.argument("model")
@click.option(
    "--input",
    metavar="[NAME=]HxWxC",
    multiple=True,
    callback=input_volumes,
    help="Volume of one image, such as 224x224x3. Repeated for several.",
)
@click.option(
    "--arg",
    "arguments",
    metavar="NAME=VALUE",
    multiple=True,
    callback=_arguments,
    help="Argument of the callable, a Python literal. May be repeated.",
)
@click.option("--no-proof", is_flag=True, help="Do not compare outputs, which is slow for large models.")
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Output file. [default: the terminal]"
)
def import_(model: str, input: InputTexts, arguments: dict[str, str], no_proof: bool, output: str | None) -> None:
    """Write the spec of an existing network: a file, or a PyTorch module.

    MODEL is the path of a file of another tool (Keras, Caffe, ConvNetJS, PyTorch calls, and more), such a text
    itself, or - for standard input. None of it is executed.

    Or MODEL is package.module:callable. Importing runs its code: the module is imported, the callable is called and
    what it makes is traced, so name only what you trust. No weights are downloaded. Before the text is written, it is
    proved: built, and given the module's tensors, it must compute the same.
    Needs PyTorch: pip install "cnncalc[train]".

    \b
    Examples:
      cnncalc import yolov3.cfg -o yolov3.txt
      cnncalc import torchvision:resnet18 -o resnet18.txt
      cnncalc import timm:resnet50d
      cnncalc import torchvision.models:googlenet --arg aux_logits=False
      cnncalc import torch.nn:Conv2d --arg in_channels=3 --arg out_channels=8 --arg kernel_size=5 --input 32x32x3
    """
    path = take_spec_path(output)
    if is_text(model):
        _write(import_text(model, input), path)
        return
    with optional_packages():
        from cnncalc.model.from_torch import import_module
        from cnncalc.model.from_torch.target import Target, literal

    values = {name: literal(value) for name, value in arguments.items()}
    target = Target(model)
    written = input or target.usual_input()
    if written is None:
        hints = ["give it with --input 224x224x3"]
        raise SpecError("no-input", f"the input volume of `{model}` is not known", hints=hints)
    imported = import_module(target.make(values), written, heading=_heading(model, arguments), prove=not no_proof)
    _tell(imported.unused)
    unproved = () if imported.proved or no_proof else ("not proved, since the module has no numbers to compute with",)
    for note in (*imported.notes, *unproved):
        click.echo(f"note: {note}", err=True)
    _write(imported.text, path)


def _write(text: str, path: str | None) -> None:
    if path is None:
        write_stream(text, sys.stdout)
    else:
        write_file(text, path)


def _heading(model: str, arguments: dict[str, str]) -> str:
    listed_arguments = ", ".join(f"{name}={value}" for name, value in arguments.items())
    return f"{model}({listed_arguments})" if arguments else model


def _tell(unused: tuple[str, ...]) -> None:
    """Say on standard error what is left out."""
    if unused:
        owners = {path.partition(".")[0] for path in unused}
        complain(f"note: left out, since the output does not depend on it: {listed(owners)}")
