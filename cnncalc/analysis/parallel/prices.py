"""What cards cost per hour, and the cheapest one that fits: list prices, from a table that a user can replace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from cnncalc.analysis.memory.gpus import Cards, Gpu, gpu_named
from cnncalc.core.errors import SpecError
from cnncalc.core.tables import CsvRow, TableFormat, read_table
from cnncalc.core.words import did_you_mean, one_spelling, shorten, shorten_path


class Price(NamedTuple):
    """What a card costs.

    Attributes:
        card: its name, as the table of cards has it.
        per_hour: the price of one card for an hour.
        currency: such as ``USD``.
        provider, offer: who asks it, and for what.
        source, date: where it was read, and when.

    """

    card: str
    per_hour: float
    currency: str = "USD"
    provider: str = ""
    offer: str = ""
    source: str = ""
    date: str = ""


class Offer(NamedTuple):
    """A price of a card, with what of a step fits into it: the peak, and whether it lies within the card's memory."""

    price: Price
    peak_bytes: int
    budget_bytes: int

    @property
    def fits(self) -> bool:
        """Whether the step fits."""
        return self.peak_bytes <= self.budget_bytes


PRICES_FILE = Path(__file__).with_name("prices.csv")
"""List prices as the providers' pages had them on the date of each row. The pages were read as copies of that day."""

NEEDED = ("card", "price_per_hour")
COLUMNS = (*NEEDED, "currency", "provider", "offer", "source", "date")
"""What a table may say of a price."""


def read_prices(path: str | Path, cards: Cards) -> tuple[Price, ...]:
    """Read a table of prices: CSV with the columns ``card`` and ``price_per_hour``, and any others of `COLUMNS`.

    Raises:
        SpecError: with the code ``bad-prices``, for a table that cannot be read, and for what it may not say.

    """
    found = tuple([_price(row, cards) for row in read_table(path, TableFormat("bad-prices", NEEDED, COLUMNS[2:]))])
    currencies = list(dict.fromkeys([price.currency for price in found]))
    if len(currencies) > 1:
        hints = ["prices are compared: write all of them in one currency"]
        first, second = (shorten(currency) for currency in currencies[:2])
        message = f"{shorten_path(str(path))} has prices in {first} and {second}"
        raise SpecError("bad-prices", message, hints=hints)
    return found


def offers(prices: Sequence[Price], cards: Cards, peak: Callable[[Gpu], int]) -> list[Offer]:
    """Return the cards with their lowest price each, the cheapest first; ``peak`` says what a step takes on a card."""
    lowest: dict[str, Price] = {}
    for price in prices:
        if price.card not in lowest or price.per_hour < lowest[price.card].per_hour:
            lowest[price.card] = price
    peaks: dict[int | None, int] = {}
    found = []
    for name, price in lowest.items():
        card = cards[name]
        if card.workspace not in peaks:  # nothing else of a card changes what a step takes
            peaks[card.workspace] = peak(card)
        found.append(Offer(price, peaks[card.workspace], card.budget))
    return sorted(found, key=lambda offer: (offer.price.per_hour, offer.price.card))


def _price(row: CsvRow, cards: Cards) -> Price:
    """Return the price of a row."""
    card = gpu_named(row.text("card"), cards)
    if card is None:
        named = row.text("card")
        hints = did_you_mean(one_spelling(named), cards)
        hints.append("`cnncalc memory --help` lists the cards; --cards has a table with others")
        raise row.fault(f"there is no card {shorten(named, 40)!r}", hints)
    said = [row.text(column) for column in COLUMNS[2:]]
    return Price(card, row.at_least_zero("price_per_hour"), said[0] or "USD", *said[1:])
