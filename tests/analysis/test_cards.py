"""The table of graphics cards, the built-in one and those of users."""

from __future__ import annotations

from pathlib import Path

import pytest

from cnncalc.analysis.memory.gpus import GPUS, read_cards
from cnncalc.core.errors import SpecError

HEAD = "name,memory_mib,bandwidth_gb_s,bf16_tflops\n"


TECHPOWERUP = {
    "gtx1060": (1280, 1709, 192.2),
    "gtx1070": (1920, 1683, 256.3),
    "gtx1080": (2560, 1733, 320.3),
    "gtx1080ti": (3584, 1582, 484.4),
    "gtx1650": (896, 1665, 128.1),
    "gtx1660": (1408, 1785, 192.1),
    "rtx2060": (1920, 1680, 336),
    "rtx2070": (2304, 1620, 448),
    "rtx2080": (2944, 1710, 448),
    "rtx3050": (2560, 1777, 224),
    "rtx3060": (3584, 1777, 360),
    "rtx3060-8gb": (3584, 1777, 240),
    "rtx3060ti": (4864, 1665, 448),
    "rtx3070ti": (6144, 1770, 608.3),
    "rtx3080-12gb": (8960, 1710, 912.4),
    "rtx3080ti": (10240, 1665, 912.4),
    "rtx4060": (3072, 2460, 272),
    "rtx4060ti": (4352, 2535, 288),
    "rtx4060ti-16gb": (4352, 2535, 288),
    "rtx4070": (5888, 2475, 504.2),
    "rtx4070ti": (7680, 2610, 504.2),
    "rtx4080": (9728, 2505, 716.8),
    "rtx5060": (3840, 2497, 448),
    "rtx5060ti": (4608, 2572, 448),
    "rtx5060ti-16gb": (4608, 2572, 448),
    "rtx5070": (6144, 2512, 672),
    "rtx5070ti": (8960, 2452, 896),
    "rtx5080": (10752, 2617, 960),
    "t4": (2560, 1590, 320),
    "p100": (3584, 1480, 732.2),
    "jetson-nano": (128, 921, 25.6),
    "jetson-tx2": (256, 1300, 59.71),
    "jetson-xavier-nx": (384, 1100, 59.71),
    "jetson-agx-xavier": (512, 1377, 136.5),
    "jetson-orin-nano": (1024, 1020, 102.4),
}
"""Cores, boost clock in MHz and bandwidth in GB/s, as TechPowerUp's database had them in December 2025."""

TENSOR_CORES = {
    "rtx20": {"fp16": 4, "int8": 16},
    "rtx30": {"tf32": 1, "bf16": 2, "fp16": 2, "int8": 8},
    "rtx40": {"tf32": 1, "bf16": 2, "fp16": 2, "int8": 8},
    "rtx50": {"tf32": 1, "bf16": 2, "fp16": 2, "int8": 8},
    "t4": {"fp16": 8, "int8": 16},
    "jetson-xavier-nx": {"fp16": 8, "int8": 16},
    "jetson-agx-xavier": {"fp16": 8, "int8": 16},
    "jetson-orin-nano": {"fp16": 8, "int8": 16},
    "gtx16": {"fp16": 2},
    "p100": {"fp16": 2},
    "jetson-nano": {"fp16": 2},
    "jetson-tx2": {"fp16": 2},
}
"""How often the peak in float32, dense, with sums in float32; packed halves on cards without Tensor Cores."""

PUBLISHED = {
    "rtx2080ti": (616, {"float32": 13.4, "fp16": 53.8, "int8": 215.2}),
    "rtx3090": (936, {"float32": 35.6, "fp16": 71, "int8": 284}),
    "rtx4090": (1008, {"float32": 82.6, "bf16": 165.2, "fp16": 165.2, "int8": 660.6}),
    "rtx5090": (1792, {"float32": 104.8, "fp16": 209.5}),
    "a6000": (768, {"float32": 38.7, "bf16": 154.8, "int8": 309.7}),
    "v100": (900, {"float32": 15.7, "fp16": 125}),
    "a100": (1555, {"float32": 19.5, "tf32": 156, "bf16": 312, "fp16": 312, "int8": 624}),
    "a100-80gb": (2039, {"float32": 19.5, "tf32": 156, "bf16": 312, "fp16": 312, "int8": 624}),
    "l4": (300, {"float32": 30.3, "tf32": 120 / 2, "bf16": 242 / 2, "fp16": 242 / 2, "int8": 485 / 2}),
    "l40s": (864, {"float32": 91.6, "tf32": 183, "bf16": 362, "fp16": 362, "int8": 733}),
    "h100": (3350, {"float32": 67, "tf32": 989 / 2, "bf16": 1979 / 2, "fp16": 1979 / 2, "int8": 3958 / 2}),
    "h200": (4800, {"float32": 67, "tf32": 989 / 2, "bf16": 1979 / 2, "fp16": 1979 / 2, "int8": 3958 / 2}),
    "b200": (64_000 / 8, {"float32": 75, "tf32": 2200 / 2, "bf16": 4500 / 2, "fp16": 4500 / 2, "int8": 9000 / 2}),
    "jetson-agx-orin": (204.8, {"float32": 3.365, "fp16": 54 / 2, "int8": 108 / 2}),
    "jetson-agx-orin-64gb": (204.8, {"float32": 5.32, "fp16": 85 / 2, "int8": 170 / 2}),
}
"""Bandwidth in GB/s and peaks in TFLOP/s as the source states them; halved where it states them with sparsity."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_card_is_what_its_source_says(name: str) -> None:
    """White papers and data sheets, as they are quoted elsewhere too."""
    bandwidth, peaks = PUBLISHED[name]
    card = GPUS[name]
    assert card.bandwidth == bandwidth * 1e9
    assert {precision: card.peaks[precision] for precision in peaks} == pytest.approx(
        {precision: peak * 1e12 for precision, peak in peaks.items()}, rel=1e-3
    )


@pytest.mark.parametrize("name", TECHPOWERUP)
def test_peaks_follow_from_cores_and_clocks(name: str) -> None:
    """A core adds a product in each cycle, 2 FLOP; Tensor Cores do so many times as much."""
    cores, megahertz, bandwidth = TECHPOWERUP[name]
    card = GPUS[name]
    float32 = 2 * cores * megahertz * 1e6
    times = {"float32": 1, **next((rates for cards, rates in TENSOR_CORES.items() if name.startswith(cards)), {})}
    assert dict(card.peaks) == pytest.approx({precision: rate * float32 for precision, rate in times.items()}, rel=6e-3)
    assert card.bandwidth == pytest.approx(bandwidth * 1e9, rel=4e-3)


@pytest.mark.parametrize("name", GPUS)
def test_every_card_has_a_source_and_rising_peaks(name: str) -> None:
    """Fewer bits are never slower, and every card says where its numbers are from; most say when that was published."""
    card = GPUS[name]
    assert card.source.startswith(("NVIDIA ", "TechPowerUp GPU database"))
    assert len(card.date) in (0, len("2024"), len("2024-09"))
    assert card.bandwidth is not None
    order = [card.peaks[name] for name in ("float32", "tf32", "bf16", "fp16", "int8") if name in card.peaks]
    assert order == sorted(order)


def test_what_cublas_takes() -> None:
    """PyTorch gives it 32 MiB on compute capability 9 and above: Hopper and Blackwell, GeForce RTX 50 too."""
    found = {name for name, card in GPUS.items() if card.workspace == 32 * 2**20}
    assert found == {"h100", "h200", "b200"} | {name for name in GPUS if name.startswith("rtx50")}


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
