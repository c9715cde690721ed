"""The model card of a run: ``README.md``, with front matter as Hugging Face reads it, from facts alone.

Nothing stands in it that is not in the run's own files. It is written again at the end of training and by
``cnncalc evaluate``; what a person writes below its last line stays.
"""

from __future__ import annotations

import json
import os
import shlex
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from cnncalc.core.cleaning import markdown_cell, printable, printable_lines
from cnncalc.core.numbers import bytes_text, counted, duration_text
from cnncalc.core.reading import read_regular
from cnncalc.core.writing import write_file
from cnncalc.network import Network
from cnncalc.train.data_request import DataRequest
from cnncalc.train.measures import measure_called
from cnncalc.train.progress import EpochMetrics, best_row
from cnncalc.train.recipe.settings import Recipe, as_values
from cnncalc.train.run.evaluations import MeasuredTest, read_tests
from cnncalc.train.run.facts import RunFacts
from cnncalc.train.run.folder import RunFolder
from cnncalc.train.run.shown_paths import shown_path, shown_paths
from cnncalc.train.run_files import CARD, RECIPE, SPEC
from cnncalc.train.tasks import Task, task_named

YOUR_OWN = "<!-- Write your own text below this line: it stays when the card is written again. -->"
"""The last line of what is written."""

_MOST_BYTES = 2**20


class CardFacts(NamedTuple):
    """What a card is made of: all that the folder of a run has."""

    name: str
    facts: RunFacts
    task: Task
    network: Network
    recipe: Recipe
    rows: Sequence[EpochMetrics]
    tests: Sequence[MeasuredTest]


def write_card(folder: RunFolder) -> None:
    """Write the card of a run from what its folder has.

    Raises:
        SpecError: where the folder is not a run.
        WriteError: where the card cannot be written.

    """
    facts = folder.facts()
    network = folder.network(facts, changed=True)
    name = os.path.basename(os.path.abspath(folder.path))
    task = task_named(facts.task, facts.classes)
    known = CardFacts(name, facts, task, network, folder.recipe(), folder.history().rows, read_tests(folder))
    path = folder.file(CARD)
    write_file(card_text(known) + _own_text(path), path)


def _own_text(path: str) -> str:
    """Return what a person wrote below the card."""
    try:
        text = read_regular(path, _MOST_BYTES).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""
    return text.partition(YOUR_OWN + "\n")[2]


def card_text(known: CardFacts) -> str:
    """Return the card: its front matter, and a section for each kind of fact."""
    sections = [
        ("", _about(known)),
        ("## Results", _results(known)),
        ("## Use", _use(known)),
        ("## Data", _data(known)),
        ("## Network", _network(known)),
        ("## Training", _training(known)),
        ("## Limits", _limits(known)),
    ]
    body = "\n\n".join("\n".join([*([title, ""] if title else []), *lines]) for title, lines in sections)
    return f"{_front_matter(known)}\n# {markdown_cell(known.name)}\n\n{body}\n\n{YOUR_OWN}\n"


# ---- what programs read


def _front_matter(known: CardFacts) -> str:
    """Return the YAML in front, as Hugging Face's model cards have it; texts are quoted as in JSON."""
    task = known.task.hub_task
    tag = [] if task == "image-regression" else [f"pipeline_tag: {task}"]  # Hugging Face has none for that
    lines = ["library_name: cnncalc", *tag, "tags:", "- cnncalc", "- pytorch", "- safetensors", f"- {task}"]
    if known.tests:
        lines += [
            "metrics:",
            f"- {known.task.measures[0].name}",
            "model-index:",
            f"- name: {_quoted(known.name)}",
            "  results:",
        ]
        for test in known.tests:
            lines += _result(known, test)
    return "\n".join(["---", *lines, "---", ""])


def _result(known: CardFacts, test: MeasuredTest) -> Iterator[str]:
    yield "  - task:"
    yield f"      type: {known.task.hub_task}"
    yield "    dataset:"
    yield f"      name: {_quoted(test.data)}"
    yield f"      type: {_quoted(known.facts.data_name)}"
    yield "    metrics:"
    for name, value in test.metrics.items():
        yield f"    - type: {_quoted(measure_called(name).name.replace(' ', '_'))}"
        yield f"      name: {_quoted(f'{name}, {_which(test)}')}"
        yield f"      value: {value!r}"


