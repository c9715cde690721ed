"""What is checked of every call of the library that is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cnncalc import ArgumentTypeError, SpecError


def assert_refused(call: Callable[[], Any], kind: type[Exception], message: str) -> None:
    """Check the error of a call: each is a SpecError too, and so a ValueError; a wrong type is also a TypeError."""
    with pytest.raises(SpecError) as raised:
        call()
    assert type(raised.value) is kind
    assert str(raised.value) == message
    assert isinstance(raised.value, ValueError)
    assert isinstance(raised.value, TypeError) == (kind is ArgumentTypeError)
