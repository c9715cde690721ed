"""Whether `cnncalc inputs` is right: what it says of every size up to 600, for the zoo and for random networks.

    python benchmarks/inputs.py                   # minutes
    python benchmarks/inputs.py expand [NAME …]   # hours for the whole zoo

All sides together and each side alone are compared. For networks of the zoo the oracle is the formulas of the lectures,
walked over their flat lists of layers (tests/oracle/walked_sizes.py); expanding the spec for each size where a setting
follows from the input, for random networks, and for all with ``expand``. Without names the lines are also written to
benchmarks/results, as inputs.txt or inputs-expanded.txt.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import cnncalc
from cnncalc import zoo
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.design.inputs import InputTrials
from cnncalc.loading import read_source
from cnncalc.network import SpecSettings, expand
from cnncalc.spec import parse, tree
from tests.oracle.random_specs import spec as random_spec
from tests.oracle.walked_sizes import Unwalkable, taken_along

RESULTS = Path(__file__).resolve().parent / "results"
MOST, RANDOM_NETWORKS, RANDOM_SIZES = 600, 300, 100


def main() -> None:
    expands, names = "expand" in sys.argv, [name for name in sys.argv[1:] if name != "expand"]
    lines = []
    for line in compared_zoo(names or zoo.names(), expands=expands):
        print(line, flush=True)
        lines.append(line)
    if names:
        return
    texts = [text for seed in range(3 * RANDOM_NETWORKS) if (text := drawn(seed))][:RANDOM_NETWORKS]
    failing = [text for text in texts if wrong_where_expanded(text, RANDOM_SIZES)]
    lines.append(f"random: {len(texts)} networks, each side up to {RANDOM_SIZES}, expanded, wrong: {failing or 'none'}")
    print(lines[-1])
    RESULTS.joinpath("inputs-expanded.txt" if expands else "inputs.txt").write_text("\n".join(lines) + "\n")


def compared_zoo(names: Iterable[str], *, expands: bool) -> Iterator[str]:
    """Say for each network how it was compared, and which sizes are wrong."""
    counts: Counter[str] = Counter()
    for name in names:
        network = cnncalc.load(name)
        if network.inputs_at:
            continue
        try:
            wrong = None if expands else wrong_where_walked(name, network)
        except Unwalkable:
            wrong = None
        way = "expanded" if wrong is None else "walked"
        wrong = wrong_where_expanded(name, MOST) if wrong is None else wrong
        counts[f"{way} {'wrong' if wrong else 'right'}"] += 1
        yield f"{name:24} {len(network.layers):>5} layers  {way:8}  wrong: {_text(wrong)}"
    yield f"zoo: each side up to {MOST}: " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))


def _text(sizes: Sequence[str]) -> str:
    return ", ".join(sizes[:5]) or "none"


def wrong_where_walked(name: str, network: cnncalc.Network) -> list[str]:
    """Return the sizes of which something else is said than the formulas of the layers say."""
    taken = trials(name).taken()
    along = [taken_along(network, axis, MOST) for axis in range(network.input.dimensions)]
    said = [({size for size in range(1, MOST + 1) if rule.takes(size)}, rule) for rule in taken.sides]
    wrong = [f"side {axis}: {size}" for axis, (sizes, _) in enumerate(said) for size in sorted(sizes ^ along[axis])]
    equal = set() if taken.equal is None else {size for size in range(1, MOST + 1) if taken.equal.takes(size)}
    return wrong + [f"all: {size}" for size in sorted(equal ^ set.intersection(*along)) if taken.equal is not None]


def trials(text: str) -> InputTrials:
    return InputTrials(parse(read_source(text), zoo.blocks), SpecSettings())


def drawn(seed: int) -> str:
    """Return a random spec that loads; "" where it does not with the rounding that is drawn."""
    random = Random(seed)
    spec = random_spec(random)
    text = f"rounding {random.choice(['floor', 'ceil', 'strict'])}\ninput {spec.input}\n{spec.text}\n"
    try:
        cnncalc.load(text)
    except cnncalc.SpecError:
        return ""
    return text


def wrong_where_expanded(text: str, most: int) -> list[str]:
    """Return the sizes of which something else is said than expanding the spec says."""
    inputs = trials(text)
    if inputs.totalling.inputs.named:
        return []
    taken, spec, wrong = inputs.taken(), inputs.spec, []
    usual = taken.usual
    for size in range(1, most + 1):
        equal = usual.with_spatial((size,) * usual.dimensions)
        if taken.equal is not None and taken.equal.takes(size) != takes(spec, equal):
            wrong.append(f"all: {size}")
        for axis, rule in enumerate(taken.sides):
            sides = [*usual.spatial[:axis], size, *usual.spatial[axis + 1 :]]
            if rule.takes(size) != takes(spec, usual.with_spatial(sides)):
                wrong.append(f"side {axis}: {size}")
    return wrong


def takes(spec: tree.Spec, volume: Volume) -> bool:
    """Say whether a spec can be expanded with an input."""
    try:
        expand(spec, SpecSettings({"": Source("input", str(volume))}))
    except cnncalc.SpecError:
        return False
    return True


if __name__ == "__main__":
    main()
