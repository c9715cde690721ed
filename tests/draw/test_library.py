"""Pictures from Python: `net.draw(path)` and `net.to_svg()`."""

from __future__ import annotations

from pathlib import Path

import pytest

import cnncalc


def test_a_network_draws_itself(tmp_path: Path) -> None:
    net = cnncalc.load("lenet5")
    assert net.to_svg() == net.to_svg(style="graph", theme="auto", name="lenet5")
    for name in ("net.svg", "net.pdf", "net.tex"):
        net.draw(tmp_path / name, style="volumes", theme="dark", name="LeNet")
    assert (tmp_path / "net.svg").read_text(encoding="utf-8") == net.to_svg(style="volumes", theme="dark", name="LeNet")
    assert (tmp_path / "net.pdf").read_bytes().startswith(b"%PDF")


def test_a_layer_goes_by_its_name_or_number() -> None:
    net = cnncalc.load("lenet5")
    assert net.to_svg(style="window", layer="pool1") == net.to_svg(style="window", layer=3)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"style": "cubes"}, "there is no style `cubes`"),
        ({"theme": "sepia"}, "there is no theme `sepia`"),
        ({"show": "flops"}, "there is no show `flops`"),
        ({"show": "macs", "style": "volumes"}, "show is for graph, not for volumes"),
        ({"depth": 0}, "depth is at least 1, not 0"),
        ({"layer": "nope", "style": "field"}, "there is no layer `nope`"),
    ],
)
def test_a_wrong_argument_is_named(options: dict[str, object], said: str) -> None:
    with pytest.raises(cnncalc.SpecError) as caught:
        cnncalc.load("lenet5").to_svg(**options)  # type: ignore[arg-type]
    assert caught.value.message.startswith(said)


def test_an_ending_that_is_no_picture_is_refused(tmp_path: Path) -> None:
    with pytest.raises(cnncalc.SpecError, match=r"there is no ending `\.gif`"):
        cnncalc.load("lenet5").draw(tmp_path / "net.gif")
    with pytest.raises(cnncalc.SpecError, match="there is no argument `colour`"):
        cnncalc.load("lenet5").draw(tmp_path / "net.svg", colour="red")
