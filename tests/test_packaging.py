"""The source distribution holds what its own tests open; `make sdist` builds one and runs them there."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
ALWAYS = {"pyproject.toml", "README.md", "LICENSE"}
"""What the build tool puts in without being told."""
OPENED = re.compile(r"""(?:ROOT|root|parents\[\d\]\)?) / ["']([\w.-]+)""")


def opened_by(text: str) -> set[str]:
    """Return the names in the project's folder that a test speaks of."""
    return set(OPENED.findall(text)) - {"shared"}  # the data beside the project, which `real_data` does without


@pytest.mark.parametrize("path", sorted(Path(__file__).parent.rglob("*.py")), ids=lambda path: path.stem)
def test_what_a_test_opens_is_in_the_source_distribution(path: Path) -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    included = settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]
    assert opened_by(path.read_text()) <= {*included, *ALWAYS}


def test_everything_that_is_included_is_there() -> None:
    """A folder that was renamed would be left out without a word."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    for name in settings["tool"]["hatch"]["build"]["targets"]["sdist"]["include"]:
        assert (ROOT / name).exists(), name


def test_the_check_of_what_is_opened_can_fail() -> None:
    assert opened_by(f'page = ({"ROOT"} / "secret" / "page.md").read_text()') == {"secret"}
