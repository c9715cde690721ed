"""What cards cost per hour, and the cheapest one that fits: list prices, from a table that a user can replace."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from cnncalc.analysis.memory.gpus import Cards, Gpu, gpu_named
from cnncalc.core.errors import SpecError
from cnncalc.core.reading import read_regular
from cnncalc.core.words import shorten, shorten_path


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

MAX_TABLE_BYTES = 2**20
"""Largest table of prices that is read, 1 MiB."""

NEEDED = ("card", "price_per_hour")
COLUMNS = (*NEEDED, "currency", "provider", "offer", "source", "date")
"""What a table may say of a price."""


def read_prices(path: str | Path, cards: Cards) -> tuple[Price, ...]:
    """Read a table of prices: CSV with the columns ``card`` and ``price_per_hour``, and any others of `COLUMNS`.

    Raises:
        SpecError: with the code ``bad-prices``, for a table that cannot be read, and for what it may not say.

    """
    name = shorten_path(str(path))
    try:
        text = read_regular(str(path), MAX_TABLE_BYTES).decode("utf-8-sig")
        rows = csv.DictReader(text.splitlines(), restval="")
        titles = [title.strip() for title in rows.fieldnames or ()]
        rows.fieldnames = titles
        _check_titles(titles, name)
        found = tuple([_price(row, f"{name}, line {rows.line_num}", cards) for row in rows])
    except OSError as error:
        raise SpecError("bad-prices", f"cannot read {name}: {error.strerror or error}") from None
    except (UnicodeDecodeError, csv.Error):
        raise SpecError("bad-prices", f"{name} is not CSV in UTF-8") from None
    currencies = list(dict.fromkeys([price.currency for price in found]))
    if len(currencies) > 1:
        hints = ["prices are compared: write all of them in one currency"]
        raise SpecError("bad-prices", f"{name} has prices in {currencies[0]} and {currencies[1]}", hints=hints)
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


def _check_titles(titles: Sequence[str], name: str) -> None:
    hints = [f"the columns are {', '.join(COLUMNS)}"]
    for needed in NEEDED:
        if needed not in titles:
            raise SpecError("bad-prices", f"{name} has no column {needed}", hints=hints)
    unknown = [title for title in titles if title not in COLUMNS]
    if unknown:
        raise SpecError("bad-prices", f"{name} has an unknown column {shorten(unknown[0], 40)!r}", hints=hints)


def _price(row: Mapping[str, str], where: str, cards: Cards) -> Price:
    """Return the price of a row."""
    if None in row:
        raise SpecError("bad-prices", f"{where}: there are more cells than columns")
    card = gpu_named(row["card"].strip(), cards)
    if card is None:
        hints = ["`cnncalc memory --help` lists the cards; --cards has a table with others"]
        raise SpecError("bad-prices", f"{where}: there is no card {shorten(row['card'].strip(), 40)!r}", hints=hints)
    text = row["price_per_hour"].strip()
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1e9:
        message = f"{where}: price_per_hour is a number that is at least 0, not {shorten(text, 40)!r}"
        raise SpecError("bad-prices", message)
    said = [row.get(column, "").strip() for column in COLUMNS[2:]]
    return Price(card, value, said[0] or "USD", *said[1:])
