"""Try the parser and the engine on very many hostile texts, and measure each.

    python benchmarks/fuzz.py --texts 100000 --seed 1

A text must end in a network or in a `SpecError`, within a second of CPU time and 200 MB. Both are measured from
the text to the network with all its counts (or to the drawn error). The JSON of a network is made as well; its
time is listed on its own, as it grows with the number of layers that a text asks for. Memory is the
process's highest resident size since the text was handed over, what earlier texts left behind included.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import cnncalc
from cnncalc.report.diagnostics import draw_error
from tests.fuzz.texts import texts

SECONDS, MEGABYTES = 1.0, 200


class Outcome(NamedTuple):
    """What becomes of a text: CPU seconds and megabytes for its counts, and CPU seconds for its JSON."""

    result: str
    seconds: float
    megabytes: float
    json_seconds: float = 0.0


def outcome(spec: Path | str) -> Outcome:
    """Try one text."""
    forget_peak()
    start = time.process_time()
    try:
        network = cnncalc.load(spec)
        cnncalc.count(network)
    except cnncalc.SpecError as error:
        draw_error(error).encode()
        return Outcome(f"error {error.code}", time.process_time() - start, peak())
    except Exception:
        traceback.print_exc(limit=-4)
        return Outcome("CRASH", time.process_time() - start, peak())
    seconds, megabytes = time.process_time() - start, peak()
    json_seconds = seconds_for_json(network) if len(network) < 1000 else in_a_fork(network)
    return Outcome("network" if json_seconds is not None else "CRASH", seconds, megabytes, json_seconds or 0.0)


def seconds_for_json(network: cnncalc.Network) -> float:
    """Return the CPU seconds for a network's JSON."""
    start = time.process_time()
    network.to_json().encode()
    return time.process_time() - start


def in_a_fork(network: cnncalc.Network) -> float | None:
    """Return the CPU seconds for a large JSON, whose memory shall not be that of the next texts; None if it fails."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writing, str(seconds_for_json(network)).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        seconds = answer.read()
    os.waitpid(child, 0)
    return float(seconds) if seconds else None


def forget_peak() -> None:
    """Start to measure the highest resident size anew."""
    Path("/proc/self/clear_refs").write_text("5")


def peak() -> float:
    """Return the highest resident size, in MB."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> int:
    """Run and print a summary; the status is 1 where a text broke a rule."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000, help="how many texts to try")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other texts")
    options = parser.parse_args()
    outcomes: Counter[str] = Counter()
    broken, slowest, largest, slowest_json = 0, (0.0, ""), (0.0, ""), (0.0, "")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hostile.txt"
        for number, (kind, text) in enumerate(texts(options.seed, options.texts)):
            if isinstance(text, bytes):
                file.write_bytes(text)
            found = outcome(file if isinstance(text, bytes) else text)
            name = f"text {number}, {kind}, {found.result}"
            outcomes[found.result] += 1
            slowest = max(slowest, (found.seconds, name))
            largest = max(largest, (found.megabytes, name))
            slowest_json = max(slowest_json, (found.json_seconds, name))
            if found.result == "CRASH" or found.seconds > SECONDS or found.megabytes > MEGABYTES:
                broken += 1
                print(f"{name}: {found.seconds:.2f} s, {found.megabytes:.0f} MB: {text[:100]!r}", flush=True)
    print(f"{options.texts:,} texts, seed {options.seed}: {broken} broke a rule")
    print(f"slowest counts  {slowest[0]:.2f} s CPU ({slowest[1]})")
    print(f"most memory     {largest[0]:.0f} MB, this program included ({largest[1]})")
    print(f"slowest JSON    {slowest_json[0]:.2f} s CPU ({slowest_json[1]})")
    for result, count in outcomes.most_common():
        print(f"{count:8,}  {result}")
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
