"""What computes: its peak in a precision, and the bandwidth of its memory."""

from __future__ import annotations

from typing import NamedTuple

from cnncalc.analysis.memory.gpus import PEAKS, Gpu
from cnncalc.core.errors import SpecError
from cnncalc.core.words import listed


class Machine(NamedTuple):
    """A card or a computer.

    Attributes:
        name: what it is called.
        peak: what it computes at most in the precision that is asked for, in FLOP per second.
        bandwidth: what its memory gives and takes at most, in bytes per second.
        source, date: where both are from, and when that was published; "" for what was measured here.
        has_tf32: whether it is a card that computes in tf32, too.

    """

    name: str
    peak: float
    bandwidth: float
    source: str = ""
    date: str = ""
    has_tf32: bool = False

    @property
    def balance(self) -> float:
        """FLOP per byte at which both take the same time; below it a layer is bound by memory."""
        return self.peak / self.bandwidth


def machine_of_card(name: str, card: Gpu, precision: str) -> Machine:
    """Return a card as it computes in a precision.

    Raises:
        SpecError: with the code ``no-precision`` where the table has no peak for that, and with ``bad-cards`` where it
            has no bandwidth.

    """
    peak = card.peaks.get(precision)
    if peak is None:
        if not card.peaks:
            hints = [f"the peaks stand in its columns {', '.join(PEAKS.values())}"]
            raise SpecError("no-precision", f"the table of cards has no peak of {name}", hints=hints)
        known = listed(card.peaks)
        hints = [f"give one of these as the precision, such as {next(iter(card.peaks))}"]
        raise SpecError(
            "no-precision", f"the table of cards has no peak of {name} in {precision}; it has {known}", hints=hints
        )
    if card.bandwidth is None:
        hints = ["the bandwidth stands in its column bandwidth_gb_s"]
        raise SpecError("bad-cards", f"the table of cards has no bandwidth of {name}", hints=hints)
    return Machine(name, peak, card.bandwidth, card.source, card.date, "tf32" in card.peaks)
