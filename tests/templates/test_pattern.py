"""The lecture's formula: what it is written as, sum by sum."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

import cnncalc
from cnncalc.core.volume import Volume
from cnncalc.report.diagnostics import draw_error
from cnncalc.templates.from_pattern import Sizes, from_pattern, notes


def written(formula: str, volume: str = "32x32x3", sizes: Sizes = Sizes(), **numbers: int) -> str:  # noqa: B008
    """Return the text of a formula."""
    return from_pattern(formula, Volume(map(int, volume.split("x"))), sizes, numbers)


def layers(text: str) -> list[str]:
    """Return the lines of the layers: what stands behind the parameters, without comments."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [line for line in lines if not line.startswith(("input", "param"))]


def test_the_formula_of_the_lecture() -> None:
    """A whole text: what a person would write, with comments on what is usual."""
    assert written("[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1,FC", sizes=Sizes(width=32, classes=10)) == (
        "# [(CONV-RELU)*2-POOL]*3-(FC-RELU)*1,FC\n"
        "input 32x32x3\n"
        "param width = 32    # filters of the first stage, usually 16 to 64; doubled where a pool halves the size\n"
        "param hidden = 256  # outputs of a fully connected layer in the middle, usually 64 to 4096\n"
        "param classes = 10  # outputs of the last layer\n"
        "\n"
        "# 3x3 kernels with stride 1 and padding keep the size, and a pool with stride 2 halves it.\n"
        "(conv 3x3x{width} p1 - relu)*2 - pool 2x2 s2\n"
        "(conv 3x3x{2*width} p1 - relu)*2 - pool 2x2 s2\n"
        "(conv 3x3x{4*width} p1 - relu)*2 - pool 2x2 s2\n"
        "fc {hidden} - relu - fc {classes}\n"
    )


def test_its_parameters_are_those_of_the_sums() -> None:
    """(3·3·3 + 1)·32 and so on; the last stage leaves 4x4x128 for the first fully connected layer."""
    net = cnncalc.load(written("[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1,FC", sizes=Sizes(width=32, classes=10)))
    convolutions = [(3, 32), (32, 32), (32, 64), (64, 64), (64, 128), (128, 128)]
    connected = (4 * 4 * 128 + 1) * 256 + (256 + 1) * 10
    assert net.params == sum((3 * 3 * arrive + 1) * filters for arrive, filters in convolutions) + connected
    assert net.output == (1, 1, 10)


def test_letters_stand_for_numbers_and_a_softmax_brings_its_layer() -> None:
    text = written("[(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K,SOFTMAX", n=2, m=2, k=2)
    assert text.splitlines()[:2] == [
        "# [(CONV-RELU)*N-POOL?]*M-(FC-RELU)*K,SOFTMAX with N=2, M=2, K=2",
        "# N is usually up to 5; M is as large as the images allow, 3 to 5 for most; K is usually 0, 1 or 2.",
    ]
    assert layers(text) == [
        "(conv 3x3x{width} p1 - relu)*2 - pool 2x2 s2",
        "(conv 3x3x{2*width} p1 - relu)*2 - pool 2x2 s2",
        "(fc {hidden} - relu)*2 - fc {classes} - softmax",
    ]


@pytest.mark.parametrize(
    ("formula", "volume", "lines"),
    [
        ("(CONV-RELU-POOL?)*4", "16x16x1", ["conv 3x3x{width} p1 - relu - pool 2x2 s2"]),
        ("CONV-POOL", "27x28x3", ["conv 3x3x{width} p1 - pool 3x2 s2"]),
        ("CONV-BN-RELU-GAP-FC", "8x8x3", ["conv 3x3x{width} p1 nobias - bn - relu", "gap - fc {classes}"]),
        ("INPUT -> [CONV -> RELU]*3 -> FC", "8x8x3", ["(conv 3x3x{width} p1 - relu)*3", "fc {classes}"]),
        ("(FC-RELU)*0,FC", "784", ["fc {classes}"]),
        ("CONV-POOL", "16000x1", ["conv 3x{width} p1 - pool 2 s2"]),
        ("CONV-POOL", "8x16x16x1", ["conv 3x3x3x{width} p1 - pool 2x2x2 s2"]),
        (
            "conv2d - BatchNorm - linear - dropout",
            "4x4x1",
            ["conv 3x3x{width} p1 nobias - bn", "fc {hidden} - dropout 0.5"],
        ),
    ],
)
def test_what_formulas_are_written_as(formula: str, volume: str, lines: list[str]) -> None:
    """An optional pool leaves 4 at least; an odd side gets a window of 3, which fits; padding keeps other sizes."""
    assert layers(written(formula, volume))[: len(lines)] == lines


def test_an_optional_pool_is_left_out_where_less_than_4_would_be_left() -> None:
    """32 → 16 → 8 → 4, and two more stages without a pool, which keep their filters."""
    text = written("(CONV-RELU-POOL?)*5,FC")
    assert layers(text)[3:] == ["(conv 3x3x{8*width} p1 - relu)*2", "fc {classes}"]


