"""Random networks with one to three inputs: streams of random layers that merge."""

from __future__ import annotations

import re
from random import Random

from hypothesis import strategies as st

from tests.oracle.random_specs import Spec, spec

NAMES = ("left", "right", "class")
"""One of them is a word of Python."""

_OWN = re.compile(r"\b(unit|at|w)(\d+)\b")


def several(random: Random) -> str:
    """Draw a spec whose inputs have as many dimensions each, and whose streams merge; some input may be read again."""
    streams = [spec(random)]
    dimensions = streams[0].input.count("x")
    count = random.randint(1, 3)
    while len(streams) < count:
        stream = spec(random)
        if stream.input.count("x") == dimensions:
            streams.append(stream)
    inputs = [f"input {name} {stream.input}" for name, stream in zip(NAMES, streams, strict=False)]
    named = [_named(stream, place) for place, stream in enumerate(streams)]
    blocks = "".join([blocks for blocks, _ in named])
    ways = [f"@{name} - {text} - fc 4" for name, (_, text) in zip(NAMES, named, strict=False)]
    ways += [f"@{random.choice(NAMES[:count])} - gap - fc 4"] if random.random() < 0.5 else []
    random.shuffle(ways)
    merge = random.choice(["add", "concat", "max", "mean", "sub", "mul"])
    body = f"{merge}( {' | '.join(ways)} )" if len(ways) > 1 else ways[0]
    return "\n".join([*inputs, "rounding floor", f"{blocks}{body} - relu - fc 3", ""])


def _named(stream: Spec, place: int) -> tuple[str, str]:
    """Return the blocks and the layers of a stream, with names that no other stream has."""
    text = _OWN.sub(lambda match: f"{match[1]}{place}{match[2]}", stream.text)
    end = text.rfind("end\n") + len("end\n") if "end\n" in text else 0
    return text[:end], text[end:]


networks = st.randoms(use_true_random=False).map(several)
