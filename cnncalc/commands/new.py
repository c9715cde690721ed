"""``cnncalc new``"""

from __future__ import annotations

import re
import shlex
import sys
from typing import Any

import click

from cnncalc.commands.options import SpecArgument, take_spec_path
from cnncalc.commands.whole import Whole
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.core.words import shorten
from cnncalc.core.writing import complain, write_file, write_stream
from cnncalc.network import input_volume

_OF_PATTERNS = ("width", "kernel", "hidden", "times")


def _numbers(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> dict[str, int]:
    """Read ``N=2``: a letter and how often."""
    given: dict[str, int] = {}
    for value in values:
        letter, _, number = (part.strip() for part in value.partition("="))
        if not (letter.isascii() and letter.isalpha() and len(letter) == 1):
            raise click.BadParameter(f"write it as letter=number, such as N=2, not {value!r}")
        if not (number.isascii() and number.isdigit() and len(number) <= 4 and int(number) <= 1000):
            raise click.BadParameter(f"{letter} is a whole number from 0 to 1000, not {number!r}")
        given[letter.lower()] = int(number)
    return given


class New(click.Command):
    """Says how a network or a formula is named where one is given without its option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Refuse words that belong to no option before options are missed, and show how the call is written."""
        options, words, _ = self.make_parser(ctx).parse_args(list(args))
        if words and not {"-h", "--help"} & set(args):
            option = "--pattern" if _FORMULA.search(words[0]) else "--like"
            volume = options.get("input") or "32x32x3"
            call = shlex.join(["cnncalc", "new", option, words[0], "--input", volume])
            raise click.UsageError(f"{shorten(words[0])!r} has no option in front of it; write {call}", ctx)
        return super().parse_args(ctx, args)


_FORMULA = re.compile(r"[(\[]|(?i:^(conv|fc|pool|relu)(?!\w|\.))")
"""What a formula begins with, and no name of a network."""


@click.command(cls=New)
@click.option("--pattern", metavar="FORMULA", help="Formula of the lectures: (CONV-RELU)*2-POOL-FC.")
@click.option("--like", metavar="NAME", type=SpecArgument(), help="Network to adapt, a name of the zoo or a file.")
@click.option("--input", metavar="HxWxC", help="Input volume, such as 32x32x3. [required]")
@click.option("--classes", type=Whole(1, 10**9), metavar="N", help="Outputs of the last layer.")
@click.option("--width", type=Whole(1, 10**6), metavar="N", help="Filters of the first stage. [default: 32]")
@click.option("--kernel", type=Whole(1, 1000), metavar="N", help="Height and width of kernels. [default: 3]")
@click.option("--hidden", type=Whole(1, 10**9), metavar="N", help="Outputs of the fully connected layers.")
@click.option(
    "--times",
    metavar="LETTER=N",
    multiple=True,
    callback=_numbers,
    help="Number that a letter of the formula stands for. May be repeated.",
)
@click.option(
    "-o", "--output", metavar="FILE", type=click.Path(dir_okay=False), help="Output file. [default: the terminal]"
)
def new(pattern: str | None, like: str | None, input: str | None, output: str | None, **options: Any) -> None:
    """Write a spec to start from: from a formula as in the lectures, or from a known network.

    A formula names layers, repeats and optional pools; sizes are chosen. The filters are doubled where a pool halves
    the volume, padding keeps the size elsewhere, and `POOL?` is written where 4x4 is left. A known network
    gets the input and the classes; small images get a stem of stride 1 without a pool.

    \b
    Examples:
      cnncalc new --pattern "[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1,FC" --input 32x32x3 --classes 10
      cnncalc new --pattern "[(CONV-RELU)*N-POOL?]*3-FC" --times N=2 --input 28x28x1
      cnncalc new --like resnet18 --input 32x32x3 --classes 10 -o small.txt
    """
    path = take_spec_path(output)
    if (pattern is None) == (like is None):
        raise click.UsageError("name a formula with --pattern, or a network with --like, and not both")
    if input is None:
        raise click.UsageError("name the input volume, such as --input 32x32x3")
    volume = input_volume(Source("--input", input))
    if like is not None:
        text = _like(like, volume, options)
    else:
        assert pattern is not None  # one of both is there
        text = _from_pattern(pattern, volume, options)
    if path is None:
        write_stream(text, sys.stdout)
    else:
        write_file(text, path)


def _from_pattern(pattern: str, volume: Volume, options: dict[str, Any]) -> str:
    from cnncalc.templates.from_pattern import Sizes, from_pattern, notes

    given = {name: options[name] for name in Sizes._fields if options[name] is not None}
    text = from_pattern(pattern, volume, Sizes(**given), options["times"])
    for note in notes(pattern, options["times"]):
        complain(f"note: {note}")
    return text


def _like(name: str, volume: Volume, options: dict[str, Any]) -> str:
    from cnncalc.templates.like import like

    if unused := [option for option in _OF_PATTERNS if options[option]]:
        raise click.UsageError(f"--{unused[0]} is for --pattern; a network that is known has its own sizes")
    return like(name, volume, options["classes"]).text
