"""Try the parser and the engine on very many hostile texts, and the commands on hostile command lines.

    python benchmarks/fuzz.py --texts 100000 --lines 20000 --files 10000 --seed 1

A file of another tool (Darknet, Keras, ONNX, …) with something broken must end like a text.

A command line must end with an answer or one clear error, in bounded time, whatever its options, files, streams and
environment (`tests.fuzz.trying`). Most lines run in this process; every 200th in one of its own.

A text must end in a network or in a `SpecError`, within a second of CPU time and 200 MB. Both are measured from
the text to the network with all its counts (or to the drawn error). The JSON of a network is made as well; its
time is listed on its own, as it grows with the number of layers that a text asks for. Memory is the
process's highest resident size since the text was handed over, what earlier texts left behind included.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

import cnncalc
from cnncalc.commands.cli import COMMANDS
from cnncalc.report.diagnostics import draw_error
from tests.foreign.mutations import mutated
from tests.fuzz.texts import texts

SECONDS, MEGABYTES = 1.0, 200
LINES_OF_A_FORK, LINES_OF_A_PROCESS = 250, 200


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


def try_lines(seed: int, count: int, only: tuple[str, ...]) -> int:
    """Try command lines, some hundred in each fork, and return how many broke a rule."""
    import sklearn.datasets  # noqa: F401  # each fork would load them anew
    import torch
    import torchvision  # noqa: F401

    from tests.fuzz.places import make_place  # loads torch, which would count as memory of a text

    torch.set_num_threads(1)
    broken = 0
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "made"
        made.mkdir()
        status_of(lambda: make_place(made) or 0)
        for start in range(0, count, LINES_OF_A_FORK):
            place = Path(folder) / "place"
            shutil.copytree(made, place)
            number = min(LINES_OF_A_FORK, count - start)
            work = partial(some_lines, place, seed + start, number, only)
            broken += status_of(work)
            shutil.rmtree(place)
    print(f"{count:,} command lines, seed {seed}: {broken} broke a rule", flush=True)
    return broken


def status_of(work: Callable[[], int]) -> int:
    """Do something in a fork and return its status; what ends by a signal broke a rule."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = work()
        except BaseException:
            traceback.print_exc()
        finally:  # without cleaning up what belongs to the parent
            os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if status < 0:
        print(f"ended by signal {-status}", flush=True)
    return abs(status)


def some_lines(place: Path, seed: int, count: int, only: tuple[str, ...]) -> int:
    """Try some command lines, print those that break a rule, and return how many did."""
    from tests.fuzz.campaign import campaign

    broken, statuses = 0, Counter[str]()
    for line, outcome in campaign(place, seed, count, only, every=LINES_OF_A_PROCESS):
        statuses[f"{line.arguments[0] if line.arguments else ''} {outcome.status}"] += 1
        if outcome.broken:
            broken += 1
            print(f"seed {seed}: {outcome.broken}: {line}\n{outcome.err[-800:]}", flush=True)
    print(f"seed {seed}:", *(f"{name} {times}" for name, times in sorted(statuses.items())), sep="  ", flush=True)
    return broken


def try_texts(seed: int, count: int) -> int:
    """Try texts, print a summary, and return how many broke a rule."""
    outcomes: Counter[str] = Counter()
    broken, slowest, largest, slowest_json = 0, (0.0, ""), (0.0, ""), (0.0, "")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "hostile.txt"
        for number, (kind, text) in enumerate(texts(seed, count)):
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
    print(f"{count:,} texts, seed {seed}: {broken} broke a rule")
    print(f"slowest counts  {slowest[0]:.2f} s CPU ({slowest[1]})")
    print(f"most memory     {largest[0]:.0f} MB, this program included ({largest[1]})")
    print(f"slowest JSON    {slowest_json[0]:.2f} s CPU ({slowest_json[1]})")
    for result, times in outcomes.most_common():
        print(f"{times:8,}  {result}")
    return broken


def try_files(seed: int, count: int) -> int:
    """Try broken files of other tools, print a summary, and return how many broke a rule."""
    outcomes: Counter[str] = Counter()
    broken, slowest = 0, (0.0, "")
    with tempfile.TemporaryDirectory() as folder:
        for number, (kind, ending, data) in enumerate(mutated(seed, count)):
            file = Path(folder) / f"hostile{ending}"
            file.write_bytes(data)
            found = outcome(file)
            name = f"file {number}, {kind}, {found.result}"
            outcomes[found.result] += 1
            slowest = max(slowest, (found.seconds, name))
            if found.result == "CRASH" or found.seconds > SECONDS or found.megabytes > MEGABYTES:
                broken += 1
                print(f"{name}: {found.seconds:.2f} s, {found.megabytes:.0f} MB", flush=True)
    print(f"{count:,} files, seed {seed}: {broken} broke a rule; slowest {slowest[0]:.2f} s CPU ({slowest[1]})")
    for result, times in outcomes.most_common():
        print(f"{times:8,}  {result}")
    return broken


def main() -> int:
    """Run and print summaries; the status is 1 where a text or a line broke a rule."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=int, default=100_000, help="how many texts to try")
    parser.add_argument("--lines", type=int, default=20_000, help="how many command lines to try")
    parser.add_argument("--files", type=int, default=10_000, help="how many files of other tools to try")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other texts and lines")
    parser.add_argument("--commands", default=",".join(COMMANDS), help="which commands to try, separated by commas")
    asked = parser.parse_args()
    broken = try_texts(asked.seed, asked.texts) if asked.texts else 0
    broken += try_files(asked.seed, asked.files) if asked.files else 0
    broken += try_lines(asked.seed, asked.lines, tuple(asked.commands.split(","))) if asked.lines else 0
    return 1 if broken else 0


if __name__ == "__main__":
    raise SystemExit(main())
