"""What stands at both sides of an equals sign in a solution."""

from __future__ import annotations

import re
from fractions import Fraction


def value_of(text: str) -> Fraction | None:
    """Return the value of a sum of numbers as a solution writes it; None where it is none."""
    text = re.sub(r"(\d+) (\d+)/(\d+)$", r"(\1 + \2/\3)", text.strip())
    plain = re.sub(r"⌊(.+?)/(\d+)⌋", r"((\1)//\2)", text.replace(",", "")).replace("·", "*").replace("−", "-")
    if not re.fullmatch(r"[-+*/() \d]+", plain) or not re.search(r"\d", plain):
        return None
    whole_numbers = re.sub(r"(?<![\w])(\d+)", r"Fraction(\1)", plain)
    try:
        return Fraction(eval(whole_numbers, {"Fraction": Fraction}))
    except (SyntaxError, TypeError):
        return None
