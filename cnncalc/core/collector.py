"""Python's garbage collector, while a network grows."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def paused_collector() -> Iterator[None]:
    """Pause the search for cycles while a network grows, which has none.

    Looking through it again and again would take a third of the time, and make that time grow faster
    than the number of layers.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