def test_filters_are_doubled_up_to_512() -> None:
    text = written("(CONV-POOL)*5", "224x224x3", Sizes(width=64))
    assert [line.split()[1] for line in layers(text)][:4] == [
        "3x3x{width}",
        "3x3x{2*width}",
        "3x3x{4*width}",
        "3x3x{8*width}",
    ]
    assert cnncalc.load(text).output == (7, 7, 512)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4, 5, 7])
def test_every_kernel_keeps_the_size(kernel: int) -> None:
    """Also an even one, by the padding `same`."""
    assert cnncalc.load(written("(CONV-RELU)*3", sizes=Sizes(kernel=kernel))).output == (32, 32, 32)


def test_what_is_more_than_usual_is_a_note() -> None:
    formula = "[(CONV-RELU)*N-POOL]*M-(FC-RELU)*K,FC"
    assert notes(formula, {"n": 5, "m": 9, "k": 2}) == []
    assert notes(formula, {"n": 6, "m": 9, "k": 3}) == [
        "N is 6; N is usually up to 5",
        "K is 3; K is usually 0, 1 or 2",
    ]


def fault(formula: str, sizes: Sizes = Sizes(), numbers: Mapping[str, int] | None = None) -> str:  # noqa: B008
    """Return the error of a formula, as it is drawn."""
    with pytest.raises(cnncalc.SpecError) as caught:
        from_pattern(formula, Volume((32, 32, 3)), sizes, numbers or {})
    return draw_error(caught.value)


FAULTS = [
    (
        "(CONV-RELO)*2",
        "error[unknown-layer]: `RELO` is not a layer\n  --> --pattern:1:7\n   |\n 1 | (CONV-RELO)*2\n   |       ^^^^\n"
        "   |\n   = did you mean `relu`?",
    ),
    (
        "CONV3-64",
        "error[unknown-layer]: a formula has words without sizes, not `CONV3`\n  --> --pattern:1:1\n   |\n"
        " 1 | CONV3-64\n   | ^^^^^\n   |\n   = leave the size out; --width, --kernel and --hidden choose sizes",
    ),
    (
        "[(CONV-RELU)*N-POOL]*M,FC",
        "error[unknown-name]: N and M of the formula have no numbers\n  = give --times N=2 --times M=2\n"
        "  = N is usually up to 5\n  = M is as large as the images allow, 3 to 5 for most",
    ),
    (
        "[CONV-POOL",
        "error[unclosed]: this `[` is never closed\n  --> --pattern:1:1\n   |\n 1 | [CONV-POOL\n   | ^\n"
        "   |\n   = write `]`",
    ),
    (
        "FC)",
        "error[unopened]: this `)` closes nothing\n  --> --pattern:1:3\n   |\n 1 | FC)\n   |   ^",
    ),
    (
        "CONV?",
        "error[syntax]: `?` stands after a POOL only\n  --> --pattern:1:5\n   |\n 1 | CONV?\n   |     ^\n   |\n"
        "   = `POOL?` is written where the volume is large enough for it",
    ),
    (
        "[CONV-POOL]*6",
        "error[does-not-fit]: nothing is left to pool here: the volume has a height and width of 1\n"
        "  --> --pattern:1:7\n   |\n 1 | [CONV-POOL]*6\n   |       ^^^^\n   |\n"
        "   = repeat the stages less often, or write POOL?, which is left out below 8x8",
    ),
    (
        "CONV-GN",
        "error[bad-size]: gn needs a size that a formula does not say: gn needs its size\n"
        "  --> --pattern:1:6\n   |\n 1 | CONV-GN\n   |      ^^\n   |\n"
        "   = leave it out here, and write it into the spec afterwards",
    ),
    ("", 'error[empty]: the formula is empty\n  = write one, such as "[(CONV-RELU)*2-POOL]*3-(FC-RELU)*1,FC"'),
    ("CONV*0", "error[empty]: the formula has no layers: everything in it is repeated 0 times"),
    (
        "[(RELU-POOL?)*100]*200",
        "error[too-long]: the formula makes more than 10,000 layers\n  --> --pattern:1:3\n   |\n"
        " 1 | [(RELU-POOL?)*100]*200\n   |   ^^^^\n   |\n   = repeat it less often",
    ),
    (
        "(CONV*1000)*1000",
        "error[too-long]: the formula makes a network that is too large: a network has at most 100,000 layers\n"
        "  = repeat it less often, or choose smaller sizes",
    ),
]


@pytest.mark.parametrize(("formula", "text"), FAULTS)
def test_what_is_wrong_with_a_formula(formula: str, text: str) -> None:
    """Each error says what, where, and how to mend it."""
    assert fault(formula) == text


def test_numbers_for_letters_that_are_not_there() -> None:
    assert fault("(CONV)*N", numbers={"n": 2, "m": 2}) == (
        "error[unknown-name]: the formula has no M\n  = its letters are N"
    )


def test_classes_need_a_last_layer() -> None:
    assert fault("CONV-RELU", Sizes(classes=10)) == (
        "error[bad-argument]: the formula has no last FC for the classes\n"
        "  = end it with `,FC` or `,SOFTMAX`, or leave --classes out"
    )
