"""Networks of several outputs in pictures: every output leaves by an arrow of its own, with its name."""

from __future__ import annotations

import cnncalc


def test_every_output_has_its_name_beside_its_volume() -> None:
    """Also where the text goes on from another place."""
    network = cnncalc.load(
        "input 16x16x3\nbody: conv3-8\nfar: conv 3x3x4 s2 p1\n@body - near: conv 1x1x2\noutput @far @near",
        rounding="floor",
    )
    picture = network.to_svg()
    assert ">far: 8×8×4<" in picture
    assert ">near: 16×16×2<" in picture


def test_a_single_output_has_no_name() -> None:
    assert ": 8×8×4<" not in cnncalc.load("input 16x16x3\nfar: conv 3x3x4 s2 p1", rounding="floor").to_svg()
