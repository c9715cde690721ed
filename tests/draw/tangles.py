"""Random networks whose structure is hard to draw: labels taken from anywhere, deep and wide merges, long chains.

All volumes have one size, so that every text that is drawn loads.
"""

from __future__ import annotations

from random import Random

WORDS = (
    "conv 3x3x4 p1",
    "conv 1x1x4",
    "relu",
    "bn",
    "pool 3x3 s1 p1",
    "conv 5x5x4 p2 - bn - relu",
    "conv 3x3x4 p1 - bn",
)
LONG_NAME = "the_name_of_a_block_that_goes_on_and_does_not_end"


class Tangle:
    """Draws one spec."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.blocks: list[str] = []
        self.labels: list[list[str]] = [[]]
        self.number = 0

    def spec(self) -> str:
        """Write a network."""
        length = self.random.choice([1, 3, 6, 12, 40, 120])
        body = self.chain(self.random.choice([1, 2, 3, 5]), length)
        return "\n".join(["input 16x16x4", *self.blocks, body])

    def chain(self, depth: int, length: int) -> str:
        """Write a chain of up to so many steps."""
        return "\n".join([self.step(depth) for _ in range(self.random.randint(1, length))])

    def step(self, depth: int) -> str:
        """Write a layer, or something with branches, a label, a block or a repeat."""
        if depth and self.random.random() < 0.35:
            return self.random.choice([self.merge, self.merge, self.label, self.take, self.block, self.repeat])(depth)
        return self.random.choice(WORDS)

    def merge(self, depth: int) -> str:
        """Write a merge; branches may be empty, start at a label, or be very many."""
        count = self.random.choice([2, 2, 2, 3, 4, 7]) if self.random.random() < 0.95 else 30
        branches = [self.branch(depth - 1 if count < 5 else 0) for _ in range(count)]
        if self.random.random() < 0.5:
            return f"add( {' | '.join(branches)} )"
        return f"concat( {' | '.join(branches)} ) - conv 1x1x4"

    def branch(self, depth: int) -> str:
        """Write a branch."""
        taken = self.labels[-1] and self.random.random() < 0.25
        steps = [f"@{self.random.choice(self.labels[-1])}"] if taken else []
        steps += [self.step(depth) for _ in range(self.random.randint(0, 3))]
        return " - ".join([step.replace("\n", " - ") for step in steps])

    def label(self, depth: int) -> str:
        """Write a step with a label."""
        self.number += 1
        text = f"at{self.number}: {self.random.choice(WORDS)}"
        self.labels[-1].append(f"at{self.number}")
        return text

    def take(self, depth: int) -> str:
        """Go on from a label."""
        if not self.labels[-1]:
            return "relu"
        label = self.random.choice(self.labels[-1])
        return self.random.choice([f"@{label}", f"add( | @{label} )", f"add( @{label} - conv 3x3x4 p1 | )"])

    def block(self, depth: int) -> str:
        """Write a block and call it."""
        self.number += 1
        name = f"{self.random.choice(['unit', LONG_NAME])}{self.number}"
        self.labels.append([])
        body = self.chain(depth - 1, 5)
        self.labels.pop()
        self.blocks.append(f"block {name}\n{body}\nend")
        return f"{name}*{self.random.randint(1, 4)}"

    def repeat(self, depth: int) -> str:
        """Write something several times."""
        body = self.random.choice(["conv 3x3x4 p1 - relu", "conv 3x3x4 p1 - pool 3x3 s1 p1", "add( conv 3x3x4 p1 | )"])
        return f"({body})*{self.random.randint(2, 40)}"


def tangle(seed: int) -> str:
    """Write the network of a seed."""
    return Tangle(Random(seed)).spec()
