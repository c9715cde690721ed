"""Random specs with every word of the language: text → PyTorch → text is the same network, and so is a second round.

    python benchmarks/round_trips.py --texts 1000 --first 0

Text n is drawn from the seed ``--first`` + n, so that each can be drawn again. What differs is printed with its seed;
the status is 1 then. The test suite tries the first 120 (`tests/model/test_from_torch_random_words.py`).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch

import cnncalc
from tests.model.random_texts import RandomText


def difference(seed: int) -> str:
    """Return what differs after one or two rounds; "" where nothing does."""
    network = cnncalc.load(RandomText(seed).text)
    spec = cnncalc.from_torch(cnncalc.build(network, seed=0), tuple(network.input))
    back = cnncalc.load(spec)
    if (back.outputs, back.params, back.macs) != (network.outputs, network.params, network.macs):
        return "another network comes back"
    again = cnncalc.from_torch(cnncalc.build(back, seed=0), tuple(back.input))
    return "" if again == spec else "the same network comes back, in another text the second time"


def main() -> int:
    """Try the texts, print what differs and how many do not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=1000, help="how many texts to try")
    parser.add_argument("--first", type=int, default=0, help="the seed of the first one")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    start, same = time.process_time(), 0
    for seed in range(asked.first, asked.first + asked.texts):
        try:
            found = difference(seed)
        except cnncalc.SpecError as error:
            found = str(error)
        same += not found
        if found:
            print(f"{seed}: {found}", flush=True)
    print(f"{same} of {asked.texts} come back, from seed {asked.first}: {time.process_time() - start:.0f} s CPU")
    return int(same < asked.texts)


if __name__ == "__main__":
    raise SystemExit(main())
