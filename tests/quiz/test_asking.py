"""Exercises asked on standard input: what is said of answers, and how the quiz ends."""

from __future__ import annotations

import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from cnncalc.core.cleaning import terminal_width
from cnncalc.quiz import Wanted, sheet
from cnncalc.quiz.asking import Asking
from cnncalc.quiz.parts.exercise import letter
from cnncalc.report.report import Screen

ROOT = Path(__file__).parents[2]


def asked(answers: str, wanted: Wanted, language: str = "en", screen: Screen | None = None) -> str:
    """Return what is shown when these lines are answered."""
    shown = io.StringIO()
    Asking(io.StringIO(answers), shown, screen or Screen(), language).ask(sheet(wanted))
    return shown.getvalue()


def test_the_page_shows_what_is_asked() -> None:
    """The transcript in docs/quiz.md."""
    page = (ROOT / "docs" / "quiz.md").read_text(encoding="utf-8")
    [shown] = re.findall(
        r"```text\n\$ cnncalc quiz --topic sizes --level 1 --count 1 --seed 6\n(.*?)```", page, re.DOTALL
    )
    assert asked("C\n", Wanted("sizes", 1, 1, 6)) == shown


def test_an_exercise_in_korean() -> None:
    assert asked("C\n", Wanted("sizes", 1, 1, 6), "ko") == (
        "1/1  크기, 1단계\n"
        "12x12x3 입력에 스트라이드 1, 패딩 0인 3x3 필터 8개를 적용한다. 출력 볼륨은 어느 것인가?\n"
        "  A  12x12x8\n"
        "  B  10x10x8\n"
        "  C  10x10x3\n"
        "  D  10x10x1\n"
        "답 (A~D, s 풀이, q 끝내기): C\n"
        "틀렸다. 입력의 채널 수를 그대로 썼다. 출력의 채널 수는 필터의 수와 같다.\n"
        "정답: B, 10x10x8\n"
        "  높이와 너비  (W − F + 2P)/S + 1 = (12 − 3 + 2·0)/1 + 1 = 10\n"
        "  출력         10x10x8\n"
        "\n"
        "점수: 1문제 중 0문제\n"
    )


@pytest.mark.parametrize("answer", ["B", "b", "b)", "10x10x8", "10 × 10 × 8", " B "])
def test_an_answer_is_a_letter_or_the_answer_itself(answer: str) -> None:
    shown = asked(f"{answer}\n", Wanted("sizes", 1, 1, 6))
    assert "\nRight.\n" in shown
    assert shown.endswith("Score: 1 of 1\n")


def test_what_is_no_answer_is_asked_again() -> None:
    """An empty line is passed over in silence."""
    shown = asked("\nE\n9\x1b[2J\nB\n", Wanted("sizes", 1, 1, 6))
    assert "“E” is not one of the answers. Type A, B, C or D, or the answer itself." in shown
    assert "\x1b" not in shown
    assert shown.count("Answer (A to D") == 4
    assert shown.endswith("Score: 1 of 1\n")


def test_the_solution_can_be_asked_for() -> None:
    """It counts as no right answer."""
    shown = asked("s\n", Wanted("sizes", 1, 1, 6))
    assert "The answer is B, 10x10x8.\n  height and width" in shown
    assert shown.endswith("Score: 0 of 1\n")


@pytest.mark.parametrize("end", ["", "q\n", "quit\n"])
def test_the_quiz_ends_early_with_the_score(end: str) -> None:
    shown = asked("B\n" + end, Wanted("sizes", 1, 5, 6))
    assert shown.endswith("Score: 1 of 1\n")
    assert "3/5" not in shown


def test_a_quiz_without_an_answer_has_no_score() -> None:
    assert asked("", Wanted("sizes", 1, 1, 6)).endswith("\nNo exercise was answered.\n")


def test_several_topics_have_a_score_each() -> None:
    wanted = Wanted(number=7, level=1, seed=2)
    answers = "".join([letter(exercise.right) + "\n" for exercise in sheet(wanted)])
    assert asked(answers, wanted).endswith(
        "Score: 7 of 7\n  sizes: 1 of 1\n  parameters: 1 of 1\n  multiplications: 1 of 1\n"
        "  receptive fields: 1 of 1\n  what fits: 1 of 1\n  values: 1 of 1\n  design: 1 of 1\n"
    )


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("width", [40, 80])
def test_lines_fit_the_terminal(width: int, language: str) -> None:
    """Only a product of numbers that cannot be parted may be longer."""
    shown = asked("s\n" * 42, Wanted(number=42, seed=9), language, Screen(width))
    for line in shown.splitlines():
        assert terminal_width(line) <= width or max(map(terminal_width, line.split())) > width - 20, line


def test_colours_are_for_a_terminal_with_colours() -> None:
    """Right is green, wrong is red; without colours there is no escape."""
    assert "\x1b[31mWrong: the channels" in asked("C\n", Wanted("sizes", 1, 1, 6), screen=Screen(80, colour=True))
    assert "\x1b[32mRight.\x1b[0m" in asked("B\n", Wanted("sizes", 1, 1, 6), screen=Screen(80, colour=True))
    assert "\x1b" not in asked("C\n", Wanted("sizes", 1, 1, 6), screen=Screen(80))


def until(terminal: int, pattern: str, seconds: float = 60) -> str:
    """Read a terminal until it shows what a pattern finds."""
    seen, end = "", time.monotonic() + seconds
    while not re.search(pattern, seen, re.DOTALL) and time.monotonic() < end:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                seen += os.read(terminal, 65536).decode()
            except OSError:  # how Linux says that the other side has closed
                break
    return seen


HEARD = "import signal; signal.signal(signal.SIGINT, signal.SIG_DFL); from cnncalc.__main__ import main; main()"
"""A shell's background ignores the signal, and so does whatever is started there."""


@pytest.mark.slow
@pytest.mark.parametrize(("key", "status"), [("Ctrl-C", 130), ("Ctrl-D", 0)])
def test_the_keys_that_end_a_quiz_leave_the_score(key: str, status: int) -> None:
    """After one answer, in a terminal."""
    terminal, inner = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", HEARD, "quiz", "--topic", "sizes", "--level", "1", "--count", "3", "--seed", "6"],
        **dict.fromkeys(["stdin", "stdout", "stderr"], inner),
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "TERM": "xterm"},
    )
    os.close(inner)
    until(terminal, r"q to end\): ")
    os.write(terminal, b"B\n")
    until(terminal, r"2/3.*q to end\): ")
    if key == "Ctrl-C":
        process.send_signal(signal.SIGINT)
    else:
        os.write(terminal, b"\x04")
    assert "Score: 1 of 1" in until(terminal, "Score: 1 of 1")
    assert process.wait(60) == status
    os.close(terminal)
