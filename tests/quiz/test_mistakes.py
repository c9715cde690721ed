"""Wrong answers: PyTorch makes the mistake that is named, and comes to the same answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from torch import nn

from cnncalc.quiz import LEVELS, Exercise, Wanted, sheet
from cnncalc.quiz.exercises import KINDS
from cnncalc.quiz.parts import mistakes
from cnncalc.quiz.parts.phrases import Bilingual
from tests.quiz.oracle import numbers_of
from tests.quiz.oracle.fields import field, windows_of
from tests.quiz.oracle.networks import conv, empty, layers_of, meta, params, products, size_of
from tests.quiz.oracle.values import bias_of, grids, number_of, text_of

Made = Callable[..., str]
"""Of an exercise and the numbers of its question: the answer of who makes the mistake."""


def one_sided(size: int, channels: int, filters: int, kernel: int, stride: int, padding: int) -> str:
    """Return the volume where the padding is above and on the left alone."""
    padded = nn.functional.pad(empty(size, size, channels), (padding, 0, padding, 0))
    return size_of(conv(channels, filters, kernel, stride)(padded))


def filtered(exercise: Exercise, words: str, *, flip: bool = False, bias: bool = True) -> str:
    kernel = grids(exercise, "filter")[None]
    made = nn.functional.conv2d(grids(exercise, "input")[None], kernel.flip(2, 3) if flip else kernel)
    return text_of(made + bias_of(words) * bias)


def pooled(exercise: Exercise, pool: Callable[..., Any], kernel: int, stride: int, sign: int = 1) -> str:
    return text_of(sign * pool(sign * grids(exercise, "input")[None], kernel, stride))


MADE: Mapping[tuple[str, Bilingual], Made] = {
    ("convolution-output", mistakes.PADDING_FORGOTTEN): lambda _, h, w, c, k, f, _f, s, p: size_of(
        conv(c, k, f, s)(empty(h, w, c))
    ),
    ("convolution-output", mistakes.PADDING_ONCE): lambda _, h, w, c, k, f, _f, s, p: one_sided(h, c, k, f, s, p),
    ("convolution-output", mistakes.STRIDE_FORGOTTEN): lambda _, h, w, c, k, f, _f, s, p: size_of(
        conv(c, k, f, 1, p)(empty(h, w, c))
    ),
    ("pooling-output", mistakes.STRIDE_FORGOTTEN): lambda _, h, w, c, f, _f, s: size_of(
        nn.MaxPool2d(f, 1)(empty(h, w, c))
    ),
    ("dilated-output", mistakes.DILATION_FORGOTTEN): lambda _, h, w, c, k, f, _f, d, p: size_of(
        conv(c, k, f, 1, p)(empty(h, w, c))
    ),
    ("transposed-output", mistakes.PADDING_FORGOTTEN): lambda _, k, f, _f, s, p, h, w, c: size_of(
        meta(nn.ConvTranspose2d, c, k, f, s)(empty(h, w, c))
    ),
    ("transposed-output", mistakes.MINUS_ONE_FORGOTTEN): lambda _, k, f, _f, s, p, h, w, c: size_of(
        meta(nn.ConvTranspose2d, c, k, f, s, p)(empty(h + 1, w + 1, c))
    ),
    ("chain-output", mistakes.LAST_LAYER_FORGOTTEN): lambda exercise, h, _w, c: size_of(
        nn.Sequential(*layers_of(exercise, h, c)[:-1])(empty(h, h, c))
    ),
    ("convolution-parameters", mistakes.BIAS_FORGOTTEN): lambda _, k, f, _f, h, w, c: (
        f"{params(conv(c, k, f, bias=False)):,}"
    ),
    ("convolution-parameters", mistakes.DEPTH_FORGOTTEN): lambda _, k, f, _f, h, w, c: f"{params(conv(1, k, f)):,}",
    ("grouped-parameters", mistakes.GROUPS_FORGOTTEN): lambda _, k, f, _f, g, h, w, c: (
        f"{params(conv(c, k, f, bias=False)):,}"
    ),
    ("network-parameters", mistakes.LAST_LAYER_FORGOTTEN): lambda exercise, h, _w, c: (
        f"{params(*layers_of(exercise, h, c)[:-1]):,}"
    ),
    ("convolution-products", mistakes.FILTERS_FORGOTTEN): lambda _, k, _s, f, _f, s, p, h, w, c: (
        f"{products([conv(c, 1, f, s, p)], empty(h, w, c)):,}"
    ),
    ("convolution-products", mistakes.DEPTH_FORGOTTEN): lambda _, k, _s, f, _f, s, p, h, w, c: (
        f"{products([conv(1, k, f, s, p)], empty(h, w, 1)):,}"
    ),
    ("separable-products", mistakes.DEPTHWISE_FORGOTTEN): lambda _, h, w, c, f, _f, k: (
        f"{products([meta(nn.Conv2d, c, k, f, padding='same')], empty(h, w, c)):,}"
    ),
    ("pooled-field", mistakes.LAST_LAYER_FORGOTTEN): lambda exercise: field(windows_of(exercise)[:-1]),
    ("pooled-field", mistakes.STRIDES_FORGOTTEN): lambda exercise: field(
        [(kernel, 1, 1) for kernel, _, _ in windows_of(exercise)]
    ),
    ("dilated-field", mistakes.DILATION_FORGOTTEN): lambda exercise: field(
        [(kernel, 1, 1) for kernel, _, _ in windows_of(exercise)]
    ),
    ("stacked-field", mistakes.ONE_LAYER_TOO_MANY): lambda _, n, f, _f: field([(f, 1, 1)] * (n + 1)),
    ("filtered-grid", mistakes.FLIPPED): lambda exercise, words: filtered(exercise, words, flip=True),
    ("filtered-grid", mistakes.OWN_BIAS_FORGOTTEN): lambda exercise, words: filtered(exercise, words, bias=False),
    ("pooled-grid", mistakes.MEAN_TAKEN): lambda exercise, f, _f, s: pooled(exercise, nn.functional.avg_pool2d, f, s),
    ("pooled-grid", mistakes.SMALLEST): lambda exercise, f, _f, s: pooled(exercise, nn.functional.max_pool2d, f, s, -1),
    ("pooled-grid", mistakes.STRIDE_ONE): lambda exercise, f, _f, s: pooled(exercise, nn.functional.max_pool2d, f, 1),
    ("neuron-value", mistakes.BIAS_SUBTRACTED): lambda exercise, bias: number_of(
        (nn.functional.linear(grids(exercise, "input")[0], grids(exercise, "weights")[0]) - bias).relu().item()
    ),
}


@pytest.mark.parametrize(("kind", "mistake"), MADE, ids=[f"{kind}: {mistake.en[:40]}" for kind, mistake in MADE])
def test_a_wrong_answer_is_what_its_mistake_leads_to(kind: str, mistake: Bilingual) -> None:
    """In every exercise of the kind among 30 of each level."""
    topic, found = KINDS[kind].topic, 0
    for exercise in [one for level in LEVELS for one in sheet(Wanted(topic, level, 30, 5)) if one.kind == kind]:
        for answer in [option.answer.text.en for option in exercise.options if option.mistake == mistake]:
            assert answer == MADE[kind, mistake](exercise, *numbers_of(exercise)), exercise.question.en
            found += 1
    assert found
