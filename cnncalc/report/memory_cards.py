"""What ``cnncalc memory`` says of several cards: how they share the work, what they exchange, and what they cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from cnncalc.analysis.parallel import WAYS, CardPrediction, Parallel, Transfer
from cnncalc.analysis.parallel.prices import Offer
from cnncalc.core.numbers import bytes_text, counted

TITLES = {
    "gradient_buckets": "buckets of gradients",
    "gathered_parameters": "gathered parameters",
    "communication": "buffers of the exchange",
}
"""What memory is used for only where several cards train together."""

_NAMES = {"ddp": "DDP", "zero1": "ZeRO-1", "fsdp2": "FSDP2"}
MOST_OFFERS = 3
"""How many cards that fit are named with their price."""


class SharedBatch(NamedTuple):
    """How the work is shared, and what it costs.

    Attributes:
        prediction: what the card that takes most holds; None for a single process.
        batch: images of a step of all cards.
        offers: prices, the cheapest first, with what a step takes on each card.
        card: the card that was asked for.
        own_prices: whether the prices are those of a table that was given.

    """

    prediction: CardPrediction | None
    batch: int
    offers: Sequence[Offer]
    card: str | None
    own_prices: bool = False

    @property
    def cards(self) -> int:
        """How many cards there are."""
        return self.prediction.parallel.cards if self.prediction else 1


def shared_lines(shared: SharedBatch) -> Iterator[tuple[str, str]]:
    """Yield the lines of the summary."""
    if shared.prediction is not None:
        yield "cards", _cards(shared.prediction, shared.batch)
        yield "exchange", _exchange(shared.prediction.transfers)
    if shared.offers:
        yield from _prices(shared)


def _cards(prediction: CardPrediction, batch: int) -> str:
    parallel, own = prediction.parallel, prediction.setup.batch
    if parallel.cards == 1:
        return f"1 with {_way(parallel)}"
    most = "" if own * parallel.cards == batch else "at most "
    share = f"{counted(batch, 'image')} in a step, {most}{own:,} on each"
    return f"{parallel.cards:,} with {_way(parallel)}; {share}"


def _way(parallel: Parallel) -> str:
    """Write how the cards train."""
    name = _NAMES[parallel.way]
    if parallel.way == "fsdp2":
        return f"{name} (fully_shard of each block and of the rest)"
    views = "gradients are views of buckets" if parallel.views else "gradients are copied into buckets"
    state = "optimizer state shared out, " if parallel.way == "zero1" else ""
    return f"{name} ({state}{views})"


def _exchange(transfers: Sequence[Transfer]) -> str:
    if not transfers:
        return "none"
    parts = [f"{each.operation} of {each.what} {bytes_text(each.sent)}" for each in transfers]
    total = sum([each.sent for each in transfers])
    return f"each card sends {bytes_text(total)} in a step: {', '.join(parts)}"


def _prices(shared: SharedBatch) -> Iterator[tuple[str, str]]:
    """Yield what the card that was asked for costs, and the cheapest that fits."""
    own = next((offer for offer in shared.offers if offer.price.card == shared.card), None)
    if own is not None:
        yield "price", _price(own, shared.cards)
    fitting = [offer for offer in shared.offers if offer.fits]
    if not fitting:
        nearest = min(shared.offers, key=lambda offer: offer.peak_bytes - offer.budget_bytes)
        lacks = bytes_text(nearest.peak_bytes - nearest.budget_bytes)
        yield "cheapest", f"no card with a price fits; {nearest.price.card} lacks {lacks}"
        return
    if fitting[0] is own:
        yield "cheapest", f"{own.price.card} is the cheapest card with a price that fits"
    else:
        yield "cheapest", _price(fitting[0], shared.cards)
    more = [f"{offer.price.card} {_money(offer, shared.cards)}" for offer in fitting[1 : 1 + MOST_OFFERS]]
    if more:
        yield "then", ", ".join(more)


def _price(offer: Offer, cards: int) -> str:
    price = offer.price
    said = ", ".join([text for text in (price.provider, price.offer, price.date) if text])
    each = f" ({price.per_hour:.2f} each)" if cards > 1 else ""
    return f"{price.card} for {_money(offer, cards)} an hour{each}{f': {said}' if said else ''}"


def _money(offer: Offer, cards: int) -> str:
    return f"{offer.price.per_hour * cards:,.2f} {offer.price.currency}"


def shared_notes(shared: SharedBatch) -> Iterator[str]:
    """Yield what holds of all bytes and of all prices."""
    if shared.cards > 1:
        yield "bytes are those of the card that takes most; the buffers of NCCL are not counted"
    dates = sorted([offer.price.date for offer in shared.offers if offer.price.date])
    when = "" if not dates else f" of {dates[0]}" if dates[0] == dates[-1] else f" of {dates[0]} to {dates[-1]}"
    if shared.offers:
        own = f"prices are those of --prices{when}"
        yield own if shared.own_prices else f"prices are list prices{when}; --prices FILE.csv has your own"


def shared_data(prediction: CardPrediction, batch: int) -> dict[str, Any]:
    """Return how the work is shared and what is exchanged, as data."""
    parallel = prediction.parallel
    return {
        "gpus": parallel.cards,
        "parallel": parallel.way,
        "class": WAYS[parallel.way],
        "gradient_as_bucket_view": parallel.views if parallel.way != "fsdp2" else None,
        "batch": batch,
        "batch_per_gpu": prediction.setup.batch,
        "sent_bytes": sum([each.sent for each in prediction.transfers]),
        "exchange": [
            {
                "operation": each.operation,
                "what": each.what,
                "calls": each.calls,
                "bytes": each.bytes,
                "sent_bytes": each.sent,
            }
            for each in prediction.transfers
        ],
    }


def prices_data(offers: Sequence[Offer], cards: int) -> list[dict[str, Any]]:
    """Return the prices, the cheapest first, as data."""
    return [
        {
            "card": offer.price.card,
            "fits": offer.fits,
            "peak_bytes": offer.peak_bytes,
            "budget_bytes": offer.budget_bytes,
            "price_per_hour": offer.price.per_hour,
            "total_per_hour": round(offer.price.per_hour * cards, 6),
            "currency": offer.price.currency,
            "provider": offer.price.provider,
            "offer": offer.price.offer,
            "source": offer.price.source,
            "date": offer.price.date,
        }
        for offer in offers
    ]