def _quoted(text: str) -> str:
    return json.dumps(printable(text), ensure_ascii=False)


def _which(test: MeasuredTest) -> str:
    views = f", {test.views} views of each image averaged" if test.views > 1 else ""
    return f"{test.weights} weights (epoch {test.epoch:,}){views}"


# ---- what people read


def _about(known: CardFacts) -> Iterator[str]:
    facts, network = known.facts, known.network
    yield (
        f"{_model(known.task)}: `{network.input}` images to {_learned(known.task)}, "
        f"{network.params:,} parameters, trained on {markdown_cell(facts.data_name)} with cnncalc."
    )


def _model(task: Task) -> str:
    words = task.model_words
    return f"An {words}" if words[0] in "aeiou" else f"A {words}"


def _learned(task: Task) -> str:
    words = {"labels": "label", "regression": "number"}
    counts = counted(len(task.names), words.get(task.name, "class"))
    return f"masks of {counts}" if task.name == "masks" else counts


def _results(known: CardFacts) -> Iterator[str]:
    if not known.tests and not known.rows:
        yield "No epoch is complete, and nothing has been measured."
        return
    if known.tests:
        names = list(dict.fromkeys(name for test in known.tests for name in test.metrics))
        yield from _table(
            ["tested on", "images", "weights", *names],
            [
                [test.data, f"{test.images:,}", _which(test), *(_metric(name, test) for name in names)]
                for test in known.tests
            ],
        )
        remarks = [f"- {markdown_cell(remark)}" for test in known.tests for remark in test.remarks]
        yield from ["", *remarks] if remarks else []
        yield ""
    yield f"{_epochs_line(known)} `metrics.csv` has a line for every epoch, `curve.svg` the learning curves."


def _metric(name: str, test: MeasuredTest) -> str:
    value = test.metrics.get(name)
    if value is None:
        return ""
    return f"{value:.4f}" if name == "loss" else measure_called(name).text(value)


def _epochs_line(known: CardFacts) -> str:
    done = f"It was trained for {len(known.rows):,} of {counted(known.recipe.epochs, 'epoch')}."
    scored, best = [row for row in known.rows if row.score is not None], best_row(known.rows)
    if best is None or not known.facts.tested:
        return done
    measure, end = best.measure, "highest" if best.measure.higher else "lowest"
    on = f"{measure.words} on the {known.facts.tested} images was {end} after epoch {best.epoch:,}"
    last = measure.text(scored[-1].score)
    return f"{done} During training, {on}, {measure.text(best.score)}, and {last} after the last one."


def _use(known: CardFacts) -> Iterator[str]:
    yield "```sh"
    classifies = known.task.name == "classes"
    told = ("classes with probabilities", "accuracy, per class")
    predicts, evaluates = told if classifies else (known.task.predicts, known.task.evaluates)
    yield f"cnncalc predict . IMAGE                 # {predicts}"
    yield f"cnncalc evaluate .                      # {evaluates}"
    if classifies:
        yield "cnncalc export . -o model.onnx          # from pixels to probabilities"
    yield "```"
    yield ""
    words = {"labels": "Labels", "regression": "Numbers"}
    yield (
        f"{words.get(known.task.name, 'Classes')}, in the order of the outputs: "
        + ", ".join(map(markdown_cell, known.facts.classes))
        + "."
    )


def _data(known: CardFacts) -> Iterator[str]:
    facts = known.facts
    mean, deviation = (", ".join(f"{value:.4g}" for value in values) for values in (facts.mean, facts.deviation))
    unit = "values as in the data" if facts.floats else "values in 0..1"
    print_of = facts.fingerprints.get("data")
    yield from _table(
        ["", ""],
        [
            ["data set", facts.data_name],
            ["training images", f"{facts.images:,}"],
            ["tested every epoch", f"{facts.tested} images" if facts.tested else "none"],
            [{"labels": "labels", "regression": "numbers"}.get(facts.task, "classes"), f"{len(facts.classes):,}"],
            [f"normalisation, {unit}", f"mean {mean}; deviation {deviation}"],
            ["other sizes", f"resize: {facts.data.get('resize', 'none')}"],
            *([["fingerprint of images and labels", print_of]] if print_of else []),
        ],
    )


