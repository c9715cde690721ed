"""``python -m cnncalc`` and the command ``cnncalc``."""

from __future__ import annotations

import gc
import sys

try:
    from cnncalc.commands.interrupts import Interrupted, Interrupts
except KeyboardInterrupt:  # signals are not handled yet
    sys.exit(130)


def main() -> None:
    """Run the command line in a process of its own, and leave with its status."""
    interrupts = Interrupts()
    interrupts.listen()  # before anything that takes time
    try:
        gc.disable()  # importing makes many objects and no garbage; looking for some takes a tenth of the start
        from cnncalc.commands.cli import run

        gc.enable()
        status = run(sys.argv[1:], interrupts)
    except Interrupted:
        status = interrupts.report()
    sys.exit(status)


if __name__ == "__main__":
    main()
