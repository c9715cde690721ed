"""Random specs with every word of the language: the examples of all layers, so that a new word comes in by itself."""

from __future__ import annotations

from random import Random

import cnncalc
from cnncalc import Network, SpecError
from cnncalc.layers import layers
from cnncalc.model.plan import plan

INPUTS = ("8x8x4", "9x9x4", "10x10x4", "7x8x4", "8x4", "12x6", "4x4x4x2", "1x1x6", "8x8x8", "6x6x3")
EXAMPLES = [text.partition(": ")[2] for layer in layers() for text in layer.examples]
MERGES = ("add", "sub", "mul", "max", "min", "mean", "concat")
MAPS = ("gap", "gmp", "channelmean", "gap - fc {c} - sigmoid", "@{label}")

MOST_VALUES = 4_000
MOST_MACS = 2_000_000


class RandomText:
    """A spec of a few lines, each of which was tried: it fits what is in front of it, and PyTorch has it."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.input = self.random.choice(INPUTS)
        self.blocks: list[str] = []
        self.lines: list[str] = []
        self.labels: list[str] = []
        self.count = 0
        self.network = cnncalc.load("identity\n", input=self.input)
        for _ in range(60):
            if len(self.lines) == 6:
                break
            self._add(self._step())

    @property
    def text(self) -> str:
        """The spec, with several outputs now and then."""
        ends = sorted({self.labels[-1], *self.random.sample(self.labels, 2)}) if len(self.labels) > 2 else []
        several = len(ends) > 1 and self.random.random() < 0.3 and self.lines[-1].startswith(f"{self.labels[-1]}: ")
        output = [f"output {' '.join(f'@{end}' for end in ends)}"] if several else []
        return self._whole([*self.lines, *output])

    def _whole(self, lines: list[str]) -> str:
        return "\n".join([f"input {self.input}", *self.blocks, *lines]) + "\n"

    def _add(self, line: str) -> None:
        found = self._loaded([*self.lines, line])
        if found is None or found.output.values > MOST_VALUES or found.macs > MOST_MACS:
            return
        if self.random.random() < 0.4 and ":" not in line:
            self.labels.append(f"x{len(self.lines)}")
            line = f"{self.labels[-1]}: ({line})"
        self.lines.append(line)
        self.network = found

    def _loaded(self, lines: list[str]) -> Network | None:
        try:
            found = cnncalc.load(self._whole(lines))
            plan(found)
        except SpecError:
            return None
        return found

    def _step(self) -> str:
        kind = self.random.random()
        if kind < 0.5:
            return self._example()
        if kind < 0.75:
            return self._merge(2)
        if kind < 0.85:
            return f"({self._example()} - {self._example()})*{self.random.randint(2, 3)}"
        return self._call() if kind < 0.95 else f"conv {self._ones()}{self._channels()} weights=w"

    def _example(self) -> str:
        self.count += 1
        text = self.random.choice(EXAMPLES)
        return text.replace("a: ", f"a{self.count}: ").replace("@a", f"@a{self.count}")

    def _merge(self, depth: int) -> str:
        """Write a merge of branches that keep the volume, of maps, and of labels."""
        branches = [self._branch(depth) for _ in range(self.random.randint(2, 3))]
        if self.random.random() < 0.3:
            label = self.random.choice(self.labels) if self.labels else "x"
            chosen = [each for each in MAPS if self.labels or "@" not in each]
            branches[-1] = self.random.choice(chosen).format(c=self._channels(), label=label)
        return f"{self.random.choice(MERGES)}( {' | '.join(branches)} )"

    def _branch(self, depth: int) -> str:
        steps: list[str] = []
        for _ in range(self.random.randint(0, 3)):
            step = self._merge(depth - 1) if depth and self.random.random() < 0.2 else self._example()
            found = self._loaded([*self.lines, *steps, step])
            if found is not None and found.output == self.network.output:
                steps.append(step)
        return " - ".join(steps)

    def _call(self) -> str:
        """Define a block of two layers, and call it twice with different widths."""
        name = f"block{len(self.blocks)}"
        body = f"conv {self._ones()}{{n}} - {self.random.choice(('relu', 'bn - relu', 'gelu', 'ln'))}"
        self.blocks.append(f"block {name}(n)\n  {body}\n  add( {body} | )\nend")
        return f"{name}({self.random.randint(1, 4) * 2}) - {name}({self.random.randint(1, 4) * 2})"

    def _ones(self) -> str:
        return "1x" * self.network.output.dimensions

    def _channels(self) -> int:
        return self.network.output.channels
