"""Random specs of every layer of the language, in one to three dimensions, with merges, labels, blocks and repeats.

A spec is drawn from a `random.Random`, so that a long run draws it from a seed and a test from Hypothesis, which
then makes it smaller where the test fails. Whether a layer fits is asked of the loader, and whether PyTorch has it
of the plan: what is compared with these specs is the memory that they take, and not their sizes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import NamedTuple

from hypothesis import strategies as st

import cnncalc
from cnncalc.layers import class_of, words
from cnncalc.model.plan import plan
from tests.oracle.torch_modules import joined

LARGEST = 6_000
"""Values of a volume behind which nothing is drawn that could make it larger."""

LAST = "fc 5"


class Spec(NamedTuple):
    """A network as it is written, and its input volume as it is written."""

    text: str
    input: str

    def load(self) -> cnncalc.Network:
        """Load the network."""
        return cnncalc.load(self.text + "\n", input=self.input, rounding="floor")


Volume = Sequence[int]
Write = Callable[[Random, str, Volume], str]


# ---- layers


def _numbers(random: Random, volume: Volume, least: int, most: int) -> list[int]:
    return [random.randint(least, most) for _ in volume[:-1]]


def _sides(random: Random, volume: Volume, most: int) -> str:
    return joined([f"{random.randint(0, most)}:{random.randint(0, most)}" for _ in volume[:-1]])


def _maybe(random: Random, *options: str) -> str:
    """Write each option or not."""
    return "".join(f" {option}" for option in options if random.random() < 0.35)


def _divisor(random: Random, number: int) -> int:
    return random.choice([divisor for divisor in range(1, number + 1) if number % divisor == 0])


def _window(random: Random, volume: Volume, kernel: Sequence[int], *, dilates: bool, pool: bool = False) -> str:
    stride = f"s{joined(_numbers(random, volume, 1, 3))}"
    dilation = f"d{joined(_numbers(random, volume, 1, 2))}"
    half = [random.randint(0, side // 2) for side in kernel]
    pads = [f"p{joined(half)}", "same", "ceil", *([] if pool else [f"p{_sides(random, volume, 2)}"])]
    return _maybe(random, stride, *([dilation] if dilates else []), random.choice(pads))


def _conv(random: Random, word: str, volume: Volume) -> str:
    groups = random.choice([1, 1, _divisor(random, volume[-1])])
    kernel = _numbers(random, volume, 1, 3)
    size = joined([*kernel, groups * random.randint(1, 6)])
    return f"{word} {size} g{groups}{_window(random, volume, kernel, dilates=True)}{_maybe(random, 'nobias')}"


def _dwconv(random: Random, word: str, volume: Volume) -> str:
    kernel = _numbers(random, volume, 1, 3)
    size = random.choice([kernel, [*kernel, volume[-1] * random.randint(1, 2)]])
    return f"{word} {joined(size)}{_window(random, volume, kernel, dilates=True)}{_maybe(random, 'nobias')}"


def _deconv(random: Random, word: str, volume: Volume) -> str:
    groups = random.choice([1, 1, _divisor(random, volume[-1])])
    size = joined([*_numbers(random, volume, 1, 4), groups * random.randint(1, 6)])
    extra = f"op{joined(_numbers(random, volume, 0, 1))}"
    stride, dilation = f"s{joined(_numbers(random, volume, 1, 3))}", f"d{joined(_numbers(random, volume, 1, 2))}"
    pad = f"p{joined(_numbers(random, volume, 0, 1))}"
    return f"{word} {size} g{groups}{_maybe(random, stride, dilation, extra, pad, 'nobias')}"


def _pool(random: Random, word: str, volume: Volume) -> str:
    kernel = _numbers(random, volume, 1, 3)
    dilates = word in ("pool", "maxpool", "minpool")
    own = {"avgpool": ["nopad"], "lppool": [f"norm={random.choice([1, 2, 3])}"]}.get(word, [])
    return f"{word} {joined(kernel)}{_window(random, volume, kernel, dilates=dilates, pool=True)}{_maybe(random, *own)}"


def _adaptive(random: Random, word: str, volume: Volume) -> str:
    return f"{word} {joined(_numbers(random, volume, 1, 4))}"


def _norm(random: Random, word: str, volume: Volume) -> str:
    head = f"gn {_divisor(random, volume[-1])}" if word == "gn" else word
    return head + _maybe(random, "affine" if word == "instancenorm" else "noaffine", "eps=1e-3")


def _lrn(random: Random, word: str, volume: Volume) -> str:
    return f"{word} {random.randint(1, 5)}" + _maybe(random, "alpha=1e-3", "beta=0.5", "k=2")


def _pad(random: Random, word: str, volume: Volume) -> str:
    modes = ["", " reflect", " replicate"] if word == "pad" else [""]
    return f"{word} {_sides(random, volume, 2)}{random.choice(modes)}"


def _upsample(random: Random, word: str, volume: Volume) -> str:
    mode = random.choice(["", {1: " linear", 2: " bilinear", 3: " trilinear"}[len(volume) - 1]])
    return f"{word} x{joined(_numbers(random, volume, 1, 2))}{mode}"


def _slice(random: Random, word: str, volume: Volume) -> str:
    start = random.randint(0, volume[-1] - 1)
    return f"{word} {start}:{random.randint(start + 1, volume[-1])}"


def _rate(random: Random, word: str, volume: Volume) -> str:
    return f"{word} {random.choice([0, 0.1, 0.5, 1])}"


WRITERS: dict[str, Write] = {
    "conv": _conv,
    "dwconv": _dwconv,
    "deconv": _deconv,
    **dict.fromkeys(("pool", "maxpool", "minpool", "avgpool", "lppool"), _pool),
    **dict.fromkeys(("adaptiveavgpool", "adaptivemaxpool"), _adaptive),
    **dict.fromkeys(("bn", "gn", "ln", "instancenorm"), _norm),
    "lrn": _lrn,
    **dict.fromkeys(("pad", "crop"), _pad),
    "upsample": _upsample,
    "slice": _slice,
    **dict.fromkeys(("dropout", "dropout2d", "droppath"), _rate),
    "fc": lambda random, word, volume: f"{word} {random.randint(1, 20)}{_maybe(random, 'nobias')}",
    "shuffle": lambda random, word, volume: f"{word} {_divisor(random, volume[-1])}",
    "pixelshuffle": lambda random, word, volume: f"{word} 2",
    "prelu": lambda random, word, volume: word + _maybe(random, "perchannel"),
    "leakyrelu": lambda random, word, volume: f"{word} {random.choice([0, 0.01, 0.2])}",
}
"""How a layer is written with random options; all others are written as in their examples."""


def _examples(word: str) -> list[str]:
    """Return how a word is written in the examples of its layer, with all options that these have."""
    texts = [example.partition(": ")[2] for example in class_of(word).examples]
    named = [text.replace("a: ", "{label}: ").replace("@a", "@{label}") for text in texts]
    return [text for text in named if word in text.split()]


EXAMPLES = {word: _examples(word) for word in words()}
"""What a word that is not among the writers is, and sometimes any other."""

MERGES = ("add", "concat", "mul", "sub", "max", "min", "mean")

SPREAD = ("add", "mul", "sub", "max", "min", "mean")

SINGLE = sorted(set(words()) - set(MERGES))
"""The words of layers with one source."""

COMMON = ("conv", "conv", "conv", "relu", "bn", "ln", "dwconv", "deconv", "add")
"""Layers that are drawn more often."""


def layer(random: Random, volume: Volume) -> str:
    """Write a layer, which need not fit."""
    word = random.choice([*SINGLE, *COMMON[:-1]])
    if volume_size(volume) > LARGEST:
        word = random.choice(["pool", "avgpool", "adaptiveavgpool", "slice"])
    writer = WRITERS.get(word)
    if writer is not None and random.random() < 0.8:
        return writer(random, word, volume)
    return random.choice(EXAMPLES[word]).format(label=f"at{random.randint(10, 10**6)}")


def volume_size(volume: Volume) -> int:
    """Return the number of values."""
    size = 1
    for side in volume:
        size *= side
    return size


# ---- networks


class SpecDrawing:
    """Draws one network, layer by layer, each tried before the next."""

    def __init__(self, random: Random) -> None:
        self.random = random
        dimensions = random.choice([1, 2, 2, 3])
        most = {1: 40, 2: 14, 3: 7}[dimensions]
        sides = [random.randint(2, most) for _ in range(dimensions)]
        self.input = joined([*sides, random.choice([1, 2, 3, 4, 6, 8, 12])])
        self.blocks = ""
        self.labels: list[str] = []
        self.weights = 0

    def spec(self) -> Spec:
        """Draw a network of one to eight steps."""
        text = ""
        for _ in range(self.random.randint(1, 8)):
            text = self.longer(text, depth=2)
        if not text or self.random.random() < 0.85:
            text = f"{text} - {LAST}" if text else LAST
        return Spec(self.blocks + text, self.input)

    def volume(self, text: str) -> Volume | None:
        """Return the volume that a chain makes; None where it does not fit, or where PyTorch has none of it."""
        try:
            network = Spec(self.blocks + (text or "identity"), self.input).load()
            plan(network)
        except cnncalc.SpecError:
            return None
        return network.output

    def longer(self, text: str, depth: int) -> str:
        """Return a chain with one more step; the same chain where several steps did not fit."""
        volume = self.volume(text)
        assert volume is not None
        for _ in range(5):
            step = self.step(text, volume, depth)
            longer = f"{text} - {step}" if text else step
            if self.volume(longer) is not None:
                return longer
        return text

    def step(self, text: str, volume: Volume, depth: int) -> str:
        """Write a layer, or something with branches, a repeat, a block or a label."""
        kind = self.random.random()
        if not depth or kind < 0.75 or volume_size(volume) > LARGEST:
            return layer(self.random, volume)
        makers = [self.merge, self.merge, self.excite, self.repeat, self.block, self.label, self.again]
        return self.random.choice(makers)(text, volume, depth)

    def branch(self, text: str, depth: int) -> str:
        """Write a branch of up to three steps behind a chain; it may be empty."""
        longer = text or "identity"
        start = len(longer)
        for _ in range(self.random.randint(0, 3)):
            longer = self.longer(longer, depth - 1)
        return longer[start:].removeprefix(" - ")

    def brought(self, branch: str, text: str, wanted: Volume) -> str:
        """Return a branch that makes a wanted volume."""
        makes = self.volume(f"{text or 'identity'} - {branch or 'identity'}")
        size = f"adaptiveavgpool {joined(wanted[:-1])} - conv {joined([1] * (len(wanted) - 1))}x{wanted[-1]}"
        return branch if tuple(makes or ()) == tuple(wanted) else f"{branch or 'identity'} - {size}"

    def merge(self, text: str, volume: Volume, depth: int) -> str:
        """Write a merge of two or three branches."""
        branches = [self.branch(text, depth) for _ in range(self.random.choice([2, 2, 3]))]
        wanted = self.volume(f"{text or 'identity'} - {branches[0] or 'identity'}") or volume
        equal = [branches[0], *[self.brought(branch, text, wanted) for branch in branches[1:]]]
        self.random.shuffle(equal)
        return f"{self.random.choice(MERGES)}( {' | '.join(equal)} )"

    def excite(self, text: str, volume: Volume, depth: int) -> str:
        """Write squeeze-and-excitation, attention over positions, and their like with other merges."""
        factor = self.random.choice(["gap - fc {C}", "gap - conv " + "1x" * (len(volume) - 1) + "{C}", "gmp"])
        maps = "conv " + "1x" * (len(volume) - 1) + "1"
        factors = [f"{each} - {self.random.choice(['sigmoid', 'hardsigmoid', 'relu'])}" for each in (factor, maps)]
        branches = ["", *self.random.sample(factors, self.random.choice([1, 1, 2]))]
        self.random.shuffle(branches)
        return f"{self.random.choice(['mul', 'mul', *SPREAD])}( {' | '.join(branches)} )"

    def repeat(self, text: str, volume: Volume, depth: int) -> str:
        """Write a repeat, perhaps of one set of weights."""
        times = self.random.randint(2, 3)
        if self.random.random() < 0.4:
            self.weights += 1
            window = joined([self.random.choice([1, 3]) for _ in volume[:-1]])
            return f"(conv {window}x{{C}} same weights=w{self.weights} - {layer(self.random, volume)})*{times}"
        return f"({layer(self.random, volume)} - {layer(self.random, volume)})*{times}"

    def block(self, text: str, volume: Volume, depth: int) -> str:
        """Write a block, and a call of it."""
        name = f"unit{self.blocks.count('block')}"
        body = f"{layer(self.random, volume)} - {layer(self.random, volume)}"
        self.blocks += f"block {name}\n  {body}\nend\n"
        if self.volume(f"{text} - {name}" if text else name) is None:
            self.blocks = self.blocks[: self.blocks.rindex("block ")]
            return "identity"
        return name

    def label(self, text: str, volume: Volume, depth: int) -> str:
        """Write a layer with a label in front."""
        self.labels.append(f"at{len(self.labels)}")
        return f"{self.labels[-1]}: {layer(self.random, volume)}"

    def again(self, text: str, volume: Volume, depth: int) -> str:
        """Take a labelled volume up again, in a merge or instead of what came last."""
        if not self.labels:
            return layer(self.random, volume)
        label = f"@{self.random.choice(self.labels)}"
        return self.random.choice(
            [label, f"add( | {label} )", f"concat( | {label} )", f"mul( {label} | )", f"sub( | {label} )"]
        )


def spec(random: Random) -> Spec:
    """Draw a spec that loads."""
    return SpecDrawing(random).spec()


specs = st.randoms(use_true_random=False).map(spec)
"""The same for Hypothesis."""
