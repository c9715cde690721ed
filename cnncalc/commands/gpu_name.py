"""The options that name a graphics card and a table of cards."""

from __future__ import annotations

from cnncalc.analysis.memory.gpus import GPUS, closest_gpus, gpu_named, read_cards
from cnncalc.commands.table_names import NamedTable, RowName

EPILOG = f"Cards: {', '.join(GPUS)}."
"""What the help says at its end."""

_CARDS = NamedTable("cards", "card", GPUS, read_cards, gpu_named, closest_gpus)


def gpu_name(otherwise: str) -> RowName:
    """Return the type of an option that names a card; ``otherwise`` is what may be said in place of a name."""
    return RowName("gpu", _CARDS, otherwise)


cards_option = _CARDS.file_option("CSV table of graphics cards in place of the built-in one.")
"""Adds the option for a table of cards; its value are the cards."""
