"""Settings for all tests."""

from hypothesis import settings

# the same examples on every machine, and no clock: a test that fails, fails for everybody
settings.register_profile("tests", deadline=None, derandomize=True)
settings.load_profile("tests")
