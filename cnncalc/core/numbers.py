"""Numbers for people: with separators, with units, never rounded without saying so."""

from __future__ import annotations

from fractions import Fraction

_THOUSANDS = ("k", "M", "G", "T", "P", "E", "Z", "Y")
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB")


def whole(value: int) -> str:
    """Write a whole number with separators: 138,357,544."""
    return f"{value:,}"


def in_units(count: int) -> str:
    """Write a large number with three digits and a decimal unit: 15,470,264,320 as ``15.5 G``."""
    if count < 1000:
        return f"{count}"
    power = 1
    while count >= 999_500 * 1000 ** (power - 1) and power < len(_THOUSANDS):
        power += 1
    return f"{count / 1000**power:.3g} {_THOUSANDS[power - 1]}"


def counted(count: int, word: str) -> str:
    """Write how many there are of something: ``1 epoch``, ``2,000 epochs``, ``2 biases``."""
    ending = "" if count == 1 else "es" if word.endswith("s") else "s"
    return f"{count:,} {word}{ending}"


def with_minus(text: str) -> str:
    """Write the hyphens of a number as minus signs: ``-1.5`` as ``−1.5``."""
    return text.replace("-", "−")


def bytes_text(count: int) -> str:
    """Write a number of bytes in binary units: 61,440 as ``60.0 KiB``; 1 MiB is 1024·1024 bytes."""
    if count < 1024:
        return f"{count} B"
    power = 1
    while count >= 1000 * 1024**power and power < len(_UNITS):
        power += 1
    value = count / 1024**power
    return f"{value:,.1f} {_UNITS[power - 1]}" if value < 100 else f"{value:,.0f} {_UNITS[power - 1]}"


def duration_text(seconds: float) -> str:
    """Write a time: 12.3 s, 4:05, 1:02:03."""
    if seconds < 59.95:  # what would be 60.0 s is a minute
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


_PARTS_OF_A_SECOND = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def seconds_text(seconds: float) -> str:
    """Write a short time with three digits: 0.000152 as ``152 µs``."""
    if not seconds:
        return "0 s"
    size, unit = next((part for part in _PARTS_OF_A_SECOND if seconds >= 0.9995 * part[0]), _PARTS_OF_A_SECOND[-1])
    return f"{digits(seconds / size)} {unit}"


def digits(value: float) -> str:
    """Write a number with three digits, and no fewer than it has in front of the point: 0.37, 15.3, 2,050."""
    return f"{value:,.0f}" if value >= 999.5 else f"{value:#.3g}".rstrip(".")


def share_text(part: float, total: float) -> str:
    """Write a share in percent: ``0.3%``; a dash where there is nothing to share."""
    if not total:
        return "–"
    percent = 100 * part / total
    return "<0.1%" if 0 < percent < 0.05 else f"{percent:.1f}%"


def ratio_text(value: Fraction | None) -> str:
    """Write how many times as large: ``1.81x``; a dash where it cannot be said."""
    if value is None:
        return "–"
    number = float(value)
    if value == 1:
        return "1x"
    return f"{number:,.0f}x" if number >= 1000 else f"{number:.3g}x"


def bar(part: float, total: float, width: int = 20) -> str:
    """Draw a share as a bar of at most ``width`` characters, in eighths of a character."""
    if not total or not part:
        return ""
    eighths = max(1, round(8 * width * part / total))
    full, rest = divmod(eighths, 8)
    return "█" * full + ("", "▏", "▎", "▍", "▌", "▋", "▊", "▉")[rest]
