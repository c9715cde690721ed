"""Random networks with merges of every kind, shared weights and several outputs come back from PyTorch as they were."""

from __future__ import annotations

from random import Random

import pytest

import cnncalc

SPATIAL = ("conv 3x3x8 p1", "conv 1x1x8 nobias", "dwconv 3x3 p1", "bn", "relu", "tanh", "pool 3x3 s1 p1")
MAPS = ("gap", "conv 1x1x1", "gmp", "gap - fc 8 - sigmoid", "conv 1x1x1 - sigmoid")
MERGES = ("add", "sub", "mul", "max", "min", "mean")


class Drawing:
    """Draws a network of 8x8x8 volumes; every layer is read by the next, so that none is left out on the way back."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.labels: list[str] = []

    def branch(self, depth: int) -> str:
        steps = [self.step(depth - 1) for _ in range(self.random.randint(0, 2))]
        return " - ".join(steps)

    def step(self, depth: int) -> str:
        """Write a layer, a merge of branches (some smaller in a dimension), or a layer with weights of a name."""
        kind = self.random.random()
        if depth and kind < 0.35:
            branches = [self.branch(depth), self.branch(depth) or "relu"]
            if self.random.random() < 0.4:
                branches.append(self.random.choice(MAPS))
            if self.labels and self.random.random() < 0.3:
                branches.append(f"@{self.random.choice(self.labels)}")
            return f"{self.random.choice(MERGES)}( {' | '.join(branches)} )"
        if kind < 0.5:
            dilation = self.random.choice([1, 2])
            return f"conv 3x3x8 p{dilation} d{dilation} weights=w{self.random.randint(1, 2)}"
        return self.random.choice(SPATIAL)

    def text(self) -> str:
        lines = []
        for number in range(self.random.randint(2, 5)):
            lines.append(f"x{number}: {self.step(2)}")
            self.labels.append(f"x{number}")
        ends = sorted({self.labels[-1], *self.random.sample(self.labels, 2)})
        return "\n".join(["input 8x8x8", *lines, f"output {' '.join(f'@{end}' for end in ends)}"])


@pytest.mark.parametrize("seed", range(12))
def test_text_module_text_is_the_same_network(seed: int) -> None:
    """Volumes, parameters and multiplications; the proof of the import compares values, and a second round the text."""
    again(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(12, 200))
def test_many_texts_are_the_same_networks(seed: int) -> None:
    again(seed)


def again(seed: int) -> None:
    network = cnncalc.load(Drawing(seed).text())
    spec = cnncalc.from_torch(cnncalc.build(network, seed=0), tuple(network.input))
    back = cnncalc.load(spec)
    assert (back.outputs, back.params, back.macs) == (network.outputs, network.params, network.macs)
    assert cnncalc.from_torch(cnncalc.build(back, seed=0), tuple(back.input)) == spec
