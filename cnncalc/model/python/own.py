"""The source of the modules that ``torch.nn`` has not, as written Python gets it."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

_DEFINED = re.compile(r"^(?:class|def) (\w+)\(.*\n(?:(?: .*)?\n)*", re.MULTILINE)


@cache
def own_modules() -> dict[str, str]:
    """Return what `cnncalc.model.modules` defines, by its names; it is read as text, since torch is not needed."""
    text = (Path(__file__).parent.parent / "modules.py").read_text(encoding="utf-8")
    return {match[1]: f"\n{match[0].strip()}\n" for match in _DEFINED.finditer(text)}
