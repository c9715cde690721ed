"""Whether `cnncalc inputs` is right: every size up to 600 is tried for every network of the zoo, and for random ones.

    python benchmarks/inputs.py          # the zoo, and 300 random networks; takes long

What is said is compared with expanding the spec for each size: all sides together, and each side alone.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).parents[1]))

import cnncalc
from cnncalc import zoo
from cnncalc.core.source import Source
from cnncalc.core.volume import Volume
from cnncalc.design.inputs import InputTrials, without_claims
from cnncalc.loading import read_source
from cnncalc.network import SpecSettings, expand
from cnncalc.spec import parse, tree
from tests.oracle.random_specs import spec as random_spec

MOST, RANDOM_NETWORKS, RANDOM_SIZES = 600, 300, 100


def main() -> None:
    wrong = [name for name in zoo.names() if not is_right(name, MOST)]
    print(f"zoo: {len(zoo.names())} networks, sizes up to {MOST}, wrong: {wrong or 'none'}", flush=True)
    texts = [text for seed in range(3 * RANDOM_NETWORKS) if (text := drawn(seed))][:RANDOM_NETWORKS]
    failing = [text for text in texts if not is_right(text, RANDOM_SIZES)]
    print(f"random: {len(texts)} networks, sizes up to {RANDOM_SIZES}, wrong: {failing or 'none'}")


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


def is_right(text: str, most: int) -> bool:
    """Say whether what is said of every size is what expanding the spec says."""
    spec = parse(read_source(text), zoo.blocks)
    trials = InputTrials(spec, SpecSettings())
    if trials.totalling.inputs.named:
        return True
    taken = trials.taken()
    spec = without_claims(spec)
    for size in range(1, most + 1):
        usual = taken.usual
        if taken.equal is not None and taken.equal.takes(size) != takes(
            spec, usual.with_spatial((size,) * len(usual[:-1]))
        ):
            return False
        for axis, rule in enumerate(taken.sides):
            sides = [*usual.spatial[:axis], size, *usual.spatial[axis + 1 :]]
            if rule.takes(size) != takes(spec, usual.with_spatial(sides)):
                return False
    return True


def takes(spec: tree.Spec, volume: Volume) -> bool:
    """Say whether a spec can be expanded with an input."""
    try:
        expand(spec, SpecSettings({"": Source("input", str(volume))}))
    except cnncalc.SpecError:
        return False
    return True


if __name__ == "__main__":
    main()
