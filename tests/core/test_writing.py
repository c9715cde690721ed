"""How messages are written to a terminal."""

from __future__ import annotations

from cnncalc.core.writing import within


def test_sentences_break_between_words_and_lines_of_a_spec_do_not() -> None:
    """On a terminal of 30 characters; what follows a hint stands below it."""
    text = (
        "error[does-not-fit]: a 3x3 window does not fit\n"
        "  --> text:1:26\n"
        " 1 | input 7x7x3, conv 3x3x16 s3, relu\n"
        "   |                          ^^ (7 - 3)/3 + 1 = 2 1/3\n"
        "   = or write `floor`, as PyTorch does"
    )
    assert within(text, 30) == (
        "error[does-not-fit]: a 3x3\n"
        "window does not fit\n"
        "  --> text:1:26\n"
        " 1 | input 7x7x3, conv 3x3x16 s3, relu\n"
        "   |                          ^^ (7 - 3)/3 + 1 = 2 1/3\n"
        "   = or write `floor`, as\n"
        "     PyTorch does"
    )
    assert within(text, 100) == text
