"""The table of graphics cards, the built-in one and those of users."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncalc.analysis.memory.gpus import GPUS, read_cards
from cnncalc.core.errors import SpecError

HEAD = "name,memory_mib,bandwidth_gb_s,bf16_tflops\n"


def test_a_card_is_what_its_data_sheet_says() -> None:
    """NVIDIA's H100 SXM: 80 GB, 3.35 TB/s, and 1,979 TFLOP/s in bf16 with sparsity, half of that for dense matrices."""
    card = GPUS["h100"]
    assert card.bandwidth == 3.35e12
    assert card.peaks["bf16"] == 1979e12 / 2
    assert (card.source, card.date) == ("NVIDIA H100 SXM data sheet", "2023-03")


@pytest.mark.parametrize("name", GPUS)
def test_every_card_has_a_source_and_rising_peaks(name: str) -> None:
    """Fewer bits are never slower, and every card says where its numbers are from, and when that was published."""
    card = GPUS[name]
    assert card.source.startswith("NVIDIA ")
    assert len(card.date) == 7
    assert card.bandwidth is not None
    order = [card.peaks[name] for name in ("float32", "tf32", "bf16", "fp16", "int8") if name in card.peaks]
    assert order == sorted(order)


def test_a_table_of_a_user(tmp_path: Path) -> None:
    """Columns in any order, empty cells for what is not known, and a mark of bytes in front as Excel writes it."""
    path = tmp_path / "cards.csv"
    path.write_text("\ufeffmemory_mib, name ,bf16_tflops,bandwidth_gb_s\n1024, mine ,2.5,\n2048,yours,,100\n")
    cards = read_cards(path)
    assert list(cards) == ["mine", "yours"]
    assert (cards["mine"].mebibytes, dict(cards["mine"].peaks), cards["mine"].bandwidth) == (
        1024,
        {"bf16": 2.5e12},
        None,
    )
    assert (dict(cards["yours"].peaks), cards["yours"].bandwidth) == ({}, 1e11)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "cards.csv has no column name"),
        ("name\nx\n", "cards.csv has no column memory_mib"),
        ("name,memory_mib,fp8\n", "cards.csv has an unknown column 'fp8'"),
        (f"{HEAD}x,,1,1\n", "cards.csv, line 2: x has no memory_mib"),
        (f"{HEAD},5,1,1\n", "cards.csv, line 2: the card has no name"),
        (f"{HEAD}x,5,1,1,1\n", "cards.csv, line 2: there are more cells than columns"),
        (f"{HEAD}x,5,1,1\ny,5,fast,1\n", "cards.csv, line 3: bandwidth_gb_s is a number above 0, not 'fast'"),
        (f"{HEAD}x,5,1,-1\n", "cards.csv, line 2: bf16_tflops is a number above 0, not '-1'"),
        (f"{HEAD}x,nan,1,1\n", "cards.csv, line 2: memory_mib is a number above 0, not 'nan'"),
    ],
)
def test_what_a_table_may_not_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cards.csv").write_text(text)
    with pytest.raises(SpecError) as refused:
        read_cards("cards.csv")
    assert refused.value.code == "bad-cards"
    assert refused.value.message == message


def test_what_is_no_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("cards.csv").write_bytes(b"name,memory_mib\n\xff,1\n")
    with pytest.raises(SpecError, match=r"^cards.csv is not CSV in UTF-8$"):
        read_cards("cards.csv")
    with pytest.raises(SpecError, match=r"^cannot read nothing.csv: No such file or directory$"):
        read_cards("nothing.csv")
