"""``cnncalc memory --gpus`` and ``--prices``: what is printed, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cnncalc.analysis.memory.gpus import GPUS
from cnncalc.analysis.parallel.prices import PRICES_FILE, read_prices
from cnncalc.core.errors import SpecError
from tests.commands.conftest import Cnncalc

TWO = ("conv 3x3x64 p1 - relu - conv 3x3x64 p1 - relu - gap - fc 10", "--input", "64x64x3")
OWN = (
    "card,price_per_hour,currency,provider\nRTX 4090,0.5,EUR,ours\nt4,2,EUR,\nt4,0.25,EUR,theirs\nH100,9.125,EUR,ours\n"
)


def test_a_table_of_cards_that_nothing_asks_for(cnncalc: Cnncalc, tmp_path: Path) -> None:
    path = tmp_path / "cards.csv"
    path.write_text("name,memory_mib\nmine,1024\n")
    done = cnncalc("memory", "lenet5", "--cards", str(path))
    assert (done.status, done.out) == (2, "")
    assert done.err == (
        "error[usage]: --cards has no effect without --gpu, --gpus or --prices; leave it out\n"
        "  = see `cnncalc memory --help`\n"
    )


@pytest.fixture
def own(tmp_path: Path) -> str:
    """A table of prices."""
    path = tmp_path / "prices.csv"
    path.write_text(OWN, encoding="utf-8")
    return str(path)


def data(cnncalc: Cnncalc, *arguments: str) -> Any:
    return json.loads(cnncalc("memory", *TWO, *arguments, "--format", "json").out)


def test_the_table(cnncalc: Cnncalc, own: str) -> None:
    """The parts on a card, then how the images are shared, what is sent, and what costs least."""
    done = cnncalc("memory", *TWO, "--batch", "512", "--gpus", "8", "--gpu", "t4", "--prices", own)
    assert done.status == 0
    assert done.out == (
        "alive at the peak           memory   share\n"
        "───────────────────────────────────────────────────────\n"
        "parameters                 155 KiB    0.1%   ▏\n"
        "optimizer state            155 KiB    0.1%   ▏\n"
        "images and labels          3.0 MiB    1.1%   ▎\n"
        "cuBLAS workspace           8.1 MiB    3.0%   ▋\n"
        "activations                128 MiB   47.8%   █████████▋\n"
        "gradients of activations   128 MiB   47.8%   █████████▋\n"
        "buckets of gradients       154 KiB    0.1%   ▏\n"
        "\n"
        "peak                       268 MiB\n"
        "\n"
        "budget    the largest batch for 14.5 GiB of t4 is 29,328; "
        "a batch of 512 fits, with 14.2 GiB to spare on each card\n"
        "peak      280,580,096 bytes, in the backward pass at relu2\n"
        "of        a training step of 64 images, float32, sgd (momentum 0.9, weight decay 0.0005, foreach), on cuda\n"
        "layers    conv1 64.0 MiB, conv2 64.0 MiB are the largest of the 128 MiB of activations\n"
        "cards     8 with DDP (gradients are views of buckets); 512 images in a step, 64 on each\n"
        "exchange  each card sends 269 KiB in a step: all-reduce of gradients 269 KiB\n"
        "price     t4 for 2.00 EUR an hour (0.25 each): theirs\n"
        "cheapest  t4 is the cheapest card with a price that fits\n"
        "then      rtx4090 4.00 EUR, h100 73.00 EUR\n"
        "--accumulate 2 lowers the peak by 129 MiB to 138 MiB (2 passes of 32 images in each step)\n"
        "--precision bf16 lowers the peak by 126 MiB to 141 MiB (autocast to bf16)\n"
        "bytes are those of the card that takes most; the buffers of NCCL are not counted\n"
        "prices are those of --prices\n"
        "not counted: the CUDA context, cuDNN's workspaces, and what fragmentation wastes\n"
    )


def test_json_has_what_the_cards_share_and_exchange(cnncalc: Cnncalc) -> None:
    """What is shared and exchanged; assumptions are those of one card, whose share is rounded up."""
    found = data(cnncalc, "--batch", "100", "--gpus", "8", "--no-gradient-as-bucket-view")
    assert found["cards"] == {
        "gpus": 8,
        "parallel": "ddp",
        "class": "DistributedDataParallel",
        "gradient_as_bucket_view": False,
        "batch": 100,
        "batch_per_gpu": 13,
        "sent_bytes": 275_590,  # 2·7/8 of 39,370 gradients of 4 bytes
        "exchange": [
            {"operation": "all-reduce", "what": "gradients", "calls": 1, "bytes": 157_480, "sent_bytes": 275_590}
        ],
    }
    assert found["assumptions"]["batch"] == 13
    assert sum(found["parts"].values()) == found["peak_bytes"] == max(moment["bytes"] for moment in found["timeline"])
    prices = found["prices"]
    assert [price["price_per_hour"] for price in prices] == sorted(price["price_per_hour"] for price in prices)
    assert all(price["fits"] is (price["peak_bytes"] <= price["budget_bytes"]) for price in prices)


def test_without_cards_nothing_is_said_of_them(cnncalc: Cnncalc) -> None:
    found = data(cnncalc)
    assert found["cards"] is found["prices"] is None


@pytest.mark.parametrize("way", ["ddp", "zero1", "fsdp2"])
def test_advice_comes_true(cnncalc: Cnncalc, way: str) -> None:
    """Who follows it gets the peak that it names."""
    call = ("memory", "resnet18", "--batch", "32", "--gpus", "4", "--format", "json")
    changes = json.loads(cnncalc(*call, "--parallel", way).out)["advice"]
    assert {change["option"] for change in changes} >= {f"--parallel {other}" for other in {"fsdp2"} - {way}}
    for change in changes:
        again = json.loads(cnncalc(*call, "--parallel", way, *change["option"].split()).out)
        assert again["peak_bytes"] == change["peak_bytes"], change["option"]


def test_prices_of_a_single_process(cnncalc: Cnncalc, own: str) -> None:
    """Also of an inference."""
    done = cnncalc("memory", *TWO, "--batch", "8", "--inference", "--prices", own)
    assert "\ncheapest  t4 for 0.25 EUR an hour: theirs\n" in done.out


def test_no_card_fits(cnncalc: Cnncalc, own: str) -> None:
    done = cnncalc("memory", *TWO, "--batch", "1000000", "--gpus", "2", "--prices", own)
    assert "\ncheapest  no card with a price fits; h100 lacks 1.9 TiB\n" in done.out


def test_the_built_in_prices_have_sources() -> None:
    """Each row says who asks the price, where it was read and when; cards are those of the table of cards."""
    prices = read_prices(PRICES_FILE, GPUS)
    assert len(prices) > 15
    assert {price.currency for price in prices} == {"USD"}
    for price in prices:
        assert price.source.startswith("https://")
        assert len(price.date) == len("2026-09-20")
        assert price.provider
        assert 0 < price.per_hour < 20


def test_a_card_that_is_meant(tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("card,price_per_hour\nRTX490,1\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_prices(path, GPUS)
    assert caught.value.message.endswith("prices.csv, line 2: there is no card 'RTX490'")
    assert list(caught.value.hints) == [
        "did you mean `rtx4090`?",
        "`cnncalc memory --help` lists the cards; --cards has a table with others",
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("card\nt4\n", "prices.csv has no column price_per_hour"),
        ("card,price_per_hour,colour\n", "prices.csv has an unknown column 'colour'"),
        ("card,price_per_hour\nt5,1\n", "prices.csv, line 2: there is no card 't5'"),
        (
            "card,price_per_hour\nt4,cheap\n",
            "prices.csv, line 2: price_per_hour is a number that is at least 0, not 'cheap'",
        ),
        ("card,price_per_hour\nt4,-1\n", "prices.csv, line 2: price_per_hour is a number that is at least 0, not '-1'"),
        (
            "card,price_per_hour\nt4,nan\n",
            "prices.csv, line 2: price_per_hour is a number that is at least 0, not 'nan'",
        ),
        ("card,price_per_hour\nt4,1,2\n", "prices.csv, line 2: there are more cells than columns"),
        ("card,price_per_hour,currency\nt4,1,EUR\nl4,1,\n", "prices.csv has prices in EUR and USD"),
        ("", "prices.csv has no column card"),
    ],
)
def test_tables_that_cannot_be(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "prices.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        read_prices(path, GPUS)
    assert caught.value.code == "bad-prices"
    assert caught.value.message.removeprefix(f"{tmp_path}/").endswith(message)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--gpus", "8"),
            "error[out-of-range]: a batch of 1 is too small for 8 cards\n"
            "  = --batch counts the images of all cards: give at least 8\n",
        ),
        (
            ("--gpus", "4", "--batch", "8", "--accumulate", "3"),
            "error[out-of-range]: a batch of 8 is too small for 4 cards in 3 passes\n"
            "  = --batch counts the images of all cards: give at least 12\n",
        ),
        (
            ("--gpus", "4", "--inference"),
            "error[usage]: --gpus is for training: in an inference each card has the whole network\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--parallel", "fsdp2"),
            "error[usage]: --parallel has no effect without --gpus; add --gpus N\n  = see `cnncalc memory --help`\n",
        ),
        (
            ("--no-gradient-as-bucket-view",),
            "error[usage]: --no-gradient-as-bucket-view has no effect without --gpus; add --gpus N\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--gpus", "2", "--parallel", "fsdp2", "--gradient-as-bucket-view"),
            "error[usage]: --gradient-as-bucket-view has no effect with --parallel fsdp2; leave it out\n"
            "  = see `cnncalc memory --help`\n",
        ),
        (
            ("--gpus", "2", "--batch", "2", "--optimizer", "muon", "--parallel", "zero1"),
            "error[bad-option]: muon does not run with zero1: its step needs whole matrices\n"
            "  = write --parallel ddp, or another optimizer\n",
        ),
        (
            ("--prices", "prices.csv", "--device", "cpu"),
            "error[usage]: --prices is for --device cuda\n  = see `cnncalc memory --help`\n",
        ),
        (
            ("--prices", "no.csv"),
            "error[bad-prices]: cannot read no.csv: No such file or directory\n",
        ),
    ],
)
def test_what_cannot_be(cnncalc: Cnncalc, arguments: tuple[str, ...], message: str) -> None:
    """One clear error, and nothing printed."""
    done = cnncalc("memory", *TWO, *arguments)
    assert done.status in (1, 2)
    assert (done.out, done.err) == ("", message)


def test_shared_weights_are_not_sharded(cnncalc: Cnncalc) -> None:
    """Two blocks could gather them at different moments."""
    call = ("memory", "conv 3x3x4 p1 weights=a - relu - conv 3x3x4 p1 weights=a - gap - fc 2", "--input", "8x8x4")
    done = cnncalc(*call, "--batch", "4", "--gpus", "2", "--parallel", "fsdp2")
    assert done.err == (
        "error[bad-option]: fsdp2 is not predicted for layers that share weights, as conv1 does\n"
        "  = write --parallel ddp or zero1\n"
    )
