"""What an error offers as a repair really is one."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import cnncalc

STRIDE_PADDING_KERNEL = re.compile(r"(stride|padding|kernel) ([0-9x:]+) → ([0-9x]+)")


@given(
    word=st.sampled_from(["conv", "pool", "avgpool"]),
    sizes=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    kernel=st.tuples(st.integers(1, 7), st.integers(1, 7)),
    stride=st.tuples(st.integers(1, 5), st.integers(1, 5)),
    padding=st.integers(0, 3),
)
def test_every_repair_that_is_offered_fits(word, sizes, kernel, stride, padding):
    """Written in the place of what did not fit, it makes the volume that the error names, in strict mode."""
    padding = min(padding, *(side // 2 for side in kernel)) if word != "conv" else padding

    def load(sizes, kernel, stride, padding, extra=""):
        filters = "x4" if word == "conv" else ""
        text = f"{word} {joined(kernel)}{filters} s{joined(stride)} p{padding} {extra}"
        return cnncalc.load(text, input=(*sizes, 4)).output

    try:
        load(sizes, kernel, stride, padding)
    except cnncalc.SpecError as error:
        hints = error.hints
    else:
        return
    for what, value, output in STRIDE_PADDING_KERNEL.findall(hints[0]):
        changed = {"sizes": sizes, "kernel": kernel, "stride": stride, "padding": padding}
        changed[what] = value if what == "padding" else numbers(value)
        assert load(**changed) == (*numbers(output), 4)
    for inputs in re.findall(r"input ([0-9x]+)(?: or ([0-9x]+))?", hints[0]):
        for volume in filter(None, inputs):
            load(numbers(volume), kernel, stride, padding)
    for output in re.findall(r"`floor`, as PyTorch does → ([0-9x]+)", " ".join(hints)):
        assert load(sizes, kernel, stride, padding, "floor") == (*numbers(output), 4)


def joined(values: tuple[int, ...]) -> str:
    return "x".join(map(str, values))


def numbers(text: str) -> tuple[int, ...]:
    values = tuple(map(int, text.split("x")))
    return values if len(values) > 1 else values * 2


def test_a_pool_is_not_offered_a_padding_that_it_refuses():
    """A 2x2 pool may be padded by 1 at most: padding 2 is not offered, though it would fit."""
    with pytest.raises(cnncalc.SpecError) as raised:
        cnncalc.load("pool 2x2 s3", input="28x28x6")
    assert raised.value.hints[0] == (
        "fits with: stride 1 → 27x27, stride 2 → 14x14, kernel 1x1 → 10x10, input 26x26 or 29x29"
    )
