"""Folding into blocks loses nothing: with the parameters of a place, every number of it comes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from cnncalc.core.volume import Volume
from cnncalc.layers.written import Token
from cnncalc.model.blocks.numbers import Hole
from cnncalc.model.from_torch.alignment import aligned
from cnncalc.model.from_torch.block_parameters import RATE_DIGITS, solve
from cnncalc.model.from_torch.repeats import with_repeats
from cnncalc.model.from_torch.text_parts import Phrase, Phrases, TextJump, TextRepeat, TextStep, keys
from cnncalc.model.python.arguments import Solver

NUMBERS = st.integers(1, 64)
ROLES = st.sampled_from(["width", "squeezed", "kernel", "pad", "stride", "groups", "cut", "depth", "rate"])


@st.composite
def places(draw: st.DrawFn) -> list[list[Hole]]:
    """A block's numbers in several places: some follow from each other or from the channels, some from nothing."""
    count = draw(st.integers(2, 5))
    seeds = [draw(st.lists(NUMBERS, min_size=count, max_size=count)) for _ in range(3)]
    columns = []
    for _ in range(draw(st.integers(1, 8))):
        role, seed, channels = draw(ROLES), draw(st.sampled_from(seeds)), draw(st.sampled_from(seeds))
        factor = draw(st.integers(1, 6))
        numbers: Sequence[Any] = [draw(st.sampled_from([number * factor, -(-number // factor)])) for number in seed[:1]]
        numbers = [number * factor if numbers[0] == seed[0] * factor else -(-number // factor) for number in seed]
        if role == "rate":
            numbers = [number / 10**RATE_DIGITS for number in numbers]
        absent = draw(st.sets(st.integers(0, count - 1), max_size=count - 1))
        columns.append(
            [
                Hole(None if place in absent else number, role, 0 if place in absent else c)
                for place, (number, c) in enumerate(zip(numbers, channels, strict=True))
            ]
        )
    return [list(row) for row in zip(*columns, strict=True)]


@given(places())
def test_the_numbers_of_every_place_come_back_from_its_parameters(found: list[list[Hole]]) -> None:
    """The oracle is Python: it computes the expressions, which mean the same to it."""
    arriving, made = [row[0].channels or 1 for row in found], [row[-1].channels or 1 for row in found]
    solution = solve(found, arriving, made)
    assert solution is not None
    for place, row in enumerate(found):
        names = {parameter.name: parameter.values[place] for parameter in solution.parameters}
        for hole, number in zip(row, solution.numbers, strict=True):
            if hole.value is not None:
                assert hole.value == computed(number, {**names, "C": hole.channels})


@given(places())
def test_a_default_is_what_its_parameter_is_in_the_places_that_do_not_write_it(found: list[list[Hole]]) -> None:
    arriving, made = [row[0].channels or 1 for row in found], [row[-1].channels or 1 for row in found]
    solution = solve(found, arriving, made)
    assert solution is not None
    for place, channels in enumerate(arriving):
        names = {parameter.name: parameter.values[place] for parameter in solution.parameters}
        for parameter in solution.parameters:
            if parameter.default is not None:
                assert parameter.usual[place] == computed("{" + parameter.default + "}", {**names, "C": channels})


def computed(number: Any, names: dict[str, int]) -> float:
    """Return what a number of a text is where names have these values; rates are whole numbers of 1e-4."""
    if not isinstance(number, str):
        return float(number)
    expression, _, exponent = number.removeprefix("{").partition("}")
    value: float = eval(expression, {}, names)
    return float(f"{value}{exponent}")


@given(
    st.lists(st.lists(NUMBERS, min_size=4, max_size=4), min_size=1, max_size=4),
    st.sampled_from(
        [lambda a, b: 6 * a, lambda a, b: a // 4, lambda a, b: b - 1, lambda a, b: a + b, lambda a, b: a * b]
    ),
)
def test_python_computes_what_an_argument_was(known: list[list[int]], follows: Callable[[int, int], int]) -> None:
    """What follows from a block's arguments is no argument of its own, and Python computes it."""
    wanted = tuple(map(follows, known[0], known[-1]))
    solver = Solver([dict(zip("abcd", numbers, strict=False)) for numbers in zip(*known, strict=True)])
    expression = solver.expression("size", wanted)
    for place, number in enumerate(wanted):
        assert eval(expression, {}, {each.name: each.values[place] for each in solver.used()}) == number


# ---- repeats

VOLUME = Volume((8, 8, 4))


def step(word: str, size: int = 1) -> TextStep:
    return TextStep(VOLUME, VOLUME, None, word, (Token("", (size,), ("kernel",)),))


STEPS = st.builds(step, st.sampled_from(["conv", "bn", "relu", "pool"]), st.integers(1, 2))


def unfolded(phrases: Phrases) -> list[Phrase]:
    """Write every repeat out."""
    flat: list[Phrase] = []
    for phrase in phrases:
        flat += unfolded(phrase.body) * int(phrase.times) if isinstance(phrase, TextRepeat) else [phrase]
    return flat


@given(st.lists(STEPS, max_size=24))
def test_repeats_written_out_are_what_was_folded(steps: list[TextStep]) -> None:
    folded = with_repeats(steps)
    assert unfolded(folded) == steps
    assert sum(len(phrase.text) + 3 for phrase in folded) <= sum(len(phrase.text) + 3 for phrase in steps)


def test_a_label_stands_on_the_last_copy_alone() -> None:
    labelled = TextStep(VOLUME, VOLUME, "skip1", "relu", ())
    plain = TextStep(VOLUME, VOLUME, None, "relu", ())
    assert [phrase.text for phrase in with_repeats([plain, plain, labelled, plain])] == ["skip1: relu*3", "relu"]


# ---- alignment


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(1, 3)), min_size=2, max_size=4))
def test_sequences_written_alike_are_still_themselves(times: list[tuple[int, int]]) -> None:
    """A stage without blocks behind its first one, and stages with some, have one text."""
    bodies: list[Phrases] = [
        (step("conv", first), *with_repeats([TextStep(VOLUME, VOLUME, None, "cell", (), call=True)] * more))
        for more, first in times
    ]
    found = aligned(bodies)
    assert found is not None
    assert len({keys(body) for body in found}) == 1
    assert [unfolded(body) for body in found] == [unfolded(body) for body in bodies]


def test_what_changes_the_volume_cannot_be_left_out() -> None:
    smaller = TextStep(VOLUME, Volume((4, 4, 4)), None, "half", (), call=True)
    assert aligned([(step("conv"), smaller), (step("conv"),)]) is None


def test_a_label_and_what_takes_it_up_cannot_be_left_out() -> None:
    jump = TextJump(VOLUME, VOLUME, None, "skip1")
    assert aligned([(step("conv"), jump), (step("conv"),)]) is None
