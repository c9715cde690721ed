"""What the page of the playground is told: the answers that Python gives in the browser, asked here without one."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from cnncalc.playground.answers import answer
from cnncalc.playground.document import EXAMPLES


def told(ask: str, **about: Any) -> dict[str, Any]:
    """Return the answer to a question."""
    reply: dict[str, Any] = json.loads(answer(json.dumps({"ask": ask, **about})))
    return reply


def facts(reply: dict[str, Any]) -> dict[str, Any]:
    """Return the data that an answer brings for the script of the page."""
    found = re.search(r'<script type="application/json">(.*?)</script>', reply["html"], re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


def test_a_network_is_told_with_the_lecture_s_numbers() -> None:
    """The lecture: ten 5x5 filters on 32x32x3 with padding 2 give 32x32x10 with 760 parameters."""
    reply = told("network", text="input 32x32x3\nconv 5x5x10 s1 p2\n")
    assert reply["totals"].startswith("32x32x3 → 32x32x10 · 760 parameters (760) · 768 k MACs · 1 layer")
    assert facts(reply)["operations"][0][:5] == ["conv 5x5x10 s1 p2", "convolution", "32x32x10", 760, 768_000]


def test_arithmetic_and_memory_come_with_the_second_answer() -> None:
    """They take as long as all the rest, and the table does not wait for them."""
    text = "input 32x32x3\nconv 5x5x10 s1 p2\n"
    quick, whole = told("network", text=text), told("network", text=text, whole=True)
    assert "(5·5·3 + 1)·10" not in quick["html"]
    assert "(5·5·3 + 1)·10" in whole["html"]
    assert facts(quick)["timeline"] == []
    assert facts(whole)["timeline"]


def test_a_fault_has_its_place_its_sum_and_its_repairs() -> None:
    """The editor underlines the words from `start` to `end`; the picture shows what the window leaves over."""
    text = "input 7x7x3\nconv 3x3x1 s3\n"
    fault = told("network", text=text)["error"]
    assert text[fault["start"] : fault["end"]] == "s3"
    assert (fault["line"], fault["code"], fault["detail"]) == (2, "does-not-fit", "(7 − 3 + 2·0)/3 + 1 = 2 1/3")
    assert fault["hints"][0].startswith("fits with: stride 1 → 5x5, stride 2 → 3x3")
    assert fault["picture"].startswith("<svg")


def test_a_fault_counts_characters_and_not_bytes() -> None:
    """Before the fault stands a comment in Korean and a sign outside the basic plane."""
    text = "# 합성곱 신경망 🙂\ninput 7x7x3\nconvv 3x3x1\n"
    fault = told("network", text=text)["error"]
    assert text[fault["start"] : fault["end"]] == "convv"


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "# nothing", "input 32x32x3", "no-such-network", "/etc/passwd"])
def test_a_text_without_a_network_is_a_fault(text: str) -> None:
    """No text of the editor is taken for the name of a file."""
    assert told("network", text=text)["error"]["message"]


def test_the_name_of_a_network_stands_for_its_text() -> None:
    """ResNet-50 has 25,557,032 parameters (torchvision)."""
    assert "(25,557,032)" in told("network", text="ResNet-50")["totals"]


def test_all_words_that_are_wrong_are_told_at_once() -> None:
    """The first fault, and those behind it that do not follow from it."""
    text = "input 32x32x3\nconv 3x3x16 p1 - relo - maxpol 2x2\n"
    reply = told("network", text=text)
    assert reply["error"]["message"] == "there is no layer `relo`"
    [other] = reply["further"]
    assert other["message"] == "there is no layer `maxpol`"
    assert text[other["start"] : other["end"]] == "maxpol"


CALLS = "nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(16384, 10))"


def test_a_text_of_another_tool_comes_with_its_spec() -> None:
    """PyTorch's calls name no input volume; a line in front of them does, and the spec has it."""
    fault = told("network", text=CALLS)
    assert fault["error"]["hints"] == [
        "it takes HxWx3",
        "put `input 32x32x3`, or another size, on a line in front of it",
    ]
    assert fault["further"] == []
    reply = told("network", text=f"input 32x32x3\n{CALLS}")
    assert reply["totals"].startswith("32x32x3 → 1x1x10 · 164 k parameters (164,298)")  # 3·3·3·16 + 16 + 16384·10 + 10
    [note] = reply["notes"]
    assert note["message"] == "the text is read as PyTorch calls"
    assert told("network", text=note["spec"])["totals"] == reply["totals"]
    assert told("network", text=note["spec"])["notes"] == []


def test_the_name_of_a_network_comes_with_its_spec() -> None:
    """So that one can go on from there."""
    [note] = told("network", text="alexnet")["notes"]
    assert note["message"] == "the text is the name of AlexNet (one tower)"
    assert "conv 11x11x64 s4 p2 - relu - pool 3x3 s2" in note["spec"]


def test_notes_are_told() -> None:
    """A note lies in the text as a fault does: here PyTorch's order of sizes."""
    text = "input 3x32x32\nconv 3x3x4\n"
    [note] = told("network", text=text)["notes"]
    assert note["message"] == "the input is 3 high, 32 wide, with 32 channels; did you mean 32x32x3?"
    assert text[note["start"] : note["end"]] == "3x32x32"


def test_what_a_text_brings_is_never_markup() -> None:
    """The first line names the picture, and goes out as text."""
    reply = told("network", text="# <img src=x onerror=alert(1)>\ninput 8x8x1\nconv 3x3x1\n", whole=True)
    assert "<img" not in reply["html"]
    assert "&lt;img" in reply["html"]


def test_a_layer_has_pictures() -> None:
    """Its window and its receptive field; a fully connected layer has no window."""
    text = "input 28x28x1\nconv 3x3x4 - flatten - fc 10\n"
    assert list(told("layer", text=text, layer="conv1")["pictures"]) == ["window", "field"]
    assert "window" not in told("layer", text=text, layer="fc1")["pictures"]


def test_a_network_of_the_zoo_is_told_as_text() -> None:
    """And one that is none as nothing."""
    assert told("spec", name="vgg16")["text"].startswith("# VGG-16")
    assert told("spec", name="../../etc/passwd") == {"text": ""}


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_are_networks_but_for_the_one_that_does_not_fit(name: str) -> None:
    """They are what a student begins with."""
    reply = told("network", text=EXAMPLES[name], whole=True)
    assert ("error" in reply) is (name == "A stride that does not fit")