def _network(known: CardFacts) -> Iterator[str]:
    network = known.network
    yield from _table(
        ["input", "output", "parameters", "in float32", "MACs, one image"],
        [
            [
                str(network.input),
                str(network.output),
                f"{network.params:,}",
                bytes_text(4 * network.params),
                f"{network.macs:,}",
            ]
        ],
    )
    yield ""
    yield f"`{SPEC}`:"
    yield ""
    yield from _fenced(network.source.text.strip("\n"), "text")


def _training(known: CardFacts) -> Iterator[str]:
    facts, defaults = known.facts, as_values(Recipe())
    values = as_values(known.recipe)
    shown = {"epochs", "batch", "optimizer", "learning-rate", "weight-decay", "seed"}
    changed = [[key, str(value)] for key, value in values.items() if key in shown or value != defaults[key]]
    yield from _table(["setting", "value"], changed)
    yield ""
    yield f"All other settings have their defaults; `{RECIPE}` has every one."
    yield ""
    yield (
        "It was started with the first of these commands; the second repeats it from this folder. "
        "Files and folders elsewhere stand with their last name alone."
    )
    yield ""
    again = ["cnncalc", "train", SPEC, "--recipe", RECIPE, *_options(facts), "--out", "again"]
    commands = [[printable_lines(shown_path(word)) for word in command] for command in (facts.command, again)]
    yield from _fenced("\n".join(map(shlex.join, commands)), "sh")
    yield ""
    yield from _table(["", ""], [*_time(known), *_surroundings(facts)])
    for change in facts.changes:
        yield f"- changed when it was continued: {markdown_cell(json.dumps(shown_paths(change), ensure_ascii=False))}"


def _time(known: CardFacts) -> list[list[str]]:
    if not known.rows:
        return []
    last = known.rows[-1]
    return [["time", duration_text(last.seconds)], ["images/s, last epoch", f"{last.images_per_second:,.0f}"]]


def _surroundings(facts: RunFacts) -> list[list[str]]:
    versions = ", ".join(f"{name} {version}" for name, version in facts.versions.items())
    return [*([["hardware", facts.hardware]] if facts.hardware else []), ["versions", versions]]


def _options(facts: RunFacts) -> Iterator[str]:
    """Return the options that say how spec and data were loaded, as far as they were not the usual ones."""
    spec = facts.spec.texts()
    for option, text in (("--input", spec["input"]), ("--rounding", spec["rounding"])):
        if text is not None:
            yield from (option, text)
    for name, value in spec["parameters"].items():
        yield from ("--set", f"{name}={value}")
    usual = DataRequest()._asdict()
    yield from ("--data", str(facts.data.get("data", "auto")))
    for field in ("resize", "colour", "layout", "unreadable", "limit"):
        value = facts.data.get(field, usual[field])
        if value != usual[field]:
            yield from (f"--{field}", str(value))
    if facts.weights:
        yield from ("--weights", facts.weights)


def _limits(known: CardFacts) -> Iterator[str]:
    facts, chosen_on = known.facts, known.facts.tested
    if known.tests or known.rows:
        yield "- The figures hold for the images that they name. Nothing has been measured on others."
    if chosen_on:
        first = known.task.measures[0]
        worse = "lower" if first.higher else "higher"
        yield (
            f"- The best epoch was chosen on the {chosen_on} images, so its {first.words} may be {worse} on new images."
        )
    if known.task.name in ("classes", "binary"):
        classes = f"one of its {len(facts.classes):,} classes, whatever an image shows"
        yield f"- It takes images of `{known.network.input}` and always names {classes}."
    if known.task.name != "regression":
        yield "- Its probabilities have not been calibrated."


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if not rows:
        return
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(map(markdown_cell, row)) + " |"


def _fenced(text: str, kind: str) -> Iterator[str]:
    """Show a text as it is, in a fence that is longer than any in it."""
    fence = "```"
    while fence in text:
        fence += "`"
    yield f"{fence}{kind}"
    yield text
    yield fence
