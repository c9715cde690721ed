"""JSON in pieces is the text that Python's own encoder writes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnncalc.report.json_form import GAP, Filled, Form, json_pieces, to_text

LETTERS = st.text(st.characters(min_codepoint=32, max_codepoint=126))
SINGLE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | LETTERS
VALUES = st.recursive(
    SINGLE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LETTERS, inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.slow
@pytest.mark.parametrize("indent", [None, 0, 1, 2, 4])
@given(data=st.dictionaries(LETTERS, VALUES, max_size=4))
def test_it_is_what_json_writes(indent: int | None, data: dict[str, Any]) -> None:
    """The oracle is `json.dumps`, character by character."""
    assert to_text(data, indent) == json.dumps(data, indent=indent, ensure_ascii=False)


@pytest.mark.parametrize("indent", [None, 2])
@given(items=st.lists(VALUES, max_size=3))
def test_a_list_that_is_still_being_made_is_written_item_by_item(indent: int | None, items: list[Any]) -> None:
    streamed = "".join(json_pieces({"first": 1, "items": iter(items), "last": 2}, indent))

    assert streamed == json.dumps({"first": 1, "items": items, "last": 2}, indent=indent, ensure_ascii=False)


@pytest.mark.parametrize("indent", [None, 0, 2])
@given(shared=VALUES, own=st.lists(SINGLE, max_size=3), key=LETTERS)
def test_a_form_is_written_once_and_filled_for_each_item(
    indent: int | None, shared: Any, own: list[Any], key: str
) -> None:
    """Keys and values with ``%`` or a zero byte in them stay as they are."""
    form = Form({"own": GAP, "shared": shared, "%" + key: "100%\0", "deep": [1, GAP, {"inside": GAP}]})
    filled = (Filled(form, (value, "%s", value)) for value in own)
    plain = [
        {"own": value, "shared": shared, "%" + key: "100%\0", "deep": [1, "%s", {"inside": value}]} for value in own
    ]

    assert "".join(json_pieces({"items": filled}, indent)) == json.dumps(
        {"items": plain}, indent=indent, ensure_ascii=False
    )
