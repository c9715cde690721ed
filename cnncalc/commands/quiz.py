"""``cnncalc quiz``"""

from __future__ import annotations

import os
import shlex
import sys

import click

from cnncalc.commands.options import note_on_letters, screen_of
from cnncalc.commands.replacing import check_output
from cnncalc.commands.whole import Whole
from cnncalc.core.words import shorten_path
from cnncalc.core.writing import write_file
from cnncalc.quiz import LEVELS, TOPICS, Exercise, Wanted, sheet
from cnncalc.quiz.content import Sheet
from cnncalc.quiz.sheets import WRITERS, Writer
from cnncalc.report.korean import LANGUAGES


@click.command()
@click.option("--topic", type=click.Choice(TOPICS), help="What the exercises are about. [default: all topics]")
@click.option(
    "--level", type=Whole(LEVELS[0], LEVELS[-1]), metavar="N", help="How hard they are. [default: all levels]"
)
@click.option("--count", type=Whole(1, 500), metavar="N", default=10, show_default=True, help="Number of exercises.")
@click.option(
    "--seed", type=Whole(0, 2**63 - 1), metavar="N", default=0, show_default=True, help="Random seed of the exercises."
)
@click.option("--lang", type=click.Choice(LANGUAGES), default="en", show_default=True, help="Language of the words.")
@click.option("--answers", is_flag=True, help="Add answers, worked solutions and mistakes to a sheet.")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Output file: .md, .tex or .html. [default: ask in the terminal]",
)
def quiz(
    topic: str | None, level: int | None, count: int, seed: int, lang: str, answers: bool, output: str | None
) -> None:
    """Ask exercises on sizes, parameters, multiplications and values, or write a sheet of them.

    The exercises are drawn from the seed, and the calculator works out the answers. Each wrong answer comes from a
    usual mistake, which is named. Without -o the exercises are asked one by one: type a letter or the answer itself.

    \b
    Examples:
      cnncalc quiz --topic sizes --level 1
      cnncalc quiz --count 20 --seed 7 -o sheet.html --answers
      cnncalc quiz --topic values --lang ko -o sheet.tex
    """
    check_output(output)
    if output is None and answers:
        raise click.UsageError("--answers is for a sheet: give -o sheet.md, .tex or .html")
    write = None if output is None else _writer_of(output)
    wanted = Wanted(topic or "", level or 0, count, seed)
    exercises = sheet(wanted)
    if output is None or write is None:
        note_on_letters(lang)
        _ask(exercises, lang)
    else:
        made = Sheet(exercises, lang, answers, _command(wanted, lang, answers, output))
        write_file(map(str.encode, write(made)), output)


def _writer_of(path: str) -> Writer:
    """Return what writes a sheet by the ending of its name."""
    ending = os.path.splitext(path)[1].lower()
    if ending not in WRITERS:
        raise click.UsageError(
            f"the ending of {shorten_path(path)!r} names no form of a sheet: use {', '.join(WRITERS)}"
        )
    return WRITERS[ending]


def _command(wanted: Wanted, language: str, answers: bool, path: str) -> str:
    """Return the command that makes a sheet again."""
    options = [
        *(["--topic", wanted.topic] if wanted.topic else []),
        *(["--level", str(wanted.level)] if wanted.level else []),
        *("--count", str(wanted.number), "--seed", str(wanted.seed)),
        *(["--lang", language] if language != "en" else []),
        *(["--answers"] if answers else []),
    ]
    return shlex.join(["cnncalc", "quiz", *options, "-o", os.path.basename(path)])


def _ask(exercises: list[Exercise], language: str) -> None:
    """Ask the exercises on standard input and output."""
    from cnncalc.quiz.asking import Asking

    Asking(sys.stdin, sys.stdout, screen_of(sys.stdout), language).ask(exercises)
