"""The report of an int8 network on a terminal that is narrow."""

from __future__ import annotations

from cnncalc.loading import load
from cnncalc.microcontrollers.prediction import predict_mcu
from cnncalc.microcontrollers.report import McuBudget, mcu_report


def test_forty_columns_say_what_is_of_the_arena_and_what_of_the_flash() -> None:
    """Titles are shorter there, so that no column but the bar has to go."""
    prediction = predict_mcu(load("conv 3x3x8 same - relu - gap - fc 10", input="32x32x3"))
    table, left_out = mcu_report(prediction, McuBudget()).table.fitted(40)
    assert table.needed() <= 40
    assert (table.titles(), left_out) == (["in", "what", "memory", "share"], [])
    assert [tuple(table.texts(row)[:2]) for row in table.rows] == [
        ("arena", "tensors, scratch"),
        ("arena", "records"),
        ("arena", "data of the kernels"),
        ("arena", "views"),
        ("arena", "allocators"),
        ("flash", "weights and biases"),
        ("flash", "scales, zero points"),
        ("flash", "graph, about"),
    ]
