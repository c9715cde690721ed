"""What ``cnncalc time`` says below its table: the totals, the machine, and what a bound is and is not."""

from __future__ import annotations

from collections.abc import Iterator

from cnncalc.analysis.roofline import Bound, Measured, faster_than_bound
from cnncalc.core.numbers import counted, digits, seconds_text, share_text
from cnncalc.report.time_sums import rate_text

MOST_NAMED = 4
"""How many layers are named that beat their bound; the rest are counted."""


def summary(bound: Bound, measured: Measured | None, words: str) -> list[tuple[str, str]]:
    """Return the lines below the table, each with a word in front."""
    images = counted(bound.setup.batch, "image")
    lines = [
        ("at least", f"{seconds_text(bound.seconds)} for {images}, so at most {_rate(bound)} images/s"),
        ("of", _assumed(bound)),
        ("bound by", _bound_by(bound)),
        ("machine", _machine(bound)),
    ]
    if measured is not None:
        lines += _measured(bound, measured, words)
    return lines


def remarks(bound: Bound, measured: Measured | None) -> list[str]:
    """Return the sentences below the summary."""
    fused = seconds_text(bound.whole.seconds)
    found = [
        "this is a bound for direct convolution, layer by layer, and for nothing else: Winograd's algorithm computes "
        "less, and caches and fused layers move less",
        f"if all layers were fused and nothing between them crossed the memory, the bound would be {fused}",
        *_tf32(bound),
    ]
    if measured is not None:
        found += _faster(bound, measured)
    return found


def _rate(bound: Bound) -> str:
    return digits(bound.images_per_second) if bound.seconds else "any number of"


def _assumed(bound: Bound) -> str:
    setup = bound.setup
    images = counted(setup.batch, "image")
    if not setup.training:
        return f"a forward pass of {images} in {setup.precision}"
    return f"a training step of {images}: layers in {setup.precision}, {setup.optimizer} in float32"


def _bound_by(bound: Bound) -> str:
    parts = [(bound.seconds_bound_by(what), what) for what in ("compute", "memory")]
    shares = [
        f"{what} for {share_text(seconds, bound.seconds)}" for seconds, what in sorted(parts, reverse=True) if seconds
    ]
    return f"{' and '.join(shares)} of that time" if shares else "nothing: no layer computes or moves anything"


def _machine(bound: Bound) -> str:
    machine = bound.machine
    rates = f"{rate_text(machine.peak, 'FLOP')} and {rate_text(machine.bandwidth, 'B')}"
    source = f" ({machine.source}, {machine.date})" if machine.source and machine.date else ""
    source = source or (f" ({machine.source})" if machine.source else "")
    balance = f"layers below {digits(machine.balance)} FLOP per byte are bound by memory"
    return f"{machine.name} in {bound.setup.precision}: {rates}{source}; {balance}"


MOST_APART = 0.1
"""Largest share by which the sum of the layers differs from the whole where nothing else runs."""


def _measured(bound: Bound, measured: Measured, words: str) -> list[tuple[str, str]]:
    images = digits(bound.setup.batch / measured.whole)
    share = share_text(bound.seconds, measured.whole)
    sum_ = share_text(measured.total, measured.whole)
    took = f"{seconds_text(measured.whole)}, {images} images/s: {share} of what the bound allows"
    parts = f"the layers sum to {seconds_text(measured.total)}, {sum_} of the whole"
    if abs(measured.total / measured.whole - 1) > MOST_APART:
        parts += "; they are that far apart on a machine that others use: "
        parts += "give more --rounds, or --processor-time --threads 1"
    return [("measured", took), ("sum", parts), ("on", words)]


def _tf32(bound: Bound) -> Iterator[str]:
    """Say what PyTorch does with float32 on a card that has tf32, which is faster than float32."""
    if bound.setup.precision == "float32" and bound.machine.has_tf32:
        setting = "torch.backends.cudnn.allow_tf32"
        yield f"PyTorch computes convolutions of float32 in tf32 here unless {setting} is False: see --precision tf32"


def _faster(bound: Bound, measured: Measured) -> Iterator[str]:
    names = faster_than_bound(bound, measured)
    if names:
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        shown = ", ".join(names[:MOST_NAMED])
        are = "beats its bound" if len(names) == 1 else "beat their bound"
        whose = "its" if len(names) == 1 else "their"
        yield f"{shown}{more} {are} (!): {whose} data lie in a cache, or another algorithm computes less"
    if bound.seconds > measured.whole:
        yield f"the whole network beats its bound by {share_text(bound.seconds - measured.whole, measured.whole)}"
