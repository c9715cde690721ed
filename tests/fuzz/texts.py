"""Texts that nobody means well with: what the parser and the engine are tried on.

`texts` yields what a person could hand over, as bytes (a file) or as a string, together with the name of the
kind. The same seed yields the same texts. Large ones are rare, so that many can be tried.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from itertools import pairwise

from tests.fuzz.words import BOMBS, HOSTILE_LAYERS, VALID, WORDS


def _around(body: str) -> str:
    return f"input 32x32x3\n{body}"


def random_bytes(rng: random.Random) -> bytes:
    """Bytes of no meaning."""
    return rng.randbytes(rng.choice((0, 1, 2, 10, 100, 1000, 20_000)))


def random_words(rng: random.Random) -> str:
    """Words of the language in any order."""
    separators = (" ", " ", " ", "\n", " - ", "")
    return _around("".join(rng.choice(WORDS) + rng.choice(separators) for _ in range(rng.randint(1, 60))))


def random_characters(rng: random.Random) -> str:
    """Characters of the language in any order, and a few of none."""
    alphabet = "convpl fi3x1s2{}()[]|*=>@:-#,;\n→×−²٣İ\u212a\u00a0\u2028\ud800\x1b\x07\t\r"
    return _around("".join(rng.choice(alphabet) for _ in range(rng.randint(1, 200))))


def changed_characters(rng: random.Random) -> str:
    """A valid spec in which characters are deleted, doubled, swapped or put in."""
    text = list(rng.choice(VALID))
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(text))
        change = rng.randrange(4)
        if change == 0:
            del text[place : place + rng.randint(1, 5)]
            text = text or [" "]
        elif change == 1:
            text[place:place] = text[place : place + rng.randint(1, 30)] * rng.randint(1, 3)
        elif change == 2:
            other = rng.randrange(len(text))
            text[place], text[other] = text[other], text[place]
        else:
            text.insert(place, rng.choice("(){}[]|*=>@:-#,;x019 \n\0²٣é→"))
    return "".join(text)


def changed_words(rng: random.Random) -> str:
    """A valid spec in which words are deleted, doubled, swapped, put in or replaced by huge numbers."""
    parts = re.findall(r"\d+|\w+|\s+|.", rng.choice(VALID))
    for _ in range(rng.randint(1, 6)):
        place = rng.randrange(len(parts))
        other = rng.randrange(len(parts))
        huge = rng.choice(("0", "-1", "1" + "0" * rng.choice((5, 12, 13, 16, 5000)), "999999", "1.5"))
        parts[place] = rng.choice(("", parts[other], parts[place] * 2, rng.choice(WORDS), huge))
    return "".join(parts)


def changed_lines(rng: random.Random) -> str:
    """A valid spec in which lines are deleted, doubled, swapped, or come from another spec."""
    lines = rng.choice(VALID).split("\n")
    for _ in range(rng.randint(1, 5)):
        place = rng.randrange(len(lines))
        other = rng.choice(rng.choice(VALID).split("\n"))
        lines[place : place + 1] = rng.choice(([], [other], [lines[place]] * 2, [lines[place], other]))
        lines = lines or [""]
    return "\n".join(lines)


def nesting(rng: random.Random) -> str:
    """Brackets within brackets, closed or not."""
    brackets = [("(", ")"), ("[", "]"), ("add(", "|)"), ("{", "}"), ("conv 1x1x{(", ")"), ("b(", ")"), ("{-", "}")]
    brackets += [("conv 1x1x{ceil(", ")"), ("(relu - (", ")*1)"), ("2**", ""), ("a: (", ")"), ("mul( | add( | ", "))")]
    opener, closer = rng.choice(brackets)
    depth = rng.choice((1, 3, 20, 63, 64, 65, 200, 5000, 100_000 if rng.random() < 0.03 else 10))
    closing = closer * rng.choice((depth, depth, depth - 1, 0))
    return _around(opener * depth + rng.choice(("relu", "1", "", "conv 3x3x4")) + closing + rng.choice(("", "}", "*2")))


def blocks_of_blocks(rng: random.Random) -> str:
    """Chains of blocks that multiply, nest their brackets, or call themselves."""
    count = rng.choice((1, 2, 3, 10, 40, 63, 64, 65, 300))
    times = rng.choice((0, 1, 2, 10, 1000, 10**9))
    wrap = rng.choice(("{}", "({})", "(" * 60 + "{}" + ")" * 60, "add( {} | )", "({})*{times}"))
    inner = rng.choice(("relu", "conv 3x3x4 p1", "=> 32x32x3", "relu*0", "a: relu", "b0()", "concat(|)", "@a"))
    text = [f"block b0\n{inner}\nend"]
    for index in range(1, count):
        body = wrap.replace("{times}", str(times)).replace("{}", f"b{index - 1}()*{times}")
        text.append(f"block b{index}\n{body}\nend")
    return _around("\n".join([*text, f"b{count - 1}()*{times}"]))


def endless_repeats(rng: random.Random) -> str:
    """Repeats of what makes no layer, or far too many."""
    body = rng.choice(
        ("@x", "relu*0", "=> 32x32x3", "b()", "(relu)*0", "add(|)*0", "(@x)*1000", "(relu*0 - relu*0)*50")
    )
    times = rng.choice(
        ("1000000000", "100000", "399999", "10*1000*100", "0", "{10**12}", "{2**19}", "*".join(["99"] * 2000))
    )
    return _around(f"block b\nrelu*0\nend\nx: relu\n(({body})*{rng.choice((1, 100, 10**6))})*{times}")


def many(rng: random.Random) -> str:
    """Very many of one thing: labels, parameters, blocks, branches, options, digits, separators, …"""
    count = rng.choice((10, 100, 1000, 1000, 5000, 5000, 130_000 if rng.random() < 0.05 else 1000))
    numbered: Callable[[str, str], str] = lambda form, glue: glue.join(form.replace("%", str(i)) for i in range(count))  # noqa: E731
    one = rng.choice(
        ("relu", "a", " ", "\n", "|", "(", "-", "#", "x", "conv 3x3x4 p1\n", "1", "add(|)\n", "p=1 ", "é", ",-")
    )
    separated = rng.choice(("\n", ";", " ", " - "))
    return _around(
        rng.choice(
            (
                numbered("l%: relu", separated),
                numbered("l%: relu", "\n") + "\n@l" + str(count),
                numbered("param p% = %", separated) + "\nconv 1x1x{p1+q}",
                numbered("param p% = %", "\n") + f"\n(conv 1x1x{{p1+1}})*{count}",
                numbered("block b%\nrelu\nend", "\n") + "\nb0()\nbb()",
                "block b(" + numbered("p%=1", ",") + f")\nrelu*0\nend\nb(2)*{count}",
                "block b(" + numbered("p%", ",") + ")\nrelu\nend\nb(" + numbered("%", ",") + ")\nb(1)",
                "add(" + "|" * count + ")*1000",
                "concat(" + "|" * count + ")*3",
                "add(" + "|" * count + "conv 1x1x4)",
                "conv 3x3x4 " + numbered("a%", " "),
                "conv 1x1x{" + "+".join("1" * count) + "}",
                "conv 1x1x{" + "min(" * 5 + ",".join("1" * count) + ")" * 5 + "}*1000",
                "relu" + "*1" * count,
                "conv " + "x".join("1" * count),
                "conv " + numbered("{%}", "x"),
                one * count,
                "total params: 1 params: 2\n" * count + "relu*1000",
                "relu: [32x32x3] " + "params: 0 " * count,
                "relu - " * count + "(",
                numbered("conv 1x1x{%+1}", "\n"),
                numbered("deconv 2x2x% s1009 - gap", "\n"),
            )
        )
    )


def long_words(rng: random.Random) -> str:
    """Words, names, numbers and lines that are far too long."""
    length = rng.choice((50, 65, 500, 5000, 50_000, 3_900_000 if rng.random() < 0.02 else 300))
    word = rng.choice(("a", "conv", "1", "x", "1x", "-1", "a-1", "a:", "{1}", "é", "²", "a.", "="))
    word = (word * length)[:length]
    forms = (
        "%",
        "relu %",
        "%: relu",
        "@%",
        "=> %",
        "conv %",
        "param % = 1",
        "block %\nrelu\nend",
        "%(1)",
        "conv 1x1x{%}",
    )
    more = (
        "rounding %",
        "relu # %",
        "relu*%",
        "dropout 0.%",
        "conv 3x3x4 %=1",
        "block b(%=1)\nrelu\nend\n(b(%=2))*50000",
    )
    return _around(rng.choice(forms + more).replace("%", word))


def bombs(rng: random.Random) -> str:
    """Expressions that would never end if they were computed."""
    places = ("conv 1x1x{%}", "relu*{%}", "param n = %", "=> 1x1x{%}", "b(%)", "(relu)*2*{%}", "s{%}")
    return _around(rng.choice(places).replace("%", rng.choice(BOMBS)))


def hostile_layers(rng: random.Random) -> str:
    """Layers with sizes beyond reason, once or very often."""
    layers = " - ".join(rng.choice(HOSTILE_LAYERS) for _ in range(rng.randint(1, 4)))
    times = rng.choice((1, 1, 1, 2, 5, 40, 40, 1000, 50_000 if rng.random() < 0.1 else 3))
    size = rng.choice(("1x1x1", "32x32x3", "1000000000000x1000000000000x4096", "7x5x3x2x1x1x1x1x4", "9x2"))
    return f"input {size}\nrounding {rng.choice(('strict', 'floor', 'ceil'))}\n({layers})*{times}"


def deep_names(rng: random.Random) -> str:
    """Nested blocks with long names around very many layers."""
    length = rng.choice((5, 60, 64, 65))
    names = ["n" * (length - 3) + f"{index:03}" for index in range(rng.choice((3, 30, 60)))]
    text = [f"block {names[0]}\n{'relu;' * rng.choice((1, 300))}\nend"]
    text += [f"block {name}\n{inner}()*{rng.choice((1, 1, 2))}\nend" for inner, name in pairwise(names)]
    return _around("\n".join([*text, f"{names[-1]}()*{rng.choice((1, 300))}"]))


def encodings(rng: random.Random) -> bytes:
    """A valid spec with other line ends, a byte order mark, in other encodings, cut in the middle."""
    text = rng.choice(VALID)
    data = rng.choice(
        (
            text.replace("\n", "\r\n").encode(),
            text.replace("\n", "\r").encode(),
            b"\xef\xbb\xbf" + text.encode(),
            text.encode("utf-16"),
            text.encode("utf-16-le"),
            text.encode("utf-32"),
            text.replace("x", "×").replace("-", "−").encode(),
            text.encode() + b"\0",
            text.encode() + b"\xff\xfe",
            text.upper().encode(),
            text.replace(" ", "\u00a0").encode(),
            text.replace("\n", "\u2028").encode(),
            b"\x89PNG\r\n\x1a\n" + rng.randbytes(200),
            b"\x7fELF" + rng.randbytes(200),
        )
    )
    return data[: rng.choice((len(data), len(data), rng.randint(0, len(data))))]


KINDS: dict[Callable[[random.Random], str | bytes], int] = {
    random_bytes: 6,
    random_words: 12,
    random_characters: 10,
    changed_characters: 18,
    changed_words: 14,
    changed_lines: 8,
    nesting: 6,
    blocks_of_blocks: 3,
    endless_repeats: 1,
    many: 2,
    long_words: 3,
    bombs: 8,
    hostile_layers: 8,
    deep_names: 1,
    encodings: 6,
}
"""Every kind of text, and how often it comes."""


def texts(seed: int, count: int) -> Iterator[tuple[str, str | bytes]]:
    """Yield texts with the names of their kinds."""
    rng = random.Random(seed)
    kinds, weights = list(KINDS), list(KINDS.values())
    for _ in range(count):
        kind = rng.choices(kinds, weights)[0]
        yield kind.__name__, kind(rng)
