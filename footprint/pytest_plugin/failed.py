"""A test that fails with a text of ours."""

from __future__ import annotations

from _pytest.outcomes import Failed as PytestFailed


class Failed(PytestFailed, AssertionError):  # noqa: N818 (it is read in reports, as pytest's own)
    """A leak, a broken gate, or that it cannot be told: to a test an AssertionError, to pytest its own failure."""

    __module__ = "builtins"  # as pytest's own: reports then name the class alone
