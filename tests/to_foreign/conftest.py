"""The command line for these tests, as for those of the commands."""

from tests.commands.conftest import cnncalc, folder  # noqa: F401
